"""Training every kind of model: one loop, and one config that is kept beside the checkpoint."""
