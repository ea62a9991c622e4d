"""Review as officers run it: stages of a call, assignments, interests and suggestions."""
