"""Reviewing: interests that are declared, reviews that are written, and the reviewer's desk."""
