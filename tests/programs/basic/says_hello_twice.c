/* Two functions that write, one called by the other. */
#include <unistd.h>

__attribute__((noinline)) int say(const char *text, int length)
{
	return (int)write(1, text, length);
}

__attribute__((noinline)) int twice(int number)
{
	say("hello\n", 6);
	return number + say("again\n", 6);
}

int main(void)
{
	return twice(30) == 36 ? 3 : 1;
}
