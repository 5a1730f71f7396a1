"""Calls on files, directories and descriptors."""
