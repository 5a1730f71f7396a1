"""The system calls, by family. A call lives here; what several families use lies on a shelf beside this one."""
