"""Requests of block devices (ioctl(2)): what they are asked for besides being read and written."""
