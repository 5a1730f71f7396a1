"""System V and POSIX message queues, semaphores and shared memory."""

from __future__ import annotations

from typing import Final

from ring3.abi.structs import Struct

IPC64_PERM: Final = Struct(
    "ipc64_perm",
    """
    int key: enum ipc_key
    u32 uid: uid
    u32 gid: gid
    u32 cuid: uid
    u32 cgid: gid
    unsigned int mode: mode
    u16 seq
    u16 __pad2: unused
    unsigned long __unused1: unused
    unsigned long __unused2: unused
    """,
    widths=(64,),
    c="struct ipc64_perm",
    header="linux/ipc.h",
)

IPC64_PERM32: Final = Struct(
    "ipc64_perm32",
    """
    int key: enum ipc_key
    u32 uid: uid
    u32 gid: gid
    u32 cuid: uid
    u32 cgid: gid
    u16 mode: mode
    u16 __pad1: unused
    u16 seq
    u16 __pad2: unused
    unsigned long __unused1: unused
    unsigned long __unused2: unused
    """,
    widths=(32,),
    c="struct ipc64_perm",
    header="linux/ipc.h",
)

MSQID_DS: Final = Struct(
    "msqid_ds",
    """
    struct ipc64_perm msg_perm
    long msg_stime: seconds
    long msg_rtime: seconds
    long msg_ctime: seconds
    unsigned long msg_cbytes: size
    unsigned long msg_qnum: count
    unsigned long msg_qbytes: size
    pid_t msg_lspid: pid
    pid_t msg_lrpid: pid
    unsigned long __unused4: unused
    unsigned long __unused5: unused
    """,
    IPC64_PERM,
    widths=(64,),
    c="struct msqid64_ds",
    header="linux/msg.h",
)

MSQID_DS32: Final = Struct(
    "msqid_ds32",
    """
    struct ipc64_perm32 msg_perm
    unsigned long msg_stime: seconds
    unsigned long msg_stime_high
    unsigned long msg_rtime: seconds
    unsigned long msg_rtime_high
    unsigned long msg_ctime: seconds
    unsigned long msg_ctime_high
    unsigned long msg_cbytes: size
    unsigned long msg_qnum: count
    unsigned long msg_qbytes: size
    pid_t msg_lspid: pid
    pid_t msg_lrpid: pid
    unsigned long __unused4: unused
    unsigned long __unused5: unused
    """,
    IPC64_PERM32,
    widths=(32,),
    c="struct msqid64_ds",
    header="linux/msg.h",
)

SEMID_DS: Final = Struct(
    "semid_ds",
    """
    struct ipc64_perm sem_perm
    long sem_otime: seconds
    unsigned long __unused1: unused
    long sem_ctime: seconds
    unsigned long __unused2: unused
    unsigned long sem_nsems: count
    unsigned long __unused3: unused
    unsigned long __unused4: unused
    """,
    IPC64_PERM,
    widths=(64,),
    c="struct semid64_ds",
    header="linux/sem.h",
)

SEMID_DS32: Final = Struct(
    "semid_ds32",
    """
    struct ipc64_perm32 sem_perm
    unsigned long sem_otime: seconds
    unsigned long sem_otime_high
    unsigned long sem_ctime: seconds
    unsigned long sem_ctime_high
    unsigned long sem_nsems: count
    unsigned long __unused3: unused
    unsigned long __unused4: unused
    """,
    IPC64_PERM32,
    widths=(32,),
    c="struct semid64_ds",
    header="linux/sem.h",
)

SHMID_DS: Final = Struct(
    "shmid_ds",
    """
    struct ipc64_perm shm_perm
    size_t shm_segsz: size
    long shm_atime: seconds
    long shm_dtime: seconds
    long shm_ctime: seconds
    pid_t shm_cpid: pid
    pid_t shm_lpid: pid
    unsigned long shm_nattch: count
    unsigned long __unused4: unused
    unsigned long __unused5: unused
    """,
    IPC64_PERM,
    widths=(64,),
    c="struct shmid64_ds",
    header="linux/shm.h",
)

SHMID_DS32: Final = Struct(
    "shmid_ds32",
    """
    struct ipc64_perm32 shm_perm
    size_t shm_segsz: size
    unsigned long shm_atime: seconds
    unsigned long shm_atime_high
    unsigned long shm_dtime: seconds
    unsigned long shm_dtime_high
    unsigned long shm_ctime: seconds
    unsigned long shm_ctime_high
    pid_t shm_cpid: pid
    pid_t shm_lpid: pid
    unsigned long shm_nattch: count
    unsigned long __unused4: unused
    unsigned long __unused5: unused
    """,
    IPC64_PERM32,
    widths=(32,),
    c="struct shmid64_ds",
    header="linux/shm.h",
)

MSGINFO: Final = Struct(
    "msginfo",
    """
    int msgpool
    int msgmap
    int msgmax
    int msgmnb
    int msgmni
    int msgssz
    int msgtql
    u16 msgseg
    """,
    c="struct msginfo",
    header="linux/msg.h",
)

SEMINFO: Final = Struct(
    "seminfo",
    """
    int semmap
    int semmni
    int semmns
    int semmnu
    int semmsl
    int semopm
    int semume
    int semusz
    int semvmx
    int semaem
    """,
    c="struct seminfo",
    header="linux/sem.h",
)

SHMINFO: Final = Struct(
    "shminfo",
    """
    unsigned long shmmax: size
    unsigned long shmmin: size
    unsigned long shmmni: count
    unsigned long shmseg: count
    unsigned long shmall: count
    unsigned long __unused1: unused
    unsigned long __unused2: unused
    unsigned long __unused3: unused
    unsigned long __unused4: unused
    """,
    c="struct shminfo64",
    header="linux/shm.h",
)

SHM_INFO: Final = Struct(
    "shm_info",
    """
    int used_ids: count
    unsigned long shm_tot: count
    unsigned long shm_rss: count
    unsigned long shm_swp: count
    unsigned long swap_attempts: count
    unsigned long swap_successes: count
    """,
    c="struct shm_info",
    header="linux/shm.h",
)

SEMBUF: Final = Struct(
    "sembuf",
    """
    u16 sem_num
    short sem_op
    short sem_flg: flags sem
    """,
    c="struct sembuf",
    header="linux/sem.h",
)

MSGBUF: Final = Struct(
    "msgbuf",
    """
    long mtype
    """,
)
"""The text follows."""

IPC_KLUDGE: Final = Struct(
    "ipc_kludge",
    """
    void *msgp: address
    long msgtyp
    """,
)
"""What ipc(MSGRCV) takes in its old form."""

MQ_ATTR: Final = Struct(
    "mq_attr",
    """
    long mq_flags: flags open
    long mq_maxmsg: count
    long mq_msgsize: size
    long mq_curmsgs: count
    long __reserved[4]: unused
    """,
    c="struct mq_attr",
    header="linux/mqueue.h",
)
