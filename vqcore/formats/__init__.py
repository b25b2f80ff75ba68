"""Tokens and what is known of codes as files: token files, shards to train from, atlases."""
