"""From a file to a program that starts: opening it, its address space, its initial stack."""
