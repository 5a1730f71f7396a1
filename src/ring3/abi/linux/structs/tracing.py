"""ptrace, kcmp, process_vm and BPF."""

from __future__ import annotations

from typing import Final

from ring3.abi.structs import Struct

USER_REGS: Final = Struct(
    "user_regs_struct",
    """
    unsigned long r15: hex
    unsigned long r14: hex
    unsigned long r13: hex
    unsigned long r12: hex
    unsigned long bp: hex
    unsigned long bx: hex
    unsigned long r11: hex
    unsigned long r10: hex
    unsigned long r9: hex
    unsigned long r8: hex
    unsigned long ax: hex
    unsigned long cx: hex
    unsigned long dx: hex
    unsigned long si: hex
    unsigned long di: hex
    unsigned long orig_ax: hex
    unsigned long ip: hex
    unsigned long cs: hex
    unsigned long flags: hex
    unsigned long sp: hex
    unsigned long ss: hex
    unsigned long fs_base: hex
    unsigned long gs_base: hex
    unsigned long ds: hex
    unsigned long es: hex
    unsigned long fs: hex
    unsigned long gs: hex
    """,
    widths=(64,),
)

USER_REGS32: Final = Struct(
    "user_regs_struct32",
    """
    unsigned long bx: hex
    unsigned long cx: hex
    unsigned long dx: hex
    unsigned long si: hex
    unsigned long di: hex
    unsigned long bp: hex
    unsigned long ax: hex
    unsigned long ds: hex
    unsigned long es: hex
    unsigned long fs: hex
    unsigned long gs: hex
    unsigned long orig_ax: hex
    unsigned long ip: hex
    unsigned long cs: hex
    unsigned long flags: hex
    unsigned long sp: hex
    unsigned long ss: hex
    """,
    widths=(32,),
)

PEEKSIGINFO: Final = Struct(
    "ptrace_peeksiginfo_args",
    """
    u64 off
    u32 flags: flags ptrace_peeksiginfo
    s32 nr: count
    """,
    c="struct ptrace_peeksiginfo_args",
    header="linux/ptrace.h",
)

SECCOMP_METADATA: Final = Struct(
    "seccomp_metadata",
    """
    u64 filter_off
    u64 flags: flags seccomp_filter
    """,
    c="struct seccomp_metadata",
    header="linux/ptrace.h",
)

SYSCALL_INFO: Final = Struct(
    "ptrace_syscall_info",
    """
    u8 op: enum ptrace_syscall_op
    u8 reserved: unused
    u16 flags: hex
    u32 arch: enum audit_arch
    u64 instruction_pointer: address
    u64 stack_pointer: address
    """,
)
"""The head; `op` says which of the others follows."""

SYSCALL_INFO_ENTRY: Final = Struct(
    "ptrace_syscall_info_entry",
    """
    struct ptrace_syscall_info head
    u64 nr
    u64 args[6]: hex
    """,
    SYSCALL_INFO,
)

SYSCALL_INFO_EXIT: Final = Struct(
    "ptrace_syscall_info_exit",
    """
    struct ptrace_syscall_info head
    s64 rval
    u8 is_error
    size 40
    """,
    SYSCALL_INFO,
)

SYSCALL_INFO_SECCOMP: Final = Struct(
    "ptrace_syscall_info_seccomp",
    """
    struct ptrace_syscall_info head
    u64 nr
    u64 args[6]: hex
    u32 ret_data: hex
    u32 reserved2: unused
    """,
    SYSCALL_INFO,
)

RSEQ_CONFIGURATION: Final = Struct(
    "ptrace_rseq_configuration",
    """
    u64 rseq_abi_pointer: address
    u32 rseq_abi_size: size
    u32 signature: hex
    u32 flags: flags rseq
    u32 pad: unused
    """,
    c="struct ptrace_rseq_configuration",
    header="linux/ptrace.h",
)

USER_DISPATCH_CONFIG: Final = Struct(
    "ptrace_sud_config",
    """
    u64 mode: enum prctl_user_dispatch
    u64 selector: address
    u64 offset: address
    u64 len: size
    """,
    c="struct ptrace_sud_config",
    header="linux/ptrace.h",
)

KCMP_EPOLL_SLOT: Final = Struct(
    "kcmp_epoll_slot",
    """
    u32 efd: fd
    u32 tfd: fd
    u32 toff
    """,
    c="struct kcmp_epoll_slot",
    header="linux/kcmp.h",
)

BPF_MAP_CREATE: Final = Struct(
    "bpf_map_create",
    """
    u32 map_type: enum bpf_map_type
    u32 key_size: size
    u32 value_size: size
    u32 max_entries: count
    u32 map_flags: flags bpf_map_flags
    u32 inner_map_fd: fd
    u32 numa_node
    char map_name[16]: string
    u32 map_ifindex: interface
    u32 btf_fd: fd
    u32 btf_key_type_id
    u32 btf_value_type_id
    u32 btf_vmlinux_value_type_id
    u64 map_extra: hex
    """,
)

