/*
 * instructions: machine code that belongs to ring 0, that no processor has, or that a program has no good use for. Each
 * runs in a child of its own, whose line says how it came back: the signal, its code and address, the vector, the error
 * code, and where the program stood, all as far as the code's own place and the kernel's layout do not matter.
 *
 * Behind each lies ud2, so one that does nothing is told as signal 4 behind it. Without an argument each runs a second time,
 * at the end of a page with nothing behind.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#define PAGE 4096
#define CODE 0x10000000UL	/* below 4 GiB, for code of both widths */
#define DATA 0x10100000UL
#define STACK 0x10200000UL

struct snippet {
	const char *name, *code; /* in hexadecimal */
};

/* Found in AX: the number of getpid; BX: DATA; CX: 1; SI, DI: DATA; SP: the middle of STACK. */
static const struct snippet both[] = {
	{"nothing", ""}, {"hlt", "f4"}, {"cli", "fa"}, {"sti", "fb"}, {"in", "ec"}, {"out", "ee"}, {"insb", "6c"},
	{"outsb", "6e"}, {"int3", "cc"}, {"int3 long", "cd03"}, {"int 0", "cd00"}, {"int 4", "cd04"},
	{"int 8", "cd08"}, {"int 0x20", "cd20"}, {"int 0x80", "cd80"}, {"int 0x81", "cd81"}, {"int 0xf0", "cdf0"},
	{"int 0xff", "cdff"}, {"lgdt", "0f0113"}, {"lidt", "0f011b"}, {"lmsw", "0f01f0"}, {"ltr", "0f00d8"},
	{"lldt", "0f00d0"}, {"clts", "0f06"}, {"invd", "0f08"}, {"wbinvd", "0f09"}, {"ud0", "0fffc0"}, {"ud1", "0fb9c0"},
	{"ud2", "0f0b"}, {"rdmsr", "0f32"}, {"wrmsr", "0f30"}, {"rdpmc", "0f33"}, {"monitor", "0f01c8"},
	{"mwait", "0f01c9"}, {"xsetbv", "31c9 0f01d1"}, {"sysexit", "0f35"}, {"swapgs", "0f01f8"},
	{"vmrun", "0f01d8"}, {"stgi", "0f01dc"}, {"clgi", "0f01dd"}, {"invlpg", "0f013b"}, {"invlpga", "0f01df"},
	{"mov from cr0", "0f20c0"}, {"mov to cr3", "0f22d8"}, {"mov to dr0", "0f23c0"}, {"mov from dr7", "0f21f8"},
	{"mov to cr1", "0f22c8"}, {"rsm", "0faa"}, {"lock nop", "f090"}, {"lock mov", "f08803"}, {"lock add register", "f001c0"},
	{"lock cmpxchg8b register", "f00fc7c8"}, {"14 prefixes", "6666666666666666666666666666 90"},
	{"15 prefixes", "666666666666666666666666666666 90"}, {"movaps misaligned", "0f284301"},
	{"ldmxcsr of all ones", "c703ffffffff 0fae13"}, {"fxrstor misaligned", "0fae4b01"},
	{"fxrstor with reserved bits", "c74318ffffffff 0fae0b"}, {"cmpxchg8b", "0fc70b"},
	{"load null", "31c0 8b00"}, {"store null", "31c0 8900"}, {"add to null", "31c0 0100"}, {"read null by repeat", "31f6 ac"},
	{"store null by repeat", "31ff f3aa"}, {"push null", "31e4 50"}, {"call null", "31c0 ffd0"}, {"store code", "b800000010 8900"},
	{"divide by 0", "31c9 f7f1"}, {"AC", "9c 810c2400000400 9d 8b4301"}, {"NT", "9c 810c2400400000 9d 90"},
	{"IOPL", "9c 810c2400300000 9d fa"}, {"VIF and VIP", "9c 810c2400001800 9d 90"}, {"TF", "9c 810c2400010000 9d 90 90"},
	{"TF before int 0x80", "9c 810c2400010000 9d cd80 90"}, {"TF before int3", "9c 810c2400010000 9d cc"},
	{"TF before ud2", "9c 810c2400010000 9d 0f0b"}, {"TF before a repeat", "9c 810c2400010000 9d f3aa 90"},
	{"mov ss before int3", "8cd1 8ed1 cc"}, {"TF, mov ss", "8cd1 9c 810c2400010000 9d 8ed1 90 90"},
	{"TF, mov ss before int3", "8cd1 9c 810c2400010000 9d 8ed1 cc"},
	{"TF, mov ss before int 0x80", "8cd1 9c 810c2400010000 9d 8ed1 cd80 90"},
	{"TF, mov ss before hlt", "8cd1 9c 810c2400010000 9d 8ed1 f4"},
	{"far jump to the kernel", "c74304 10000000 ff2b"}, {"far jump to null", "c74304 00000000 ff2b"},
	{"far jump to data", "c74304 2b000000 ff2b"}, {"far jump to a table that is not there", "c74304 0f000000 ff2b"},
	{"far jump to the TSS", "c74304 43000000 ff2b"}, {"far call of the kernel", "c74304 10000000 ff1b"},
	{"far jump to 32-bit code", "c703 00010010 c74304 23000000 ff2b"},
	{"far jump to 64-bit code", "c703 00020010 c74304 33000000 ff2b"},
	{"far return to the kernel", "6a10 6a00 cb"}, {"far return to null", "6a00 6a00 cb"},
	{"ds of the kernel", "b818000000 8ed8"}, {"ds of code", "b810000000 8ed8"}, {"ds of 32-bit code", "b823000000 8ed8"},
	{"ds of 64-bit code", "b833000000 8ed8"}, {"ds of the TSS", "b843000000 8ed8"}, {"ds of the processor's number", "b87b000000 8ed8"},
	{"ds beyond", "b8f8ff0000 8ed8"}, {"ds of no table", "b807000000 8ed8"}, {"ds null", "b803000000 8ed8"},
	{"es of the kernel", "b818000000 8ec0"}, {"fs of the kernel", "b818000000 8ee0"}, {"gs of the kernel", "b818000000 8ee8"},
	{"ss null", "b803000000 8ed0"}, {"ss of ring 0", "b82a000000 8ed0"}, {"ss of code", "b833000000 8ed0"},
	{"cs", "8ec8"}, {"verr of the kernel", "b810000000 0f00e0 0f95c0 0fb6c0 8903"},
	{"verw of the kernel", "b818000000 0f00e8 0f95c0 0fb6c0 8903"}, {"verr of code", "b833000000 0f00e0 0f95c0 0fb6c0 8903"},
	{"lsl of data", "b82b000000 0f03c8 890b"}, {"lar of data", "b82b000000 0f02c8 81e1fffeffff 890b"},
	{"lsl of the kernel", "b818000000 0f03c8 890b"}, {"lar beyond", "b8f8ff0000 0f02c8 890b"},
	{"x87 with an exception", "c703 7b030000 d92b d9e8 d9ee def9 9b"},
};

