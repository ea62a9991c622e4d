"""What an operator asks: the schema, the roles of the database, readiness, and what happens when something is gone."""
