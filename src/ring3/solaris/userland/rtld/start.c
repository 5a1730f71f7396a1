/* From the kernel's jump into the run-time linker to the program's first instruction, and the end of a program. */

#include "rtld.h"

#define AT_PHDR 3
#define AT_PHNUM 5
#define AT_BASE 7
#define AT_ENTRY 9
#define AT_SUN_EXECNAME 2014
#define AT_SUN_AUXFLAGS 2017
#define AF_SUN_SETUGID 1
#define AUX_KNOWN 10

Object *objects, *last_object, rtld_object;
const char *program_name;
int bind_now, secure;
const char *library_path, *preload_list;
char **environment;
struct r_debug r_debug;

void rtld_db_preinit(void);
void rtld_db_postinit(void);
void rtld_db_dlactivity(void);

/* Tells a debugger, which has breakpoints there, what happens (rtld_db(3LIB)). */
void rd_event(enum event event, enum state state)
{
	r_debug.r_rdevent = event;
	r_debug.r_state = state;
	if (event == RD_PREINIT)
		rtld_db_preinit();
	else if (event == RD_POSTINIT)
		rtld_db_postinit();
	else
		rtld_db_dlactivity();
}

static void run_inits(Object *object)
{
	if (object->init && object != objects)	/* a program's own is called by its _start */
		object->init();
	for (size_t n = 0; n < object->inits; n++)
		object->init_array[n]();
}

/* Initialises an object after what it needs. */
void initialise(Object *object)
{
	if (object->initialised)
		return;
	object->initialised = 1;
	for (int n = 0; n < object->needs; n++)
		initialise(object->needed[n]);
	if (object->filtee)
		initialise(object->filtee);
	run_inits(object);
}

/* Ends an object, before what it needs is ended. */
void finish(Object *object)
{
	if (!object->initialised || object->finished)
		return;
	object->finished = 1;
	for (size_t n = object->finis; n-- > 0;)
		object->fini_array[n]();
	if (object->fini && object != objects)
		object->fini();
}

/* What a program registers with atexit, from rdx: the end of all objects, those that were initialised last first. */
void finish_all(void)
{
	finish(objects);
	for (Object *object = objects; object; object = (Object *)object->map.l_next) {
		int needed = 0;			/* by one that has not ended: its turn comes later */
		for (Object *other = objects; other; other = (Object *)other->map.l_next)
			for (int n = 0; n < other->needs; n++)
				needed |= other->needed[n] == object && !other->finished && other->initialised;
		if (!needed && !object->finished && object->initialised) {
			finish(object);
			object = objects;
		}
	}
	for (Object *object = last_object; object; object = (Object *)object->map.l_prev)
		finish(object);
}

static const char *variable(char **envp, const char *name)
{
	size_t size = length(name);
	for (; *envp; envp++) {
		size_t n = 0;
		while (n < size && (*envp)[n] == name[n])
			n++;
		if (n == size && (*envp)[n] == '=')
			return *envp + n + 1;
	}
	return NULL;
}

static const char *either(char **envp, const char *wide, const char *plain)
{
	const char *value = variable(envp, wide);
	return value ? value : variable(envp, plain);
}

static void load_preloads(void)
{
	const char *at = preload_list, *why;
	while (at && *at) {
		char name[PATH_SIZE], *to = name;
		while (*at == ' ' || *at == ':')
			at++;
		while (*at && *at != ' ' && *at != ':' && to < name + sizeof name - 1)
			*to++ = *at++;
		*to = '\0';
		if (to > name && load(name, objects, &why) == NULL)
			die(name, ": open failed: ", why, NULL);
	}
}

static void load_all(void)
{
	const char *why;
	load_preloads();
	for (Object *object = objects; object; object = (Object *)object->map.l_next)
		load_needed(object);
	for (Object *object = objects; object; object = (Object *)object->map.l_next) {
		object->global = 1;
		if (!check_versions(object, &why))
			die(why, NULL);
	}
}

