/*
 * Where shared objects are found (Linker and Libraries Guide, "Directories Searched by the Runtime Linker"): a name with a
 * slash is the file itself; any other is looked for in LD_LIBRARY_PATH, the runpath of who needs it, and the default
 * directories. $ORIGIN in either stands for the directory of who needs it.
 */

#include "rtld.h"

#define DEFAULT_PATH LIBRARY_FOLDER ":/usr" LIBRARY_FOLDER

struct file {
	Object *object;
	long identity[2];
};

static struct file known[256];
static int files;

static Object *by_name(const char *name)
{
	for (Object *object = objects; object; object = (Object *)object->map.l_next)
		if (same(object->map.l_name, name) || (object->soname && same(object->soname, name)))
			return object;
	return NULL;
}

static Object *open_object(const char *path, const char **why)
{
	long fd = sys_open(path), identity[2];
	if (fd < 0) {
		*why = error_text(-fd);
		return NULL;
	}
	Object *object = NULL;
	if (sys_same((int)fd, identity) == 0)
		for (int n = 0; n < files && object == NULL; n++)
			if (known[n].identity[0] == identity[0] && known[n].identity[1] == identity[1])
				object = known[n].object;
	if (object == NULL && (object = map_file((int)fd, path, why)) != NULL) {
		object->map.l_prev = (Link_map *)last_object;
		last_object->map.l_next = (Link_map *)object;
		last_object = object;
		if (files < (int)(sizeof known / sizeof *known))
			known[files++] = (struct file) { object, { identity[0], identity[1] } };
	}
	sys_close((int)fd);
	return object;
}

/* Copies a directory of a search path with $ORIGIN replaced; returns what follows it, NULL at the end. */
static const char *directory(const char *from, const Object *by, char *to, char *end)
{
	while (*from && *from != ':' && *from != ';') {
		int braces = from[0] == '$' && from[1] == '{';
		const char *word = from + 1 + braces;
		int n = 0;
		while (word[n] >= 'A' && word[n] <= 'Z')
			n++;
		if (*from == '$' && n == 6 && word[0] == 'O' && word[5] == 'N') {
			to = append(to, end, by->origin);
			from = word + n + braces;
		} else {
			char one[2] = { *from++, '\0' };
			to = append(to, end, one);
		}
	}
	*to = '\0';
	return *from ? from + 1 : NULL;
}

static Object *search(const char *path, const char *name, const Object *by, const char **why)
{
	const char *ignored;
	while (path && *path) {
		char file[PATH_SIZE], *end = file + sizeof file;
		path = directory(path, by, file, end);
		char *at = file + length(file);
		at = append(at, end, at > file ? "/" : "");
		append(at, end, name);
		long fd = sys_open(file);
		if (fd < 0)
			continue;
		sys_close((int)fd);
		Object *found = open_object(file, &ignored);
		if (found)
			return found;
		*why = ignored;
	}
	return NULL;
}

/* The object of a name, mapped if it is not there yet, with all that it needs; NULL and why if there is none. */
Object *load(const char *name, Object *by, const char **why)
{
	Object *before = last_object, *found;
	*why = error_text(2);
	int has_slash = 0;
	for (const char *at = name; *at; at++)
		has_slash |= *at == '/';
	if (same(name, "ld.so.1") || same(name, rtld_object.map.l_name) || same(name, "/usr/lib/ld.so.1"))
		return &rtld_object;
	if (has_slash) {
		char file[PATH_SIZE];
		directory(name, by, file, file + sizeof file);
		found = by_name(file);
		found = found ? found : open_object(file, why);
	} else if ((found = by_name(name)) == NULL) {
		found = search(library_path, name, by, why);
		if (found == NULL)
			found = search(by->runpath ? by->runpath : by->rpath, name, by, why);
		if (found == NULL)
			found = search(DEFAULT_PATH, name, by, why);
	}
	if (found && last_object != before)
		for (Object *added = (Object *)before->map.l_next; added; added = (Object *)added->map.l_next)
			tls_assign(added);
	return found;
}

/* Loads what an object needs, by its dynamic section; the run-time linker itself is always there. */
void load_needed(Object *object)
{
	const char *why;
	for (const Dyn *dyn = object->map.l_ld; dyn->d_tag != DT_NULL; dyn++) {
		if (dyn->d_tag != DT_NEEDED)
			continue;
		const char *name = object->strings + dyn->d_val;
		Object *found = load(name, object, &why);
		if (found == NULL)
			die(name, ": open failed: ", why, NULL);
		if (object->needs < MAX_NEEDED)
			object->needed[object->needs++] = found;
	}
	if (object->filter) {
		object->filtee = load(object->filter, object, &why);
		if (object->filtee == NULL && !object->auxiliary)
			die(object->filter, ": open failed: ", why, NULL);
	}
}

static int defines(const Object *object, const char *version)
{
	const Verdef *def = object->verdef;
	for (int n = 0; n < object->verdefs; n++) {
		const Verdaux *aux = (const Verdaux *)((const char *)def + def->vd_aux);
		if (same(object->strings + aux->vda_name, version))
			return 1;
		def = (const Verdef *)((const char *)def + def->vd_next);
	}
	return 0;
}

/* Whether what an object needs has the versions it was linked with; an object without versions has any. */
int check_versions(Object *object, const char **why)
{
	const Verneed *need = object->verneed;
	for (int n = 0; n < object->verneeds; n++) {
		Object *found = by_name(object->strings + need->vn_file);
		const Vernaux *aux = (const Vernaux *)((const char *)need + need->vn_aux);
		for (int k = 0; found && found->verdefs && k < need->vn_cnt; k++) {
			const char *version = object->strings + aux->vna_name;
			if (!(aux->vna_flags & VER_FLG_WEAK) && !defines(found, version)) {
				char text[PATH_SIZE], *at = text, *end = text + sizeof text;
				at = append(at, end, object->strings + need->vn_file);
				at = append(at, end, ": version '");
				at = append(at, end, version);
				at = append(at, end, "' not found (required by file ");
				at = append(at, end, object->map.l_name);
				append(at, end, ")");
				*why = copy_string(text);
				return 0;
			}
			aux = (const Vernaux *)((const char *)aux + aux->vna_next);
		}
		need = (const Verneed *)((const char *)need + need->vn_next);
	}
	return 1;
}
