"""What x86 makes a kernel keep: floating-point state, descriptor tables, the vDSO and the vsyscall page."""
