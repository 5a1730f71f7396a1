/*
 * Streams (stdio(3C)): buffers between a program and a descriptor, or a piece of memory (memory_stream.c). What the macros
 * of 32-bit programs touch is in the FILE itself, the rest beside it.
 */

#include "stream.h"

#define BUFFER 4096
#define PTHREAD_MUTEX_RECURSIVE 4
#define MUTEX_MAGIC 0x4d58
#define STANDARD { .type = PTHREAD_MUTEX_RECURSIVE, .magic = MUTEX_MAGIC }

FILE __iob[20] = { { .flag = IS_READING, .fd = 0 }, { .flag = IS_WRITING, .fd = 1 }, { .flag = IS_WRITING | UNBUFFERED, .fd = 2 } };
static struct stream standard[20] = { { .fd = 0, .lock = STANDARD }, { .fd = 1, .lock = STANDARD }, { .fd = 2, .lock = STANDARD } };
struct both {
	FILE file;
	struct stream stream;
};
static FILE *opened;
static struct lock list_lock;

struct stream *stream_of(FILE *file)
{
	if (file >= __iob && file < __iob + 20)
		return &standard[file - __iob];
	return &((struct both *)file)->stream;
}

FILE *stream_new(int flag, int fd)
{
	struct both *both = calloc(1, sizeof *both);
	if (both == NULL)
		return NULL;
	both->file.flag = (unsigned char)flag;
	both->file.fd = (unsigned char)fd;
	both->stream.fd = fd;
	both->stream.opened = 1;
	both->stream.lock = (pthread_mutex_t)STANDARD;
	take(&list_lock);
	both->stream.next = opened;
	opened = &both->file;
	give(&list_lock);
	return &both->file;
}

void stream_free(FILE *file)
{
	struct stream *stream = stream_of(file);
	if (file->flag & FULL_BUFFER_IS_OWN)
		free(file->base - PUSHED_BACK);
	if (!stream->opened) {
		file->flag = 0;
		file->cnt = 0;
		file->ptr = file->base = NULL;
		return;
	}
	take(&list_lock);
	for (FILE **at = &opened; *at; at = &stream_of(*at)->next)
		if (*at == file) {
			*at = stream->next;
			break;
		}
	give(&list_lock);
	free(file);
}

/* IS_READING and its like for fopen's mode; -1 if it is none. */
int stream_mode(const char *mode, int *open_flags)
{
	int both = 0, flags = 0;
	for (const char *at = mode + 1; *mode && *at && *at != ','; at++)
		if (*at == '+')
			both = 1;
		else if (*at == 'e')
			flags |= O_CLOEXEC;
		else if (*at == 'x')
			flags |= O_EXCL;
	switch (*mode) {
	case 'r': *open_flags = flags | (both ? O_RDWR : O_RDONLY); break;
	case 'w': *open_flags = flags | (both ? O_RDWR : O_WRONLY) | O_CREAT | O_TRUNC; break;
	case 'a': *open_flags = flags | (both ? O_RDWR : O_WRONLY) | O_CREAT | O_APPEND; break;
	default: errno = EINVAL; return -1;
	}
	return both ? FOR_BOTH : *mode == 'r' ? IS_READING : IS_WRITING;
}

/* Gives a stream its buffer when it is first needed. */
static void ready(FILE *file)
{
	extern int isatty(int);
	struct stream *stream = stream_of(file);
	if (stream->known)
		return;
	int saved = errno;
	stream->known = 1;
	if (!(file->flag & UNBUFFERED) && stream->of == NULL && file->flag & (IS_WRITING | FOR_BOTH) && isatty(stream->fd))
		file->flag |= BY_LINES;
	unsigned char *made = file->flag & UNBUFFERED ? NULL : malloc(PUSHED_BACK + BUFFER);
	if (made) {
		file->flag |= FULL_BUFFER_IS_OWN;
		file->base = made + PUSHED_BACK;
		stream->room = BUFFER;
	} else {
		file->flag |= UNBUFFERED;
		file->base = stream->small + PUSHED_BACK;
		stream->room = 1;
	}
	file->ptr = file->base;
	file->cnt = 0;
	errno = saved;
}

