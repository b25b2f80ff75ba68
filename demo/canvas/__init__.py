"""The canvas: a picture's tokens, seen and painted, in one component above the tabs."""
