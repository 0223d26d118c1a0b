"""The JSON API of comms: the status page, planned work, messages."""
