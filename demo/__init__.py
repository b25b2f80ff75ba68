"""The app: a token canvas above tabs that work on what it holds."""
