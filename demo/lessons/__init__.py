"""The Lessons tab: the argument of the VQ-VAE notes as six things to move, in one component."""
