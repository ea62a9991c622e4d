"""Accounts: who gets in, what was done with an account, and what is erased when a person leaves."""
