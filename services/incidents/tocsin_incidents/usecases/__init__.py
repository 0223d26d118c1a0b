"""One file for each thing that can happen: gather, decide by `domain`, apply."""
