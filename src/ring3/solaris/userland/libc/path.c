/* Parts of a path (basename(3C), dirname(3C)), which they change. */

#include "solaris.h"

char *basename(char *path)
{
	if (path == NULL || *path == '\0')
		return ".";
	char *end = path + strlen(path);
	while (end > path + 1 && end[-1] == '/')
		*--end = '\0';
	char *slash = strrchr(path, '/');
	return slash && slash[1] ? slash + 1 : path;
}

char *dirname(char *path)
{
	if (path == NULL || *path == '\0')
		return ".";
	char *end = path + strlen(path);
	while (end > path + 1 && end[-1] == '/')
		end--;
	while (end > path && end[-1] != '/')
		end--;
	if (end == path)
		return *path == '/' ? "/" : ".";
	while (end > path + 1 && end[-1] == '/')
		end--;
	*end = '\0';
	return path;
}
