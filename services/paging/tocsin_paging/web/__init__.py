"""Pages: routes, templates and static files."""
