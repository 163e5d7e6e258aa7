"""A site with users that is moved to Ory by the documentation alone."""
