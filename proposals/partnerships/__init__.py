"""What came of our partners: their proposals and awards over the calls, what was said, and when."""
