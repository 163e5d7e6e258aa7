"""A small shop: its people sign in at Ory, its staff has an admin behind a second factor."""
