"""State: what a task, a process and their parts are, without what is done with them."""
