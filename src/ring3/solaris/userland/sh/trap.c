/* Signals that a script wants to know of (trap, in POSIX, Shell Command Language, 2.14). */

#include "sh.h"

#define SIGNALS 42
enum { ON_EXIT = 0 };

static const char *const names[] = {
	"EXIT", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "EMT", "FPE", "KILL", "BUS", "SEGV", "SYS", "PIPE", "ALRM", "TERM", "USR1", "USR2", "CLD", "PWR",
	"WINCH", "URG", "POLL", "STOP", "TSTP", "CONT", "TTIN", "TTOU", "VTALRM", "PROF", "XCPU", "XFSZ",
};
static char *traps[SIGNALS];
static volatile char pending[SIGNALS];

int signal_number(const char *name)
{
	if (*name && name[strspn(name, "0123456789")] == '\0')
		return atoi(name) < SIGNALS ? atoi(name) : -1;
	if (strncmp(name, "SIG", 3) == 0)
		name += 3;
	for (int n = 0; n < (int)(sizeof names / sizeof *names); n++)
		if (strcmp(names[n], name) == 0)
			return n;
	return strcmp(name, "CHLD") == 0 ? 18 : -1;
}

static void note(int signal)
{
	pending[signal] = 1;
	pending[ON_EXIT] = 1;			/* some signal is */
}

static void act(int signal, void (*handler)(int))
{
	struct sigaction action;
	memset(&action, 0, sizeof action);
	action.sa_handler = handler;
	if (signal)
		sigaction(signal, &action, NULL);
}

int trap_command(int argc, char **argv)
{
	int result = 0;
	if (argc == 1)
		for (int n = 0; n < SIGNALS; n++)
			if (traps[n])
				printf("trap -- '%s' %s\n", traps[n], n < 32 ? names[n] : "");
	int resets = argc > 1 && (strcmp(argv[1], "-") == 0 || argv[1][strspn(argv[1], "0123456789")] == '\0') && *argv[1];
	for (int n = resets && strcmp(argv[1], "-") != 0 ? 1 : 2; n < argc; n++) {
		int signal = signal_number(argv[n]);
		if (signal < 0) {
			result = complain("trap: %s: bad trap", argv[n]);
			continue;
		}
		free(traps[signal]);
		traps[signal] = resets ? NULL : strdup(argv[1]);
		act(signal, resets ? (void (*)(int))0 : *argv[1] ? note : (void (*)(int))1);
	}
	return result;
}

/* In a child what was caught has its default again; what is ignored stays so. */
void reset_traps(void)
{
	for (int n = 0; n < SIGNALS; n++)
		if (traps[n] && *traps[n]) {
			act(n, (void (*)(int))0);
			free(traps[n]);
			traps[n] = NULL;
		}
	if (pending[ON_EXIT])
		memset((void *)pending, 0, sizeof pending);
}

void run_traps(void)
{
	if (!pending[ON_EXIT])
		return;
	pending[ON_EXIT] = 0;
	for (int n = 1; n < SIGNALS; n++)
		if (pending[n]) {
			int kept = status;
			pending[n] = 0;
			if (traps[n])
				run_text(traps[n]);
			status = kept;
		}
}

void run_exit_trap(void)
{
	char *text = traps[ON_EXIT];
	traps[ON_EXIT] = NULL;
	if (text && *text)
		run_text(text);
}
