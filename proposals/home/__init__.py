"""Everybody's first page: calls, what waits for whom, and what changed lately."""
