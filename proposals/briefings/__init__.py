"""Boards frozen under a name: what was said then, what holds now, and the proposals that make the difference."""
