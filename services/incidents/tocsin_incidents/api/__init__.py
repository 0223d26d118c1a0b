"""The JSON API: routes and their schemas, no decisions."""
