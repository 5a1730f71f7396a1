/* What crt1.o of 32-bit programs calls before main: notes what does their floating point (sys/sysi86.h, SI86FPHW). */

#define FP_387 3

int _fp_hw;

void __fpstart(void)
{
	_fp_hw = FP_387;
}
