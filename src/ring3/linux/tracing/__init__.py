"""What a tracer and its tracee share: stops, registers, queues."""