#ifdef __x86_64__
static const struct snippet wide[] = {
	{"into", "ce"}, {"pusha", "60"}, {"bound", "62"}, {"lcall", "9a"}, {"aam", "d400"}, {"salc", "d6"}, {"push cs", "0e"},
	{"sysret", "480f07"}, {"sysret to 32 bits", "0f07"}, {"syscall", "0f05"}, {"TF before syscall", "9c 810c2400010000 9d 0f05 90"},
	{"TF, mov ss before syscall", "8cd1 9c 810c2400010000 9d 8ed1 0f05 90"}, {"NT before syscall", "9c 810c2400400000 9d 0f05"},
	{"DF and AC before syscall", "9c 810c2400040400 9d 0f05"},
	{"load of the kernel", "498b07"}, {"store to the kernel", "498907"}, {"load of no address", "498b06"},
	{"store to no address", "498906"}, {"push to no address", "4c89f4 50"}, {"push to the kernel", "4c89fc 50"},
	{"call of the kernel", "41ffd7"}, {"call of no address", "41ffd6"}, {"return to no address", "4156 c3"},
	{"return to the kernel", "4157 c3"}, {"syscall with no stack", "4c89f4 0f05"}, {"int 0x80 with no stack", "4c89f4 cd80"},
	{"ud2 with no stack", "4c89f4 0f0b"}, {"cmpxchg16b misaligned", "480fc74b08"}, {"mov to cr8", "440f22c0"},
	{"mov to dr4", "0f23e0"}, {"mov from dr6", "0f21f0"},
	{"fs base of no address", "f3490faed6 90"}, {"gs base of no address", "f3490faede 90"},
	{"gs base of the kernel", "f3490faedf 65488b042500000000"}, {"fs base of the kernel", "f3490faed7 64488b042500000000"},
	{"gs base before syscall", "f3480faedb 0f05 65488b0425f8ffffff"}, {"fs base before int 0x80", "f3480faed3 cd80 64488b0425f8ffffff"},
	{"gs null keeps no base", "f3480faedb 31c0 8ee8 65488b0425 00000000"},
	{"iret to no address", "8cd0 50 54 9c 6a33 4156 48cf"}, {"iret to the kernel", "6a18 54 9c 6a10 6a00 48cf"},
	{"iret with a null stack", "6a00 54 9c 6a33 6800000010 48cf"}, {"iret with a kernel's stack", "6a18 54 9c 6a33 6800000010 48cf"},
	{"iret to 32-bit code", "6a2b 6800082010 9c 6a23 6800010010 48cf"}, {"iret of 32 bits", "cf"},
	{"iret with NT", "9c 810c2400400000 9d 48cf"}, {"iret with the flags of ring 0", "6a2b 54 6802320300 6a33 6800020010 48cf"},
	{"far return to 32-bit code", "6a23 6800010010 48cb"}, {"far return to no address", "6a33 4156 48cb"},
	{"vsyscall page, its middle", "48c7c020 00 60 ff ffe0"}, {"vsyscall page, a load", "48c7c0000060ff 488b00"},
	{"vsyscall page, a store", "48c7c0000060ff 488900"}, {"xbegin and no more", "0f01d5"},
	{"xsave misaligned", "0fae6301"}, {"movnti to null", "31c0 0fc308"}, {"clflush of the kernel", "410fae3f"},
	{"prefetch of the kernel", "410f180f"}, {"enqcmd", "f20f38f803"}, {"getsec", "0f37"}, {"invpcid", "660f388203"},
	{"serialize backwards", "0f01e7"}, {"uiret", "f30f01ec"}, {"wrpkru with ECX", "0f01ef"}, {"rdpkru with ECX", "0f01ee"},
	{"32-bit address at the end", "67 8b 04 25 fcffffff"}, {"a lea of no instruction", "8dc0"}, {"mov sreg 7", "8ef8"},
	{"an EVEX that is none", "62 00 00 00 00 00"}, {"a VEX with a lock", "f0 c5f857c0"}, {"a VEX with 66", "66 c5f857c0"},
};
#else
static const struct snippet wide[] = {
	{"into without overflow", "31c0 ce"}, {"into", "b8ffffff7f 40 ce"}, {"bound", "c703 02000000 c74304 03000000 6203"}, {"aam 0", "d400"}, {"pusha null", "31e4 60"},
	{"les of the kernel", "c74304 18000000 c403"}, {"lds of code", "c74304 10000000 c503"}, {"far jump out of memory", "ea 00000000 2300"},
	{"far call of no table", "9a 00000000 0f00"}, {"arpl", "63c8"}, {"push cs, far return", "0e 6800010010 cb"},
	{"iret to no stack", "9c 6a23 6800010010 31e4 cf"}, {"iret", "9c 6a23 6800010010 cf"}, {"iret to the kernel", "9c 6a10 6800010010 cf"},
	{"iret with NT", "9c 810c2400400000 9d cf"}, {"iret with VM", "6a2b 54 6802020200 6a23 6800010010 cf"},
	{"pop ss null", "6a00 17"}, {"pop ds of the kernel", "6a18 1f"}, {"ss of the program, pop", "16 17 cc"},
	{"vm86", "b871000000 cd80"}, {"load of the kernel", "a1000000c0"}, {"load of the end", "a1fcffffff"},
	{"sysret", "0f07"}, {"sysexit", "0f35"}, {"an LDT's selector", "6a07 07"},
};
#endif

