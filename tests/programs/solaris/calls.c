/* Makes every call that is there, with good arguments and bad ones, and prints what came of each. */

#include "libc.h"

#define PAGE 4096UL
#define BAD ((void *)0x10)

static char page[2 * PAGE] __attribute__((aligned(PAGE)));

static void show(const char *what, long result)
{
	if (result == -1)
		printf("%s: error %d\n", what, errno);
	else
		printf("%s: %ld\n", what, result);
	errno = 0;
}

static void show_address(const char *what, void *address)
{
	if (address == MAP_FAILED)
		printf("%s: error %d\n", what, errno);
	else
		printf("%s: %lx\n", what, (unsigned long)address);
	errno = 0;
}

static void identity(void)
{
	printf("pid %ld ppid %ld uid %ld euid %ld gid %ld egid %ld\n", getpid(), getppid(), getuid(), geteuid(), getgid(),
	    getegid());
}

static void files(void)
{
	show("write", write(1, "text\n", 5));
	show("write nothing", write(1, "text\n", 0));
	show("write nothing from a bad address", write(1, BAD, 0));
	show("write from a bad address", write(1, BAD, 5));
	show("write to a bad descriptor", write(99, "text\n", 5));
	show("write to descriptor -1", write(-1, "text\n", 5));
	show("write -1 bytes", write(1, "text\n", -1));
	mprotect(page + PAGE, PAGE, 0);
	memcpy(page + PAGE - 5, "half\n", 5);
	show("write up to a bad page", write(1, page + PAGE - 5, 20));
	mprotect(page + PAGE, PAGE, PROT_READ | PROT_WRITE);
	show("read", read(0, page, 4));
	printf("read [%s]\n", page);
	show("read to a bad address", read(0, BAD, 4));
	show("read to read-only memory", read(0, "constant", 4));
	show("read from a bad descriptor", read(99, page, 4));
	show("read the rest", read(0, page, sizeof page));
	show("read at the end", read(0, page, 4));
	show("close", close(0));
	show("close again", close(0));
	show("read from what is closed", read(0, page, 4));
}

static void heap(void)
{
	char *start = (char *)brk(NULL);
	printf("brk starts in bss's page: %d\n", (unsigned long)start - (unsigned long)page < 3 * PAGE);
	show("brk up", brk(start + 3 * PAGE));
	printf("brk now %ld\n", (char *)brk(NULL) - start);
	start[3 * PAGE - 1] = 'x';
	show("brk down", brk(start + 1));
	show("brk below", brk(start - 1));
	show("brk far too far", brk((void *)0x7fff00000000));
	printf("brk now %ld\n", (char *)brk(NULL) - start);
}

