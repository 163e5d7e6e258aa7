"""The response to a refused request."""
