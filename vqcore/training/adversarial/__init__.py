"""A second decoder for tokens that are there, trained against a discriminator."""
