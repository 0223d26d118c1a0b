"""The JSON API, and the bare ASGI road that alerts come in by."""
