"""All calls to Ory: the only room that uses HTTP."""
