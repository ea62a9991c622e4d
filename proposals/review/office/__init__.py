"""The officers' side of review: stages, assignments, conflicts of interest."""
