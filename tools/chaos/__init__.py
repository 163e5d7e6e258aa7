"""What a site does while its Ory is ill: ``python -m tools.chaos``, or ``make chaos``."""
