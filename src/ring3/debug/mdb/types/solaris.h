/*
 * What Solaris's kernel keeps in memory, as far as Ring3 keeps it there.
 *
 * struct sysent, modinfo and modspecific_info: uts/common/sys/systm.h and modctl.h, as the third seed prints them.
 * struct regs: uts/intel/amd64/sys/privregs.h. gate_desc, user_desc, tss: uts/intel/sys/segments.h and tss.h.
 * kthread, klwp and cpu have the members that Ring3's machine code uses, at its own offsets (image/solaris/layout.h).
 */

typedef char *caddr_t;
typedef unsigned long size_t;
typedef long ssize_t;
typedef long off_t;
typedef int pid_t;
typedef int id_t;
typedef unsigned int uid_t;
typedef unsigned int gid_t;
typedef unsigned int mode_t;
typedef unsigned long dev_t;
typedef long time_t;
typedef long long longlong_t;
typedef longlong_t hrtime_t;
typedef unsigned long pc_t;
typedef unsigned short selector_t;
typedef unsigned long greg_t;
typedef int kid_t;
typedef int processorid_t;
typedef enum { B_FALSE = 0, B_TRUE = 1 } boolean_t;

struct _krwlock {
	void *_opaque[1];
};
typedef struct _krwlock krwlock_t;

struct sysent {
	char sy_narg;
	unsigned short sy_flags;
	int (*sy_call)();
	krwlock_t *sy_lock;
	int64_t (*sy_callc)();
};

struct modspecific_info {
	char msi_linkinfo[32];
	int msi_p0;
};

struct modinfo {
	int mi_info;
	int mi_state;
	int mi_id;
	int mi_nextid;
	caddr_t mi_base;
	size_t mi_size;
	int mi_rev;
	int mi_loadcnt;
	char mi_name[32];
	struct modspecific_info mi_msinfo[10];
};

struct regs {
	greg_t r_savfp;
	greg_t r_savpc;
	greg_t r_rdi;
	greg_t r_rsi;
	greg_t r_rdx;
	greg_t r_rcx;
	greg_t r_r8;
	greg_t r_r9;
	greg_t r_rax;
	greg_t r_rbx;
	greg_t r_rbp;
	greg_t r_r10;
	greg_t r_r11;
	greg_t r_r12;
	greg_t r_r13;
	greg_t r_r14;
	greg_t r_r15;
	greg_t __r_fsbase;
	greg_t __r_gsbase;
	greg_t r_ds;
	greg_t r_es;
	greg_t r_fs;
	greg_t r_gs;
	greg_t r_trapno;
	greg_t r_err;
	greg_t r_rip;
	greg_t r_cs;
	greg_t r_rfl;
	greg_t r_rsp;
	greg_t r_ss;
};

struct gate_desc {
	unsigned int sgd_looffset:16;
	unsigned int sgd_selector:16;
	unsigned int sgd_ist:3;
	unsigned int sgd_resv1:5;
	unsigned int sgd_type:5;
	unsigned int sgd_dpl:2;
	unsigned int sgd_p:1;
	unsigned int sgd_hioffset:16;
	unsigned int sgd_hi64offset:32;
	unsigned int sgd_resv2:8;
	unsigned int sgd_zero:5;
	unsigned int sgd_resv3:19;
};
typedef struct gate_desc gate_desc_t;

struct user_desc {
	unsigned int usd_lolimit:16;
	unsigned int usd_lobase:16;
	unsigned int usd_midbase:8;
	unsigned int usd_type:5;
	unsigned int usd_dpl:2;
	unsigned int usd_p:1;
	unsigned int usd_hilimit:4;
	unsigned int usd_avl:1;
	unsigned int usd_long:1;
	unsigned int usd_def32:1;
	unsigned int usd_gran:1;
	unsigned int usd_hibase:8;
};
typedef struct user_desc user_desc_t;

struct klwp {
	unsigned char lwp_state;
	unsigned char lwp_eosys;
	unsigned char lwp_errno;
	unsigned long lwp_ru_sysc;
};
typedef struct klwp klwp_t;

struct _kthread {
	caddr_t t_stk;
	struct klwp *t_lwp;
	short t_sysnum;
	char t_pad[6];
	unsigned char t_post_sys;
	unsigned char t_sig_check;
	unsigned char t_astflag;
	unsigned char t_pad2;
	unsigned char t_pre_sys;
	struct lgrp_ld *t_lpl;
};
typedef struct _kthread kthread_t;

struct cpu {
	processorid_t cpu_id;
	int cpu_pad[3];
	struct cpu *cpu_self;
	kthread_t *cpu_thread;
	void *cpu_pad2[2];
	klwp_t *cpu_lwp;
	void *cpu_pad3;
	unsigned long cpu_rtmp_rsp;
	unsigned long cpu_rtmp_r15;
	unsigned long cpu_stats_sys_syscall;
};
typedef struct cpu cpu_t;

struct sysent sysent[256];
cpu_t cpus[1];
