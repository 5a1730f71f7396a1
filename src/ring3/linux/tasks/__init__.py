"""Threads and processes as they begin and end, and what they may: birth, death, credentials, limits, access."""
