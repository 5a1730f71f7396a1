/* What LD_PRELOAD puts before a program's own objects. */

const char *chosen(void)
{
	return "preloaded";
}
