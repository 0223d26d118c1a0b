"""Pages: every action is a form first, and works without a script."""
