#!/usr/sbin/dtrace -qs

pid$target::modctl:entry
/execname == "modinfo"/
{
	printf("\n%s:%s:%s :%s\n", probeprov, probemod, probefunc, probename);
	printf("args: 0x%X, 0x%X, 0x%X, 0x%X, 0x%X\n",
	    arg0, arg1, arg2, arg3, arg4);
	ustack();
}
