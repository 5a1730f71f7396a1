#include "call.h"
#include <signal.h>
int main(void){
#ifdef __i386__
 sigset_t s; sigemptyset(&s); sigaddset(&s,10); sigaddset(&s,40); sigprocmask(0,&s,0);
 TRY(sgetmask); TRY(ssetmask,-1); TRY(sgetmask); TRY(ssetmask,5); sigprocmask(0,0,&s); printf("%d %d\n",sigismember(&s,40),sigismember(&s,1)); TRY(ssetmask,0);
#endif
}
