/* The tables in memory: those of the CPU at the addresses Solaris has them, sysent at the seed's. */

#include "macros.h"

.macro TABLE name:req, size:req
	.globl \name
	.type \name, @object
\name:
	.skip \size
	.size \name, \size
.endm

	.section .descriptors, "aw"
	TABLE ktss0, 0x1000
	TABLE idt0, 0x1000
	TABLE gdt0, 0x1000
	.skip 0x1000				/* DEBUG_INFO_VA */

	.section .data.unix, "aw"
	TABLE cpus, 0x1000
	TABLE dblfault_stack0, 0x1000		/* of double faults and NMIs */
	TABLE sysent_lock, 8 * NSYSCALL	/* a krwlock_t for each loadable call that has a name */
	TABLE lpl_bootstrap, 0x40
	.globl gethrtimef, gethrestimef, fasttable
	.type gethrtimef, @object
	.type gethrestimef, @object
	.type fasttable, @object
gethrtimef:
	.quad tsc_gethrtime
	.size gethrtimef, 8
gethrestimef:
	.quad pc_gethrestime
	.size gethrestimef, 8
fasttable:
	.quad fast_null, fast_null, fast_null, get_hrtime, gethrvtime, get_hrestime, getlgrp
	.size fasttable, . - fasttable

	.section .data.genunix, "aw"
	TABLE sysent, NSYSCALL << SYSENT_SIZE_SHIFT
	TABLE utsname, 5 * 257
	.p2align 3
	TABLE practive, 8			/* the newest process, from which p_next leads to the others */
	TABLE modules, 144			/* the first struct modctl: unix */
	TABLE sysent32, NSYSCALL << SYSENT_SIZE_SHIFT

	/* what is called where a call's arguments cannot be fetched, and where there is no such number */
.macro ELEMENT name:req, callc:req
	.globl \name
	.type \name, @object
\name:
	.quad 0, 0, 0, \callc
	.size \name, . - \name
.endm
	ELEMENT sysent_err, syscall_err
	ELEMENT nosys_ent, nosys
