/* Symbols: where they are looked for, and relocations. */

#include "rtld.h"

static uint32_t hash_of(const char *name)
{
	uint32_t hash = 0;
	for (; *name; name++) {
		hash = (hash << 4) + (unsigned char)*name;
		hash ^= hash >> 24 & 0xf0;
		hash &= 0x0fffffff;
	}
	return hash;
}

static Found in_object(Object *object, const char *name, uint32_t hash)
{
	const Found none = { NULL, NULL };
	if (object->hash == NULL || object->hash[0] == 0)
		return none;
	const uint32_t *buckets = object->hash + 2, *chain = buckets + object->hash[0];
	for (uint32_t n = buckets[hash % object->hash[0]]; n; n = chain[n]) {
		const Sym *sym = object->symbols + n;
		if (sym->st_shndx == SHN_UNDEF || ST_BIND(sym->st_info) == 0 || !same(object->strings + sym->st_name, name))
			continue;
		if (object->versym && object->versym[n] == 0 && object->verdefs)
			continue;			/* reduced to local scope by its version */
		if (object->filtee) {
			Found there = in_object(object->filtee, name, hash);
			if (there.sym || !object->auxiliary)
				return there;
		}
		return (Found) { sym, object };
	}
	return none;
}

/* In an object and, breadth first, in what it needs. */
Found lookup_in(Object *object, const char *name)
{
	static int mark;
	Object *queue[128];
	uint32_t hash = hash_of(name);
	int count = 0;
	queue[count++] = object;
	object->mark = ++mark;
	for (int n = 0; n < count; n++) {
		Found found = in_object(queue[n], name, hash);
		if (found.sym)
			return found;
		for (int k = 0; k < queue[n]->needs && count < 128; k++)
			if (queue[n]->needed[k]->mark != mark) {
				queue[n]->needed[k]->mark = mark;
				queue[count++] = queue[n]->needed[k];
			}
	}
	return (Found) { NULL, NULL };
}

/* In the program and all that is global, then in what the object itself needs. */
Found lookup(const char *name, Object *from, int skip_first)
{
	uint32_t hash = hash_of(name);
	Found found = { NULL, NULL };
	if (from && from->symbolic && !skip_first && (found = in_object(from, name, hash)).sym)
		return found;
	for (Object *object = objects; object; object = (Object *)object->map.l_next) {
		if (!object->global || (skip_first && object == objects))
			continue;
		if ((found = in_object(object, name, hash)).sym)
			return found;
	}
	if (from && !from->global)
		found = lookup_in(from, name);
	return found.sym ? found : in_object(&rtld_object, name, hash);
}

static uintptr_t value_of(Found found)
{
	if (found.sym->st_shndx == SHN_ABS)
		return found.sym->st_value;
	return found.object->map.l_addr + found.sym->st_value;
}

static const char *not_found(Object *object, const char *name)
{
	char text[PATH_SIZE], *at = text, *end = text + sizeof text;
	at = append(at, end, "relocation error: file ");
	at = append(at, end, object->map.l_name);
	at = append(at, end, ": symbol ");
	at = append(at, end, name);
	append(at, end, ": referenced symbol not found");
	return copy_string(text);
}

static int is_tls(unsigned type)
{
#ifdef __i386__
	if (type == R_TPOFF_POSITIVE)
		return 1;
#endif
	return type == R_DTPMOD || type == R_DTPOFF || type == R_TPOFF;
}

static int relocate_tls(Object *object, const Reloc *reloc, Found found, uintptr_t *where)
{
	Object *holder = found.sym ? found.object : object;
	uintptr_t value = (found.sym ? found.sym->st_value : 0) + (uintptr_t)ADDEND(reloc, where);
	switch (R_TYPE(reloc->r_info)) {
	case R_DTPMOD: *where = (uintptr_t)holder->tls_module; return 1;
	case R_DTPOFF: *where = value; return 1;
	case R_TPOFF: *where = value - holder->tls_offset; return holder->tls_static;
#ifdef __i386__
	case R_TPOFF_POSITIVE: *where = holder->tls_offset - value; return holder->tls_static;
#endif
	default: return 0;
	}
}

