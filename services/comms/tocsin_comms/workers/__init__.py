"""What comms does in the background."""
