"""Synthetic calls for demonstrations: nobody and nothing in them exists, except the funders they name."""
