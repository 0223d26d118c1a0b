"""What is true of incidents, pages and alerts, and the arithmetic on it.

The standard library only; no I/O.
"""
