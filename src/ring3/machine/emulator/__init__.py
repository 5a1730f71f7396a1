"""Functions in C that take the place of the emulator's own (`machine.interposition` loads them).

Belongs here: what the emulator's core does otherwise than the processor, or dearer than it need be, and what can be
mended where it happens. ``scripts/build-image`` makes ``interposed.so`` of it. Does not belong here: the delivery of
exceptions (`machine.microcode`), anything that knows a kernel.

=====================  =========================================================================================
``emulator.h``         the emulator's state, and how a function takes the place of another
``bind.c``             finds the library's own functions
``x87_state.c``        flags, #MF, the environment
``fxstate.c``          both as FXSAVE stores them, for the other CPU
``x87_arithmetic.c``   remainders, transcendental functions, loads and stores, on the host's x87
``sse.c``              flags in MXCSR, #XM, approximations
``decode.c``           prefixes and opcodes
``translation.c``      aligned operands, #AC, blocks that end at a page's end
``stops.c``            ends a run without a callback into Python
=====================  =========================================================================================
"""
