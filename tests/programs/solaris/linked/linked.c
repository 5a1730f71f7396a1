/* A program of a shared object beside it, and what dlopen makes of another. */

extern int printf(const char *, ...), strcmp(const char *, const char *);
extern void *dlopen(const char *, int), *dlsym(void *, const char *);
extern int dlclose(void *);
extern char *dlerror(void);
extern int count(void);
extern const char *called(void);

int main(int argc, char **argv)
{
	printf("main %s\n", called());
	if (argc > 1) {
		void *handle = dlopen(argv[1], 1);
		if (handle == 0) {
			printf("%s\n", dlerror());
			return 1;
		}
		int (*function)(void) = (int (*)(void))dlsym(handle, "count");
		printf("dlsym %d %d missing %d\n", function(), function(), dlsym(handle, "nothing") == 0);
		printf("dlclose %d\n", dlclose(handle));
		return 0;
	}
	printf("count %d %d\n", count(), count());
	return 0;
}
