/* What stands behind a FILE: where its bytes come from and go to, and who holds it. */

#ifndef STREAM_H
#define STREAM_H

#include "thread.h"

enum { IS_READING = 1, IS_WRITING = 2, UNBUFFERED = 4, FULL_BUFFER_IS_OWN = 8, AT_END = 16, FAILED = 32, BY_LINES = 64, FOR_BOTH = 128 };
#define PUSHED_BACK 8	/* bytes of room before each buffer, for ungetc */

struct stream {
	int fd;
	char known, appends, opened;		/* buffering is decided; writes go to the end; fopen made it */
	signed char wide;			/* its orientation (fwide(3C)) */
	int room;				/* of the buffer */
	pthread_mutex_t lock;
	pid_t child;				/* of popen */
	unsigned char small[PUSHED_BACK + 4];
	void *of;				/* what get and its like are about; NULL for a descriptor */
	ssize_t (*get)(struct stream *, void *, size_t);
	ssize_t (*put)(struct stream *, const void *, size_t);
	off64_t (*seek)(struct stream *, off64_t, int);
	int (*shut)(struct stream *);
	FILE *next;				/* of those that were opened */
};

struct stream *stream_of(FILE *);
FILE *stream_new(int flag, int fd);
void stream_free(FILE *);
int stream_mode(const char *mode, int *open_flags);
int stream_flush(FILE *), __filbuf(FILE *), __flsbuf(int, FILE *);
int stream_get(FILE *), stream_unget(int, FILE *);
size_t stream_write(FILE *, const void *, size_t);

/* The lock of a stream, which a thread can take again. */
static inline void hold(FILE *file)
{
	pthread_mutex_lock(&stream_of(file)->lock);
}

static inline void let(FILE *file)
{
	pthread_mutex_unlock(&stream_of(file)->lock);
}

#endif
