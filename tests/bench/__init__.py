"""How long things take, as ratios measured within one run: ``python -m tests.bench``. A report, not a test."""
