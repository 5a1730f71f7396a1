"""Calls on signals."""
