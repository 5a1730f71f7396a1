/* stdio(3C): streams over descriptors, and printf. */

#include "thread.h"

#define BUFFER 4096
enum { READING = 1, WRITING = 2, AT_END = 4, FAILED = 8, LINES = 16, UNBUFFERED = 32, KNOWN = 64, OWN = 128 };

static struct stream standard[3] = {
	{ 0, READING, -1, NULL, 0, 0, 0 }, { 1, WRITING, -1, NULL, 0, 0, 0 }, { 2, WRITING | UNBUFFERED | KNOWN, -1, NULL, 0, 0, 0 },
};
FILE __iob[20] = { { &standard[0], { 0 } }, { &standard[1], { 0 } }, { &standard[2], { 0 } } };
struct own {
	FILE file;
	struct stream stream;
};
static FILE *opened[256];

static int ready(FILE *file)
{
	extern int isatty(int);
	if (!(file->of->flags & KNOWN)) {
		file->of->flags |= KNOWN;
		if (file->of->flags & WRITING && isatty(file->of->fd))
			file->of->flags |= LINES;
	}
	if (file->of->buffer == NULL) {
		file->of->buffer = malloc(BUFFER);
		file->of->room = file->of->buffer ? BUFFER : 0;
	}
	return file->of->buffer != NULL;
}

static int write_all(FILE *file, const char *from, size_t size)
{
	while (size) {
		ssize_t done = write(file->of->fd, from, size);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0) {
			file->of->flags |= FAILED;
			return EOF;
		}
		from += done;
		size -= (size_t)done;
	}
	return 0;
}

int fflush(FILE *file)
{
	int result = 0;
	if (file == NULL) {
		for (int n = 0; n < 3; n++)
			if (__iob[n].of->flags & WRITING)
				result |= fflush(&__iob[n]);
		for (int n = 0; n < 256; n++)
			if (opened[n] && opened[n]->of->flags & WRITING)
				result |= fflush(opened[n]);
		return result;
	}
	if (file->of->flags & WRITING && file->of->have) {
		result = write_all(file, file->of->buffer, file->of->have);
		file->of->have = 0;
	}
	return result;
}

size_t fwrite(const void *from, size_t size, size_t count, FILE *file)
{
	size_t total = size * count;
	if (file->of->flags & UNBUFFERED || !ready(file))
		return write_all(file, from, total) == 0 ? count : 0;
	if (total >= file->of->room - file->of->have) {
		if (fflush(file) || (total >= file->of->room && write_all(file, from, total)))
			return 0;
		if (total >= file->of->room)
			return count;
	}
	memcpy(file->of->buffer + file->of->have, from, total);
	file->of->have += total;
	if (file->of->flags & LINES)
		for (size_t n = 0; n < total; n++)
			if (((const char *)from)[n] == '\n')
				return fflush(file) ? 0 : count;
	return count;
}

static int fill_buffer(FILE *file)
{
	if (file->of->flags & (AT_END | FAILED) || !ready(file))
		return 0;
	fflush(stdout);
	ssize_t got = read(file->of->fd, file->of->buffer, file->of->room);
	file->of->at = 0;
	file->of->have = got > 0 ? (size_t)got : 0;
	file->of->flags |= got == 0 ? AT_END : got < 0 ? FAILED : 0;
	return got > 0;
}

int fgetc(FILE *file)
{
	if (file->of->unread >= 0) {
		int c = file->of->unread;
		file->of->unread = -1;
		return c;
	}
	if (file->of->at == file->of->have && !fill_buffer(file))
		return EOF;
	return (unsigned char)file->of->buffer[file->of->at++];
}

int getc(FILE *file)
{
	return fgetc(file);
}

int getchar(void)
{
	return fgetc(stdin);
}

int ungetc(int c, FILE *file)
{
	file->of->unread = c;
	return c;
}

size_t fread(void *to, size_t size, size_t count, FILE *file)
{
	size_t total = size * count, done = 0;
	for (int c; done < total && (c = fgetc(file)) != EOF; done++)
		((char *)to)[done] = (char)c;
	return size ? done / size : 0;
}

