"""What the tests stand on: a compiler for guest programs, and the host to compare them with.

Here belongs what runs outside Ring3: building the programs of ``tests/programs`` and running them natively. What
boots the machine or looks into it belongs to the tests of the room it looks into.
"""
