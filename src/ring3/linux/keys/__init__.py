"""Keys and keyrings: which there are to a task, what it may do with them, how they are made and linked."""
