"""The commands of ``ring3``: one file each.

Belongs here: arguments, what is printed, exit statuses. Does not: anything another program would want to do without a
command line; that is in ``ring3.computer`` or below.
"""
