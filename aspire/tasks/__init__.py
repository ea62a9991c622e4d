"""Work that outlives a request: it waits in the database, workers of their own do it, and it survives both."""
