/* uname: the names of the system (uname(1)). */

#include "solaris.h"

int main(int argc, char **argv)
{
	struct utsname names;
	char platform[257] = "i86pc", processor[257] = "i386";
	int wanted = argc == 1 ? 1 : 0;
	static const char letters[] = "snrvmpi", all[] = "snrvmpi";
	for (int n = 1; n < argc; n++) {
		if (argv[n][0] != '-' || argv[n][1] == '\0') {
			fprintf(stderr, "usage:\tuname [-snrvmapiX]\n");
			return 1;
		}
		for (const char *at = argv[n] + 1; *at; at++) {
			const char *found = strchr(letters, *at);
			if (*at == 'a')
				wanted = (1 << (sizeof all - 1)) - 1;
			else if (found)
				wanted |= 1 << (found - letters);
			else {
				fprintf(stderr, "uname: illegal option -- %c\nusage:\tuname [-snrvmapiX]\n", *at);
				return 1;
			}
		}
	}
	if (uname(&names) < 0)
		return 1;
	sysinfo(513, platform, sizeof platform);
	sysinfo(6, processor, sizeof processor);
	const char *values[] = {
		names.sysname, names.nodename, names.release, names.version, names.machine, processor, platform
	};
	int first = 1;
	for (int n = 0; n < 7; n++)
		if (wanted >> n & 1) {
			printf("%s%s", first ? "" : " ", values[n]);
			first = 0;
		}
	printf("\n");
	return 0;
}
