/* Tracing: what a tracer sees of a child, by TRACEME, by ATTACH and by SEIZE. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <signal.h>
#include <string.h>
#include <errno.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <sys/user.h>
#include <sys/syscall.h>
#include <elf.h>
#include <sys/uio.h>
static volatile int shared=5; static void h(int s){ shared=77; }
/* PTRACE_PEEKSIGINFO, and what a thread catches by itself of its system calls. */
static void peeks(void) {
    int status;
    pid_t child = fork();
    if (!child) {
        sigset_t set;
        sigfillset(&set);
        sigprocmask(SIG_BLOCK, &set, 0);
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        union sigval value = {.sival_int = 5};
        raise(SIGUSR1), raise(SIGUSR2);
        sigqueue(getpid(), SIGRTMIN, value);
        value.sival_int = 6;
        sigqueue(getpid(), SIGRTMIN, value);
        raise(SIGSTOP);
        _exit(0);
    }
    waitpid(child, &status, 0);
    struct { unsigned long long offset; unsigned flags; int count; } ask[] = {
        {0, 0, 9}, {0, 1, 9}, {1, 1, 9}, {0, 1, 1}, {2, 1, 1}, {1ull << 40, 0, 1}, {0, 2, 1}, {0, 0, -1}};
    for (int i = 0; i < 8; i++) {
        siginfo_t found[9];
        errno = 0;
        int count = ptrace((int)0x4209, child, &ask[i], found);
        printf("peeked %d: %d %d", i, count, errno);
        for (int j = 0; j < count; j++)
            printf(" [%d %d %d]", found[j].si_signo, found[j].si_code, found[j].si_code < -1 ? 0 : found[j].si_value.sival_int);
        puts("");
    }
    unsigned long long config[4] = {1, 0, 0x1000, 0x2000};
    printf("catch %ld", (long)ptrace((int)0x4210, child, (void *)sizeof config, config));
    config[0] = 9;
    printf(" %ld", (long)ptrace((int)0x4211, child, (void *)sizeof config, config));
    printf(" %llx %llx %llx %llx", config[0], config[1], config[2], config[3]);
    printf(" short %ld\n", (long)ptrace((int)0x4211, child, (void *)8, config));
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    printf("peeked at the end %x\n", status);
}

int main(int argc,char**argv){ setvbuf(stdout,0,_IONBF,0); int st; 
 if(argc>1){ write(1,"execd\n",6); return 4;}
 pid_t p=fork();
 if(!p){ ptrace(PTRACE_TRACEME,0,0,0); signal(SIGUSR1,h); raise(SIGSTOP); syscall(SYS_getppid); raise(SIGUSR1); shared+=1; _exit(shared==8?9:shared); }
 waitpid(p,&st,0); printf("stop %x\n",st);
 printf("setopt %ld\n",ptrace(PTRACE_SETOPTIONS,p,0,PTRACE_O_TRACESYSGOOD));
 errno=0; long v=ptrace(PTRACE_PEEKDATA,p,&shared,0); printf("peek %d\n",(int)v);
 printf("poke %ld\n",ptrace(PTRACE_POKEDATA,p,&shared,(void*)((v&~0xffffffffL)|7)));
 int n=0;
 for(;;){ ptrace(PTRACE_SYSCALL,p,0,0); waitpid(p,&st,0); if(!WIFSTOPPED(st)){ printf("end %x\n",st); break;}
  if(WSTOPSIG(st)==(SIGTRAP|0x80)){ struct user_regs_struct r; ptrace(PTRACE_GETREGS,p,0,&r);
#ifdef __x86_64__
   if(n<60) printf("sys %lld ax %lld\n",(long long)r.orig_rax,(long long)r.rax==-38?-38:(r.orig_rax==SYS_getppid||r.orig_rax==SYS_gettid||r.orig_rax==SYS_getpid)?1:(long long)r.rax);
#else
   if(n<60) printf("sys %ld\n",r.orig_eax);
#endif
   n++; }
  else { printf("sig stop %d\n",WSTOPSIG(st)); siginfo_t si; ptrace(PTRACE_GETSIGINFO,p,0,&si); printf("si %d code %d\n",si.si_signo,si.si_code); ptrace(PTRACE_CONT,p,0,WSTOPSIG(st)); waitpid(p,&st,0); printf("then %x\n",st); if(!WIFSTOPPED(st)) break; }
 }
 p=fork(); if(!p){ ptrace(PTRACE_TRACEME,0,0,0); char*a[]={argv[0],"x",0}; execv(argv[0],a); _exit(1);} 
 waitpid(p,&st,0); printf("exec stop %x\n",st); int steps=0; for(steps=0;steps<25;steps++){ ptrace(PTRACE_SINGLESTEP,p,0,0); waitpid(p,&st,0); if(!WIFSTOPPED(st)||WSTOPSIG(st)!=SIGTRAP) break;} printf("steps %d st %x\n",steps,st);
 ptrace(PTRACE_CONT,p,0,0); waitpid(p,&st,0); printf("done %x\n",st);
 p=fork(); if(!p){ for(;;) pause(); }
 printf("attach %ld\n",ptrace(PTRACE_ATTACH,p,0,0)); waitpid(p,&st,0); printf("att %x\n",st);
 printf("detach %ld\n",ptrace(PTRACE_DETACH,p,0,0)); kill(p,SIGKILL); waitpid(p,&st,0); printf("killed %x\n",st);
 p=fork(); if(!p){ raise(SIGSTOP); pid_t q=fork(); if(!q)_exit(3); int s; waitpid(q,&s,0); _exit(s>>8);} 
 waitpid(p,&st,WUNTRACED); printf("seize %ld\n",ptrace(PTRACE_SEIZE,p,0,PTRACE_O_TRACEFORK|PTRACE_O_TRACEEXEC)); 
 waitpid(p,&st,0); printf("group stop %x\n",st); ptrace(PTRACE_CONT,p,0,0); kill(p,SIGCONT);
 /* SIGCONT comes when it comes, and either process first: what is told is put in order. */
 char told[21][40]; int ev=0; pid_t q; while(ev<21&&(q=waitpid(-1,&st,__WALL))>0){ const char *who=q==p?"parent":"child";
   if(WIFSTOPPED(st)){ sprintf(told[ev++],"%s %x",who,st); ptrace(PTRACE_CONT,q,0,(st>>16)||WSTOPSIG(st)==SIGTRAP?0:WSTOPSIG(st)); } else sprintf(told[ev++],"%s exit %x",who,st); }
 qsort(told,ev,sizeof told[0],(int(*)(const void*,const void*))strcmp); for(int i=0;i<ev;i++) puts(told[i]);
 peeks();
 return 0; }
