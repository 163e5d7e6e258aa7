"""A Console API of Ory Network that is none: HTTP on loopback, for the control plane to talk to."""
