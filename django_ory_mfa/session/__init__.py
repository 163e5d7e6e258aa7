"""Who is there: from the credential of a request to its Ory session."""
