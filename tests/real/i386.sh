#!/bin/sh
# about: programs of 32 bits: dynamic ones with threads, sockets, files, signals and C++ exceptions; a static busybox
# needs: gcc g++
# brings: busybox-i386
# tier: slow
cat >p.c <<'END'
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int count;
static __thread int own;
static void *adds(void *x) { for (own = 0; own < 1000; own++) { pthread_mutex_lock(&lock); count++; pthread_mutex_unlock(&lock); } return x; }
static volatile int alarms;
static void on_alarm(int s, siginfo_t *i, void *c) { alarms += i->si_signo == s; }
int main(void) {
    pthread_t t[4];
    for (int i = 0; i < 4; i++) pthread_create(t + i, 0, adds, 0);
    for (int i = 0; i < 4; i++) pthread_join(t[i], 0);
    printf("%d %d\n", (int)sizeof(long), count);
    struct sigaction a = {.sa_sigaction = on_alarm, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigaction(SIGALRM, &a, 0);
    struct itimerval v = {.it_value = {0, 1000}};
    setitimer(ITIMER_REAL, &v, 0);
    while (!alarms) pause();
    int s = socket(AF_INET, SOCK_STREAM, 0), e = epoll_create1(0);
    struct sockaddr_in n = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t l = sizeof n;
    bind(s, (void *)&n, l); listen(s, 5); getsockname(s, (void *)&n, &l);
    if (!fork()) { int c = socket(AF_INET, SOCK_STREAM, 0); connect(c, (void *)&n, l); write(c, "from a child", 12); _exit(3); }
    struct epoll_event ev = {.events = EPOLLIN}, got;
    epoll_ctl(e, EPOLL_CTL_ADD, s, &ev);
    printf("%d\n", epoll_wait(e, &got, 1, -1));
    char b[32] = "";
    int c = accept(s, 0, 0);
    recv(c, b, 12, MSG_WAITALL);
    int st; wait(&st); printf("%s %d\n", b, WEXITSTATUS(st));
    FILE *f = fopen("big", "w+"); fseeko(f, 1000, SEEK_SET); fputs("end", f); fflush(f);
    struct stat sb; stat("big", &sb); printf("%lld\n", (long long)sb.st_size);
    char *m = mmap(0, 4096, PROT_READ, MAP_SHARED, fileno(f), 0); printf("%.3s\n", m + 1000);
    struct addrinfo *r; printf("%d\n", getaddrinfo("localhost", "80", 0, &r));
    struct timespec ts; clock_gettime(CLOCK_MONOTONIC, &ts); printf("%d\n", ts.tv_sec > 0);
    int d = 0; DIR *dir = opendir("."); while (readdir(dir)) d++; printf("%d\n", d > 3);
    printf("%.6f %lld\n", strtod("1.2345678", 0) * 3, 1LL << 40);
    return 5;
}
END
gcc -m32 -O2 -pthread p.c -o p 2>/dev/null || { echo 'no 32-bit compiler'; exit; }
./p; echo $?; gcc -m32 -O2 -pthread -static p.c -o q 2>/dev/null; ./q 2>/dev/null | tail -1
printf '#include <stdexcept>\n#include <iostream>\n#include <thread>\nint main(){std::thread([]{try{throw std::out_of_range("thrown");}catch(std::exception&e){std::cout<<e.what()<<sizeof(void*)<<std::endl;}}).join();throw 1;}\n' >c.cc
g++ -m32 -pthread c.cc -o c && ./c 2>/dev/null; echo $?
b=$PWD/busybox-i386; $b sh -c 'for i in 3 1 2; do echo $i; done | sort | tr 1-3 a-c'; $b seq 1000 | $b md5sum; $b find /etc/passwd -size +0; mkdir d; echo x >d/f; $b tar cz d | $b tar tz; $b dd if=/dev/zero bs=1k count=3 2>/dev/null | $b wc -c
$b awk 'BEGIN { printf "%d %s\n", 22 / 7, toupper("a") }'; $b httpd -f -p 127.0.0.1:18386 -h d & h=$!; until $b wget -q -O - http://127.0.0.1:18386/f; do sleep 0.2; done; $b stat -c %s d/f; $b date -u -d @0 +%F; $b sh -c 'kill -9 $$'; echo $?; kill $h
