"""Caches that misbehave."""
