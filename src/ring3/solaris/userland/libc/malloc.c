/*
 * malloc(3C): blocks of powers of two with a header that says which; free ones are kept by size. Large ones are mappings of
 * their own. A block lies at a multiple of 16.
 */

#include "solaris.h"
#include "thread.h"

#define SMALLEST 5
#define LARGEST 17
#define CHUNK (1ul << 18)
#define LARGE 0xffu

struct block {
	size_t size;			/* of the mapping, for large ones */
	unsigned char power, aligned;	/* aligned: the header of the block it lies in is elsewhere */
	unsigned char rest[6];
};

struct free_block {
	struct free_block *next;
};

static struct free_block *kept[LARGEST + 1];
static char *at, *end;
static struct lock lock;

static struct block *carve(int power)
{
	size_t size = 1ul << power;
	if ((size_t)(end - at) < size) {
		char *more = mmap(NULL, CHUNK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
		if (more == MAP_FAILED)
			return NULL;
		at = more;
		end = more + CHUNK;
	}
	at += size;
	return (struct block *)(at - size);
}

static void *large(size_t size)
{
	size_t mapped = (size + sizeof(struct block) + 0xfff) & ~0xffful;
	if (mapped < size) {
		errno = ENOMEM;
		return NULL;
	}
	struct block *block = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
	if (block == MAP_FAILED)
		return NULL;
	block->size = mapped;
	block->power = LARGE;
	return block + 1;
}

void *malloc(size_t size)
{
	int power = SMALLEST;
	while (power <= LARGEST && (1ul << power) - sizeof(struct block) < size)
		power++;
	if (power > LARGEST)
		return large(size);
	take(&lock);
	struct free_block *found = kept[power];
	struct block *block;
	if (found) {
		kept[power] = found->next;
		block = (struct block *)found - 1;
	} else {
		block = carve(power);
	}
	give(&lock);
	if (block == NULL) {
		errno = ENOMEM;
		return NULL;
	}
	block->power = (unsigned char)power;
	block->aligned = 0;
	return block + 1;
}

static struct block *header_of(void *memory)
{
	struct block *block = (struct block *)memory - 1;
	return block->aligned ? (struct block *)block->size : block;
}

void free(void *memory)
{
	if (memory == NULL)
		return;
	struct block *block = header_of(memory);
	if (block->power == LARGE) {
		munmap(block, block->size);
		return;
	}
	take(&lock);
	struct free_block *freed = (struct free_block *)(block + 1);
	freed->next = kept[block->power];
	kept[block->power] = freed;
	give(&lock);
}

void *calloc(size_t count, size_t size)
{
	size_t total;
	if (__builtin_mul_overflow(count, size, &total)) {
		errno = ENOMEM;
		return NULL;
	}
	void *made = malloc(total);
	return made ? memset(made, 0, total) : NULL;
}

void *realloc(void *memory, size_t size)
{
	if (memory == NULL)
		return malloc(size);
	struct block *block = header_of(memory);
	char *limit = (char *)block + (block->power == LARGE ? block->size : 1ul << block->power);
	size_t had = (size_t)(limit - (char *)memory);
	if (size <= had && (block->power != LARGE || size > had / 2))
		return memory;
	void *made = malloc(size);
	if (made) {
		memcpy(made, memory, size < had ? size : had);
		free(memory);
	}
	return made;
}

void *memalign(size_t align, size_t size)
{
	if (align <= 16)
		return malloc(size);
	char *memory = malloc(size + align + sizeof(struct block));
	if (memory == NULL)
		return NULL;
	char *place = (char *)(((uintptr_t)memory + sizeof(struct block) + align - 1) & ~(align - 1));
	struct block *inner = (struct block *)place - 1;
	inner->size = (size_t)((struct block *)memory - 1);
	inner->aligned = 1;
	return place;
}

void *valloc(size_t size)
{
	return memalign(0x1000, size);
}

int posix_memalign(void **made, size_t align, size_t size)
{
	if (align < sizeof(void *) || align & (align - 1))
		return EINVAL;
	*made = memalign(align, size);
	return *made ? 0 : ENOMEM;
}