static char text[512];

static void put(const char *words)
{
	strcat(text, words);
}

static void number(const char *name, unsigned long value)
{
	char digits[20], *at = digits + sizeof digits - 1;

	*at = 0;
	do {
		*--at = "0123456789abcdef"[value & 15];
		value >>= 4;
	} while (value);
	put(name);
	put(at);
}

/* Ends the child without the C library: its thread-local storage may be gone. */
static void leave(void)
{
	long result;

#ifdef __x86_64__
	__asm__ volatile("syscall" : "=a"(result) : "a"(SYS_write), "D"(1L), "S"(text), "d"(strlen(text)) : "rcx", "r11", "memory");
	__asm__ volatile("syscall" : "=a"(result) : "a"(SYS_exit_group), "D"(0L) : "rcx", "r11", "memory");
#else
	__asm__ volatile("int $0x80" : "=a"(result) : "a"(SYS_write), "b"(1), "c"(text), "d"(strlen(text)) : "memory");
	__asm__ volatile("int $0x80" : "=a"(result) : "a"(SYS_exit_group), "b"(0) : "memory");
#endif
}

static void caught(int signal, siginfo_t *info, void *context)
{
	greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;
#ifdef __x86_64__
	unsigned long at = regs[REG_RIP], flags = regs[REG_EFL], selector = regs[REG_CSGSFS] & 0xffff;
#else
	unsigned long at = regs[REG_EIP], flags = regs[REG_EFL], selector = regs[REG_CS] & 0xffff;
#endif

	number(" signal ", signal);
	number(" code ", info->si_code);
	number(" at ", at - CODE < 3 * PAGE ? at - CODE : at);
	if (signal == SIGSEGV || signal == SIGBUS)
		number(" address ", (unsigned long)info->si_addr);
	number(" vector ", regs[REG_TRAPNO]);
	number(" error ", regs[REG_ERR]);
	number(" cs ", selector);
	number(" flags ", flags & 0x44500); /* AC, NT, TF, DF */
	number(" data ", *(uint32_t *)DATA);
	put("\n");
	leave();
}

