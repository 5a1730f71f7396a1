/* Objects in memory: files are mapped, and what their dynamic sections say is noted. */

#include "rtld.h"

#define PAGE 0x1000ul
#define PAGE_DOWN(at) ((at) & ~(PAGE - 1))
#define PAGE_UP(at) PAGE_DOWN((at) + PAGE - 1)
#define PROT_OF(flags) (((flags) & PF_R ? 1 : 0) | ((flags) & PF_W ? 2 : 0) | ((flags) & PF_X ? 4 : 0))
#define MAP_PRIVATE 2
#define MAP_FIXED 0x10
#define MAP_NORESERVE 0x40
#define MAP_ANON 0x100
#define MAX_PHDRS 32

Object *object_at(uintptr_t at)
{
	for (Object *object = objects; object; object = (Object *)object->map.l_next)
		if (at >= object->start && at < object->end)
			return object;
	return NULL;
}

static void note_segments(Object *object, uintptr_t base)
{
	object->start = UINTPTR_MAX;
	for (const Phdr *p = object->phdrs; p < object->phdrs + object->phnum; p++) {
		if (p->p_type == PT_LOAD) {
			if (base + p->p_vaddr < object->start)
				object->start = base + p->p_vaddr;
			if (base + p->p_vaddr + p->p_memsz > object->end)
				object->end = base + p->p_vaddr + p->p_memsz;
		} else if (p->p_type == PT_DYNAMIC) {
			object->map.l_ld = (Dyn *)(base + p->p_vaddr);
		} else if (p->p_type == PT_TLS && p->p_memsz) {
			object->tls_image = (const char *)(base + p->p_vaddr);
			object->tls_filesz = p->p_filesz;
			object->tls_memsz = p->p_memsz;
			object->tls_align = p->p_align ? p->p_align : 1;
		}
	}
}

/* One entry of the dynamic section that stands for an address or a number. */
static void note_entry(Object *object, uintptr_t base, const Dyn *dyn)
{
	uintptr_t address = base + dyn->d_val;
	switch (dyn->d_tag) {
	case DT_STRTAB: object->strings = (const char *)address; break;
	case DT_SYMTAB: object->symbols = (const Sym *)address; break;
	case DT_HASH: object->hash = (const uint32_t *)address; break;
	case DT_RELOC: object->reloc = (const Reloc *)address; break;
	case DT_RELOCSZ: object->reloc_size = dyn->d_val; break;
	case DT_JMPREL: object->plt = (const Reloc *)address; break;
	case DT_PLTRELSZ: object->plt_size = dyn->d_val; break;
	case DT_PLTGOT: object->got = (uintptr_t *)address; break;
	case DT_INIT: object->init = (void (*)(void))address; break;
	case DT_FINI: object->fini = (void (*)(void))address; break;
	case DT_INIT_ARRAY: object->init_array = (void (**)(void))address; break;
	case DT_INIT_ARRAYSZ: object->inits = dyn->d_val / sizeof(void *); break;
	case DT_FINI_ARRAY: object->fini_array = (void (**)(void))address; break;
	case DT_FINI_ARRAYSZ: object->finis = dyn->d_val / sizeof(void *); break;
	case DT_PREINIT_ARRAY: object->preinit_array = (void (**)(void))address; break;
	case DT_PREINIT_ARRAYSZ: object->preinits = dyn->d_val / sizeof(void *); break;
	case DT_VERSYM: object->versym = (const uint16_t *)address; break;
	case DT_VERDEF: object->verdef = (const Verdef *)address; break;
	case DT_VERDEFNUM: object->verdefs = (int)dyn->d_val; break;
	case DT_VERNEED: object->verneed = (const Verneed *)address; break;
	case DT_VERNEEDNUM: object->verneeds = (int)dyn->d_val; break;
	case DT_SYMBOLIC: object->symbolic = 1; break;
	case DT_TEXTREL: object->text_relocations = 1; break;
	case DT_BIND_NOW: object->bind_now = 1; break;
	case DT_FLAGS:
		object->symbolic |= (dyn->d_val & DF_SYMBOLIC) != 0;
		object->text_relocations |= (dyn->d_val & DF_TEXTREL) != 0;
		object->bind_now |= (dyn->d_val & DF_BIND_NOW) != 0;
		break;
	case DT_FLAGS_1: object->bind_now |= (dyn->d_val & DF_1_NOW) != 0; break;
	default: break;
	}
}

