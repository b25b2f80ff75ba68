"""Texts and pictures in one space, to tell which fits which."""
