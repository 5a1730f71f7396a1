"""Providers make probes: each lists them, knows the types of their arguments, and enables one with a callback."""
