/*
 * What Linux's kernel keeps in memory, as far as Ring3 keeps it there: pt_regs (arch/x86/include/asm/ptrace.h), and the
 * descriptors of arch/x86/include/asm/desc_defs.h.
 */

typedef unsigned long size_t;
typedef long ssize_t;
typedef long off_t;
typedef int pid_t;
typedef unsigned int uid_t;
typedef unsigned int gid_t;
typedef unsigned int umode_t;
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef int s32;
typedef long long s64;
typedef long (*sys_call_ptr_t)();

struct pt_regs {
	unsigned long r15;
	unsigned long r14;
	unsigned long r13;
	unsigned long r12;
	unsigned long bp;
	unsigned long bx;
	unsigned long r11;
	unsigned long r10;
	unsigned long r9;
	unsigned long r8;
	unsigned long ax;
	unsigned long cx;
	unsigned long dx;
	unsigned long si;
	unsigned long di;
	unsigned long orig_ax;
	unsigned long ip;
	unsigned long cs;
	unsigned long flags;
	unsigned long sp;
	unsigned long ss;
};

struct idt_bits {
	u16 ist:3;
	u16 zero:5;
	u16 type:5;
	u16 dpl:2;
	u16 p:1;
};

struct gate_struct {
	u16 offset_low;
	u16 segment;
	struct idt_bits bits;
	u16 offset_middle;
	u32 offset_high;
	u32 reserved;
};
typedef struct gate_struct gate_desc;

struct desc_struct {
	u16 limit0;
	u16 base0;
	u16 base1:8;
	u16 type:4;
	u16 s:1;
	u16 dpl:2;
	u16 p:1;
	u16 limit1:4;
	u16 avl:1;
	u16 l:1;
	u16 d:1;
	u16 g:1;
	u16 base2:8;
};

sys_call_ptr_t sys_call_table[512];
sys_call_ptr_t ia32_sys_call_table[512];
