"""The site of the walks: the example project with a few pages more."""
