"""The pages that a self-hosted Ory Kratos sends browsers to: sign-in, second factor, settings and errors."""