static void note_strings(Object *object, const Dyn *dyn)
{
	const char *text = object->strings + dyn->d_val;
	switch (dyn->d_tag) {
	case DT_SONAME: object->soname = text; break;
	case DT_RPATH: object->rpath = text; break;
	case DT_RUNPATH: object->runpath = text; break;
	case DT_FILTER: object->filter = text; break;
	case DT_AUXILIARY:
		object->filter = text;
		object->auxiliary = 1;
		break;
	default: break;
	}
}

/* Fills in what is known of an object that is mapped; 0 if it has no dynamic section. */
int describe(Object *object, uintptr_t base, const Phdr *phdrs, int phnum, const char *name)
{
	object->map.l_addr = base;
	object->map.l_name = copy_string(name);
	object->phdrs = phdrs;
	object->phnum = phnum;
	note_segments(object, base);
	if (object->map.l_ld == NULL)
		return 0;
	for (const Dyn *dyn = object->map.l_ld; dyn->d_tag != DT_NULL; dyn++)
		note_entry(object, base, dyn);
	if (object->strings)
		for (const Dyn *dyn = object->map.l_ld; dyn->d_tag != DT_NULL; dyn++)
			note_strings(object, dyn);
	char *origin = copy_string(name), *slash = origin;
	for (char *at = origin; *at; at++)
		if (*at == '/')
			slash = at;
	*slash = '\0';
	object->origin = origin;
	return 1;
}

static int map_segment(int fd, const Phdr *p, uintptr_t base)
{
	uintptr_t start = base + p->p_vaddr, file_end = start + p->p_filesz, page = PAGE_DOWN(start);
	uintptr_t anonymous = page, end = PAGE_UP(start + p->p_memsz);
	int prot = PROT_OF(p->p_flags);
	if (p->p_filesz) {
		anonymous = PAGE_UP(file_end);
		if (!sys_map((void *)page, file_end - page, prot, MAP_PRIVATE | MAP_FIXED, fd, (long)(p->p_offset - (start - page))))
			return 0;
		if (p->p_memsz > p->p_filesz && prot & 2)
			fill((void *)file_end, 0, anonymous - file_end);
	}
	return end <= anonymous
	    || sys_map((void *)anonymous, end - anonymous, prot, MAP_PRIVATE | MAP_FIXED | MAP_ANON, -1, 0) != NULL;
}

/* Maps the file that is open; NULL, and why, if it is no shared object or cannot be mapped. */
Object *map_file(int fd, const char *path, const char **why)
{
	Ehdr header;
	Phdr phdrs[MAX_PHDRS];
	long got = sys_read_at(fd, &header, sizeof header, 0);
	*why = "unknown file type";
	if (got < (long)sizeof header || header.e_ident[0] != 0x7f || header.e_ident[1] != 'E' || header.e_ident[2] != 'L'
	    || header.e_ident[3] != 'F')
		return NULL;
	*why = header.e_ident[4] != ELFCLASS ? "wrong ELF class: " OTHER_CLASS : "bad ELF machine or type";
	if (header.e_ident[4] != ELFCLASS || header.e_machine != EM_SELF || header.e_type != ET_DYN
	    || header.e_phnum > MAX_PHDRS || header.e_phentsize != sizeof(Phdr))
		return NULL;
	size_t size = header.e_phnum * sizeof(Phdr);
	uintptr_t low = UINTPTR_MAX, high = 0, align = PAGE;
	*why = "file is truncated";
	if (sys_read_at(fd, phdrs, size, (long)header.e_phoff) < (long)size)
		return NULL;
	for (const Phdr *p = phdrs; p < phdrs + header.e_phnum; p++)
		if (p->p_type == PT_LOAD) {
			low = PAGE_DOWN(p->p_vaddr) < low ? PAGE_DOWN(p->p_vaddr) : low;
			high = PAGE_UP(p->p_vaddr + p->p_memsz) > high ? PAGE_UP(p->p_vaddr + p->p_memsz) : high;
			align = p->p_align > align ? p->p_align : align;
		}
	*why = "mmap failed: Not enough space";
	if (high <= low)
		return NULL;
	size_t room = high - low + align - PAGE;
	char *reserved = sys_map(NULL, room, 0, MAP_PRIVATE | MAP_ANON | MAP_NORESERVE, -1, 0);
	if (reserved == NULL)
		return NULL;
	uintptr_t base = (((uintptr_t)reserved + align - 1) & ~(align - 1)) - low;
	for (const Phdr *p = phdrs; p < phdrs + header.e_phnum; p++)
		if (p->p_type == PT_LOAD && !map_segment(fd, p, base))
			return NULL;
	Object *object = allocate(sizeof *object);
	Phdr *kept = allocate(size);
	copy(kept, phdrs, size);
	*why = "no dynamic section";
	return describe(object, base, kept, header.e_phnum, path) ? object : NULL;
}
