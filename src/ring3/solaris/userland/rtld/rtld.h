/*
 * The run-time linker of Ring3's Solaris: what its files share.
 *
 * It maps the objects that a program needs, binds their symbols, runs their initialisation and stays to bind procedures
 * when they are first called, to open more objects and to tell a debugger what is there. Names, search rules and messages
 * are those of the Linker and Libraries Guide and of ld.so.1(1); versions, filters and struct r_debug as sys/link.h. It is
 * built for each width of programs.
 */

#ifndef RTLD_H
#define RTLD_H

#include <stddef.h>
#include <stdint.h>
#include "elf.h"
#include "tcb.h"

#define MAX_NEEDED 32
#define PATH_SIZE 1024

/* the part that a debugger and dlinfo know (sys/link.h) */
typedef struct link_map {
	unsigned long l_addr;
	char *l_name;
	Dyn *l_ld;
	struct link_map *l_next, *l_prev;
	char *l_refname;
} Link_map;

typedef struct object {
	Link_map map;
	const char *soname;
	const char *origin;		/* the directory it was found in */
	uintptr_t start, end;		/* all of it */
	const Phdr *phdrs;
	int phnum;
	const char *strings;
	const Sym *symbols;
	const uint32_t *hash;
	const uint16_t *versym;
	const Verdef *verdef;
	const Verneed *verneed;
	int verdefs, verneeds;
	const Reloc *reloc, *plt;
	size_t reloc_size, plt_size;
	uintptr_t *got;
	const char *rpath, *runpath, *filter;
	int auxiliary;			/* a filter that does its own where the filtee lacks something */
	int symbolic, text_relocations, bind_now;
	void (*init)(void), (*fini)(void);
	void (**init_array)(void), (**fini_array)(void), (**preinit_array)(void);
	size_t inits, finis, preinits;
	struct object *needed[MAX_NEEDED];
	int needs;
	struct object *filtee;
	const char *tls_image;
	size_t tls_filesz, tls_memsz, tls_align, tls_offset;
	int tls_module;			/* its number, from 1; 0 without storage */
	int tls_static;
	int global, relocated, initialised, finished, count, mark;
} Object;

enum event { RD_NONE, RD_PREINIT, RD_POSTINIT, RD_DLACTIVITY };
enum state { RT_CONSISTENT, RT_ADD, RT_DELETE };

struct r_debug {
	int r_version;
	Link_map *r_map;
	unsigned long r_brk;
	int r_state;
	unsigned long r_ldbase;
	Link_map *r_ldsomap;
	int r_rdevent;
	int r_flags;
};

extern struct r_debug r_debug;
extern Object *objects, *last_object, rtld_object;
extern const char *program_name;
extern int bind_now, secure;
extern const char *library_path, *preload_list;
extern char **environment;

/* system.c */
#ifdef __i386__
#define LIBRARY_FOLDER "/lib"
#define OF_WIDTH(name) name "_32"
#else
#define LIBRARY_FOLDER "/lib/64"
#define OF_WIDTH(name) name "_64"
#endif

long sys_open(const char *);
void sys_close(int);
long sys_read_at(int, void *, size_t, long);
void *sys_map(void *, size_t, int, int, int, long);
void sys_unmap(void *, size_t);
int sys_protect(void *, size_t, int);
void sys_set_thread(struct ulwp *);
int sys_same(int, long[2]);
void *allocate(size_t);
char *copy_string(const char *);
int same(const char *, const char *);
size_t length(const char *);
char *append(char *at, char *end, const char *text);
void fill(void *, int, size_t);
void copy(void *, const void *, size_t);
void say(const char *, ...);
void die(const char *, ...) __attribute__((noreturn));

const char *error_text(long);

/* map.c */
Object *object_at(uintptr_t);
int describe(Object *, uintptr_t base, const Phdr *, int, const char *name);
Object *map_file(int, const char *path, const char **why);

/* search.c */
Object *load(const char *name, Object *by, const char **why);
void load_needed(Object *);
int check_versions(Object *, const char **why);

/* bind.c */
typedef struct {
	const Sym *sym;
	Object *object;
} Found;
Found lookup(const char *name, Object *from, int skip_first);
Found lookup_in(Object *, const char *name);
int relocate(Object *, const char **why);
uintptr_t bind_plt(Object *, size_t);
void _rt_resolve(void);

/* tls.c */
void tls_assign(Object *);
void tls_forget(Object *);
struct ulwp *tls_first_thread(void);

/* start.c */
void initialise(Object *);
void finish(Object *);
void finish_all(void);
void rd_event(enum event, enum state);

#endif
