/*
 * What Solaris's kernel keeps in memory, as far as Ring3 keeps it there.
 *
 * struct sysent, modinfo and modspecific_info: uts/common/sys/systm.h and modctl.h, as the third seed prints them.
 * struct regs: uts/intel/amd64/sys/privregs.h. gate_desc, user_desc, tss: uts/intel/sys/segments.h and tss.h.
 * proc, user, file, vnode, uf_entry, as, seg, cred, pid and modctl: uts/common/sys/proc.h, user.h, file.h, vnode.h,
 * cred_impl.h, modctl.h, uts/common/vm/as.h and seg.h, up to the last member that is filled here.
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

typedef unsigned short kcondvar_t;
struct _kmutex {
	void *_opaque[1];
};
typedef struct _kmutex kmutex_t;
typedef struct {
	unsigned int __sigbits[3];
} k_sigset_t;
typedef struct {
	unsigned int word[9];
} k_sysset_t;
struct avl_node {
	struct avl_node *avl_child[2];
	uintptr_t avl_pcb;
};
struct avl_tree {
	struct avl_node *avl_root;
	void *avl_compar;
	size_t avl_offset;
	unsigned long avl_numnodes;
	size_t avl_size;
};
typedef struct avl_tree avl_tree_t;
struct lrusage {
	unsigned long minflt;
	unsigned long majflt;
	unsigned long nswap;
	unsigned long inblock;
	unsigned long oublock;
	unsigned long msgsnd;
	unsigned long msgrcv;
	unsigned long nsignals;
	unsigned long nvcsw;
	unsigned long nivcsw;
	unsigned long sysc;
	unsigned long ioch;
};
typedef struct {
	int a_type;
	long a_val;
} auxv_t;

typedef enum vtype {
	VNON = 0, VREG = 1, VDIR = 2, VBLK = 3, VCHR = 4, VLNK = 5, VFIFO = 6, VDOOR = 7, VPROC = 8, VSOCK = 9, VPORT = 10, VBAD = 11
} vtype_t;

struct vnode {
	kmutex_t v_lock;
	unsigned int v_flag;
	unsigned int v_count;
	void *v_data;
	struct vfs *v_vfsp;
	struct stdata *v_stream;
	enum vtype v_type;
	dev_t v_rdev;
	struct vfs *v_vfsmountedhere;
	struct vnodeops *v_op;
	struct page *v_pages;
	struct filock *v_filocks;
	struct shrlocklist *v_shrlocks;
	krwlock_t v_nbllock;
	kcondvar_t v_cv;
	void *v_locality;
	struct fem_head *v_femhead;
	char *v_path;
	hrtime_t v_path_stamp;
	unsigned int v_rdcnt;
	unsigned int v_wrcnt;
	unsigned long v_mmap_read;
	unsigned long v_mmap_write;
	void *v_mpssdata;
	void *v_fopdata;
	kmutex_t v_vsd_lock;
	struct vsd_node *v_vsd;
	struct vnode *v_xattrdir;
	unsigned int v_count_dnlc;
};
typedef struct vnode vnode_t;

struct file {
	kmutex_t f_tlock;
	unsigned short f_flag;
	unsigned short f_flag2;
	struct vnode *f_vnode;
	off_t f_offset;
	struct cred *f_cred;
	struct f_audit_data *f_audit_data;
	int f_count;
	struct filock *f_filock;
};
typedef struct file file_t;

struct uf_entry {
	kmutex_t uf_lock;
	struct file *uf_file;
	struct fpollinfo *uf_fpollinfo;
	int uf_refcnt;
	int uf_alloc;
	short uf_flag;
	short uf_busy;
	kcondvar_t uf_wanted_cv;
	kcondvar_t uf_closing_cv;
	struct portfd *uf_portfd;
	unsigned int uf_gen;
	char uf_pad[12];
};
typedef struct uf_entry uf_entry_t;

struct uf_info {
	kmutex_t fi_lock;
	int fi_badfd;
	int fi_action;
	int fi_nfiles;
	uf_entry_t *fi_list;
	struct uf_rlist *fi_rlist;
};
typedef struct uf_info uf_info_t;

struct as {
	kmutex_t a_contents;
	unsigned char a_flags;
	unsigned char a_vbits;
	kcondvar_t a_cv;
	struct hat *a_hat;
	struct hrmstat *a_hrm;
	caddr_t a_userlimit;
	struct seg *a_seglast;
	krwlock_t a_lock;
	size_t a_size;
	struct seg *a_lastgap;
	struct seg *a_lastgaphl;
	avl_tree_t a_segtree;
	avl_tree_t a_wpage;
	unsigned char a_updatedir;
	long a_updatetime[2];
	vnode_t **a_objectdir;
	size_t a_sizedir;
	struct as_callback *a_callbacks;
	void *a_xhat;
	struct proc *a_proc;
	size_t a_resvsize;
};

struct seg {
	caddr_t s_base;
	size_t s_size;
	unsigned int s_szc;
	unsigned int s_flags;
	struct as *s_as;
	struct avl_node s_tree;
	struct seg_ops *s_ops;
	void *s_data;
	kmutex_t s_pmtx;
	void *s_phead[2];
};

struct cred {
	unsigned int cr_ref;
	uid_t cr_uid;
	gid_t cr_gid;
	uid_t cr_ruid;
	gid_t cr_rgid;
	uid_t cr_suid;
	gid_t cr_sgid;
};
typedef struct cred cred_t;

struct pid {
	unsigned int pid_prinactive:1;
	unsigned int pid_pgorphaned:1;
	unsigned int pid_padding:6;
	unsigned int pid_prslot:24;
	pid_t pid_id;
	struct proc *pid_pglink;
	struct proc *pid_pgtail;
	struct pid *pid_link;
	unsigned int pid_ref;
};

struct user {
	struct execsw *u_execsw;
	auxv_t u_auxv[25];
	long u_start[2];
	long u_ticks;
	char u_comm[17];
	char u_psargs[80];
	int u_argc;
	uintptr_t u_argv;
	uintptr_t u_envp;
	uintptr_t u_commpagep;
	struct vnode *u_cdir;
	struct vnode *u_rdir;
	uint64_t u_mem;
	size_t u_mem_max;
	mode_t u_cmask;
	char u_acflag;
	char u_systrap;
	void *u_cwd;
	k_sysset_t u_entrymask;
	k_sysset_t u_exitmask;
	k_sigset_t u_signodefer;
	k_sigset_t u_sigonstack;
	k_sigset_t u_sigresethand;
	k_sigset_t u_sigrestart;
	k_sigset_t u_sigmask[73];
	void *u_signal[73];
	unsigned long u_saved_rlimit[4];
	uf_info_t u_finfo;
};
typedef struct user user_t;

struct proc {
	struct vnode *p_exec;
	struct as *p_as;
	struct plock *p_lockp;
	kmutex_t p_crlock;
	struct cred *p_cred;
	int p_swapcnt;
	char p_stat;
	char p_wcode;
	unsigned short p_pidflag;
	int p_wdata;
	pid_t p_ppid;
	struct proc *p_link;
	struct proc *p_parent;
	struct proc *p_child;
	struct proc *p_sibling;
	struct proc *p_psibling;
	struct proc *p_sibling_ns;
	struct proc *p_child_ns;
	struct proc *p_next;
	struct proc *p_prev;
	struct proc *p_nextofkin;
	struct proc *p_orphan;
	struct proc *p_nextorph;
	struct proc *p_pglink;
	struct proc *p_ppglink;
	struct sess *p_sessp;
	struct pid *p_pidp;
	struct pid *p_pgidp;
	kcondvar_t p_cv;
	kcondvar_t p_flag_cv;
	kcondvar_t p_lwpexit;
	kcondvar_t p_holdlwps;
	unsigned int p_proc_flag;
	unsigned int p_flag;
	long p_utime;
	long p_stime;
	long p_cutime;
	long p_cstime;
	avl_tree_t *p_segacct;
	avl_tree_t *p_semacct;
	caddr_t p_bssbase;
	caddr_t p_brkbase;
	size_t p_brksize;
	unsigned int p_brkpageszc;
	k_sigset_t p_sig;
	k_sigset_t p_extsig;
	k_sigset_t p_ignore;
	k_sigset_t p_siginfo;
	struct sigqueue *p_sigqueue;
	struct sigqhdr *p_sigqhdr;
	struct sigqhdr *p_signhdr;
	unsigned char p_stopsig;
	char p_fixalignment;
	id_t p_lwpid;
	int p_lwpcnt;
	int p_lwprcnt;
	int p_lwpdaemon;
	int p_lwpwait;
	int p_lwpdwait;
	int p_zombcnt;
	struct _kthread *p_tlist;
	struct lwpdir *p_lwpdir;
	struct lwpdir *p_lwpfree;
	struct tidhash *p_tidhash;
	unsigned int p_lwpdir_sz;
	unsigned int p_tidhash_sz;
	struct ret_tidhash *p_ret_tidhash;
	uint64_t p_lgrpset;
	int p_t1_lgrpid;
	int p_tr_lgrpid;
	uintptr_t p_lgrpres2;
	k_sigset_t p_sigmask;
	unsigned int p_fltmask;
	struct vnode *p_trace;
	struct vnode *p_plist;
	struct _kthread *p_agenttp;
	avl_tree_t p_warea;
	avl_tree_t p_wpage;
	struct watched_page *p_wprot;
	int p_mapcnt;
	kmutex_t p_maplock;
	struct proc *p_rlink;
	kcondvar_t p_srwchan_cv;
	size_t p_stksize;
	unsigned int p_stkpageszc;
	hrtime_t p_mstart;
	hrtime_t p_mterm;
	hrtime_t p_mlreal;
	hrtime_t p_acct[10];
	hrtime_t p_cacct[10];
	struct lrusage p_ru;
	struct lrusage p_cru;
	long p_rprof_timer[4];
	uintptr_t p_rprof_cyclic;
	unsigned int p_defunct;
	kmutex_t p_pflock;
	long p_prof[5];
	struct user p_user;
	void *p_server_threads[2];
	struct door_node *p_door_list;
	struct door_node *p_unref_list;
	kcondvar_t p_unref_cv;
	char p_unref_thread;
	unsigned char p_tnf_flags;
	struct p_audit_data *p_audit_data;
	struct pctxop *p_pctx;
	kmutex_t p_ldtlock;
	user_desc_t *p_ldt;
	unsigned long p_ldt_desc[2];
	unsigned short p_ldtlimit;
	size_t p_swrss;
	struct aio *p_aio;
	struct itimer **p_itimer;
	void *p_alarmid;
	caddr_t p_usrstack;
	unsigned int p_stkprot;
	unsigned int p_datprot;
	unsigned int p_model;
};
typedef struct proc proc_t;

struct modctl {
	struct modctl *mod_next;
	struct modctl *mod_prev;
	int mod_id;
	struct module *mod_mp;
	struct _kthread *mod_inprogress_thread;
	struct mod_modinfo *mod_modinfo;
	struct modlinkage *mod_linkage;
	char *mod_filename;
	char *mod_modname;
	char mod_busy;
	char mod_want;
	char mod_prim;
	int mod_ref;
	char mod_loaded;
	char mod_installed;
	char mod_loadflags;
	char mod_delay_unload;
	void *mod_requisites;
	void *mod_unused;
	int mod_loadcnt;
	int mod_nenabled;
	caddr_t mod_text;
	size_t mod_text_size;
	int mod_gencount;
	struct modctl *mod_requisite_loading;
};
typedef struct modctl modctl_t;

struct klwp {
	unsigned char lwp_state;
	unsigned char lwp_eosys;
	unsigned char lwp_errno;
	unsigned long lwp_ru_sysc;
	struct proc *lwp_procp;
	struct _kthread *lwp_thread;
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
	struct proc *t_procp;
	struct _kthread *t_forw;
	id_t t_tid;
	unsigned int t_state;
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

proc_t *practive;
struct modctl modules;
struct sysent sysent[256];
cpu_t cpus[1];
