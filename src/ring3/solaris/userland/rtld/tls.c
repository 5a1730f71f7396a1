/*
 * Thread-local storage. What a program starts with has its storage at fixed distances below each thread; storage of
 * objects that come later is made when a thread first asks for it.
 */

#include "rtld.h"

#define MAP_PRIVATE 2
#define MAP_ANON 0x100

static Object *modules[TLS_MODULES];
static size_t static_size;
static int fixed;

/* Gives an object with such storage a number; while nothing runs yet, a place too. */
void tls_assign(Object *object)
{
	if (object->tls_memsz == 0 || object->tls_module)
		return;
	int n = 0;
	while (n < TLS_MODULES && modules[n])
		n++;
	if (n == TLS_MODULES)
		die("too many objects with thread-local storage", NULL);
	modules[n] = object;
	object->tls_module = n + 1;
	if (fixed)
		return;
	static_size = (static_size + object->tls_memsz + object->tls_align - 1) & ~(object->tls_align - 1);
	object->tls_offset = static_size;
	object->tls_static = 1;
}

void tls_forget(Object *object)
{
	if (object->tls_module)
		modules[object->tls_module - 1] = NULL;
}

unsigned long _rtld_tls_size(void)
{
	return (static_size + 63) & ~63ul;
}

void _rtld_tls_init(struct ulwp *self)
{
	self->ul_self = self;
	for (int n = 0; n < TLS_MODULES; n++) {
		const Object *object = modules[n];
		if (object == NULL || !object->tls_static)
			continue;
		char *storage = (char *)self - object->tls_offset;
		copy(storage, object->tls_image, object->tls_filesz);
		fill(storage + object->tls_filesz, 0, object->tls_memsz - object->tls_filesz);
		self->ul_tls[n] = storage;
	}
}

/* The first thread: its storage is fixed from now on. */
struct ulwp *tls_first_thread(void)
{
	size_t size = _rtld_tls_size() + sizeof(struct ulwp);
	char *memory = sys_map(NULL, size, 3, MAP_PRIVATE | MAP_ANON, -1, 0);
	if (memory == NULL)
		die("mmap failed: Not enough space", NULL);
	struct ulwp *self = (struct ulwp *)(memory + _rtld_tls_size());
	fixed = 1;
	_rtld_tls_init(self);
	self->ul_lwpid = 1;
	sys_set_thread(self);
	return self;
}

typedef struct {
	unsigned long ti_moduleid, ti_tlsoffset;
} TLS_index;

void *__tls_get_addr(TLS_index *index)
{
	struct ulwp *self = curthread();
	void **slot = &self->ul_tls[index->ti_moduleid - 1];
	if (*slot == NULL) {
		const Object *object = modules[index->ti_moduleid - 1];
		char *storage = allocate(object->tls_memsz + object->tls_align);
		storage = (char *)(((uintptr_t)storage + object->tls_align - 1) & ~(object->tls_align - 1));
		copy(storage, object->tls_image, object->tls_filesz);
		*slot = storage;
	}
	return (char *)*slot + index->ti_tlsoffset;
}
