"""Between the CPU and the calls: the short path, exceptions, exit work, the delivery of signals, the vsyscall page."""
