"""How proposals are judged: assignments, conflicts of interest, reviews."""
