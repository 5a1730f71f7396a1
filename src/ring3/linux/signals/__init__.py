"""Signals: how they are sent, the frames that handlers find on their stacks, restartable sequences."""
