"""Which calls a program may make: policies, from files or profiles of containers, and the least one that runs needed.

`rules` is what a policy says, `toml` reads one, `oci` reads a seccomp profile of a container engine; `guard` is the
observer that holds a program to either; `learn` writes the policy that runs of a program needed. Changing what calls do
in other ways is `ring3.trace.inject`.
"""
