"""System V interprocess communication: message queues, sets of semaphores, segments of shared memory (sys/ipc.h)."""
