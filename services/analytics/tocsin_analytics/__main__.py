"""Run analytics as a process of its own: `python -m tocsin_analytics`."""

from tocsin_analytics.app import create_app
from tocsin_analytics.settings import AnalyticsSettings
from tocsin_chassis.serving import serve_alone

if __name__ == "__main__":
    serve_alone("analytics", AnalyticsSettings, create_app)
