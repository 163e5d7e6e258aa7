"""The migrations of the links between Ory identities and Django users."""
