"""Snapshots: everything that a machine is at one moment, kept so that it can be that again.

What a kernel is lies in plain Python objects, in frames of RAM, in the registers of the CPU and in what the host has
open. `graph` copies the objects, `frames` the RAM, and `machine` puts them together. No class has code for it but where
something of it is not plain: `state` says how a class tells.
"""