BPF_MAP_ELEMENT: Final = Struct(
    "bpf_map_element",
    """
    u32 map_fd: fd
    align u64
    u64 key: address
    u64 value: address
    u64 flags: flags bpf_element_flags
    """,
)

BPF_MAP_BATCH: Final = Struct(
    "bpf_map_batch",
    """
    u64 in_batch: address
    u64 out_batch: address
    u64 keys: address
    u64 values: address
    u32 count: count
    u32 map_fd: fd
    u64 elem_flags: flags bpf_element_flags
    u64 flags: hex
    """,
)

BPF_PROG_LOAD: Final = Struct(
    "bpf_prog_load",
    """
    u32 prog_type: enum bpf_program_type
    u32 insn_cnt: count
    u64 insns: address
    u64 license: address
    u32 log_level
    u32 log_size: size
    u64 log_buf: address
    u32 kern_version
    u32 prog_flags: flags bpf_program_flags
    char prog_name[16]: string
    u32 prog_ifindex: interface
    u32 expected_attach_type: enum bpf_attach_type
    u32 prog_btf_fd: fd
    u32 func_info_rec_size: size
    u64 func_info: address
    u32 func_info_cnt: count
    u32 line_info_rec_size: size
    u64 line_info: address
    u32 line_info_cnt: count
    u32 attach_btf_id
    u32 attach_prog_fd: fd
    u32 core_relo_cnt: count
    u64 fd_array: address
    u64 core_relos: address
    u32 core_relo_rec_size: size
    """,
)

BPF_OBJ: Final = Struct(
    "bpf_obj",
    """
    u64 pathname: address
    u32 bpf_fd: fd
    u32 file_flags: flags bpf_map_flags
    s32 path_fd: dirfd
    """,
)

BPF_PROG_ATTACH: Final = Struct(
    "bpf_prog_attach",
    """
    u32 target_fd: fd
    u32 attach_bpf_fd: fd
    u32 attach_type: enum bpf_attach_type
    u32 attach_flags: flags bpf_attach_flags
    u32 replace_bpf_fd: fd
    """,
)

BPF_PROG_TEST_RUN: Final = Struct(
    "bpf_prog_test_run",
    """
    u32 prog_fd: fd
    u32 retval
    u32 data_size_in: size
    u32 data_size_out: size
    u64 data_in: address
    u64 data_out: address
    u32 repeat: count
    u32 duration
    u32 ctx_size_in: size
    u32 ctx_size_out: size
    u64 ctx_in: address
    u64 ctx_out: address
    u32 flags: hex
    u32 cpu
    """,
)

BPF_GET_ID: Final = Struct(
    "bpf_get_id",
    """
    u32 id
    u32 next_id
    u32 open_flags: flags bpf_map_flags
    """,
)

BPF_OBJ_INFO: Final = Struct(
    "bpf_obj_info",
    """
    u32 bpf_fd: fd
    u32 info_len: size
    u64 info: address
    """,
)

BPF_PROG_QUERY: Final = Struct(
    "bpf_prog_query",
    """
    u32 target_fd: fd
    u32 attach_type: enum bpf_attach_type
    u32 query_flags: hex
    u32 attach_flags: hex
    u64 prog_ids: address
    u32 prog_cnt: count
    """,
)

BPF_RAW_TRACEPOINT: Final = Struct(
    "bpf_raw_tracepoint",
    """
    u64 name: address
    u32 prog_fd: fd
    """,
)

BPF_BTF_LOAD: Final = Struct(
    "bpf_btf_load",
    """
    u64 btf: address
    u64 btf_log_buf: address
    u32 btf_size: size
    u32 btf_log_size: size
    u32 btf_log_level
    """,
)

BPF_TASK_FD_QUERY: Final = Struct(
    "bpf_task_fd_query",
    """
    u32 pid: pid
    u32 fd: fd
    u32 flags: hex
    u32 buf_len: size
    u64 buf: address
    u32 prog_id
    u32 fd_type
    u64 probe_offset
    u64 probe_addr: address
    """,
)

BPF_LINK_CREATE: Final = Struct(
    "bpf_link_create",
    """
    u32 prog_fd: fd
    u32 target_fd: fd
    u32 attach_type: enum bpf_attach_type
    u32 flags: hex
    """,
)

BPF_LINK_UPDATE: Final = Struct(
    "bpf_link_update",
    """
    u32 link_fd: fd
    u32 new_prog_fd: fd
    u32 flags: hex
    u32 old_prog_fd: fd
    """,
)

BPF_FD: Final = Struct(
    "bpf_fd",
    """
    u32 fd: fd
    u32 flags: hex
    """,
)

BPF_PROG_BIND_MAP: Final = Struct(
    "bpf_prog_bind_map",
    """
    u32 prog_fd: fd
    u32 map_fd: fd
    u32 flags: hex
    """,
)
