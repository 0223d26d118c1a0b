"""Run comms alone: `python -m tocsin_comms`."""

from tocsin_chassis.serving import serve_alone
from tocsin_comms.app import create_app
from tocsin_comms.settings import CommsSettings

if __name__ == "__main__":
    serve_alone("comms", CommsSettings, create_app)
