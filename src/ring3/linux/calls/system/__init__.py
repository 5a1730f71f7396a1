"""Calls on the machine as a whole, and what only a privileged user may."""