static void relocate_all(void)
{
	const char *why;
	for (Object *object = last_object; object; object = (Object *)object->map.l_prev)
		if (!relocate(object, &why))
			die(why, NULL);
}

static void give_environment(char **envp)
{
	Found found = lookup("_environ", NULL, 0);
	if (found.sym)
		*(char ***)(found.object->map.l_addr + found.sym->st_value) = envp;
}

/* A debugger finds the objects by the program's DT_DEBUG (sys/link.h). */
static void tell_debugger(uintptr_t base)
{
	r_debug.r_version = 2;
	r_debug.r_map = &objects->map;
	r_debug.r_ldbase = base;
	r_debug.r_ldsomap = &rtld_object.map;
	r_debug.r_brk = (unsigned long)rtld_db_dlactivity;
	for (Dyn *dyn = objects->map.l_ld; dyn->d_tag != DT_NULL; dyn++)
		if (dyn->d_tag == DT_DEBUG)
			dyn->d_val = (unsigned long)&r_debug;
}

/* Called by _rt_boot when its own relocations are done; returns the program's entry. */
uintptr_t setup(uintptr_t *stack, uintptr_t base)
{
	uintptr_t argc = stack[0], aux[AUX_KNOWN] = { 0 };
	char **argv = (char **)(stack + 1), **envp = argv + argc + 1;
	uintptr_t *at = (uintptr_t *)envp;
	const char *execname = NULL;
	while (*at++)
		;
	for (; at[0]; at += 2) {
		if (at[0] < AUX_KNOWN)
			aux[at[0]] = at[1];
		else if (at[0] == AT_SUN_EXECNAME)
			execname = (const char *)at[1];
		else if (at[0] == AT_SUN_AUXFLAGS)
			secure = (at[1] & AF_SUN_SETUGID) != 0;
	}
	environment = envp;
	program_name = argc ? argv[0] : execname;
	const Ehdr *own = (const Ehdr *)base;
	describe(&rtld_object, base, (const Phdr *)(base + own->e_phoff), own->e_phnum, LIBRARY_FOLDER "/ld.so.1");
	rtld_object.relocated = rtld_object.initialised = rtld_object.finished = 1;
	if (aux[AT_PHDR] == 0)
		die("usage: ld.so.1 is started by the kernel, with a program", NULL);
	objects = last_object = allocate(sizeof *objects);
	const Phdr *phdrs = (const Phdr *)aux[AT_PHDR];
	const Ehdr *program = (const Ehdr *)((uintptr_t)phdrs - sizeof(Ehdr));
	uintptr_t bias = program->e_type == ET_DYN ? aux[AT_ENTRY] - program->e_entry : 0;
	if (!describe(objects, bias, phdrs, (int)aux[AT_PHNUM], execname ? execname : program_name))
		die("the program has no dynamic section", NULL);
	if (!secure) {
		library_path = either(envp, OF_WIDTH("LD_LIBRARY_PATH"), "LD_LIBRARY_PATH");
		preload_list = either(envp, OF_WIDTH("LD_PRELOAD"), "LD_PRELOAD");
	}
	const char *now = either(envp, OF_WIDTH("LD_BIND_NOW"), "LD_BIND_NOW");
	bind_now = now && *now;
	tls_assign(objects);
	tell_debugger(base);
	load_all();
	tls_first_thread();
	relocate_all();
	give_environment(envp);
	rd_event(RD_PREINIT, RT_CONSISTENT);
	for (size_t n = 0; n < objects->preinits; n++)
		objects->preinit_array[n]();
	initialise(objects);
	for (Object *object = objects; object; object = (Object *)object->map.l_next)
		initialise(object);
	rd_event(RD_POSTINIT, RT_CONSISTENT);
	rd_event(RD_DLACTIVITY, RT_CONSISTENT);
	return aux[AT_ENTRY];
}

/* What libc calls the program in its messages. */
const char *_rtld_program_name(void)
{
	return program_name;
}
