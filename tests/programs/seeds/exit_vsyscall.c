/* From "Linux系统调用指南" (seed 000): exit by __kernel_vsyscall, found in the auxiliary vector, as printed there but for
   its pasted typedef, which #if 0 takes out where the document nests comments (no C compiler takes that). */
#include <stdlib.h>  
#include <elf.h>    

int  main(int argc, char* argv[], char* envp[])  
{   
    unsigned int syscall_nr = 1;   
    int exit_status = 42;  
    Elf32_auxv_t *auxv;     
  
#if 0
    typedef struct
{
  uint32_t a_type;		/* Entry type */
  union
    {
      uint32_t a_val;		/* Integer value */
      /* We use to have pointer elements added here.  We cannot do that,
	 though, since it does not work when using 32-bit definitions
	 on 64-bit platforms and vice versa.  */
    } a_un;
} Elf32_auxv_t;
#endif
    /* auxilliary vectors are located after the end of the environment    
    * variables    
    *    
    * check this helpful diagram: https://static.lwn.net/images/2012/auxvec.png   
    */   

    while(*envp++ != NULL);     
    /* envp is now pointed at the auxilliary vectors, since we've iterated    
    * through the environment variables.    
    */   
   // #define AT_SYSINFO	32
   // #define AT_NULL		0
    for (auxv = (Elf32_auxv_t *)envp; auxv->a_type != AT_NULL; auxv++)   
    {     
        if( auxv->a_type == AT_SYSINFO) 
        {       
            break;     
        }   
    }     

    /* NOTE: in glibc 2.16 and higher you can replace the above code with    
    * a call to getauxval(3):  getauxval(AT_SYSINFO)   
    */    

    asm( 
        "movl %0,  %%eax    \n"   
        "movl %1, %%ebx    \n"   
        "call *%2          \n"      
        : /* output parameters, we aren't outputting anything, no none */         
        /* (none) */      
        : /* input parameters mapped to %0 and %1, repsectively */   
        "m" (syscall_nr), "m" (exit_status), "m" (auxv->a_un.a_val)      
        : /* registers that we are "clobbering", unneeded since we are calling exit */        
        "eax", "ebx");  
    }
