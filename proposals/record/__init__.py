"""What a proposal is: models, querysets, status, invariants and the rules that PostgreSQL holds."""
