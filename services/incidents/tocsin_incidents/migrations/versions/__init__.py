"""One numbered file for each step."""
