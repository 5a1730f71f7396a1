"""Calls on address spaces."""
