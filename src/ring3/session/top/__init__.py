"""``ring3 top``: what a machine that is up does, on a terminal, with the keys of htop(1).

`sample` is what a server tells and what follows from two of those, `board` what is shown of it and what keys change,
`view` how that looks, `keys` what a terminal sends, and `terminal` the terminal itself. Nothing here knows the kernel.
"""
