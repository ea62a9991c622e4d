"""How awards are marked, staged and released."""
