"""A local stand-in for EVERY8D, Taiwan's business SMS platform, for tests and development."""
