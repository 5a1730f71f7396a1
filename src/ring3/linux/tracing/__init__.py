"""What a tracer and its tracee share: stops and registers."""
