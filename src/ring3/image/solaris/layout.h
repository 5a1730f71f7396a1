/*
 * What Solaris's machine code and its Python side agree on. image/layout.py reads the numbers from here.
 *
 * struct regs: usr/src/uts/intel/amd64/sys/privregs.h. Selectors: intel/sys/segments.h as Sun had it. Addresses of the
 * kernel: i86pc/sys/machparam.h, and the third seed's. Offsets in kthread_t, klwp_t and cpu_t are Ring3's own, but
 * for curthread at %gs:0x18.
 */

#define REGOFF_SAVFP 0x00
#define REGOFF_SAVPC 0x08
#define REGOFF_RDI 0x10
#define REGOFF_RSI 0x18
#define REGOFF_RDX 0x20
#define REGOFF_RCX 0x28
#define REGOFF_R8 0x30
#define REGOFF_R9 0x38
#define REGOFF_RAX 0x40
#define REGOFF_RBX 0x48
#define REGOFF_RBP 0x50
#define REGOFF_R10 0x58
#define REGOFF_R11 0x60
#define REGOFF_R12 0x68
#define REGOFF_R13 0x70
#define REGOFF_R14 0x78
#define REGOFF_R15 0x80
#define REGOFF_DS 0x98
#define REGOFF_ES 0xa0
#define REGOFF_FS 0xa8
#define REGOFF_GS 0xb0
#define REGOFF_TRAPNO 0xb8
#define REGOFF_ERR 0xc0
#define REGOFF_RIP 0xc8
#define REGOFF_CS 0xd0
#define REGOFF_RFL 0xd8
#define REGOFF_RSP 0xe0
#define REGOFF_SS 0xe8
#define REGS_SIZE 0xf0

#define KCS_SEL 0x28
#define KDS_SEL 0x30
#define U32CS_SEL 0x3b
#define UDS_SEL 0x43
#define UCS_SEL 0x4b
#define KTSS_SEL 0x60
#define LWPFS_SEL 0x1bb
#define LWPGS_SEL 0x1c3
#define NGDT 58

/* kthread_t, at the low end of the thread's stack page. The word at T_PRE_POST says whether a call is a simple one. */
#define T_STACK 0x00
#define T_LWP 0x08
#define T_SYSNUM 0x10
#define T_PRE_POST 0x18
#define T_POST_SYS 0x18
#define T_SIG_CHECK 0x19
#define T_ASTFLAG 0x1a
#define T_POST_SYS_AST 0x18
#define T_PRE_SYS 0x1c
#define T_LPL 0x20

/* klwp_t, behind it */
#define LWP_OFFSET 0x40
#define LWP_STATE 0x00
#define LWP_EOSYS 0x01
#define LWP_ERRNO 0x02
#define LWP_MODEL 0x03
#define LWP_RU_SYSC 0x08

#define LWP_USER 1
#define LWP_SYS 2
#define NORMALRETURN 0
#define DATAMODEL_NATIVE 0
#define DATAMODEL_ILP32 1

/* cpu_t */
#define CPU_ID 0x00
#define CPU_SELF 0x10
#define CPU_THREAD 0x18
#define CPU_LWP 0x30
#define CPU_RTMP_RSP 0x40
#define CPU_RTMP_R15 0x48
#define CPU_STATS_SYS_SYSCALL 0x50

#define LPL_LGRPID 0x00
#define TIMESPEC_SIZE 16

#define SYSENT_SIZE_SHIFT 5
#define SY_FLAGS 0x02
#define SY_CALL 0x08
#define SY_CALLC 0x18
#define SE_32RVAL2 1

#define T_LASTFAST 6
#define T_FASTTRAP 0xd2
#define T_SYSCALLINT 0x91
#define T_DTRACE_RET 0x7f
#define T_DBGENTR 0x14
#define GATE_DESC_SIZE 16

#define PS_C 0x1
#define PS_IE 0x200
#define PSL_USER 0x202

#define KERNELBASE 0xfffffd8000000000
#define USERLIMIT 0xfffffd7fffe00000
#define USERLIMIT32 0xfefff000
#define USRSTACK32 0x8048000
#define SEGKPM_BASE 0xfffffe0000000000
#define KERNEL_TEXT 0xfffffffffb800000
#define UNIX_STUBS 0xfffffffffb810000
#define GENUNIX_TEXT 0xfffffffffba60000
#define GENUNIX_MODCTL 0xfffffffffbcad4e0
#define GENUNIX_DATA 0xfffffffffc240000
#define UNIX_DATA 0xfffffffffc000000

#define TSS_RSP0 4
#define TSS_IST1 36
#define TSS_SIZE 104
