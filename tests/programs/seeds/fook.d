#!/usr/sbin/dtrace -qs

syscall::modctl:entry
/execname == "modinfo"/
{
	printf("%s:%s:%s :%s\n", probeprov, probemod, probefunc, probename);
	printf("args: 0x%X, 0x%X, 0x%X, 0x%X, 0x%X, 0x%X\n",
	    arg0, arg1, arg2, arg3, arg4, arg5);
	stack();
	printf("\n---------------------------------------------------------\n");
	self->n = 1;
}

syscall::modctl:return
/execname == "modinfo"/
{
	self->n = 0;
}

fbt::modctl:entry
/self->n == 1/
{
	printf("%s:%s:%s :%s\n", probeprov, probemod, probefunc, probename);
	printf("args: 0x%X, 0x%X, 0x%X, 0x%X, 0x%X, 0x%X\n",
	    arg0, arg1, arg2, arg3, arg4, arg5);
	stack();
	printf("\n---------------------------------------------------------\n");
}

fbt::modctl_modinfo:entry
/self->n == 1/
{
	printf("%s:%s:%s :%s\n", probeprov, probemod, probefunc, probename);
	printf("args: 0x%X, 0x%X\n", arg0, arg1);
	stack();

	self->mip = (struct modinfo *)arg1;
	self->mi = (struct modinfo *)(copyin((uintptr_t)(self->mip),
	    sizeof(struct modinfo)));
	printf("\n");
	printf("ENT: ID       mi->mi_id = %d\n",
	    self->mi->mi_id);
	printf("ENT: LOADADDR mi->mi_base = %p\n",
	    self->mi->mi_base);
	printf("ENT: SIZE     mi->mi_size = %x\n",
	    self->mi->mi_size);
	printf("ENT: INFO     mi->mi_mi_msinfo[0].msi_p0 = %d\n",
	    self->mi->mi_msinfo[0].msi_p0);
	printf("ENT: REV      mi->mi_rev = %x\n",
	    self->mi->mi_rev);
	printf("ENT: NAME     mi->mi_name = %s\n",
	    stringof(self->mi->mi_name));
	printf("ENT: DESC     mi->mi_msinfo[0].msi_linkinfo = %s\n",
	    stringof(self->mi->mi_msinfo[0].msi_linkinfo));
	printf("\n---------------------------------------------------------\n");
}

fbt::modctl_modinfo:return
/self->n == 1/
{
	printf("%s:%s:%s :%s\n", probeprov, probemod, probefunc, probename);

	stack();
	self->mi = (struct modinfo *)(copyin((uintptr_t)(self->mip),
	    sizeof(struct modinfo)));
	printf("\n");
	printf("RET: ID       mi->mi_id = %d\n",
	    self->mi->mi_id);
	printf("RET: LOADADDR mi->mi_base = %p\n",
	    self->mi->mi_base);
	printf("RET: SIZE     mi->mi_size = %x\n",
	    self->mi->mi_size);
	printf("RET: INFO     mi->mi_mi_msinfo[0].msi_p0 = %d\n",
	    self->mi->mi_msinfo[0].msi_p0);
	printf("RET: REV      mi->mi_rev = %x\n",
	    self->mi->mi_rev);
	printf("RET: NAME     mi->mi_name = %s\n",
	    stringof(self->mi->mi_name));
	printf("RET: DESC     mi->mi_msinfo[0].msi_linkinfo = %s\n",
	    stringof(self->mi->mi_msinfo[0].msi_linkinfo));
	printf("\n---------------------------------------------------------\n");

	self->mip = 0;
}

fbt::copyin:entry,
fbt::copyout:entry
/self->n == 1/
{
	printf("%s:%s:%s :%s\n", probeprov, probemod, probefunc, probename);
	printf("args: 0x%X, 0x%X, 0x%X\n", arg0, arg1, arg2);
	stack();
	printf("\n---------------------------------------------------------\n");
}
