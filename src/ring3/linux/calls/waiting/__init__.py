"""Calls that wait for files: epoll, poll, select."""
