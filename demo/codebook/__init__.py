"""The Codebook tab: all codes on a map, what there is to know about the chosen one, and what training left of them."""
