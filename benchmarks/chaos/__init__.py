"""What a site does while its Ory is ill: ``python -m benchmarks.chaos``, or ``make chaos``."""
