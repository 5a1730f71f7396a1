/* A function that returns by an instruction with a prefix, as compilers wrote it for the branch prediction of AMD's K8. */
__attribute__((naked, noinline)) int prefixed(void)
{
	__asm__("movl $5, %eax\n\trep\n\tret");
}

int main(void)
{
	return prefixed();
}
