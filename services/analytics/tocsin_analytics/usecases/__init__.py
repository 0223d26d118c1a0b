"""What can happen: an event tells something, and somebody asks for figures."""
