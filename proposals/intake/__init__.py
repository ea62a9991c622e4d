"""Logging proposals, by form and by file: what a row means, what it would change, how all of it is saved or none."""
