/* Variables: the exported ones are the environment (POSIX, Shell Command Language, 2.5.3). */

#include "sh.h"

extern int setenv(const char *, const char *, int), unsetenv(const char *);

struct variable {
	struct variable *next;
	char *name, *value;		/* no value: it is in the environment, or frozen without one */
	int frozen;
};
static struct variable *variables;

size_t name_length(const char *text)
{
	size_t length = 0;
	if (*text >= '0' && *text <= '9')
		return 0;
	while (text[length] == '_' || (text[length] >= '0' && text[length] <= '9') || ((text[length] | 0x20) >= 'a' && (text[length] | 0x20) <= 'z'))
		length++;
	return length;
}

int is_name(const char *text, size_t length)
{
	return length > 0 && name_length(text) >= length;
}

static struct variable *find(const char *name)
{
	struct variable *at = variables;
	while (at && strcmp(at->name, name) != 0)
		at = at->next;
	return at;
}

char *get_variable(const char *name)
{
	struct variable *found = find(name);
	return found && found->value ? found->value : getenv(name);
}

static struct variable *made(const char *name)
{
	struct variable *found = find(name);
	if (!found) {
		found = need(sizeof *found);
		found->next = variables;
		found->name = strdup(name);
		found->value = NULL;
		found->frozen = 0;
		variables = found;
	}
	return found;
}

void set_variable(const char *name, const char *value)
{
	struct variable *found = find(name);
	if (found && found->frozen) {
		complain("%s: is read only", name);
		leave(1);
	}
	if (options['a'] || (getenv(name) && !(found && found->value))) {
		setenv(name, value, 1);
		return;
	}
	char *copy = strdup(value);
	found = made(name);
	free(found->value);
	found->value = copy;
}

void export_variable(const char *name)
{
	struct variable *found = find(name);
	if (found && found->value) {
		setenv(name, found->value, 1);
		free(found->value);
		found->value = NULL;
	} else if (!getenv(name)) {
		setenv(name, "", 1);
	}
}

void freeze_variable(const char *name)
{
	made(name)->frozen = 1;
}

void unset_variable(const char *name)
{
	struct variable *found = find(name);
	if (found && found->frozen) {
		complain("%s: is read only", name);
		leave(1);
	}
	if (found) {
		free(found->value);
		found->value = NULL;
	}
	unsetenv(name);
}

static void show(const char *name, size_t length, const char *value, const char *before)
{
	printf("%s%.*s='", before, (int)length, name);
	for (; *value; value++)
		*value == '\'' ? fputs("'\\''", stdout) : putchar(*value);
	puts("'");
}

void show_variables(int exported)
{
	for (struct variable *at = variables; at && !exported; at = at->next)
		if (at->value)
			show(at->name, strlen(at->name), at->value, "");
	for (char **at = environ; at && *at; at++) {
		const char *equals = strchr(*at, '=');
		if (equals)
			show(*at, (size_t)(equals - *at), equals + 1, exported ? "export " : "");
	}
}
