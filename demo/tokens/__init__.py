"""The Tokens tab: what this picture's tokens cost, what they kept, and which codes they are."""
