/*
 * Does one thing that ends badly, by its name: deeds NAME. Without a name, lists them. What it prints when it goes on after
 * all is the value that the deed left in rax and whether carry was set.
 */

#include "libc.h"

static void report(long rax, long carry)
{
	printf("rax %ld carry %ld\n", rax, carry);
}

#define CALL(number)                                                                                       \
	do {                                                                                                    \
		long rax = (number);                                                                            \
		unsigned char carry;                                                                            \
		__asm__ volatile("syscall; setc %1" : "+a"(rax), "=r"(carry) : : "rcx", "r11", "memory");       \
		report(rax, carry);                                                                             \
	} while (0)

#define INSTRUCTIONS(text)                                                                                 \
	do {                                                                                                    \
		long rax = 20;                                                                                  \
		unsigned char carry;                                                                            \
		__asm__ volatile(text "; setc %1" : "+a"(rax), "=r"(carry) : : "rcx", "rdx", "rdi", "r10", "r11", "memory"); \
		report(rax, carry);                                                                             \
	} while (0)

static void nosys_0(void) { CALL(0); }
static void nosys_35(void) { CALL(35); }
static void loadable_8(void) { CALL(8); }
static void loadable_named_51(void) { CALL(51); }
static void old_handler_21(void) { CALL(21); }
static void absent_55(void) { CALL(55); }
static void number_256(void) { CALL(256); }
static void number_100000(void) { CALL(100000); }
static void number_minus_1(void) { CALL(-1); }
static void number_is_32_bits(void) { CALL(0xffffffff00000014); }
static void int_80(void) { INSTRUCTIONS("int $0x80"); }
static void int_91(void) { INSTRUCTIONS("int $0x91"); }
static void int_21(void) { INSTRUCTIONS("int $0x21"); }
static void int_7f(void) { INSTRUCTIONS("int $0x7f"); }
static void int_of(void) { INSTRUCTIONS("int $4"); }
static void fasttrap_null(void) { INSTRUCTIONS("clc; xorl %%eax, %%eax; int $0xd2"); }
static void fasttrap_7(void) { INSTRUCTIONS("movl $7, %%eax; int $0xd2"); }
static void fasttrap_minus_1(void) { INSTRUCTIONS("movq $-1, %%rax; int $0xd2"); }
static void fasttrap_wide(void) { INSTRUCTIONS("movabsq $0xffffffff00000006, %%rax; int $0xd2"); }
static void sysenter(void) { INSTRUCTIONS("sysenter"); }
static void far_jump_to_32_bits(void) { INSTRUCTIONS("pushq $0x3b; pushq $0; lretq"); }
static void divide(void) { INSTRUCTIONS("xorl %%ecx, %%ecx; divl %%ecx"); }
static void breakpoint(void) { INSTRUCTIONS("int3"); }
static void ud2(void) { INSTRUCTIONS("ud2"); }
static void rdmsr(void) { INSTRUCTIONS("movl $0xc0000082, %%ecx; rdmsr"); }
static void cli(void) { INSTRUCTIONS("cli"); }
static void hlt(void) { INSTRUCTIONS("hlt"); }
static void in(void) { INSTRUCTIONS("inb $0x60, %%al"); }
static void mov_cr3(void) { INSTRUCTIONS("movq %%cr3, %%rax"); }
static void swapgs(void) { INSTRUCTIONS("swapgs"); }
static void sysret(void) { INSTRUCTIONS("sysretq"); }
static void bad_segment(void) { INSTRUCTIONS("movl $0x28, %%eax; movl %%eax, %%ds"); }
static void read_nowhere(void) { INSTRUCTIONS("movq 0x10, %%rax"); }
static void write_text(void) { INSTRUCTIONS("leaq 1f(%%rip), %%rax; 1: movb $0, (%%rax)"); }
static void run_data(void) { INSTRUCTIONS("call *%%rsp"); }
static void read_kernel(void) { INSTRUCTIONS("movabsq 0xfffffffffc242180, %%rax"); }
static void write_kernel(void) { INSTRUCTIONS("movabsq $0xfffffffffc242180, %%rax; movq $0, (%%rax)"); }
static void jump_to_kernel(void) { INSTRUCTIONS("movabsq $0xfffffffffb801161, %%rax; jmp *%%rax"); }
static void not_canonical(void) { INSTRUCTIONS("movabsq $0x8000000000000000, %%rax; movq (%%rax), %%rax"); }
static void stack_overflow(void) { INSTRUCTIONS("subq $0x1000000, %%rsp; pushq %%rax"); }
static void single_step(void) { INSTRUCTIONS("pushfq; orq $0x100, (%%rsp); popfq; syscall"); }

static const struct {
	const char *name;
	void (*deed)(void);
} deeds[] = {
	{"nosys_0", nosys_0}, {"nosys_35", nosys_35}, {"loadable_8", loadable_8}, {"loadable_named_51", loadable_named_51},
	{"old_handler_21", old_handler_21}, {"absent_55", absent_55}, {"number_256", number_256},
	{"number_100000", number_100000}, {"number_minus_1", number_minus_1}, {"number_is_32_bits", number_is_32_bits},
	{"int_80", int_80}, {"int_91", int_91}, {"int_21", int_21}, {"int_7f", int_7f}, {"int_of", int_of},
	{"fasttrap_null", fasttrap_null}, {"fasttrap_7", fasttrap_7}, {"fasttrap_minus_1", fasttrap_minus_1},
	{"fasttrap_wide", fasttrap_wide}, {"sysenter", sysenter}, {"far_jump_to_32_bits", far_jump_to_32_bits},
	{"divide", divide}, {"breakpoint", breakpoint}, {"ud2", ud2}, {"rdmsr", rdmsr}, {"cli", cli}, {"hlt", hlt},
	{"in", in}, {"mov_cr3", mov_cr3}, {"swapgs", swapgs}, {"sysret", sysret}, {"bad_segment", bad_segment},
	{"read_nowhere", read_nowhere}, {"write_text", write_text}, {"run_data", run_data}, {"read_kernel", read_kernel},
	{"write_kernel", write_kernel}, {"jump_to_kernel", jump_to_kernel}, {"not_canonical", not_canonical},
	{"stack_overflow", stack_overflow}, {"single_step", single_step},
};

#define COUNT (sizeof deeds / sizeof deeds[0])

int main(int argc, char **argv)
{
	for (size_t i = 0; i < COUNT; i++) {
		if (argc < 2)
			printf("%s\n", deeds[i].name);
		else if (!strcmp(argv[1], deeds[i].name))
			deeds[i].deed();
	}
	return 0;
}
