/* Calls that Linux refuses to a plain user before it looks at anything else. */
#include "call.h"

#ifndef SYS_kexec_load
#define SYS_kexec_load 246
#endif

int main(void) {
    if (geteuid() == 0) {
        setgid(1000);
        setuid(1000);
    }
    TRY(acct, 0);
    TRY(acct, BAD);
    TRY(swapon, BAD, 0);
    TRY(swapon, BAD, 0x40000);
    TRY(swapon, BAD, 0x80000);
    TRY(swapoff, BAD);
    TRY(reboot, 0, 0, 0, 0);
    TRY(reboot, 0xfee1dead, 672274793, 0, 0);
    TRY(pivot_root, BAD, BAD);
    TRY(vhangup);
    TRY(sethostname, BAD, 3);
    TRY(sethostname, BAD, 65);
    TRY(sethostname, BAD, -1);
    TRY(setdomainname, BAD, 3);
    TRY(syslog, 3, BAD, 10);
    TRY(syslog, 2, 0, -1);
    TRY(syslog, 10, 0, 0);
    TRY(syslog, 99, 0, 0);
    TRY(setgroups, 0, 0);
    TRY(setgroups, -1, 0);
    return 0;
}
