"""The pages that a self-hosted Ory Kratos sends browsers to: sign-up, sign-in, rescue, settings, errors."""
