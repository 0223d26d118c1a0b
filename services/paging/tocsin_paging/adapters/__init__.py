"""The ways out to people. Each says sent, retry, give up or unknown, and decides nothing else."""
