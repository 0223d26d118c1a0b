"""One file per thing that can happen in the detector: gather, decide, apply."""
