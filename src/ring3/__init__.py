"""Ring3: the system-call machine of x86, whole and real, in Python."""

__version__ = "0.1.0"
