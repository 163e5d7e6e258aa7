"""An API, and a front end on another origin of the same site."""
