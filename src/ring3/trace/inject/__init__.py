"""Changing what system calls do: errors, values, signals, delays, other arguments, other memory, short transfers.

`rule` is what is changed and when, `parse` reads rules as strace(1) writes them, `conditions` decides by arguments, and
`injector` is the observer that does it. Who shows calls finds in their notes what was done to them (`injector.DONE`).
What is only refused or allowed is `ring3.trace.policy`.
"""
