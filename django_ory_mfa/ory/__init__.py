"""The only room that speaks to Ory."""
