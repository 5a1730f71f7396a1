/*
 * modinfo: shows the modules that the kernel has loaded.
 *
 *     modinfo [-w] [-c] [-i module-id]
 *
 * The layering of the third seed: this command calls libc's modctl(), that makes system call 152, and the kernel's function
 * of the same name answers. The columns are those of Solaris 11, which prints through libofmt: each as wide as its title
 * says, left-justified, the line cut at 80 columns; -w does not cut. -c prints load counts and states as illumos does.
 *
 * In the seed's stack the call of modctl returns to main+0x3b6: the call stands there by .org.
 */

#include "solaris.h"

#define NONE "--"
#define LINE 256

extern const char *uu_setpname(const char *);
extern int uu_strtoint(const char *, void *, size_t, int, int64_t, int64_t);
extern void uu_die(const char *, ...) __attribute__((noreturn));

static int wide, counts;

static void usage(void)
{
	fprintf(stderr, "usage:  modinfo [-w]\n\tmodinfo [-w] -c\n\tmodinfo [-w] -i module-id\n");
	exit(1);
}

/* A column, as libofmt pads it: a value that fills its width takes its space from the columns that follow. */
static char *column(char *at, char *line, int *stop, const char *value, int width)
{
	*stop += width;
	while (*value)
		*at++ = *value++;
	do
		*at++ = ' ';
	while (at - line < *stop);
	return at;
}

static void print_columns(const char *id, const char *base, const char *size, const char *info, const char *rev,
    const char *name)
{
	char line[LINE], *at = line;
	int stop = 0;
	at = column(at, line, &stop, id, 4);
	at = column(at, line, &stop, base, 17);
	at = column(at, line, &stop, size, 7);
	at = column(at, line, &stop, info, 5);
	at = column(at, line, &stop, rev, 4);
	while (*name)
		*at++ = *name++;
	*at = '\0';
	if (!wide && at - line > 80)
		line[80] = '\0';
	printf("%s\n", line);
}

static void print_info(const struct modinfo *mi)
{
	char id[12], base[20], size[20], info[12], rev[12], name[MODMAXNAMELEN + MODMAXLINKINFOLEN + 4];
	const struct modspecific_info *first = &mi->mi_msinfo[0];
	snprintf(id, sizeof id, "%d", mi->mi_id);
	snprintf(base, sizeof base, "%lx", (unsigned long)mi->mi_base);
	snprintf(size, sizeof size, "%lx", mi->mi_size);
	snprintf(info, sizeof info, first->msi_p0 == -1 ? NONE : "%d", first->msi_p0);
	snprintf(rev, sizeof rev, "%d", mi->mi_rev);
	if (first->msi_linkinfo[0])
		snprintf(name, sizeof name, "%s (%s)", mi->mi_name, first->msi_linkinfo);
	else
		snprintf(name, sizeof name, "%s", mi->mi_name);
	print_columns(id, base, size, info, rev, name);
}

static void print_count(const struct modinfo *mi)
{
	printf("%3d %10d %-32s %s/%s\n", mi->mi_id, mi->mi_loadcnt, mi->mi_name,
	    mi->mi_state & MI_LOADED ? "LOADED" : "UNLOADED",
	    mi->mi_state & MI_INSTALLED ? "INSTALLED" : "UNINSTALLED");
}

__attribute__((noinline)) static void print_title(void)
{
	if (counts)
		printf(" Id    Loadcnt Module Name                            State\n");
	else
		print_columns("ID", "LOADADDR", "SIZE", "INFO", "REV", "NAMEDESC");
}

__attribute__((noinline)) static int options(int argc, char **argv)
{
	int one = -1;
	uu_setpname(argv[0]);
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "-w"))
			wide = 1;
		else if (!strcmp(argv[i], "-c"))
			counts = 1;
		else if (strcmp(argv[i], "-i") || i + 1 == argc)
			usage();
		else if (uu_strtoint(argv[++i], &one, sizeof one, 10, 0, 0x7fffffff) < 0)
			uu_die("Invalid id %s\n", argv[i]);
	}
	return one;
}

int main(int argc, char **argv)
{
	struct modinfo mi;
	int one = options(argc, argv), titled = 0;

	memset(&mi, 0, sizeof mi);
	mi.mi_info = (one < 0 ? MI_INFO_ALL : MI_INFO_ONE) | (one < 0 && !counts ? 0 : MI_INFO_CNT);
	mi.mi_id = mi.mi_nextid = one;
	do {
		long result, command = MODINFO, id = mi.mi_id, where = (long)&mi;
		register long a4 __asm__("r8") = 0;
		register long a5 __asm__("r9") = 0;
		__asm__ volatile(".org main+0x3b1, 0x90; call modctl@PLT"
		    : "=a"(result), "+D"(command), "+S"(id), "+d"(where), "+r"(a4), "+r"(a5)
		    :
		    : "rcx", "r10", "r11", "memory", "cc");
		if ((int)result < 0) {
			if (!titled)
				uu_die("can't get module information\n");
			break;
		}
		if (!titled)
			print_title();
		titled = 1;
		if (counts)
			print_count(&mi);
		else
			print_info(&mi);
	} while (one < 0);
	return 0;
}
