"""Calls on the scheduler."""
