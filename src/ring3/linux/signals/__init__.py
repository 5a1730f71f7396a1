"""Signals: how they are sent and delivered, and the frames that handlers find on their stacks."""
