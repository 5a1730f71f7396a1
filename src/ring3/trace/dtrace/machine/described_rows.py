"""What D says of processes, threads, processors, files and requests: structs that no kernel here has in memory.

The members are those that scripts use. `struct task_struct` and `kthread_t` are one row, with the names of both
systems, so that a script finds what it asks for on either. Sources: proc(5), the Dynamic Tracing Guide's chapters on
proc, sched and io; sys/thread.h, sys/proc.h, sys/user.h, sys/vnode.h and sys/utsname.h of illumos; linux/sched.h.
"""

from __future__ import annotations

from typing import Final

from ring3.abi.structs import Struct
from ring3.trace.dtrace.machine import network_rows

TIMESPEC: Final = Struct("timespec", "long tv_sec\nlong tv_nsec")
PSINFO: Final = Struct(
    "psinfo",
    """
    int pr_flag
    int pr_nlwp
    int pr_pid
    int pr_ppid
    int pr_pgid
    int pr_sid
    unsigned int pr_uid
    unsigned int pr_euid
    unsigned int pr_gid
    unsigned int pr_egid
    char pr_dmodel
    unsigned long pr_addr
    unsigned long pr_size
    unsigned long pr_rssize
    unsigned long pr_ttydev
    unsigned short pr_pctcpu
    unsigned short pr_pctmem
    struct timespec pr_start
    struct timespec pr_time
    struct timespec pr_ctime
    char pr_fname[16]
    char pr_psargs[80]
    int pr_wstat
    int pr_argc
    unsigned long pr_argv
    unsigned long pr_envp
    int pr_taskid
    int pr_projid
    int pr_nzomb
    int pr_poolid
    int pr_zoneid
    int pr_contract
    """,
    TIMESPEC,
)
LWPSINFO: Final = Struct(
    "lwpsinfo",
    """
    int pr_flag
    int pr_lwpid
    unsigned long pr_addr
    unsigned long pr_wchan
    char pr_stype
    char pr_state
    char pr_sname
    char pr_nice
    short pr_syscall
    char pr_oldpri
    char pr_cpu
    int pr_pri
    unsigned short pr_pctcpu
    struct timespec pr_start
    struct timespec pr_time
    char pr_clname[8]
    char pr_name[16]
    int pr_onpro
    int pr_bindpro
    int pr_bindpset
    """,
    TIMESPEC,
)
TRANSLATED: Final = {
    "psinfo": frozenset(
        (
            "pr_flag",
            "pr_size",
            "pr_rssize",
            "pr_pctcpu",
            "pr_pctmem",
            "pr_time",
            "pr_ctime",
            "pr_wstat",
            "pr_nzomb",
        )
    ),
    "lwpsinfo": frozenset(("pr_nice", "pr_oldpri", "pr_cpu", "pr_pctcpu", "pr_start", "pr_time")),
    **dict.fromkeys((row.name for row in network_rows.TYPES.values()), frozenset[str]()),
    **dict.fromkeys(("cpuinfo", "bufinfo", "devinfo", "fileinfo"), frozenset[str]()),
}
"""Structs that translators of D's give, each with the members that these leave out, so that naming one is an error."""
PROCESSOR: Final = Struct(
    "processor_info",
    "int pi_state\nchar pi_processor_type[16]\nchar pi_fputypes[32]\nint pi_clock",
)
CPUINFO: Final = Struct(
    "cpuinfo",
    "int cpu_id\nint cpu_pset\nint cpu_chip\nint cpu_lgrp\nstruct processor_info cpu_info",
    PROCESSOR,
)
DISPATCHER: Final = Struct("_disp", "int disp_nrunnable")
CPU: Final = Struct("cpu", "int cpu_id\nstruct _disp *cpu_disp\nstruct _kthread *cpu_thread")
UPID: Final = Struct("upid", "int nr")
PID: Final = Struct("pid", "int pid_id\nunsigned int level\nstruct upid numbers[1]", UPID)
VFS: Final = Struct(
    "vfs", "struct vnode *vfs_vnodecovered\nunsigned int vfs_flag\nunsigned int vfs_bsize\nint vfs_fstype"
)
VNODE: Final = Struct(
    "vnode", "unsigned int v_flag\nunsigned int v_count\nchar *v_path\nint v_type\nu64 v_rdev"
)
KUID: Final = Struct("kuid", "unsigned int val")
CRED: Final = Struct(
    "cred",
    """
    unsigned int cr_ref
    unsigned int cr_uid
    unsigned int cr_gid
    unsigned int cr_ruid
    unsigned int cr_rgid
    unsigned int cr_suid
    unsigned int cr_sgid
    struct kuid uid
    struct kuid gid
    struct kuid euid
    struct kuid egid
    """,
    KUID,
)
KMUTEX: Final = Struct("mutex", "unsigned long m_owner")
RWLOCK: Final = Struct("_krwlock", "unsigned long rw_wwwh")
CONDVAR: Final = Struct("_kcondvar", "unsigned short _opaque")
SEMAPHORE: Final = Struct("_ksema", "void *_opaque[2]")
MSGB: Final = Struct(
    "msgb",
    """
    struct msgb *b_next
    struct msgb *b_prev
    struct msgb *b_cont
    char *b_rptr
    char *b_wptr
    struct datab *b_datap
    unsigned char b_band
    unsigned short b_flag
    """,
)
VREG: Final = 1
"""`v_type` of a regular file (sys/vnode.h)."""
INODE: Final = Struct(
    "inode",
    "unsigned short i_mode\nstruct kuid i_uid\nstruct kuid i_gid\nunsigned long i_ino\ns64 i_size",
    KUID,
)
QSTR: Final = Struct("qstr", "unsigned int hash\nunsigned int len\nchar *name")
DENTRY: Final = Struct(
    "dentry",
    "struct dentry *d_parent\nstruct qstr d_name\nstruct inode *d_inode\nchar d_iname[40]",
    QSTR,
)
PATH: Final = Struct("path", "struct vfsmount *mnt\nstruct dentry *dentry")
FILE: Final = Struct(
    "file",
    """
    struct vnode *f_vnode
    s64 f_offset
    int f_flag
    unsigned int f_flags
    s64 f_pos
    struct path f_path
    struct inode *f_inode
    """,
    PATH,
)
FILE_ENTRY: Final = Struct("uf_entry", "struct file *uf_file\nint uf_flag")
FILES: Final = Struct("uf_info", "struct uf_entry *fi_list\nint fi_nfiles")
USER: Final = Struct(
    "user",
    """
    struct timespec u_start
    struct vnode *u_cdir
    struct uf_info u_finfo
    char u_comm[17]
    char u_psargs[80]
    """,
    TIMESPEC,
    FILES,
)
PROC: Final = Struct(
    "proc",
    """
    int p_ppid
    int p_lwpcnt
    struct proc *p_parent
    struct pid *p_pidp
    s64 p_mstart
    long p_utime
    long p_stime
    struct cred *p_cred
    size_t p_brksize
    size_t p_stksize
    struct user p_user
    """,
    USER,
)
KTHREAD: Final = Struct(
    "_kthread",
    """
    int t_tid
    int t_sysnum
    unsigned short t_flag
    unsigned int t_state
    struct proc *t_procp
    unsigned long t_did
    int t_pri
    struct cred *t_cred
    struct cpu *t_cpu
    int pid
    int tgid
    int prio
    int static_prio
    int normal_prio
    unsigned int __state
    int exit_state
    int exit_code
    u64 start_time
    u64 utime
    struct pid *thread_pid
    struct cred *real_cred
    struct cred *cred
    char comm[16]
    struct task_struct *parent
    struct task_struct *real_parent
    struct task_struct *group_leader
    """,
)
_REGISTERS: Final = "r15 r14 r13 r12 bp bx r11 r10 r9 r8 ax cx dx si di orig_ax ip cs flags sp ss"
PT_REGS: Final = Struct("pt_regs", "\n".join(f"unsigned long {name}" for name in _REGISTERS.split()))
BUFINFO: Final = Struct(
    "bufinfo",
    """
    int b_flags
    size_t b_bcount
    unsigned long b_addr
    u64 b_blkno
    u64 b_lblkno
    size_t b_resid
    size_t b_bufsize
    unsigned long b_iodone
    int b_error
    dev_t b_edev
    """,
)
DEVINFO: Final = Struct(
    "devinfo",
    """
    int dev_major
    int dev_minor
    int dev_instance
    char dev_name[256]
    char dev_statname[256]
    char dev_pathname[256]
    """,
)
FILEINFO: Final = Struct(
    "fileinfo",
    """
    char fi_name[256]
    char fi_dirname[256]
    char fi_pathname[256]
    s64 fi_offset
    char fi_fs[256]
    char fi_mount[256]
    int fi_oflags
    """,
)
UTSNAME: Final = Struct(
    "utsname",
    """
    char sysname[257]
    char nodename[257]
    char release[257]
    char version[257]
    char machine[257]
    """,
)
TEXT: Final = 256
"""An array of so many characters is a string in D."""
TYPES: Final = {
    **dict.fromkeys(("psinfo_t", "struct psinfo"), PSINFO),
    **dict.fromkeys(("lwpsinfo_t", "struct lwpsinfo"), LWPSINFO),
    **dict.fromkeys(("cpuinfo_t", "struct cpuinfo"), CPUINFO),
    **dict.fromkeys(("kthread_t", "struct _kthread", "struct task_struct"), KTHREAD),
    **dict.fromkeys(("proc_t", "struct proc"), PROC),
    **dict.fromkeys(("user_t", "struct user"), USER),
    **dict.fromkeys(("vnode_t", "struct vnode"), VNODE),
    **dict.fromkeys(("bufinfo_t", "struct bufinfo"), BUFINFO),
    **dict.fromkeys(("devinfo_t", "struct devinfo"), DEVINFO),
    **dict.fromkeys(("fileinfo_t", "struct fileinfo"), FILEINFO),
    **network_rows.TYPES,
    "struct pid": PID,
    "struct pt_regs": PT_REGS,
    "struct upid": UPID,
    **dict.fromkeys(("vfs_t", "struct vfs"), VFS),
    **dict.fromkeys(("processor_info_t", "struct processor_info"), PROCESSOR),
    **dict.fromkeys(("disp_t", "struct _disp"), DISPATCHER),
    **dict.fromkeys(("cpu_t", "struct cpu"), CPU),
    "struct inode": INODE,
    "struct qstr": QSTR,
    "struct dentry": DENTRY,
    "struct path": PATH,
    **dict.fromkeys(("cred_t", "struct cred"), CRED),
    **dict.fromkeys(("kuid_t", "kgid_t", "struct kuid"), KUID),
    **dict.fromkeys(("kmutex_t", "struct mutex", "spinlock_t", "raw_spinlock_t"), KMUTEX),
    **dict.fromkeys(("krwlock_t", "rwlock_t", "struct _krwlock", "struct rw_semaphore"), RWLOCK),
    **dict.fromkeys(("kcondvar_t", "struct _kcondvar"), CONDVAR),
    **dict.fromkeys(("ksema_t", "struct _ksema"), SEMAPHORE),
    **dict.fromkeys(("mblk_t", "struct msgb"), MSGB),
    "timestruc_t": TIMESPEC,
    **dict.fromkeys(("uf_entry_t", "struct uf_entry"), FILE_ENTRY),
    **dict.fromkeys(("uf_info_t", "struct uf_info"), FILES),
    **dict.fromkeys(("file_t", "struct file"), FILE),
}
"""The rows by the names of their types in D."""
