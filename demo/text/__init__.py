"""The Text tab: pictures from a sentence, and the sequence that they are."""
