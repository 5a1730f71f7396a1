"""What calls of several families do with files: paths in user memory, vectors of buffers, sealed files."""
