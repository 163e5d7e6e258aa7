"""``request.user`` from the Ory session: a Django user for each Ory identity."""
