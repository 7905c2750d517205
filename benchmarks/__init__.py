"""Commands that print how long segval takes, and its peers, on the same work."""
