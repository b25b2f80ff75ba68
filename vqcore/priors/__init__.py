"""Priors: the learned distribution of tokens, p(z_{k+1} | z_1 … z_k), and what can be drawn from it."""
