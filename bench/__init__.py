"""Measures Tocsin side by side with Alertmanager on this machine: `python -m bench`, or `make bench`.

The load generator is in `load/`, in Go; everything it contacts is on this machine. What is measured and why stands
in docs/performance.md.
"""
