"""/proc (proc(5)): what programs can read about the machine and each other.

Belongs here: the tree of names and the texts behind them. Does not: how such files work (``ring3.fs.pseudo``), and the
facts themselves, which are those of the tasks, the address spaces and the machine. Modest: what ordinary programs ask
for; there is no /proc/net, /proc/bus or /proc/irq.
"""
