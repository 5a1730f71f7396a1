/*
 * What the kernel's machine code and its Python side agree on. image/layout.py reads the numbers from here.
 *
 * pt_regs: Linux's arch/x86/include/asm/ptrace.h. Selectors: arch/x86/include/asm/segment.h.
 */

#define PT_R15 0x00
#define PT_R14 0x08
#define PT_R13 0x10
#define PT_R12 0x18
#define PT_BP 0x20
#define PT_BX 0x28
#define PT_R11 0x30
#define PT_R10 0x38
#define PT_R9 0x40
#define PT_R8 0x48
#define PT_AX 0x50
#define PT_CX 0x58
#define PT_DX 0x60
#define PT_SI 0x68
#define PT_DI 0x70
#define PT_ORIG_AX 0x78
#define PT_IP 0x80
#define PT_CS 0x88
#define PT_FLAGS 0x90
#define PT_SP 0x98
#define PT_SS 0xa0
#define PT_SIZE 0xa8

#define KERNEL_CS 0x10
#define KERNEL_DS 0x18
#define USER32_CS 0x23
#define USER_DS 0x2b
#define USER_CS 0x33

/* The start of a task_struct, at the low end of the task's kernel stack. */
#define TASK_FLAGS 0x00
#define TASK_SYSCALL_WORK 0x08
#define TASK_LANDING_PAD 0x10
#define TASK_STATUS 0x18

/* thread_info.flags, arch/x86/include/asm/thread_info.h */
#define TIF_NOTIFY_RESUME 1
#define TIF_SIGPENDING 2
#define TIF_NEED_RESCHED 3
#define EXIT_WORK_MASK ((1 << TIF_NOTIFY_RESUME) | (1 << TIF_SIGPENDING) | (1 << TIF_NEED_RESCHED))

/* thread_info.status: the task is in a 32-bit system call */
#define TS_COMPAT 2

#define THREAD_SIZE 0x1000

#define TSS_SP0 4
#define TSS_SP2 20
#define TSS_IST1 36
#define TSS_SIZE 104

/* Offsets in the per-CPU page. */
#define PCPU_GDT 0x000
#define PCPU_TSS 0x080
#define PCPU_TOP_OF_STACK 0x0f0
#define PCPU_CURRENT 0x0f8
#define PCPU_ENTRY_STACK_TOP 0x300

#define FLAG_TF 0x100
#define FLAG_IF 0x200
#define FLAG_NT 0x4000
#define FLAG_RF 0x10000
#define FLAG_VM 0x20000
#define FLAG_AC 0x40000

#define ENOSYS 38
#define EFAULT 14
