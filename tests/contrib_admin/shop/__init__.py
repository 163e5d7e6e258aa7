"""A small shop whose staff use the admin."""
