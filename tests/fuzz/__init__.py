"""What people send, broken in every way: the parsers, a corpus of inputs for each, and a run that looks for more."""
