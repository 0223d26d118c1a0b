"""One file per kind of sender: each turns a decoded JSON document into signals, and knows nothing else."""
