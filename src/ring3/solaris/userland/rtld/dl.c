/* dlopen(3C) and its relatives. */

#include "rtld.h"

#define RTLD_NOW 2
#define RTLD_NOLOAD 4
#define RTLD_GLOBAL 0x100
#define RTLD_NEXT ((void *)-1l)
#define RTLD_DEFAULT ((void *)-2l)
#define RTLD_SELF ((void *)-3l)
#define RTLD_PROBE ((void *)-4l)
#define RTLD_DI_LINKMAP 2
#define RTLD_DI_ORIGIN 8

typedef struct {
	const char *dli_fname;
	void *dli_fbase;
	const char *dli_sname;
	void *dli_saddr;
} Dl_info;

struct dl_phdr_info {
	uintptr_t dlpi_addr;
	const char *dlpi_name;
	const Phdr *dlpi_phdr;
	uint16_t dlpi_phnum;
	uint64_t dlpi_adds, dlpi_subs;
};

static char failure[2 * PATH_SIZE];
static int failed;
static uint64_t additions, removals;

static void *fail(const char *what, const char *why)
{
	char *at = failure, *end = failure + sizeof failure;
	at = append(at, end, "ld.so.1: ");
	at = append(at, end, program_name);
	at = append(at, end, ": fatal: ");
	at = append(at, end, what);
	append(at, end, why);
	failed = 1;
	return NULL;
}

char *dlerror(void)
{
	if (!failed)
		return NULL;
	failed = 0;
	return failure;
}

/* Takes what was added since, because it cannot be used, out of the list; its memory stays. */
static void take_back(Object *before)
{
	for (Object *object = (Object *)before->map.l_next; object; object = (Object *)object->map.l_next)
		tls_forget(object);
	before->map.l_next = NULL;
	last_object = before;
}

static int prepare(Object *before, int mode, const char **why)
{
	int all_now = bind_now, right = 1;
	for (Object *object = (Object *)before->map.l_next; object; object = (Object *)object->map.l_next)
		load_needed(object);
	bind_now |= mode & RTLD_NOW;
	for (Object *object = (Object *)before->map.l_next; object && right; object = (Object *)object->map.l_next)
		right = check_versions(object, why);
	for (Object *object = last_object; object != before && right; object = (Object *)object->map.l_prev)
		right = relocate(object, why);
	bind_now = all_now;
	return right;
}

static void make_global(Object *object)
{
	if (object->global)
		return;
	object->global = 1;
	for (int n = 0; n < object->needs; n++)
		make_global(object->needed[n]);
}

void *dlopen(const char *name, int mode)
{
	const char *why = "";
	Object *before = last_object;
	if (name == NULL)
		return objects;
	if (mode & RTLD_NOLOAD) {
		for (Object *object = objects; object; object = (Object *)object->map.l_next)
			if (same(object->map.l_name, name) || (object->soname && same(object->soname, name)))
				return object;
		return fail(name, ": not loaded");
	}
	rd_event(RD_DLACTIVITY, RT_ADD);
	Object *caller = object_at((uintptr_t)__builtin_return_address(0));
	Object *object = load(name, caller ? caller : objects, &why);
	if (object == NULL) {
		fail(name, ": open failed: ");
		append(failure + length(failure), failure + sizeof failure, why);
	} else if (!prepare(before, mode, &why)) {
		object = fail("", why);
		take_back(before);
	} else {
		object->count++;
		additions += object->count == 1;
		if (mode & RTLD_GLOBAL)
			make_global(object);
		object->finished = 0;
	}
	rd_event(RD_DLACTIVITY, RT_CONSISTENT);
	if (object)
		initialise(object);
	return object;
}

/* Ends the object with its last user. What a program started with stays, and so does the memory of all. */
int dlclose(void *handle)
{
	Object *object = handle;
	if (object->count && --object->count == 0 && !object->global) {
		rd_event(RD_DLACTIVITY, RT_DELETE);
		finish(object);
		object->initialised = 0;
		removals++;
		rd_event(RD_DLACTIVITY, RT_CONSISTENT);
	}
	return 0;
}

void *dlsym(void *handle, const char *name)
{
	Object *caller = object_at((uintptr_t)__builtin_return_address(0));
	Found found = { NULL, NULL };
	if (handle == RTLD_DEFAULT || handle == RTLD_PROBE) {
		found = lookup(name, caller, 0);
	} else if (handle == RTLD_NEXT) {
		Object *object = caller ? (Object *)caller->map.l_next : objects;
		for (; object && found.sym == NULL; object = (Object *)object->map.l_next) {
			int needs = object->needs;
			object->needs = 0;
			found = lookup_in(object, name);
			object->needs = needs;
		}
	} else {
		Object *object = handle == RTLD_SELF ? caller : handle;
		found = object == objects ? lookup(name, NULL, 0) : lookup_in(object, name);
	}
	if (found.sym == NULL) {
		fail(name, ": can't find symbol");
		return NULL;
	}
	if (ST_TYPE(found.sym->st_info) == STT_TLS) {
		extern void *__tls_get_addr(unsigned long *);
		unsigned long index[2] = { (unsigned long)found.object->tls_module, found.sym->st_value };
		return __tls_get_addr(index);
	}
	return (void *)((found.sym->st_shndx == SHN_ABS ? 0 : found.object->map.l_addr) + found.sym->st_value);
}

int dladdr(void *address, Dl_info *info)
{
	uintptr_t at = (uintptr_t)address;
	const Object *object = object_at(at);
	const Sym *best = NULL;
	if (object == NULL)
		return 0;
	info->dli_fname = object->map.l_name;
	info->dli_fbase = (void *)object->start;
	for (uint32_t n = 1; n < object->hash[1]; n++) {
		const Sym *sym = object->symbols + n;
		if (sym->st_shndx == SHN_UNDEF || ST_TYPE(sym->st_info) == STT_TLS || object->map.l_addr + sym->st_value > at)
			continue;
		if (best == NULL || sym->st_value > best->st_value)
			best = sym;
	}
	info->dli_sname = best ? object->strings + best->st_name : NULL;
	info->dli_saddr = best ? (void *)(object->map.l_addr + best->st_value) : NULL;
	return 1;
}

int dlinfo(void *handle, int request, void *result)
{
	Object *object = handle == RTLD_SELF ? object_at((uintptr_t)__builtin_return_address(0)) : handle;
	if (request == RTLD_DI_LINKMAP)
		*(Link_map **)result = &object->map;
	else if (request == RTLD_DI_ORIGIN)
		append(result, (char *)result + PATH_SIZE, object->origin);
	else {
		fail("dlinfo: ", "request not supported");
		return -1;
	}
	return 0;
}

int dl_iterate_phdr(int (*callback)(struct dl_phdr_info *, size_t, void *), void *data)
{
	int result = 0;
	for (Object *object = objects; object && result == 0; object = (Object *)object->map.l_next) {
		struct dl_phdr_info info = {
			object->map.l_addr, object->map.l_name, object->phdrs, (uint16_t)object->phnum, additions, removals
		};
		result = callback(&info, sizeof info, data);
	}
	return result;
}
