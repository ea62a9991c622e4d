"""The boards of calls: all of them, one, two beside each other, and one masked for the press."""