static void maps(void)
{
	char *one = mmap(NULL, 100, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
	char *two = mmap(NULL, 0x20000, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANON, -1, 0);
	show_address("mmap", one);
	show_address("mmap below", two);
	show_address("mmap 2 MiB", mmap(NULL, 0x200000, PROT_READ, MAP_PRIVATE | MAP_ANON, -1, 0));
	show_address("mmap with a hint", mmap((void *)0x70000000, 100, PROT_READ, MAP_PRIVATE | MAP_ANON, -1, 0));
	show_address("mmap with a hint that is taken", mmap((void *)0x70000000, 100, PROT_READ, MAP_PRIVATE | MAP_ANON, -1, 0));
	show_address("mmap aligned", mmap((void *)0x400000, 100, PROT_READ, MAP_PRIVATE | MAP_ANON | MAP_ALIGN, -1, 0));
	show_address("mmap fixed", mmap((void *)0x71000000, 100, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON | MAP_FIXED, -1, 0));
	show_address("mmap fixed at 0", mmap(NULL, 100, PROT_READ, MAP_PRIVATE | MAP_ANON | MAP_FIXED, -1, 0));
	munmap(NULL, PAGE);
	show_address("mmap fixed, odd", mmap((void *)0x71000001, 100, PROT_READ, MAP_PRIVATE | MAP_ANON | MAP_FIXED, -1, 0));
	show_address("mmap fixed in the hole", mmap((void *)0x800000000000, 100, PROT_READ, MAP_PRIVATE | MAP_ANON | MAP_FIXED, -1, 0));
	show_address("mmap fixed in the kernel", mmap((void *)0xfffffd7fffe00000, 100, PROT_READ, MAP_PRIVATE | MAP_ANON | MAP_FIXED, -1, 0));
	show_address("mmap of nothing", mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANON, -1, 0));
	show_address("mmap of no type", mmap(NULL, 100, PROT_READ, MAP_ANON, -1, 0));
	show_address("mmap with an unknown flag", mmap(NULL, 100, PROT_READ, MAP_PRIVATE | MAP_ANON | 0x20, -1, 0));
	show_address("mmap anonymous with a descriptor", mmap(NULL, 100, PROT_READ, MAP_PRIVATE | MAP_ANON, 1, 0));
	show_address("mmap of a bad descriptor", mmap(NULL, 100, PROT_READ, MAP_PRIVATE, 99, 0));
	show_address("mmap at an odd offset", mmap(NULL, 100, PROT_READ, MAP_PRIVATE, 1, 1));
	show_address("mmap of too much", mmap(NULL, 1UL << 62, PROT_READ, MAP_PRIVATE | MAP_ANON, -1, 0));
	show_address("mmap of more than there is", mmap(NULL, 1UL << 40, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0));
	one[99] = two[0x1ffff] = 'x';
	show("mprotect", mprotect(one, PAGE, PROT_READ));
	show("mprotect odd", mprotect(one + 1, PAGE, PROT_READ));
	show("mprotect nothing", mprotect(one, 0, PROT_READ));
	show("mprotect a hole", mprotect((void *)0x60000000, PAGE, PROT_READ));
	show("mprotect unknown bits", mprotect(one, PAGE, 0x40));
	show("munmap", munmap(one, PAGE));
	show("munmap again", munmap(one, PAGE));
	show("munmap odd", munmap(two + 1, PAGE));
	show("munmap nothing", munmap(two, 0));
	show("munmap the kernel", munmap((void *)0xfffffffffb800000, PAGE));
	show("write from what is gone", write(1, one, 1));
}

static void system_names(void)
{
	struct utsname names;
	char text[100];
	memset(&names, '#', sizeof names);
	show("uname", uname(&names));
	printf("%s|%s|%s|%s|%s|%c\n", names.sysname, names.nodename, names.release, names.version, names.machine,
	    names.sysname[6]);
	show("uname to a bad address", uname(BAD));
	show("uname, what the kernel returns", syscall(135, &names));
	for (int command = 0; command < 12; command++) {
		long size = sysinfo(command, text, sizeof text);
		if (size >= 0)
			printf("sysinfo %d: %ld [%s]\n", command, size, text);
		else
			show("sysinfo", size);
	}
	for (int command = 513; command < 522; command++) {
		long size = sysinfo(command, text, sizeof text);
		if (size >= 0)
			printf("sysinfo %d: %ld [%s]\n", command, size, text);
		else
			show("sysinfo", size);
	}
	memset(text, '#', sizeof text);
	show("sysinfo into 3 bytes", sysinfo(1, text, 3));
	printf("[%s] %c\n", text, text[3]);
	show("sysinfo into no bytes", sysinfo(1, BAD, 0));
	show("sysinfo into -1 bytes", sysinfo(1, text, -1));
	show("sysinfo into a bad address", sysinfo(1, BAD, 100));
	show("set the host's name", sysinfo(258, "renamed", 8));
	show("the host's name", sysinfo(2, text, sizeof text));
	printf("%s\n", text);
	show("set it to nothing", sysinfo(258, "", 1));
	show("set it to what is at a bad address", sysinfo(258, BAD, 8));
	show("set the domain", sysinfo(265, "example.org", 12));
	show("the domain", sysinfo(9, text, sizeof text));
	printf("%s\n", text);
	for (int which = 0; which < 50; which++)
		printf("%ld%c", which == 27 ? 0 : sysconfig(which), which == 49 ? '\n' : ' ');
}

