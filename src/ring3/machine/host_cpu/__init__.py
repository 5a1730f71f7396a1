"""The host's own processor as a CPU: ring 3 runs at native speed, ring 0's machine code on the emulated one.

Each address space has a process of the host, its *stub*, that has nothing mapped but one page of code of ours, a list
of calls, a stack for one signal, and the frames of guest RAM that the page tables name. A run of ring 3 is a *turn*:
the registers go into the stub by ptrace(2), it runs under PTRACE_SYSEMU, which stops it at every system call before
the host's kernel looks at it, and they come back.

| file | what |
| --- | --- |
| `stub.S`, `stub.lds` | the stub's page: gives everything up, then runs lists of the host's calls |
| `turn.c`, `ptrace`, `turn` | a turn, and how it is called from Python |
| `runs.c`, `runs` | which runs of pages differ between a stub and the page tables |
| `first` | the first stub, which is started while this process still may |
| `stub` | stubs: the first one, its copies, the lists that they run |
| `filter` | the second wall: which calls a stub may make at all |
| `mappings` | makes a stub's mappings equal to the page tables |
| `stops`, `instructions`, `lengths` | what a stop of the stub means |
| `segments` | thread-local storage and local descriptor tables |
| `veil` | ``cpuid`` of programs that run on both CPUs |
| `vectors` | x87, SSE and vector registers |
| `processor` | ring 3 of a CPU |
| `host_cpu` | the CPU whose ring 3 is always here |
| `availability` | whether this host allows all that |

Belongs here: how the host's processor is used. Does not: what a kernel makes of a stop.
"""
