"""The costs of fake-every8d, measured beside the alternatives."""
