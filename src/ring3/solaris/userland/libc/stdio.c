/* stdio(3C): streams over descriptors, and printf. */

#include "thread.h"

#define BUFFER 4096
enum { READING = 1, WRITING = 2, AT_END = 4, FAILED = 8, LINES = 16, UNBUFFERED = 32, KNOWN = 64, OWN = 128 };

FILE __iob[20] = { { 0, READING, -1, NULL, 0, 0, 0, 0 }, { 1, WRITING, -1, NULL, 0, 0, 0, 0 }, { 2, WRITING | UNBUFFERED | KNOWN, -1, NULL, 0, 0, 0, 0 } };
static FILE *opened[256];

static int ready(FILE *file)
{
	extern int isatty(int);
	if (!(file->flags & KNOWN)) {
		file->flags |= KNOWN;
		if (file->flags & WRITING && isatty(file->fd))
			file->flags |= LINES;
	}
	if (file->buffer == NULL) {
		file->buffer = malloc(BUFFER);
		file->room = file->buffer ? BUFFER : 0;
	}
	return file->buffer != NULL;
}

static int write_all(FILE *file, const char *from, size_t size)
{
	while (size) {
		ssize_t done = write(file->fd, from, size);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0) {
			file->flags |= FAILED;
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
		for (int n = 0; n < 20; n++)
			if (__iob[n].flags & WRITING)
				result |= fflush(&__iob[n]);
		for (int n = 0; n < 256; n++)
			if (opened[n] && opened[n]->flags & WRITING)
				result |= fflush(opened[n]);
		return result;
	}
	if (file->flags & WRITING && file->have) {
		result = write_all(file, file->buffer, file->have);
		file->have = 0;
	}
	return result;
}

size_t fwrite(const void *from, size_t size, size_t count, FILE *file)
{
	size_t total = size * count;
	if (file->flags & UNBUFFERED || !ready(file))
		return write_all(file, from, total) == 0 ? count : 0;
	if (total >= file->room - file->have) {
		if (fflush(file) || (total >= file->room && write_all(file, from, total)))
			return 0;
		if (total >= file->room)
			return count;
	}
	memcpy(file->buffer + file->have, from, total);
	file->have += total;
	if (file->flags & LINES)
		for (size_t n = 0; n < total; n++)
			if (((const char *)from)[n] == '\n')
				return fflush(file) ? 0 : count;
	return count;
}

static int fill_buffer(FILE *file)
{
	if (file->flags & (AT_END | FAILED) || !ready(file))
		return 0;
	fflush(stdout);
	ssize_t got = read(file->fd, file->buffer, file->room);
	file->at = 0;
	file->have = got > 0 ? (size_t)got : 0;
	file->flags |= got == 0 ? AT_END : got < 0 ? FAILED : 0;
	return got > 0;
}

int fgetc(FILE *file)
{
	if (file->unread >= 0) {
		int c = file->unread;
		file->unread = -1;
		return c;
	}
	if (file->at == file->have && !fill_buffer(file))
		return EOF;
	return (unsigned char)file->buffer[file->at++];
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
	file->unread = c;
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
			FILE *file = calloc(1, sizeof *file);
			if (file == NULL)
				return NULL;
			file->fd = fd;
			file->flags = flags | OWN;
			file->unread = -1;
			return opened[n] = file;
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
	int result = fflush(file) | close(file->fd);
	for (int n = 0; n < 256; n++)
		if (opened[n] == file)
			opened[n] = NULL;
	free(file->buffer);
	if (file->flags & OWN)
		free(file);
	return result ? EOF : 0;
}

int feof(FILE *file)
{
	return (file->flags & AT_END) != 0;
}

int ferror(FILE *file)
{
	return (file->flags & FAILED) != 0;
}

int fileno(FILE *file)
{
	return file->fd;
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
