"""The Sample tab, where priors write: many samples, one token by token, and why a prior is needed."""
