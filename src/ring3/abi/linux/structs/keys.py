"""Keys: what keyctl takes."""

from __future__ import annotations

from typing import Final

from ring3.abi.structs import Struct

KEYCTL_DH_PARAMS: Final = Struct(
    "keyctl_dh_params",
    """
    int private: key
    int prime: key
    int base: key
    """,
    c="struct keyctl_dh_params",
    header="linux/keyctl.h",
)

KEYCTL_KDF_PARAMS: Final = Struct(
    "keyctl_kdf_params",
    """
    void *hashname: in string
    void *otherinfo: in bytes[otherinfolen]
    u32 otherinfolen: size
    u32 __spare[8]: spare
    """,
    c="struct keyctl_kdf_params",
    header="linux/keyctl.h",
)

KEYCTL_PKEY_QUERY: Final = Struct(
    "keyctl_pkey_query",
    """
    u32 supported_ops: flags keyctl_pkey
    u32 key_size
    u16 max_data_size: size
    u16 max_sig_size: size
    u16 max_enc_size: size
    u16 max_dec_size: size
    u32 __spare[10]: spare
    """,
    c="struct keyctl_pkey_query",
    header="linux/keyctl.h",
)

KEYCTL_PKEY_PARAMS: Final = Struct(
    "keyctl_pkey_params",
    """
    int key_id: key
    u32 in_len: size
    u32 out_len: size
    u32 __spare[7]: spare
    """,
    c="struct keyctl_pkey_params",
    header="linux/keyctl.h",
)
