"""Between the CPU and the calls: the short path, exceptions, exit work."""
