"""Paging: who is on call, who is woken when, and proof that they were. The service that must not fail."""
