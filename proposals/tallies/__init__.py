"""What every board counts with: figures, counts by field, country and funder, and what explains a difference."""
