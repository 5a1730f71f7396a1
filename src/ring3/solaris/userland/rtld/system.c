/* What the run-time linker asks of the kernel, and the little of a C library that it needs: libc is not there yet. */

#include <stdarg.h>
#include "rtld.h"

#define SYS_exit 1
#define SYS_read 3
#define SYS_write 4
#define SYS_close 6
#define SYS_getpid 20
#define SYS_kill 37
#define SYS_openat 68
#define SYS_mmap 115
#define SYS_mprotect 116
#define SYS_munmap 117
#define SYS_lwp_private 166
#define SYS_pread 173
#define SYS_fstatat 66
#define AT_FDCWD ((int)0xffd19553)
#define MAP_NEW 0x80000000u
#define MAP_PRIVATE 2
#define MAP_ANON 0x100
#define SIGKILL 9

static const char *const errors[] = {
	[2] = "No such file or directory", [13] = "Permission denied", [12] = "Not enough space", [20] = "Not a directory",
	[21] = "Is a directory", [24] = "Too many open files", [78] = "File name too long",
};

const char *error_text(long number)
{
	const char *text = number > 0 && number < (long)(sizeof errors / sizeof *errors) ? errors[number] : NULL;
	return text ? text : "I/O error";
}

/* The result, or the negative error number. */
#ifdef __i386__
#define call _rt_call
long _rt_call(long number, long a, long b, long c, long d, long e, long f);	/* boot_32.S */
#define STAT_INO 4			/* where st_ino is, in longs */
#else
#define STAT_INO 1
static long call(long number, long a, long b, long c, long d, long e, long f)
{
	long result;
	unsigned char failed;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	__asm__ volatile("syscall; setc %1"
	    : "=a"(result), "=q"(failed), "+d"(c), "+r"(r10)
	    : "0"(number), "D"(a), "S"(b), "r"(r8), "r"(r9)
	    : "rcx", "r11", "memory");
	return failed ? -result : result;
}
#endif

long sys_open(const char *path)
{
	return call(SYS_openat, AT_FDCWD, (long)path, 0, 0, 0, 0);
}

void sys_close(int fd)
{
	call(SYS_close, fd, 0, 0, 0, 0, 0);
}

long sys_read_at(int fd, void *buffer, size_t size, long offset)
{
	return call(SYS_pread, fd, (long)buffer, (long)size, offset, 0, 0);
}

void *sys_map(void *at, size_t size, int prot, int flags, int fd, long offset)
{
	long result = call(SYS_mmap, (long)at, (long)size, prot, (long)(unsigned)(flags | (int)MAP_NEW), fd, offset);
	return result < 0 && result > -4096 ? NULL : (void *)result;
}

void sys_unmap(void *at, size_t size)
{
	call(SYS_munmap, (long)at, (long)size, 0, 0, 0, 0);
}

int sys_protect(void *at, size_t size, int prot)
{
	return (int)call(SYS_mprotect, (long)at, (long)size, prot, 0, 0, 0);
}

/* The device and the number of an open file, by which it is known again. */
int sys_same(int fd, long identity[2])
{
	long status[64];
	if (call(SYS_fstatat, fd, 0, (long)status, 0, 0, 0) < 0)
		return -1;
	identity[0] = status[0];
	identity[1] = status[STAT_INO];
	return 0;
}

void sys_set_thread(struct ulwp *self)
{
#ifdef __i386__
	long selector = call(SYS_lwp_private, 0, 1, (long)self, 0, 0, 0);
	__asm__ volatile("movw %w0, %%gs" : : "r"(selector));
#else
	call(SYS_lwp_private, 0, 0, (long)self, 0, 0, 0);
#endif
}

/* Memory that is never given back: descriptions of objects and their names. */
void *allocate(size_t size)
{
	static char *at, *end;
	size = (size + 15) & ~(size_t)15;
	if ((size_t)(end - at) < size) {
		size_t room = size > 0x10000 ? (size + 0xfff) & ~(size_t)0xfff : 0x10000;
		at = sys_map(NULL, room, 3, MAP_PRIVATE | MAP_ANON, -1, 0);
		if (at == NULL)
			die("mmap failed: Not enough space", NULL);
		end = at + room;
	}
	at += size;
	return at - size;
}

char *copy_string(const char *text)
{
	size_t size = length(text) + 1;
	char *made = allocate(size);
	copy(made, text, size);
	return made;
}

int same(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

size_t length(const char *text)
{
	size_t n = 0;
	while (text[n])
		n++;
	return n;
}

char *append(char *at, char *end, const char *text)
{
	while (*text && at < end - 1)
		*at++ = *text++;
	*at = '\0';
	return at;
}

void fill(void *at, int value, size_t size)
{
	volatile char *byte = at;		/* or the compiler makes a call of memset of it */
	while (size--)
		*byte++ = (char)value;
}

void copy(void *to, const void *from, size_t size)
{
	volatile char *out = to;
	const char *in = from;
	while (size--)
		*out++ = *in++;
}

/* Texts that follow each other, up to NULL, as one line on standard error. */
static void say_all(const char *first, va_list more)
{
	char line[2 * PATH_SIZE], *at = line, *end = line + sizeof line - 1;
	for (const char *text = first; text; text = va_arg(more, const char *))
		at = append(at, end, text);
	*at++ = '\n';
	call(SYS_write, 2, (long)line, at - line, 0, 0, 0);
}

void say(const char *first, ...)
{
	va_list more;
	va_start(more, first);
	say_all(first, more);
	va_end(more);
}

void die(const char *first, ...)
{
	char line[2 * PATH_SIZE], *at = line, *end = line + sizeof line;
	va_list more;
	at = append(at, end, program_name ? program_name : "ld.so.1");
	at = append(at, end, ": fatal: ");
	va_start(more, first);
	for (const char *text = first; text; text = va_arg(more, const char *))
		at = append(at, end, text);
	va_end(more);
	say("ld.so.1: ", line, NULL);
	call(SYS_kill, call(SYS_getpid, 0, 0, 0, 0, 0, 0), SIGKILL, 0, 0, 0, 0);
	for (;;)
		call(SYS_exit, 1, 0, 0, 0, 0, 0);
}
