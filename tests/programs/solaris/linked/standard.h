/* What standard.c needs of C and POSIX where the system's headers are not there: types and sizes are Solaris's. */

#include "solaris.h"
#include <limits.h>
#include <stdbool.h>

typedef struct { int n[2]; } div_like;
typedef struct { long rest[8]; } regex_t;
typedef struct { const char *rm_sp, *rm_ep; ssize_t rm_so, rm_eo; int rm_ss, rm_es; } regmatch_t;
enum { REG_EXTENDED = 1, REG_NOSUB = 2, REG_ICASE = 4, REG_NEWLINE = 8, REG_NOTBOL = 0x200, REG_NOMATCH = 1 };
enum { FNM_PATHNAME = 1, FNM_PERIOD = 2, FNM_NOESCAPE = 4 };
typedef struct { size_t gl_pathc; char **gl_pathv; size_t gl_offs; void *rest[10]; } glob_t;
enum { GLOB_MARK = 2, GLOB_NOCHECK = 8, GLOB_NOMATCH = -3 };
struct tm { int tm_sec, tm_min, tm_hour, tm_mday, tm_mon, tm_year, tm_wday, tm_yday, tm_isdst; };
struct option { const char *name; int has_arg, *flag, val; };
enum { no_argument, required_argument, optional_argument };
typedef struct { long long word[3]; } pthread_mutex_t;
typedef struct { long long word[2]; } pthread_cond_t;
typedef struct { long long word[8]; } pthread_rwlock_t, pthread_barrier_t;
typedef struct { long long word[6]; } sem_t;
typedef struct { long long word[4]; } pthread_once_t;
typedef struct { void *of; } pthread_attr_t, pthread_mutexattr_t, pthread_condattr_t;
typedef unsigned pthread_key_t;
typedef long jmp_buf[128], sigjmp_buf[128];
typedef struct { char *key; void *data; } ENTRY;
enum { FIND, ENTER };
enum { PTHREAD_MUTEX_NORMAL = 0, PTHREAD_MUTEX_ERRORCHECK = 2, PTHREAD_MUTEX_RECURSIVE = 4, PTHREAD_BARRIER_SERIAL_THREAD = -2 };
#define PTHREAD_MUTEX_INITIALIZER { { (long long)0x4d58 << 48 } }
#define PTHREAD_COND_INITIALIZER { { (long long)0x4356 << 48 } }
#define PTHREAD_RWLOCK_INITIALIZER { { (long long)0x5257 << 48 } }
#define PTHREAD_ONCE_INIT { { 0 } }
#define PTHREAD_CANCELED ((void *)-19l)
enum { PTHREAD_CANCEL_ENABLE, PTHREAD_CANCEL_DISABLE };
typedef struct { uintptr_t pad[4]; } _cleanup_t;
extern void __pthread_cleanup_push(void (*)(void *), void *, void *, _cleanup_t *), __pthread_cleanup_pop(int, _cleanup_t *), *_getfp(void);
#define pthread_cleanup_push(routine, argument) { _cleanup_t info; __pthread_cleanup_push(routine, argument, _getfp(), &info);
#define pthread_cleanup_pop(run) __pthread_cleanup_pop(run, &info); }
#define CLOCK_REALTIME 3
#define SIGUSR1 16
#define SIGUSR2 17
#define SIGALRM 14
#define SIGSEGV 11
#define SIGCHLD 18
#define SEEK_SET 0
#define SEEK_CUR 1
#define SEEK_END 2
#define _IOFBF 0
#define _IOLBF 64
#define _IONBF 4
#define LC_ALL 6
#define AF_INET 2
#define AF_INET6 26
#define SOCK_STREAM 2
#define AI_NUMERICHOST 32
#define WEXITSTATUS(status) ((status) >> 8 & 0xff)
#define M_PI 3.14159265358979323846
#define isnan(x) __builtin_isnan(x)
#define WNOHANG 64

