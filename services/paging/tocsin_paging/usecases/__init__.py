"""One file for each thing that can happen: gather, decide, apply. Nothing here commits."""
