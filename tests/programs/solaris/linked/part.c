/* A shared object: it says when it begins and ends, has a variable for each thread, and calls what the program may replace. */

extern int printf(const char *, ...);
extern const char *chosen(void);

__thread int counter = 40;

__attribute__((constructor)) static void begin(void)
{
	printf("part begins\n");
}

__attribute__((destructor)) static void end(void)
{
	printf("part ends\n");
}

const char *chosen(void)
{
	return "part";
}

int count(void)
{
	return ++counter;
}

const char *called(void)
{
	return chosen();
}
