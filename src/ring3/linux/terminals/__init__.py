"""Terminals of sessions, and what ioctl(2) does with them."""
