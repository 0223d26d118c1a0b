"""What an incident is and how it goes on: pure values and functions, standard library only."""
