"""A site of several processes that keep sessions in one cache."""
