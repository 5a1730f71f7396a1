"""The calls of System V interprocess communication."""
