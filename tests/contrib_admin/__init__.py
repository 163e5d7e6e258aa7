"""A site with an admin behind Ory, under settings of its own."""
