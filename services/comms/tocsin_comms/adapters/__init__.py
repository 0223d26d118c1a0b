"""The outside world: Slack, and the folder from which the status page is served when all else is down."""
