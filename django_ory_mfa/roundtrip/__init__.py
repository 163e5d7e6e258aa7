"""The way to Ory and back to the same page."""
