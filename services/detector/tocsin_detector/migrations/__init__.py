"""The history of the schema `detector`."""
