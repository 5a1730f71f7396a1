/*
 * What has to be mapped anew in a stub, from the pages whose entries in the page tables were changed: neighbours that one
 * call can map are one run. In C, because a fork changes every page of an address space.
 */

#include <stdint.h>

enum { PRESENT = 1, WRITE = 2, USER = 4, PAGE = 4096, SLOTS = 512 };
enum { SYS_mmap = 9, SYS_mprotect = 10, SYS_munmap = 11 };
enum { UNSEEN, CLEAN, SUSPECT }; /* frames: whether there may be a `cpuid` */
#define ADDRESS 0x000ffffffffff000ULL
#define NX (1ULL << 63)
#define LAST_PAGE ((1ULL << 35) - 1) /* the host's user addresses end before it */

struct run { uint64_t start, end, kind, prot, frame; }; /* pages; the number of a call; physical address of the first */

struct changes {
	const char *ram;
	uint8_t *seen;		/* for each frame */
	uint64_t root;		/* of the page tables */
	const uint64_t *pages;	/* in order */
	const uint64_t *old;	/* the entries that the stub has of them, 0 where it is not known to have any */
	uint64_t count;
	const uint64_t *kept;	/* pages of these that are not to be executed, in order; one more than all pages ends them */
	struct run *runs;	/* room for each page */
	uint64_t *stored;	/* frames that programs may store into, room for each page */
	uint64_t stored_count;
};

struct tables { const uint64_t *leaf; uint64_t number; }; /* the last page table, and which one it was */

static inline const uint64_t *table(const struct changes *c, uint64_t address)
{
	return (const uint64_t *)(c->ram + (address & ADDRESS));
}

static uint64_t lookup(const struct changes *c, struct tables *t, uint64_t page)
{
	uint64_t entry = c->root | PRESENT;
	int shift;

	if (t->number != page / SLOTS) {
		t->number = page / SLOTS;
		for (shift = 27; shift && entry & PRESENT; shift -= 9)
			entry = table(c, entry)[page >> shift & (SLOTS - 1)];
		t->leaf = entry & PRESENT ? table(c, entry) : 0;
	}
	return t->leaf ? t->leaf[page & (SLOTS - 1)] : 0;
}

static inline int used(uint64_t entry)
{
	return (entry & (PRESENT | USER)) == (PRESENT | USER);
}

/* What the stub needs for a page; 0 for nothing. */
static int need(struct changes *c, uint64_t page, uint64_t old, uint64_t entry, struct run *r)
{
	r->start = page;
	r->end = page + 1;
	r->prot = r->frame = 0;
	if (!used(entry)) {
		r->kind = SYS_munmap;
		return used(old);
	}
	if (page >= LAST_PAGE || entry == old)
		return 0;
	r->kind = used(old) && !((entry ^ old) & ADDRESS) ? SYS_mprotect : SYS_mmap;
	r->prot = 1 | (entry & WRITE);
	r->frame = entry & ADDRESS;
	if (entry & WRITE) {
		c->stored[c->stored_count++] = r->frame;
		c->seen[r->frame / PAGE] = UNSEEN;
	}
	while (*c->kept < page)
		c->kept++;
	if (!(entry & NX) && *c->kept != page)
		r->prot |= 4;
	return 1;
}

/* Fills `runs`, and says how many there are. */
__attribute__((visibility("default"))) long ring3_runs(struct changes *c)
{
	struct tables tables = {0, -1};
	struct run *last = 0, next;
	uint64_t n;

	c->stored_count = 0;
	for (n = 0; n < c->count; n++) {
		if (!need(c, c->pages[n], c->old[n], lookup(c, &tables, c->pages[n]), &next))
			continue;
		if (last && last->end == next.start && last->kind == next.kind && last->prot == next.prot &&
		    (next.kind != SYS_mmap || last->frame + (last->end - last->start) * PAGE == next.frame)) {
			last->end = next.end;
		} else {
			last = last ? last + 1 : c->runs;
			*last = next;
		}
	}
	return last ? last + 1 - c->runs : 0;
}

static uint8_t look(const uint8_t *code)
{
	unsigned n;

	for (n = 0; n < PAGE - 1; n++)
		if (code[n] == 0x0f && code[n + 1] == 0xa2)
			return SUSPECT;
	return code[PAGE - 1] == 0x0f ? SUSPECT : CLEAN;
}

/* Puts those pages of code that may have a `cpuid` into `stored`, and says how many there are. */
__attribute__((visibility("default"))) long ring3_suspects(struct changes *c)
{
	struct tables tables = {0, -1};
	uint64_t n, entry, frame;

	c->stored_count = 0;
	for (n = 0; n < c->count; n++) {
		entry = lookup(c, &tables, c->pages[n]);
		if (!used(entry) || entry & NX)
			continue;
		frame = (entry & ADDRESS) / PAGE;
		if (c->seen[frame] == UNSEEN)
			c->seen[frame] = look((const uint8_t *)c->ram + frame * PAGE);
		if (c->seen[frame] == SUSPECT)
			c->stored[c->stored_count++] = c->pages[n];
	}
	return c->stored_count;
}
