"""Runs the detector alone: `python -m tocsin_detector`, which is what `tocsin serve detector` does."""

from tocsin_chassis.serving import serve_alone
from tocsin_detector.app import create_app
from tocsin_detector.settings import DetectorSettings

if __name__ == "__main__":
    serve_alone("detector", DetectorSettings, create_app)
