"""What Ring3 costs, as ratios in one run: ``python -m bench`` from the root of the repository.

Each workload is a small guest program (``programs/``) that every contender runs in turn: the host itself,
qemu-user, Qiling, Ring3 on its short and on its full path. Absolute times belong to one machine on one day;
what counts is the ratio of two contenders within a round, and its median over the rounds. A contender that is
not installed, or that cannot run a program, says so in its row, and the rest goes on.

Here belongs what measures whole processes from outside. Profiling of Ring3's own functions does not.

    contenders   who runs a guest program, and by which command
    programs     guest sources compiled to static x86-64 ELF files, and kept
    process      one run of one command: seconds, or the reason why it failed
    workloads    what is measured (one entry each), and the goals of DESIGN.md
    rounds       the contenders in turn, k times over
    report       the table and the JSON file
"""
