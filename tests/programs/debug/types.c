/* What ::print and its like are shown: every kind of type, with values that are known. */
typedef long time_t;
enum color { RED, GREEN = 2, BLUE = 4 };
struct node {
	int v;
	struct node *next;
};
struct thing {
	char name[16];
	unsigned flags : 3;
	unsigned more : 5;
	enum color c;
	struct node n[2];
	void (*fn)(int);
	int arr[40];
	char none[4];
};
struct node two = {2, 0}, one = {1, &two};
int counter = 42;
void f(int x)
{
	counter += x;
}
struct thing thing = {"hello", 5, 9, BLUE, {{1, &one}, {2, 0}}, f, {1, 2, 3}, {1}};
void _start(void)
{
	f(1);
	for (;;)
		;
}
