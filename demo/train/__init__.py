"""The Train tab: pictures in, a tokenizer and a prior out, in a process of its own."""
