"""What mdb can be pointed at: nothing, a file, a process, a kernel."""
