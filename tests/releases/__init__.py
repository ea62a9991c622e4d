"""What was released: the migrations of each release by their fingerprints, and a database that it made."""
