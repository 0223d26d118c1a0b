"""JSON and CSV over HTTP; no decisions."""
