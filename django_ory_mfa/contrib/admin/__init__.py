"""Django's admin behind Ory: staff sign in there, prove a second factor, and prove it anew for what is sensitive."""
