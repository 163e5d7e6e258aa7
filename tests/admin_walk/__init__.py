"""A shop with an admin behind Ory, before an Ory, in a real browser."""