static void catch_all(void)
{
	static uint8_t alternate[65536];
	stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
	struct sigaction action;
	int signal;

	sigaltstack(&stack, NULL);
	memset(&action, 0, sizeof action);
	action.sa_sigaction = caught;
	action.sa_flags = SA_ONSTACK | SA_SIGINFO;
	for (signal = 1; signal < 32; signal++)
		sigaction(signal, &action, NULL);
}

static uint8_t *assemble(uint8_t *to, const char *code)
{
	unsigned byte;

	for (; *code; code++)
		if (*code != ' ') {
			sscanf(code++, "%2x", &byte);
			*to++ = byte;
		}
	return to;
}

static void run(unsigned long where)
{
#ifdef __x86_64__
	__asm__ volatile("mov %0, %%rsp; mov %1, %%r14; mov %2, %%r15; mov $1, %%ecx; xor %%edx, %%edx; xor %%ebp, %%ebp; jmp *%3"
			 : : "r"(STACK + PAGE / 2), "r"(1UL << 47), "r"(0xffff888000000000UL), "r"(where), "a"(SYS_getpid), "b"(DATA),
			 "S"(DATA), "D"(DATA) : "memory");
#else
	__asm__ volatile("mov %0, %%esp; xor %%edx, %%edx; xor %%ebp, %%ebp; jmp *%%ecx"
			 : : "i"(STACK + PAGE / 2), "c"(where), "a"(SYS_getpid), "b"(DATA), "S"(DATA), "D"(DATA) : "memory");
#endif
}

/* In a child: the snippet in the middle of a page, or up to its end with nothing behind. */
static void try(const struct snippet *one, int at_end)
{
	int status;
	pid_t child;

	put(one->name);
	put(at_end ? " at the end:" : ":");
	child = fork();
	if (!child) {
		uint8_t *code = mmap((void *)CODE, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		uint8_t *end = assemble(code, one->code);
		size_t size = end - code;

		assemble(end, "0f0b");
		if (at_end) {
			memmove(code + PAGE - size, code, size);
			memset(code, 0xf4, PAGE - size); /* hlt */
			munmap(code + PAGE, 2 * PAGE);
			code += PAGE - size;
		} else {
			assemble(code + 0x100, "b800000000 cd80 0f0b");
			assemble(code + 0x200, "90 0f0b");
		}
		mprotect((void *)CODE, PAGE, PROT_READ | PROT_EXEC);
		mmap((void *)DATA, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		mmap((void *)STACK, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		catch_all();
		run((unsigned long)code);
	}
	waitpid(child, &status, 0);
	if (status) { /* no signal could be caught */
		number(" status ", status & ~0x80);
		put("\n");
		if (write(1, text, strlen(text)) < 0)
			exit(1);
	}
	text[0] = 0;
}

int main(int argc, char **argv)
{
	unsigned n;
	int place, places = argc > 1 ? 1 : 2;

	(void)argv;
	for (place = 0; place < places; place++) {
		for (n = 0; n < sizeof both / sizeof *both; n++)
			try(&both[n], place);
		for (n = 0; n < sizeof wide / sizeof *wide; n++)
			try(&wide[n], place);
	}
	return 0;
}
