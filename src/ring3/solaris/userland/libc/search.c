/* Tables, trees and lists to look things up in (hsearch(3C), tsearch(3C), lsearch(3C), insque(3C)). */

#include "solaris.h"

typedef struct {
	char *key;
	void *data;
} ENTRY;
static ENTRY *table;
static size_t slots, used;

int hcreate(size_t count)
{
	for (slots = 16; slots < count + count / 2;)
		slots *= 2;
	used = 0;
	table = calloc(slots, sizeof *table);
	return table != NULL;
}

void hdestroy(void)
{
	free(table);
	table = NULL;
	slots = 0;
}

ENTRY *hsearch(ENTRY item, int enter)
{
	size_t hash = 5381;
	for (const char *at = item.key; *at; at++)
		hash = hash * 33 + (unsigned char)*at;
	for (size_t n = 0; n < slots; n++) {
		ENTRY *at = &table[(hash + n) & (slots - 1)];
		if (at->key && strcmp(at->key, item.key) == 0)
			return at;
		if (at->key)
			continue;
		if (!enter || used == slots - 1)
			break;
		*at = item;
		used++;
		return at;
	}
	errno = enter ? ENOMEM : ESRCH;
	return NULL;
}

/* A node begins with its key, because who gets one looks there. The priority keeps the tree flat (a treap). */
struct node {
	const void *key;
	struct node *left, *right;
	unsigned priority;
};

static unsigned next_priority(void)
{
	static unsigned state = 2463534242u;
	state ^= state << 13;
	state ^= state >> 17;
	return state ^= state << 5;
}

static void lift(struct node **at, int left)
{
	struct node *parent = *at, *child = left ? parent->left : parent->right;
	if (left) {
		parent->left = child->right;
		child->right = parent;
	} else {
		parent->right = child->left;
		child->left = parent;
	}
	*at = child;
}

static struct node *insert(const void *key, struct node **at, int (*compare)(const void *, const void *))
{
	if (*at == NULL) {
		struct node *made = malloc(sizeof *made);
		if (made)
			*made = (struct node) { key, NULL, NULL, next_priority() };
		return *at = made;
	}
	int order = compare(key, (*at)->key);
	if (order == 0)
		return *at;
	struct node *found = insert(key, order < 0 ? &(*at)->left : &(*at)->right, compare);
	if (found && order < 0 && (*at)->left->priority > (*at)->priority)
		lift(at, 1);
	else if (found && order > 0 && (*at)->right->priority > (*at)->priority)
		lift(at, 0);
	return found;
}

void *tsearch(const void *key, void **root, int (*compare)(const void *, const void *))
{
	return root ? insert(key, (struct node **)root, compare) : NULL;
}

void *tfind(const void *key, void *const *root, int (*compare)(const void *, const void *))
{
	struct node *at = root ? *root : NULL;
	for (int order; at && (order = compare(key, at->key)) != 0;)
		at = order < 0 ? at->left : at->right;
	return at;
}

void *tdelete(const void *key, void **root, int (*compare)(const void *, const void *))
{
	struct node **at = (struct node **)root;
	void *parent = root;
	if (root == NULL)
		return NULL;
	for (int order; *at && (order = compare(key, (*at)->key)) != 0; at = order < 0 ? &(*at)->left : &(*at)->right)
		parent = *at;
	if (*at == NULL)
		return NULL;
	while ((*at)->left || (*at)->right) {
		int left = (*at)->right == NULL || ((*at)->left && (*at)->left->priority > (*at)->right->priority);
		lift(at, left);
		at = left ? &(*at)->right : &(*at)->left;
	}
	free(*at);
	*at = NULL;
	return parent;
}

static void walk(const struct node *at, void (*visit)(const void *, int, int), int level)
{
	if (at->left == NULL && at->right == NULL) {
		visit(at, 3, level);
		return;
	}
	visit(at, 0, level);
	if (at->left)
		walk(at->left, visit, level + 1);
	visit(at, 1, level);
	if (at->right)
		walk(at->right, visit, level + 1);
	visit(at, 2, level);
}

void twalk(const void *root, void (*visit)(const void *, int, int))
{
	if (root && visit)
		walk(root, visit, 0);
}

void *lfind(const void *key, const void *base, size_t *count, size_t size, int (*compare)(const void *, const void *))
{
	for (size_t n = 0; n < *count; n++)
		if (compare(key, (const char *)base + n * size) == 0)
			return (char *)(uintptr_t)base + n * size;
	return NULL;
}

void *lsearch(const void *key, void *base, size_t *count, size_t size, int (*compare)(const void *, const void *))
{
	void *found = lfind(key, base, count, size, compare);
	return found ? found : memcpy((char *)base + (*count)++ * size, key, size);
}

struct element {
	struct element *next, *before;
};

void insque(void *one, void *behind)
{
	struct element *new = one, *at = behind;
	*new = (struct element) { at ? at->next : NULL, at };
	if (at && at->next)
		at->next->before = new;
	if (at)
		at->next = new;
}

void remque(void *one)
{
	struct element *gone = one;
	if (gone->before)
		gone->before->next = gone->next;
	if (gone->next)
		gone->next->before = gone->before;
}
