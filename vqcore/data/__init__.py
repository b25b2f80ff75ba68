"""Data: folders, arrays, archives, captions, sounds and tables in; arrays, texts and tensors out."""
