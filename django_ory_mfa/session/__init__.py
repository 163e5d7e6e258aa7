"""From the credential of a request to its Ory session."""
