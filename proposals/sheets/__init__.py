"""Proposals by spreadsheet: what a row means, what it would change, and how all of it is saved or none."""
