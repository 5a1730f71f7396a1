/* ELF of objects of this linker's own width (System V gABI 4; sys/link.h for what is Sun's). */

#ifndef ELF_H
#define ELF_H

#include <stdint.h>

#define PT_LOAD 1
#define PT_DYNAMIC 2
#define PT_TLS 7
#define PF_X 1
#define PF_W 2
#define PF_R 4

enum {
	DT_NULL, DT_NEEDED, DT_PLTRELSZ, DT_PLTGOT, DT_HASH, DT_STRTAB, DT_SYMTAB, DT_RELA, DT_RELASZ, DT_RELAENT, DT_STRSZ,
	DT_SYMENT, DT_INIT, DT_FINI, DT_SONAME, DT_RPATH, DT_SYMBOLIC, DT_REL, DT_RELSZ, DT_RELENT, DT_PLTREL, DT_DEBUG,
	DT_TEXTREL, DT_JMPREL, DT_BIND_NOW, DT_INIT_ARRAY, DT_FINI_ARRAY, DT_INIT_ARRAYSZ, DT_FINI_ARRAYSZ, DT_RUNPATH,
	DT_FLAGS, DT_PREINIT_ARRAY = 32, DT_PREINIT_ARRAYSZ
};
#define DT_VERSYM 0x6ffffff0
#define DT_FLAGS_1 0x6ffffffb
#define DT_VERDEF 0x6ffffffc
#define DT_VERDEFNUM 0x6ffffffd
#define DT_VERNEED 0x6ffffffe
#define DT_VERNEEDNUM 0x6fffffff
#define DT_AUXILIARY 0x7ffffffd
#define DT_FILTER 0x7fffffff
#define DF_SYMBOLIC 2
#define DF_TEXTREL 4
#define DF_BIND_NOW 8
#define DF_1_NOW 1

#define STB_WEAK 2
#define STT_FUNC 2
#define STT_TLS 6
#define SHN_UNDEF 0
#define SHN_ABS 0xfff1
#define VER_FLG_WEAK 2

typedef struct {
	unsigned char e_ident[16];
	uint16_t e_type, e_machine;
	uint32_t e_version;
	uintptr_t e_entry, e_phoff, e_shoff;
	uint32_t e_flags;
	uint16_t e_ehsize, e_phentsize, e_phnum, e_shentsize, e_shnum, e_shstrndx;
} Ehdr;
#ifdef __i386__
typedef struct {
	uint32_t p_type, p_offset, p_vaddr, p_paddr, p_filesz, p_memsz, p_flags, p_align;
} Phdr;
typedef struct {
	uint32_t st_name, st_value, st_size;
	unsigned char st_info, st_other;
	uint16_t st_shndx;
} Sym;
typedef struct {
	uint32_t r_offset, r_info;
} Reloc;
typedef struct {
	int32_t d_tag;
	uint32_t d_val;
} Dyn;
#define ELFCLASS 1
#define OTHER_CLASS "ELFCLASS64"
#define EM_SELF 3
#define R_SYM(info) ((info) >> 8)
#define R_TYPE(info) ((info) & 0xff)
#define DT_RELOC DT_REL
#define DT_RELOCSZ DT_RELSZ
#define ADDEND(reloc, where) ((void)(reloc), *(where))
#define PLT_INDEX(pushed) ((pushed) / sizeof(Reloc))
enum {
	R_WORD = 1, R_PC32, R_COPY = 5, R_GLOB_DAT, R_JUMP_SLOT, R_RELATIVE, R_TPOFF = 14, R_DTPMOD = 35, R_DTPOFF, R_TPOFF_POSITIVE
};
#else
typedef struct {
	uint32_t p_type, p_flags;
	uint64_t p_offset, p_vaddr, p_paddr, p_filesz, p_memsz, p_align;
} Phdr;
typedef struct {
	uint32_t st_name;
	unsigned char st_info, st_other;
	uint16_t st_shndx;
	uint64_t st_value, st_size;
} Sym;
typedef struct {
	uint64_t r_offset, r_info;
	int64_t r_addend;
} Reloc;
typedef struct {
	int64_t d_tag;
	uint64_t d_val;
} Dyn;
#define ELFCLASS 2
#define OTHER_CLASS "ELFCLASS32"
#define EM_SELF 62
#define R_SYM(info) ((info) >> 32)
#define R_TYPE(info) ((uint32_t)(info))
#define DT_RELOC DT_RELA
#define DT_RELOCSZ DT_RELASZ
#define ADDEND(reloc, where) ((reloc)->r_addend)
#define PLT_INDEX(pushed) (pushed)
enum { R_WORD = 1, R_PC32, R_COPY = 5, R_GLOB_DAT, R_JUMP_SLOT, R_RELATIVE, R_32 = 10, R_DTPMOD = 16, R_DTPOFF, R_TPOFF };
#endif
#define ET_EXEC 2
#define ET_DYN 3

#define ST_BIND(info) ((info) >> 4)
#define ST_TYPE(info) ((info) & 0xf)

typedef struct {
	uint16_t vd_version, vd_flags, vd_ndx, vd_cnt;
	uint32_t vd_hash, vd_aux, vd_next;
} Verdef;
typedef struct {
	uint32_t vda_name, vda_next;
} Verdaux;
typedef struct {
	uint16_t vn_version, vn_cnt;
	uint32_t vn_file, vn_aux, vn_next;
} Verneed;
typedef struct {
	uint32_t vna_hash;
	uint16_t vna_flags, vna_other;
	uint32_t vna_name, vna_next;
} Vernaux;

#endif
