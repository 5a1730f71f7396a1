"""System V interprocess communication: semaphores, message queues and shared memory."""
