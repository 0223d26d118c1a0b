"""The incidents service: opens an incident for what alerts say or a person declares, and leads it to its end.

It owns the incidents with their timeline, and the catalogue of services.
"""
