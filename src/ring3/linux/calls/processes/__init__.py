"""Calls that make, change, end and wait for processes and threads."""
