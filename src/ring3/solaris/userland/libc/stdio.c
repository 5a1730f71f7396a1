/* stdio(3C): opening and closing streams, bytes, lines, and what printf writes to them. */

#include "stream.h"

static FILE *attach(int fd, int how, int open_flags)
{
	FILE *file = stream_new(how, fd);
	if (file)
		stream_of(file)->appends = (open_flags & O_APPEND) != 0;
	return file;
}

FILE *fdopen(int fd, const char *mode)
{
	int flags, how = stream_mode(mode, &flags);
	if (how < 0 || fcntl(fd, 1 /* F_GETFD */) < 0)
		return NULL;
	return attach(fd, how, flags);
}

static FILE *open_stream(const char *name, const char *mode, int extra)
{
	int flags, how = stream_mode(mode, &flags);
	int fd = how < 0 ? -1 : __openat(AT_FDCWD, name, flags | extra, 0666);
	FILE *file = fd < 0 ? NULL : attach(fd, how, flags);
	if (fd >= 0 && file == NULL)
		close(fd);
	return file;
}

FILE *fopen(const char *name, const char *mode)
{
	return open_stream(name, mode, 0);
}

#define O_LARGEFILE 0x2000

FILE *fopen64(const char *name, const char *mode)
{
	return open_stream(name, mode, O_LARGEFILE);
}

static int shut(FILE *file)
{
	struct stream *stream = stream_of(file);
	int result = stream_flush(file);
	return (stream->shut ? stream->shut(stream) : stream->fd >= 0 ? close(stream->fd) : 0) | result;
}

FILE *freopen(const char *name, const char *mode, FILE *file)
{
	struct stream *stream = stream_of(file);
	int flags, how = stream_mode(mode, &flags), wanted = stream->fd, fd;
	if (how < 0)
		return NULL;
	hold(file);
	if (name) {
		shut(file);
		fd = open(name, flags, 0666);
		if (fd >= 0 && fd != wanted && wanted >= 0 && fcntl(fd, F_DUP2FD, wanted) >= 0) {
			close(fd);
			fd = wanted;
		}
	} else {
		stream_flush(file);
		fd = wanted;
	}
	if (fd >= 0) {
		file->flag = (unsigned char)((file->flag & (FULL_BUFFER_IS_OWN | UNBUFFERED)) | how);
		file->fd = (unsigned char)fd;
		file->ptr = file->base;
		file->cnt = 0;
		stream->fd = fd;
		stream->appends = (flags & O_APPEND) != 0;
		stream->wide = 0;
	}
	let(file);
	return fd < 0 ? NULL : file;
}

int fclose(FILE *file)
{
	if (file == NULL || !(file->flag & (IS_READING | IS_WRITING | FOR_BOTH)))
		return EOF;
	hold(file);
	int result = shut(file);
	let(file);
	stream_free(file);
	return result ? EOF : 0;
}

void setbuf(FILE *file, char *buffer)
{
	extern int setvbuf(FILE *, char *, int, size_t);
	setvbuf(file, buffer, buffer ? 0 : UNBUFFERED, 1024);
}

void setbuffer(FILE *file, char *buffer, size_t size)
{
	extern int setvbuf(FILE *, char *, int, size_t);
	setvbuf(file, buffer, buffer ? 0 : UNBUFFERED, size);
}

int setlinebuf(FILE *file)
{
	extern int setvbuf(FILE *, char *, int, size_t);
	return setvbuf(file, NULL, BY_LINES, 0);
}

int feof(FILE *file)
{
	return (file->flag & AT_END) != 0;
}

int ferror(FILE *file)
{
	return (file->flag & FAILED) != 0;
}

void clearerr(FILE *file)
{
	file->flag &= (unsigned char)~(AT_END | FAILED);
}

int fileno(FILE *file)
{
	if (stream_of(file)->of || stream_of(file)->fd < 0) {
		errno = EBADF;
		return -1;
	}
	return stream_of(file)->fd;
}

void flockfile(FILE *file)
{
	hold(file);
}

int ftrylockfile(FILE *file)
{
	return pthread_mutex_trylock(&stream_of(file)->lock);
}

void funlockfile(FILE *file)
{
	let(file);
}

int getc_unlocked(FILE *file)
{
	return stream_get(file);
}

int putc_unlocked(int c, FILE *file)
{
	return __flsbuf(c, file);
}

