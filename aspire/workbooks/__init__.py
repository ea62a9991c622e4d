"""Spreadsheets as a contract: a bounded reader, an exact header, values that are never guessed, faults with a place."""
