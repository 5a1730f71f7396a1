/* Prints the auxiliary vector in its order: every type's name, and the value or the property that must hold of it.

   Types that not every kernel passes are printed by number, without a value, so a test can compare what it knows. */
#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

extern char **environ;
extern const ElfW(Ehdr) __ehdr_start;
extern char _start[];

static const char *holds(int condition) { return condition ? "ok" : "WRONG"; }

static void print_entry(unsigned long type, unsigned long value, char **argv) {
    const char *text = (const char *)value;
    switch (type) {
    case AT_PAGESZ: printf("AT_PAGESZ %lu\n", value); break;
    case AT_CLKTCK: printf("AT_CLKTCK %lu\n", value); break;
    case AT_PHENT: printf("AT_PHENT %lu\n", value); break;
    case AT_FLAGS: printf("AT_FLAGS %lu\n", value); break;
    case AT_SECURE: printf("AT_SECURE %lu\n", value); break;
    case AT_BASE: printf("AT_BASE %lu\n", value); break;
    case AT_PLATFORM: printf("AT_PLATFORM %s\n", text); break;
    case AT_PHDR: printf("AT_PHDR %s\n", holds(value == (unsigned long)&__ehdr_start + __ehdr_start.e_phoff)); break;
    case AT_PHNUM: printf("AT_PHNUM %s\n", holds(value == __ehdr_start.e_phnum)); break;
    case AT_ENTRY: printf("AT_ENTRY %s\n", holds(text == _start)); break;
    case AT_UID: printf("AT_UID %s\n", holds(value == getuid())); break;
    case AT_EUID: printf("AT_EUID %s\n", holds(value == geteuid())); break;
    case AT_GID: printf("AT_GID %s\n", holds(value == getgid())); break;
    case AT_EGID: printf("AT_EGID %s\n", holds(value == getegid())); break;
    case AT_EXECFN: printf("AT_EXECFN %s\n", holds(strcmp(text, argv[0]) == 0 && text > argv[0])); break;
    case AT_RANDOM: printf("AT_RANDOM %s\n", holds(value != 0 && text < argv[0])); break;
    case AT_HWCAP: printf("AT_HWCAP %s\n", holds(value & 1)); break; /* CPUID 1 EDX; bit 0 is the FPU */
    case AT_SYSINFO: printf("AT_SYSINFO %s\n", holds(value != 0)); break;
    case AT_SYSINFO_EHDR: printf("AT_SYSINFO_EHDR %s\n", holds(memcmp(text, ELFMAG, SELFMAG) == 0)); break;
    default: printf("type %lu\n", type);
    }
}

int main(int argc, char **argv) {
    char **end = environ;
    while (*end++)
        ;
    for (ElfW(auxv_t) *entry = (ElfW(auxv_t) *)end; entry->a_type != AT_NULL; entry++)
        print_entry(entry->a_type, entry->a_un.a_val, argv);
    (void)argc;
    return 0;
}
