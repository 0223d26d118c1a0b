"""What developers run: checks, generators, test runs."""
