"""Types as mdb knows them: those of the target's files and system, and those that ``::typedef`` made."""
