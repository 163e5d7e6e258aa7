"""A site with users of its own, on several workers before an Ory."""