int fgetc(FILE *file)
{
	hold(file);
	int c = stream_get(file);
	let(file);
	return c;
}

int getc(FILE *file)
{
	return fgetc(file);
}

int getchar(void)
{
	return fgetc(stdin);
}

int getchar_unlocked(void)
{
	return stream_get(stdin);
}

int ungetc(int c, FILE *file)
{
	hold(file);
	c = stream_unget(c, file);
	let(file);
	return c;
}

size_t fread(void *to, size_t size, size_t count, FILE *file)
{
	size_t total, done = 0;
	if (size == 0 || count == 0 || __builtin_mul_overflow(size, count, &total))
		return 0;
	hold(file);
	while (done < total) {
		int c = stream_get(file);
		if (c == EOF)
			break;
		((unsigned char *)to)[done++] = (unsigned char)c;
		size_t more = (size_t)file->cnt < total - done ? (size_t)file->cnt : total - done;
		memcpy((char *)to + done, file->ptr, more);
		file->ptr += more;
		file->cnt -= (int)more;
		done += more;
	}
	let(file);
	return done / size;
}

size_t fwrite(const void *from, size_t size, size_t count, FILE *file)
{
	size_t total;
	if (size == 0 || count == 0 || __builtin_mul_overflow(size, count, &total))
		return 0;
	hold(file);
	size_t done = stream_write(file, from, total);
	let(file);
	return done / size;
}

char *fgets(char *to, int size, FILE *file)
{
	int done = 0, c = 0;
	if (size <= 0)
		return NULL;
	hold(file);
	while (done < size - 1 && c != '\n' && (c = stream_get(file)) != EOF)
		to[done++] = (char)c;
	int failed = c == EOF && ferror(file);
	let(file);
	if (failed || (done == 0 && size > 1))
		return NULL;
	to[done] = '\0';
	return to;
}

char *gets(char *to)
{
	char *got = fgets(to, 1 << 30, stdin);
	size_t n = got ? strlen(got) : 0;
	if (n && got[n - 1] == '\n')
		got[n - 1] = '\0';
	return got;
}

ssize_t getdelim(char **line, size_t *room, int delimiter, FILE *file)
{
	size_t done = 0;
	int c = 0;
	if (line == NULL || room == NULL) {
		errno = EINVAL;
		return -1;
	}
	hold(file);
	do {
		if (*line == NULL || done + 2 > *room) {
			size_t wanted = *line && *room >= 64 ? 2 * *room : 128;
			char *made = realloc(*line, wanted);
			if (made == NULL)
				break;
			*line = made;
			*room = wanted;
		}
		if ((c = stream_get(file)) != EOF)
			(*line)[done++] = (char)c;
	} while (c != EOF && c != delimiter);
	let(file);
	if (done == 0)
		return -1;
	(*line)[done] = '\0';
	return (ssize_t)done;
}

ssize_t getline(char **line, size_t *room, FILE *file)
{
	return getdelim(line, room, '\n', file);
}

int fputc(int c, FILE *file)
{
	hold(file);
	c = __flsbuf(c, file);
	let(file);
	return c;
}

int putc(int c, FILE *file)
{
	return fputc(c, file);
}

int putchar(int c)
{
	return fputc(c, stdout);
}

int putchar_unlocked(int c)
{
	return __flsbuf(c, stdout);
}

int getw(FILE *file)
{
	int word;
	return fread(&word, sizeof word, 1, file) == 1 ? word : EOF;
}

int putw(int word, FILE *file)
{
	return fwrite(&word, sizeof word, 1, file) == 1 ? 0 : EOF;
}

int fputs(const char *text, FILE *file)
{
	size_t n = strlen(text);
	return fwrite(text, 1, n, file) == n ? (int)n : EOF;
}

int puts(const char *text)
{
	hold(stdout);
	int result = fputs(text, stdout) != EOF && fputc('\n', stdout) != EOF ? (int)strlen(text) + 1 : EOF;
	let(stdout);
	return result;
}

void perror(const char *what)
{
	int error = errno;
	fprintf(stderr, "%s%s%s\n", what ? what : "", what && *what ? ": " : "", strerror(error));
}

int fgetpos(FILE *file, off_t *at)
{
	extern off_t ftello(FILE *);
	*at = ftello(file);
	return *at < 0 ? -1 : 0;
}

int fsetpos(FILE *file, const off_t *at)
{
	extern int fseeko(FILE *, off_t, int);
	return fseeko(file, *at, 0);
}
