"""Calls on user and group numbers and capabilities."""