static ssize_t get_bytes(struct stream *stream, void *to, size_t size)
{
	return stream->get ? stream->get(stream, to, size) : read(stream->fd, to, size);
}

static int put_all(FILE *file, const unsigned char *from, size_t size)
{
	struct stream *stream = stream_of(file);
	while (size) {
		ssize_t done = stream->put ? stream->put(stream, from, size) : write(stream->fd, from, size);
		if (done <= 0) {
			file->flag |= FAILED;
			return EOF;
		}
		from += done;
		size -= (size_t)done;
	}
	return 0;
}

static off64_t move(struct stream *stream, off64_t offset, int whence)
{
#ifdef __i386__
	extern off64_t lseek64(int, off64_t, int);
#define lseek lseek64
#endif
	return stream->seek ? stream->seek(stream, offset, whence) : lseek(stream->fd, offset, whence);
#undef lseek
}

/* Writes what is buffered, or gives back to the descriptor what was read ahead. */
int stream_flush(FILE *file)
{
	struct stream *stream = stream_of(file);
	if (file->flag & IS_WRITING) {
		unsigned char *from = file->base;
		size_t size = (size_t)(file->ptr - file->base);
		file->ptr = file->base;
		file->cnt = file->flag & (BY_LINES | UNBUFFERED) || !stream->known ? 0 : stream->room;
		return put_all(file, from, size);
	}
	if (file->flag & IS_READING && file->cnt > 0 && move(stream, -(off64_t)file->cnt, 1) >= 0) {
		file->ptr = file->base;
		file->cnt = 0;
	}
	return 0;
}

static void flush_lines(void)
{
	if (__iob[1].flag & IS_WRITING && __iob[1].flag & BY_LINES)
		fflush(stdout);
}

static int begin(FILE *file, int what)
{
	int other = what == IS_READING ? IS_WRITING : IS_READING;
	ready(file);
	if (!(file->flag & (what | FOR_BOTH))) {
		errno = EBADF;
		file->flag |= FAILED;
		return EOF;
	}
	if (file->flag & other) {
		if (stream_flush(file))
			return EOF;
		file->ptr = file->base;
		file->cnt = 0;
		file->flag &= (unsigned char)~other;
	}
	if (what == IS_WRITING && !(file->flag & IS_WRITING))
		file->flag &= (unsigned char)~AT_END;
	file->flag |= (unsigned char)what;
	return 0;
}

/* The next byte to read when none is buffered: getc's macro calls it. */
int __filbuf(FILE *file)
{
	struct stream *stream = stream_of(file);
	file->cnt = 0;
	if (begin(file, IS_READING))
		return EOF;
	if (file->flag & (UNBUFFERED | BY_LINES))
		flush_lines();
	ssize_t got = get_bytes(stream, file->base, (size_t)stream->room);
	file->ptr = file->base;
	if (got <= 0) {
		file->flag |= got == 0 ? AT_END : FAILED;
		return EOF;
	}
	file->cnt = (int)got - 1;
	return *file->ptr++;
}

/* Writes a byte where there is no room for it: putc's macro calls it. */
int __flsbuf(int c, FILE *file)
{
	unsigned char one = (unsigned char)c;
	return stream_write(file, &one, 1) == 1 ? one : EOF;
}

int stream_get(FILE *file)
{
	if (file->flag & IS_READING && file->cnt > 0) {
		file->cnt--;
		return *file->ptr++;
	}
	return __filbuf(file);
}

int stream_unget(int c, FILE *file)
{
	if (c == EOF || begin(file, IS_READING) || file->ptr <= file->base - PUSHED_BACK)
		return EOF;
	if (*--file->ptr != (unsigned char)c)
		*file->ptr = (unsigned char)c;
	file->cnt++;
	file->flag &= (unsigned char)~AT_END;
	return (unsigned char)c;
}

