"""A programme's fund: what its calls have committed, what is staged, what is left."""
