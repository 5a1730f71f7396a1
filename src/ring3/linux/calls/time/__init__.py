"""Calls on clocks and timers."""
