"""One engine for every kind of sheet: what a file would do, how all of it is saved or none, and what goes out."""
