"""Proposals counted by any two dimensions."""
