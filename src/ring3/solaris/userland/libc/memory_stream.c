/* Streams over memory: fmemopen(3C) and open_memstream(3C). */

#include "stream.h"

struct memory {
	char *bytes;
	size_t room, end, at;
	int own, appends;
	char **shown;			/* open_memstream's caller looks here */
	size_t *shown_size;
};

static ssize_t get(struct stream *stream, void *to, size_t size)
{
	struct memory *memory = stream->of;
	size_t left = memory->at < memory->end ? memory->end - memory->at : 0;
	size = size < left ? size : left;
	memcpy(to, memory->bytes + memory->at, size);
	memory->at += size;
	return (ssize_t)size;
}

static int grow(struct memory *memory, size_t wanted)
{
	if (wanted <= memory->room)
		return 0;
	size_t room = 2 * memory->room > wanted ? 2 * memory->room : wanted;
	char *made = realloc(memory->bytes, room);
	if (made == NULL)
		return -1;
	memset(made + memory->room, 0, room - memory->room);
	memory->bytes = made;
	memory->room = room;
	return 0;
}

static ssize_t put(struct stream *stream, const void *from, size_t size)
{
	struct memory *memory = stream->of;
	if (memory->appends)
		memory->at = memory->end;
	if (memory->shown && grow(memory, memory->at + size + 1))
		return -1;
	size_t left = memory->at < memory->room ? memory->room - memory->at : 0;
	size = size < left ? size : left;
	if (size == 0) {
		errno = ENOSPC;
		return -1;
	}
	memcpy(memory->bytes + memory->at, from, size);
	memory->at += size;
	if (memory->at > memory->end)
		memory->end = memory->at;
	if (memory->end < memory->room)
		memory->bytes[memory->end] = '\0';
	if (memory->shown) {
		*memory->shown = memory->bytes;
		*memory->shown_size = memory->at;
	}
	return (ssize_t)size;
}

static off64_t seek(struct stream *stream, off64_t offset, int whence)
{
	struct memory *memory = stream->of;
	off64_t from = whence == 0 ? 0 : whence == 1 ? (off64_t)memory->at : (off64_t)memory->end;
	if (whence < 0 || whence > 2 || from + offset < 0 || (!memory->shown && from + offset > (off64_t)memory->room)) {
		errno = EINVAL;
		return -1;
	}
	memory->at = (size_t)(from + offset);
	return from + offset;
}

static int shut(struct stream *stream)
{
	struct memory *memory = stream->of;
	if (memory->own)
		free(memory->bytes);
	free(memory);
	return 0;
}

static FILE *over(struct memory *made, int how)
{
	struct memory *memory = malloc(sizeof *memory);
	FILE *file = memory ? stream_new(how, -1) : NULL;
	if (file == NULL) {
		free(memory);
		return NULL;
	}
	*memory = *made;
	struct stream *stream = stream_of(file);
	stream->of = memory;
	stream->get = get;
	stream->put = put;
	stream->seek = seek;
	stream->shut = shut;
	return file;
}

FILE *fmemopen(void *buffer, size_t size, const char *mode)
{
	int flags, how = stream_mode(mode, &flags);
	struct memory memory = { .bytes = buffer, .room = size, .own = buffer == NULL, .appends = *mode == 'a' };
	if (how < 0 || size == 0) {
		errno = EINVAL;
		return NULL;
	}
	if (buffer == NULL && (memory.bytes = calloc(1, size)) == NULL)
		return NULL;
	if (*mode == 'r')
		memory.end = buffer ? size : 0;
	else if (*mode == 'a')
		while (memory.end < size && memory.bytes[memory.end])
			memory.end++;
	else
		memory.bytes[0] = '\0';
	memory.at = *mode == 'a' ? memory.end : 0;
	FILE *file = over(&memory, how);
	if (file == NULL && buffer == NULL)
		free(memory.bytes);
	return file;
}

FILE *open_memstream(char **bytes, size_t *size)
{
	struct memory memory = { .bytes = calloc(1, 64), .room = 64, .shown = bytes, .shown_size = size };
	FILE *file = memory.bytes ? over(&memory, IS_WRITING) : NULL;
	if (file) {
		*bytes = memory.bytes;
		*size = 0;
	} else {
		free(memory.bytes);
	}
	return file;
}
