"""What this service does by itself, again and again."""
