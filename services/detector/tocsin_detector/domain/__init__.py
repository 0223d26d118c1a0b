"""What an alert is and what becomes of it: frozen values and pure functions, standard library only."""
