"""The PostgreSQL that comes with the project: used where ``DATABASE_URL`` names no other server."""
