"""Measuring checkpoints on data that they never saw, by one command and as one list of figures."""
