"""What x86 makes a kernel keep, whoever runs: floating-point state, descriptor tables, the vDSO."""
