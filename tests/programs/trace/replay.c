/*
 * Makes the calls of a script, whose file and size are its arguments: first it copies what each call finds in memory to where
 * it finds it. With every call injected nothing is executed. Ends by an illegal instruction, because nothing else is left.
 *
 * The script: how many calls; for each its number, how many copies, six arguments, and the copies (to, from where in the
 * file, how long); all in words of 64 bits.
 */

typedef unsigned long word;
typedef unsigned long long u64;

#ifdef __x86_64__
#define OPEN 2
#define MMAP 9
static long call(long n, word a, word b, word c, word d, word e, word f)
{
	long result;
	register word r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
	__asm__ volatile("syscall"
	    : "=a"(result) : "0"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
	return result;
}
__asm__(".globl _start\n_start:\nmov %rsp, %rdi\nand $-16, %rsp\ncall start\n");
#else
#define OPEN 5
#define MMAP 192
static long call(long n, word a, word b, word c, word d, word e, word f)
{
	word arguments[7] = { n, a, b, c, d, e, f }, *at = arguments;
	long result;
	__asm__ volatile("push %%ebx; push %%esi; push %%edi; push %%ebp\n"
			 "mov (%1), %%eax; mov 4(%1), %%ebx; mov 12(%1), %%edx; mov 16(%1), %%esi\n"
			 "mov 20(%1), %%edi; mov 24(%1), %%ebp; mov 8(%1), %%ecx\n"
			 "int $0x80\npop %%ebp; pop %%edi; pop %%esi; pop %%ebx"
	    : "=&a"(result), "+c"(at) : : "edx", "memory");
	return result;
}
__asm__(".globl _start\n_start:\nmov %esp, %eax\nand $-16, %esp\nsub $12, %esp\npush %eax\ncall start\n");
#endif

struct copy {
	u64 to, from, size;
};
struct record {
	u64 number, copies, arguments[6];
};

void start(word *stack)
{
	char **argv = (char **)(stack + 1);
	long fd = call(OPEN, (word)argv[1], 0, 0, 0, 0, 0);
	word size = 0;
	for (char *digit = argv[2]; *digit; digit++)
		size = size * 10 + (*digit - '0');
	for (int i = 0; i < 8; i++)
		call(MMAP, 0x20000000 + i * 0x100000, 0x10000, 3, 0x32, -1, 0);
	char *base = (char *)call(MMAP, 0x40000000, size, 1, 0x12, fd, 0);
	char *at = base + 8;
	for (u64 count = *(u64 *)base; count; count--) {
		struct record *record = (struct record *)at;
		at += sizeof *record;
		for (u64 i = 0; i < record->copies; i++, at += sizeof(struct copy)) {
			struct copy *copy = (struct copy *)at;
			volatile char *to = (char *)(word)copy->to, *from = base + copy->from;
			for (u64 j = 0; j < copy->size; j++)
				to[j] = from[j];
		}
		u64 *a = record->arguments;
		call(record->number, a[0], a[1], a[2], a[3], a[4], a[5]);
	}
	__builtin_trap();
}
