"""Fuzzing: a program is run again and again from one snapshot, with inputs chosen by the code that they reach.

`target` runs a program with an input, `mutate` makes inputs, `corpus` keeps those that reached something new,
`findings` files what crashed, and `loop` puts them together. `afl` serves AFL++ instead.
"""
