/* cat: writes files, or its input, one behind the other (cat(1)). */

#include "solaris.h"

static int copy(int fd, const char *name)
{
	static char buffer[65536];
	ssize_t got;
	while ((got = read(fd, buffer, sizeof buffer)) > 0)
		for (ssize_t done = 0, n; done < got; done += n)
			if ((n = write(1, buffer + done, (size_t)(got - done))) < 0) {
				fprintf(stderr, "cat: output error: %s\n", strerror(errno));
				return 2;
			}
	if (got < 0) {
		fprintf(stderr, "cat: input error on %s: %s\n", name, strerror(errno));
		return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	int status = 0;
	if (argc == 1)
		return copy(0, "stdin");
	for (int n = 1; n < argc; n++) {
		int fd = strcmp(argv[n], "-") ? open(argv[n], O_RDONLY) : 0;
		if (fd < 0) {
			fprintf(stderr, "cat: cannot open %s: %s\n", argv[n], strerror(errno));
			status = 2;
			continue;
		}
		int one = copy(fd, argv[n]);
		status = one ? one : status;
		if (fd)
			close(fd);
	}
	return status;
}
