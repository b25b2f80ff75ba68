"""The Compare tab: the canvas' picture through several tokenizers, or one at several settings, side by side."""
