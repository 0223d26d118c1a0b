"""The history of comms' tables."""