/* Returns how many bytes were taken. */
size_t stream_write(FILE *file, const void *from, size_t size)
{
	struct stream *stream = stream_of(file);
	const unsigned char *at = from;
	if (begin(file, IS_WRITING))
		return 0;
	if (file->flag & UNBUFFERED)
		return put_all(file, at, size) == 0 ? size : 0;
	size_t room = (size_t)(stream->room - (file->ptr - file->base));
	if (size > room && stream_flush(file))
		return 0;
	if (size >= (size_t)stream->room)
		return put_all(file, at, size) == 0 ? size : 0;
	memcpy(file->ptr, at, size);
	file->ptr += size;
	file->cnt = file->flag & BY_LINES ? 0 : stream->room - (int)(file->ptr - file->base);
	if (file->flag & BY_LINES)
		for (size_t n = size; n-- > 0;)
			if (at[n] == '\n')
				return stream_flush(file) ? 0 : size;
	return size;
}

int fflush(FILE *file)
{
	int result = 0;
	if (file) {
		hold(file);
		result = stream_flush(file);
		let(file);
		return result;
	}
	for (int n = 0; n < 3; n++)
		if (__iob[n].flag & IS_WRITING)
			result |= fflush(&__iob[n]);
	for (FILE *at = opened; at; at = stream_of(at)->next)
		if (at->flag & IS_WRITING)
			result |= fflush(at);
	return result;
}

/* What exit(3C) does: input that was read ahead is given back, too. */
__attribute__((visibility("hidden"))) void flush_at_exit(void)
{
	fflush(NULL);
	if (__iob[0].flag & IS_READING)
		stream_flush(&__iob[0]);
}

int setvbuf(FILE *file, char *buffer, int type, size_t size)
{
	struct stream *stream = stream_of(file);
	if (type != 0 && type != UNBUFFERED && type != BY_LINES) {
		errno = EINVAL;
		return -1;
	}
	hold(file);
	stream_flush(file);
	if (file->flag & FULL_BUFFER_IS_OWN)
		free(file->base - PUSHED_BACK);
	file->flag &= (unsigned char)~(FULL_BUFFER_IS_OWN | UNBUFFERED | BY_LINES);
	stream->known = 0;
	if (type == UNBUFFERED) {
		file->flag |= UNBUFFERED;
	} else if (buffer && size > PUSHED_BACK) {
		file->base = (unsigned char *)buffer + PUSHED_BACK;
		stream->room = (int)size - PUSHED_BACK;
		stream->known = 1;
	}
	ready(file);
	file->flag |= (unsigned char)(type == BY_LINES ? BY_LINES : 0);
	file->ptr = file->base;
	file->cnt = 0;
	let(file);
	return 0;
}

static off64_t tell(FILE *file)
{
	struct stream *stream = stream_of(file);
	off64_t at = move(stream, 0, 1);
	if (at < 0)
		return -1;
	if (file->flag & IS_WRITING) {
		if (stream->appends && file->ptr > file->base)
			at = move(stream, 0, 2);
		return at + (file->ptr - file->base);
	}
	return file->flag & IS_READING ? at - file->cnt : at;
}

static int seek(FILE *file, off64_t offset, int whence)
{
	if (whence == 1) {
		off64_t at = tell(file);
		if (at < 0)
			return -1;
		offset += at;
		whence = 0;
	}
	if (file->flag & IS_WRITING && stream_flush(file))
		return -1;
	if (move(stream_of(file), offset, whence) < 0)
		return -1;
	file->ptr = file->base;
	file->cnt = 0;
	file->flag &= (unsigned char)~(AT_END | (file->flag & FOR_BOTH ? IS_READING | IS_WRITING : 0));
	return 0;
}

int fseeko64(FILE *file, off64_t offset, int whence)
{
	hold(file);
	int result = seek(file, offset, whence);
	let(file);
	return result;
}

off64_t ftello64(FILE *file)
{
	hold(file);
	off64_t result = tell(file);
	let(file);
	return result;
}

int fseek(FILE *file, long offset, int whence)
{
	return fseeko64(file, offset, whence);
}

int fseeko(FILE *file, off_t offset, int whence)
{
	return fseeko64(file, offset, whence);
}

long ftell(FILE *file)
{
	return (long)ftello64(file);
}

off_t ftello(FILE *file)
{
	return (off_t)ftello64(file);
}

void rewind(FILE *file)
{
	fseeko64(file, 0, 0);
	file->flag &= (unsigned char)~FAILED;
}