/* One relocation; 0 and why if it cannot be done. */
static int apply(Object *object, const Reloc *reloc, const char **why)
{
	uintptr_t *where = (uintptr_t *)(object->map.l_addr + reloc->r_offset);
	unsigned type = R_TYPE(reloc->r_info);
	if (type == R_RELATIVE) {
		*where = object->map.l_addr + (uintptr_t)ADDEND(reloc, where);
		return 1;
	}
	if (type == 0)
		return 1;
	const Sym *sym = object->symbols + R_SYM(reloc->r_info);
	const char *name = object->strings + sym->st_name;
	Found found = { NULL, NULL };
	if (R_SYM(reloc->r_info) && ST_BIND(sym->st_info) == 0)
		found = (Found) { sym, object };
	else if (R_SYM(reloc->r_info))
		found = lookup(name, object, type == R_COPY);
	if (found.sym == NULL && R_SYM(reloc->r_info) && ST_BIND(sym->st_info) != STB_WEAK) {
		*why = not_found(object, name);
		return 0;
	}
	if (is_tls(type)) {
		*why = "static thread-local storage is only there for what a program starts with";
		return relocate_tls(object, reloc, found, where);
	}
	uintptr_t value = found.sym ? value_of(found) : 0;
	switch (type) {
	case R_WORD: *where = value + (uintptr_t)ADDEND(reloc, where); break;
	case R_GLOB_DAT: *where = value; break;
	case R_JUMP_SLOT: *where = value; break;
#ifndef __i386__
	case R_32: *(uint32_t *)where = (uint32_t)(value + (uintptr_t)ADDEND(reloc, where)); break;
#endif
	case R_PC32: *(uint32_t *)where = (uint32_t)(value + (uintptr_t)ADDEND(reloc, where) - (uintptr_t)where); break;
	case R_COPY:
		if (found.sym)
			copy(where, (const void *)value, found.sym->st_size < sym->st_size ? found.sym->st_size : sym->st_size);
		break;
	default: *why = "relocation error: a type that is not supported"; return 0;
	}
	return 1;
}

static void set_protection(const Object *object, int add)
{
	for (const Phdr *p = object->phdrs; p < object->phdrs + object->phnum; p++)
		if (p->p_type == PT_LOAD && !(p->p_flags & PF_W)) {
			uintptr_t start = (object->map.l_addr + p->p_vaddr) & ~0xffful;
			int prot = (p->p_flags & PF_R ? 1 : 0) | (p->p_flags & PF_X ? 4 : 0) | add;
			sys_protect((void *)start, object->map.l_addr + p->p_vaddr + p->p_memsz - start, prot);
		}
}

/* Does an object's relocations; procedures are left for their first call unless something asks for all now. */
int relocate(Object *object, const char **why)
{
	int lazy = !bind_now && !object->bind_now;
	size_t count = object->reloc_size / sizeof(Reloc), plts = object->plt_size / sizeof(Reloc);
	const Reloc *end = object->reloc + count;
	if (object->relocated)
		return 1;
	object->relocated = 1;
	if (object->plt && object->reloc && object->plt >= object->reloc && object->plt < end)
		end = object->plt;		/* Solaris's link-editor puts them into one table */
	if (object->text_relocations)
		set_protection(object, 2);
	for (const Reloc *reloc = object->reloc; reloc < end; reloc++)
		if (!apply(object, reloc, why))
			return 0;
	for (const Reloc *reloc = object->plt; reloc < object->plt + plts; reloc++)
		if (lazy && R_TYPE(reloc->r_info) == R_JUMP_SLOT)
			*(uintptr_t *)(object->map.l_addr + reloc->r_offset) += object->map.l_addr;
		else if (!apply(object, reloc, why))
			return 0;
	if (object->got && plts && lazy) {
		object->got[1] = (uintptr_t)object;
		object->got[2] = (uintptr_t)_rt_resolve;
	}
	if (object->text_relocations)
		set_protection(object, 0);
	return 1;
}

/* What _rt_resolve calls: binds the procedure of an entry of the procedure linkage table, and says where it is. */
uintptr_t bind_plt(Object *object, size_t pushed)
{
	const char *why;
	const Reloc *reloc = object->plt + PLT_INDEX(pushed);
	if (!apply(object, reloc, &why))
		die(why, NULL);
	return *(uintptr_t *)(object->map.l_addr + reloc->r_offset);
}
