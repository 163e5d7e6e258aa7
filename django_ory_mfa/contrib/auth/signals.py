"""Signals. The sender is ``OryIdentity``; they are sent with ``send_robust``."""

from __future__ import annotations

from django.dispatch import Signal

# A user was created for an identity: request, user, identity. Once the transaction is committed.
user_created = Signal()
# The data of an identity was copied to its user, or an existing user was linked: request, user, identity. Once the
# transaction is committed.
user_synced = Signal()
# A person is signed in and gets no user: request, identity, reason ("conflict", "email_unverified", "unusable",
# "not_linked", "inactive"). At once.
user_refused = Signal()
