"""A fake Console API of Ory Network: HTTP on loopback, for the control plane to talk to."""
