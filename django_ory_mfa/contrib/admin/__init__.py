"""Django's admin behind Ory: staff sign in there, with a second factor, and prove it anew for what is sensitive."""