double strtod(const char *, char **), atof(const char *), drand48(void);
float strtof(const char *, char **);
long long strtoll(const char *, char **, int);
unsigned long long strtoull(const char *, char **, int);
int sscanf(const char *, const char *, ...), fscanf(FILE *, const char *, ...), vsprintf(char *, const char *, va_list), sprintf(char *, const char *, ...);
int asprintf(char **, const char *, ...);
FILE *fopen(const char *, const char *), *freopen(const char *, const char *, FILE *), *tmpfile(void), *fmemopen(void *, size_t, const char *), *open_memstream(char **, size_t *);
int fclose(FILE *), fgetc(FILE *), ungetc(int, FILE *), fseek(FILE *, long, int), setvbuf(FILE *, char *, int, size_t), feof(FILE *), ferror(FILE *), fileno(FILE *);
void clearerr(FILE *), rewind(FILE *), srand48(long), perror(const char *);
long ftell(FILE *), lrand48(void);
size_t fread(void *, size_t, size_t, FILE *);
char *fgets(char *, int, FILE *), *strstr(const char *, const char *), *strpbrk(const char *, const char *);
char *strtok_r(char *, const char *, char **), *strsep(char **, const char *), *stpcpy(char *, const char *), *strndup(const char *, size_t), *strncat(char *, const char *, size_t);
ssize_t getline(char **, size_t *, FILE *), getdelim(char **, size_t *, int, FILE *);
void *bsearch(const void *, const void *, size_t, size_t, int (*)(const void *, const void *)), *memchr(const void *, int, size_t), *memmem(const void *, size_t, const void *, size_t);
int strcasecmp(const char *, const char *), strncasecmp(const char *, const char *, size_t);
int getopt(int, char *const *, const char *), getopt_long(int, char *const *, const char *, const struct option *, int *), getsubopt(char **, char *const *, char **);
extern char *optarg;
extern int optind, opterr, optopt;
int regcomp(regex_t *, const char *, int), regexec(const regex_t *, const char *, size_t, regmatch_t *, int), fnmatch(const char *, const char *, int);
void regfree(regex_t *), globfree(glob_t *), tzset(void);
int glob(const char *, int, int (*)(const char *, int), glob_t *), mkdir(const char *, mode_t), rmdir(const char *), unlink(const char *), creat(const char *, mode_t);
struct tm *gmtime_r(const time_t *, struct tm *), *localtime_r(const time_t *, struct tm *);
time_t mktime(struct tm *);
size_t strftime(char *, size_t, const char *, const struct tm *);
char *strptime(const char *, const char *, struct tm *), *asctime(const struct tm *), *setlocale(int, const char *), *basename(char *), *dirname(char *);
int setenv(const char *, const char *, int), unsetenv(const char *), putenv(char *), isalpha(int), isspace(int), toupper(int), tolower(int), ispunct(int), isxdigit(int), iscntrl(int);
size_t mbstowcs(wchar_t *, const char *, size_t), wcstombs(char *, const wchar_t *, size_t), wcslen(const wchar_t *);
int wcscmp(const wchar_t *, const wchar_t *), mblen(const char *, size_t);
int pthread_create(pthread_t *, const void *, void *(*)(void *), void *), pthread_join(pthread_t, void **), pthread_detach(pthread_t), pthread_cancel(pthread_t);
int pthread_mutex_init(void *, const void *), pthread_mutex_lock(void *), pthread_mutex_unlock(void *), pthread_mutex_trylock(void *), pthread_mutex_timedlock(void *, const struct timespec *);
int pthread_mutexattr_init(void *), pthread_mutexattr_settype(void *, int), pthread_cond_wait(void *, void *), pthread_cond_signal(void *), pthread_cond_broadcast(void *);
int pthread_cond_timedwait(void *, void *, const struct timespec *), pthread_rwlock_rdlock(void *), pthread_rwlock_wrlock(void *), pthread_rwlock_unlock(void *), pthread_rwlock_trywrlock(void *), pthread_rwlock_tryrdlock(void *);
int pthread_barrier_init(void *, const void *, unsigned), pthread_barrier_wait(void *), pthread_once(void *, void (*)(void)), pthread_key_create(unsigned *, void (*)(void *)), pthread_setspecific(unsigned, const void *);
void *pthread_getspecific(unsigned), pthread_testcancel(void), pthread_exit(void *) __attribute__((noreturn));
int pthread_setcancelstate(int, int *), pthread_kill(pthread_t, int), pthread_sigmask(int, const sigset_t *, sigset_t *), pthread_atfork(void (*)(void), void (*)(void), void (*)(void)), pthread_attr_init(void *), pthread_attr_setstacksize(void *, size_t), pthread_attr_getstacksize(const void *, size_t *);
pthread_t pthread_self(void);
int sem_init(void *, int, unsigned), sem_wait(void *), sem_post(void *), sem_trywait(void *), sem_getvalue(void *, int *), sem_timedwait(void *, const struct timespec *);
int setjmp(jmp_buf), sigsetjmp(sigjmp_buf, int);
void longjmp(jmp_buf, int) __attribute__((noreturn)), siglongjmp(sigjmp_buf, int) __attribute__((noreturn));
int getcontext(ucontext_t *), swapcontext(ucontext_t *, const ucontext_t *), raise(int), sigaltstack(const stack_t *, stack_t *), sigpending(sigset_t *), sigsuspend(const sigset_t *), sigaddset(sigset_t *, int), sigismember(const sigset_t *, int), sigwait(const sigset_t *, int *);
void makecontext(ucontext_t *, void (*)(void), int, ...), (*signal(int, void (*)(int)))(int);
pid_t fork(void), waitpid(pid_t, int *, int);
int hcreate(size_t), inet_pton(int, const char *, void *), pipe(int *), atexit(void (*)(void)), usleep(unsigned);
void hdestroy(void), twalk(const void *, void (*)(const void *, int, int)), *tsearch(const void *, void **, int (*)(const void *, const void *)), *tfind(const void *, void *const *, int (*)(const void *, const void *)), *tdelete(const void *, void **, int (*)(const void *, const void *));
ENTRY *hsearch(ENTRY, int);
const char *inet_ntop(int, const void *, char *, socklen_t);
int posix_spawn(pid_t *, const char *, const void *, const void *, char *const *, char *const *), scandir(const char *, struct dirent ***, int (*)(const struct dirent *), int (*)(const struct dirent **, const struct dirent **));
int alphasort(const struct dirent **, const struct dirent **), mkstemp(char *), rand(void), nftw(const char *, void *, int, int);
char *mkdtemp(char *);
double sin(double), cos(double), tan(double), atan2(double, double), asin(double), acos(double), exp(double), log(double), log10(double), pow(double, double), sqrt(double), cbrt(double);
double floor(double), ceil(double), round(double), rint(double), fmod(double, double), remainder(double, double), hypot(double, double), sinh(double), cosh(double), tanh(double), frexp(double, int *), ldexp(double, int), modf(double, double *), expm1(double), log1p(double), log2(double), exp2(double), lgamma(double), tgamma(double), erf(double), erfc(double), nextafter(double, double), asinh(double), acosh(double), atanh(double), trunc(double), copysign(double, double);
long lround(double);