char *fgets(char *to, int size, FILE *file)
{
	int done = 0, c = 0;
	while (done < size - 1 && c != '\n' && (c = fgetc(file)) != EOF)
		to[done++] = (char)c;
	if (done == 0)
		return NULL;
	to[done] = '\0';
	return to;
}

int fputc(int c, FILE *file)
{
	char one = (char)c;
	return fwrite(&one, 1, 1, file) == 1 ? (unsigned char)one : EOF;
}

int putc(int c, FILE *file)
{
	return fputc(c, file);
}

int putchar(int c)
{
	return fputc(c, stdout);
}

int fputs(const char *text, FILE *file)
{
	size_t n = strlen(text);
	return fwrite(text, 1, n, file) == n || n == 0 ? 0 : EOF;
}

int puts(const char *text)
{
	return fputs(text, stdout) == 0 && putchar('\n') != EOF ? 0 : EOF;
}

FILE *fdopen(int fd, const char *mode)
{
	int flags = *mode == 'r' && !strchr(mode, '+') ? READING : WRITING;
	for (int n = 0; n < 256; n++)
		if (opened[n] == NULL) {
			struct own *own = calloc(1, sizeof *own);
			if (own == NULL)
				return NULL;
			own->stream = (struct stream) { fd, flags | OWN, -1, NULL, 0, 0, 0 };
			own->file.of = &own->stream;
			return opened[n] = &own->file;
		}
	return NULL;
}

FILE *fopen(const char *name, const char *mode)
{
	int plus = strchr(mode, '+') != NULL;
	int flags = *mode == 'r' ? (plus ? O_RDWR : O_RDONLY) : (plus ? O_RDWR : O_WRONLY) | O_CREAT;
	flags |= *mode == 'w' ? O_TRUNC : *mode == 'a' ? O_APPEND : 0;
	int fd = open(name, flags, 0666);
	return fd < 0 ? NULL : fdopen(fd, mode);
}

int fclose(FILE *file)
{
	int result = fflush(file) | close(file->of->fd);
	for (int n = 0; n < 256; n++)
		if (opened[n] == file)
			opened[n] = NULL;
	free(file->of->buffer);
	if (file->of->flags & OWN)
		free(file);
	return result ? EOF : 0;
}

int feof(FILE *file)
{
	return (file->of->flags & AT_END) != 0;
}

int ferror(FILE *file)
{
	return (file->of->flags & FAILED) != 0;
}

int fileno(FILE *file)
{
	return file->of->fd;
}

void perror(const char *what)
{
	int error = errno;
	fprintf(stderr, "%s%s%s\n", what ? what : "", what && *what ? ": " : "", strerror(error));
}

int fprintf(FILE *file, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	int n = vfprintf(file, format, list);
	va_end(list);
	return n;
}

int printf(const char *format, ...)
{
	va_list list;
	va_start(list, format);
	int n = vfprintf(stdout, format, list);
	va_end(list);
	return n;
}

int vprintf(const char *format, va_list list)
{
	return vfprintf(stdout, format, list);
}

int vfprintf(FILE *file, const char *format, va_list list)
{
	char line[1024], *text = line;
	va_list again;
	va_copy(again, list);
	int n = vsnprintf(line, sizeof line, format, list);
	if (n >= (int)sizeof line && (text = malloc((size_t)n + 1)) != NULL)
		vsnprintf(text, (size_t)n + 1, format, again);
	va_end(again);
	if (text == NULL || fwrite(text, 1, (size_t)n, file) != (size_t)n)
		n = -1;
	if (text != line)
		free(text);
	return n;
}

int snprintf(char *to, size_t size, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	int n = vsnprintf(to, size, format, list);
	va_end(list);
	return n;
}

int sprintf(char *to, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	int n = vsnprintf(to, (size_t)1 << 30, format, list);
	va_end(list);
	return n;
}
