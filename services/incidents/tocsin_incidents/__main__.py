"""Run this service alone, as its container does."""

from tocsin_chassis.serving import serve_alone
from tocsin_incidents.app import create_app
from tocsin_incidents.settings import IncidentsSettings

if __name__ == "__main__":
    serve_alone("incidents", IncidentsSettings, create_app)
