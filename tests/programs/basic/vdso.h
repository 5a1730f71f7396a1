/* The vDSO as its program sees it: the symbols of the ELF image at AT_SYSINFO_EHDR, read by hand. */
#ifndef VDSO_H
#define VDSO_H

#include <elf.h>
#include <link.h>
#include <stddef.h>
#include <string.h>
#include <sys/auxv.h>

struct vdso {
    ElfW(Addr) bias; /* what to add to an address in the file */
    const ElfW(Sym) *symbols;
    const char *strings;
    const Elf32_Word *hash; /* nbucket, nchain (the number of symbols), buckets, chains */
    const char *soname;
};

/* Fills *vdso; 0 if the image has no PT_LOAD, symbol table or hash table. */
static int vdso_open(struct vdso *vdso) {
    ElfW(Addr) base = getauxval(AT_SYSINFO_EHDR);
    const ElfW(Ehdr) *header = (const ElfW(Ehdr) *)base;
    const ElfW(Phdr) *segment = (const ElfW(Phdr) *)(base + header->e_phoff);
    const ElfW(Dyn) *dynamic = NULL;
    int loaded = 0;
    for (int i = 0; i < header->e_phnum; i++, segment++) {
        if (segment->p_type == PT_LOAD && !loaded) {
            vdso->bias = base + segment->p_offset - segment->p_vaddr;
            loaded = 1;
        } else if (segment->p_type == PT_DYNAMIC)
            dynamic = (const ElfW(Dyn) *)(base + segment->p_offset);
    }
    size_t soname = 0;
    vdso->symbols = NULL, vdso->strings = NULL, vdso->hash = NULL;
    for (; dynamic && dynamic->d_tag != DT_NULL; dynamic++) {
        const void *table = (const void *)(vdso->bias + dynamic->d_un.d_ptr);
        switch (dynamic->d_tag) {
        case DT_SYMTAB: vdso->symbols = table; break;
        case DT_STRTAB: vdso->strings = table; break;
        case DT_HASH: vdso->hash = table; break;
        case DT_SONAME: soname = dynamic->d_un.d_val; break;
        }
    }
    vdso->soname = vdso->strings + soname;
    return loaded && vdso->symbols && vdso->strings && vdso->hash;
}

/* The address of the function called name, or NULL. */
static void *vdso_symbol(const struct vdso *vdso, const char *name) {
    for (Elf32_Word i = 0; i < vdso->hash[1]; i++) {
        const ElfW(Sym) *symbol = &vdso->symbols[i];
        if (symbol->st_shndx != SHN_UNDEF && strcmp(vdso->strings + symbol->st_name, name) == 0)
            return (void *)(vdso->bias + symbol->st_value);
    }
    return NULL;
}

#endif