static void modules(void)
{
	static struct modinfo mi;
	mi.mi_info = MI_INFO_ONE | 8;
	mi.mi_nextid = 77;
	memset(mi.mi_name, '#', sizeof mi.mi_name);
	memset(&mi.mi_msinfo[9], '#', sizeof mi.mi_msinfo[9]);
	show("modctl", modctl(MODINFO, 16, (uintptr_t)&mi, 0, 0, 0));
	printf("%d %d %d %d %lx %lx %d %d %s %s %d\n", mi.mi_info, mi.mi_state, mi.mi_id, mi.mi_nextid,
	    (unsigned long)mi.mi_base, mi.mi_size, mi.mi_rev, mi.mi_loadcnt, mi.mi_name, mi.mi_msinfo[0].msi_linkinfo,
	    mi.mi_msinfo[0].msi_p0);
	printf("stale: %c %c, clean: %d %d\n", mi.mi_name[6], mi.mi_msinfo[9].msi_linkinfo[1], mi.mi_msinfo[9].msi_linkinfo[0],
	    mi.mi_msinfo[9].msi_p0);
	show("modctl of no module", modctl(MODINFO, 2, (uintptr_t)&mi, 0, 0, 0));
	show("modctl of module -1", modctl(MODINFO, -1, (uintptr_t)&mi, 0, 0, 0));
	show("modctl with a wide id", modctl(MODINFO, 0x100000010, (uintptr_t)&mi, 0, 0, 0));
	show("modctl to a bad address", modctl(MODINFO, 16, (uintptr_t)BAD, 0, 0, 0));
	show("modctl to the kernel", modctl(MODINFO, 16, 0xfffffffffc242180, 0, 0, 0));
	show("modctl to an address that is not canonical", modctl(MODINFO, 16, 0x8000000000000000, 0, 0, 0));
	show("modctl to read-only memory", modctl(MODINFO, 16, (uintptr_t)modules, 0, 0, 0));
	show("modctl, unknown command", modctl(42424242, 0, 0, 0, 0, 0));
	show("modctl, command -1", modctl(-1, 0, 0, 0, 0, 0));
	show("modctl, the command's upper half", syscall(152, 0xffffffff00000002, 16, &mi, 0, 0));
	mi.mi_info = MI_INFO_ALL;
	mi.mi_id = mi.mi_nextid = -1;
	int count = 0;
	while (modctl(MODINFO, 0, (uintptr_t)&mi, 0, 0, 0) == 0)
		count++;
	printf("%d modules, the last one is %d %s; error %d\n", count, mi.mi_id, mi.mi_name, errno);
	mi.mi_id = -2;
	show("modctl, all from -2", modctl(MODINFO, 0, (uintptr_t)&mi, 0, 0, 0));
}

static void storage(void)
{
	static long thread[2] = {4711, 4712};
	long base = 0, value;
	show("fs base before it is set", lwp_private(1, 0, (uintptr_t)&base));
	show("set fs base", lwp_private(0, 0, (uintptr_t)thread));
	__asm__ volatile("movq %%fs:8, %0" : "=r"(value));
	printf("%%fs:8 is %ld\n", value);
	show("set gs base", lwp_private(0, 1, (uintptr_t)thread));
	__asm__ volatile("movq %%gs:0, %0" : "=r"(value));
	printf("%%gs:0 is %ld\n", value);
	show("gs base", lwp_private(1, 1, (uintptr_t)&base));
	printf("it is right: %d\n", base == (long)thread);
	show("gs base to a bad address", lwp_private(1, 1, (uintptr_t)BAD));
	show("another segment", lwp_private(0, 2, 0));
	show("another command", lwp_private(2, 0, 0));
}

static void clocks(void)
{
	struct timespec now;
	long first = gethrtime(), second = gethrtime();
	printf("gethrtime rises: %d\n", first > 0 && second > first);
	printf("gethrvtime: %d\n", gethrvtime() >= 0);
	gethrestime(&now);
	printf("gethrestime: %d %d\n", now.tv_sec > 1600000000, now.tv_nsec >= 0 && now.tv_nsec < 1000000000);
	printf("getlgrp: %ld\n", getlgrp());
}

int main(int argc, char **argv)
{
	printf("%d arguments, the first is %s, the last %s, environment %s\n", argc, argv[1], argv[argc - 1], environ[0]);
	identity();
	files();
	heap();
	maps();
	system_names();
	modules();
	storage();
	clocks();
	return 7;
}
