/* processes SEED STEPS: random sequences in a tree of processes: births, ends, groups, sessions, stops, who waits for whom. */
#include "sequence.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum { SLOTS = 8, NOBODY = -1 };
enum ask { FORK, END, WAIT4, WAITID, SETPGID, GETPGID, SETSID, GETSID, PARENT, KILL, REAPER, CHLD, NICE, GETNICE, DEATH };

struct order {
    enum ask ask;
    long a, b, c;
};

struct answer {
    long value, error, more[4];
};

static int orders[SLOTS][2], answers[SLOTS][2];
static pid_t numbers[SLOTS];  /* the last process of each slot, 0 for none yet */
static char states[SLOTS + 1];

static void serve(int slot);

static struct answer do_order(const struct order *order)
{
    struct answer answer = {0};
    int status = 0;
    siginfo_t info = {0};
    errno = 0;
    switch (order->ask) {
    case FORK:
        answer.value = fork();
        if (answer.value == 0)
            serve(order->a);
        break;
    case END:
        if (order->b)
            kill(getpid(), order->b);
        _exit(order->a);
    case WAIT4:
        answer.value = wait4(order->a, &status, order->b, NULL);
        answer.more[0] = status;
        break;
    case WAITID:
        answer.value = waitid(order->a, order->b, &info, order->c);
        answer.more[0] = info.si_pid;
        answer.more[1] = info.si_code;
        answer.more[2] = info.si_status;
        answer.more[3] = info.si_signo;
        break;
    case SETPGID: answer.value = setpgid(order->a, order->b); break;
    case GETPGID: answer.value = getpgid(order->a); break;
    case SETSID: answer.value = setsid(); break;
    case GETSID: answer.value = getsid(order->a); break;
    case PARENT: answer.value = getppid(); break;
    case KILL: answer.value = kill(order->a, order->b); break;
    case REAPER: answer.value = prctl(PR_SET_CHILD_SUBREAPER, order->a); break;
    case CHLD: {
        struct sigaction action = {.sa_handler = order->a == 1 ? SIG_IGN : SIG_DFL, .sa_flags = order->a == 2 ? SA_NOCLDWAIT : order->a == 3 ? SA_NOCLDSTOP : 0};
        answer.value = sigaction(SIGCHLD, &action, NULL);
        break;
    }
    case NICE: answer.value = setpriority(order->a, order->b, order->c); break;
    case GETNICE: answer.value = getpriority(order->a, order->b); break;
    case DEATH: answer.value = prctl(PR_SET_PDEATHSIG, order->a); break;
    }
    answer.error = errno;
    return answer;
}

static void serve(int slot)
{
    struct order order;
    while (read(orders[slot][0], &order, sizeof order) == sizeof order) {
        struct answer answer = do_order(&order);
        if (write(answers[slot][1], &answer, sizeof answer) != sizeof answer)
            break;
    }
    _exit(99);
}

/* The state of each process once all of them rest: asleep, stopped, dead or gone. */
static void settle(void)
{
    char before[SLOTS + 1] = "";
    for (int quiet = 0; quiet < 3;) {
        int busy = 0;
        states[0] = 'S';
        for (int slot = 1; slot < SLOTS; slot++) {
            char name[40], text[400], *end;
            states[slot] = '-';
            if (!numbers[slot])
                continue;
            snprintf(name, sizeof name, "/proc/%d/stat", numbers[slot]);
            int file = open(name, O_RDONLY);
            if (file < 0)
                continue;
            ssize_t size = read(file, text, sizeof text - 1);
            close(file);
            if (size <= 0)
                continue;
            text[size] = 0;
            end = strrchr(text, ')');
            states[slot] = end ? end[2] : '?';
            busy |= states[slot] == 'R' || states[slot] == 'D' || states[slot] == 'X';
        }
        quiet = busy || strcmp(before, states) ? 0 : quiet + 1;
        strcpy(before, states);
        if (quiet < 3)
            sched_yield();
    }
}

static int slot_of(pid_t number)
{
    for (int slot = 0; slot < SLOTS; slot++)
        if (numbers[slot] == number)
            return slot;
    return number == 0 ? 70 : number < 0 ? -1 : 99;
}

static int someone(const char *of)
{
    int found[SLOTS], count = 0;
    for (int slot = 0; slot < SLOTS; slot++)
        if (strchr(of, states[slot]))
            found[count++] = slot;
    return count ? found[below(count)] : NOBODY;
}

static struct answer tell(int slot, struct order order)
{
    struct answer answer = {.value = -1};
    if (slot == 0)
        answer = do_order(&order);
    else if (write(orders[slot][1], &order, sizeof order) != sizeof order)
        exit(3);
    else if (order.ask != END && read(answers[slot][0], &answer, sizeof answer) != sizeof answer)
        exit(4);
    settle();
    return answer;
}

static void end(struct answer answer, int is_number)
{
    errno = answer.error;
    printf(" %s", states);
    result(is_number && answer.value > 0 ? slot_of(answer.value) : answer.value);
}

/* The number of a process, alive or not, or one of nobody. */
static pid_t any(void)
{
    int slot = chance(70) ? someone("STZ") : (int)below(SLOTS);
    printf(" %d", slot);
    return chance(95) && slot != NOBODY && numbers[slot] ? numbers[slot] : chance(50) ? 0 : 4000000;
}

static void do_fork(void)
{
    int parent = someone("S"), child = someone("-");
    if (child == NOBODY)
        return;
    printf("%d: fork %d", parent, child);
    struct answer answer = tell(parent, (struct order){FORK, child});
    if (answer.value > 0)
        numbers[child] = answer.value;
    settle();
    end(answer, 1);
}

static void do_end(void)
{
    static const int numbers_of[] = {0, 0, 0, SIGKILL, SIGTERM, SIGUSR2};
    int slot = someone("S"), code = below(300), by = ONE_OF(numbers_of);
    if (slot == 0)
        return;
    printf("%d: end %d by %d", slot, code, by);
    tell(slot, (struct order){END, code, by});
    end((struct answer){0}, 0);
}

static void do_wait4(void)
{
    static const int options[] = {0, 0, WUNTRACED, WCONTINUED, WUNTRACED | WCONTINUED, __WALL, __WCLONE, __WNOTHREAD, 64};
    int slot = someone("S"), option = ONE_OF(options) | WNOHANG, kind = below(10);
    printf("%d: wait4", slot);
    long which = -1;
    if (kind == 0)
        which = 0;
    else if (kind < 4)
        which = any();
    else if (kind < 6)
        which = -any();
    else
        printf(" all");
    printf(" options %x", option);
    struct answer answer = tell(slot, (struct order){WAIT4, which, option});
    if (answer.value > 0)
        printf(" status %lx", answer.more[0]);
    end(answer, 1);
}

static void do_waitid(void)
{
    static const int options[] = {WEXITED, WEXITED, WSTOPPED, WCONTINUED, WEXITED | WSTOPPED | WCONTINUED, 0, WEXITED | 64};
    static const int kinds[] = {P_ALL, P_PID, P_PGID, 9};
    int slot = someone("S"), option = ONE_OF(options) | WNOHANG | (chance(40) ? WNOWAIT : 0), kind = ONE_OF(kinds);
    printf("%d: waitid %d", slot, kind);
    long which = kind == P_ALL ? 0 : any();
    printf(" options %x", option);
    struct answer answer = tell(slot, (struct order){WAITID, kind, which, option});
    if (answer.value == 0)
        printf(" pid %d code %ld status %lx signal %ld", slot_of(answer.more[0]), answer.more[1], answer.more[2], answer.more[3]);
    end(answer, 0);
}

static void do_setpgid(void)
{
    int slot = someone("S");
    printf("%d: setpgid", slot);
    long who = chance(50) ? 0 : any(), group = chance(40) ? 0 : any();
    if (slot == 0 && (who == 0 || who == numbers[0]))
        who = 4000000; /* it stays where no group's stop reaches it */
    end(tell(slot, (struct order){SETPGID, who, group}), 0);
}

static void do_getpgid(void)
{
    int slot = someone("S");
    printf("%d: getpgid", slot);
    end(tell(slot, (struct order){GETPGID, chance(30) ? 0 : any()}), 1);
}

static void do_setsid(void)
{
    int slot = someone("S");
    if (slot == 0)
        return;
    printf("%d: setsid", slot);
    end(tell(slot, (struct order){SETSID}), 1);
}

static void do_getsid(void)
{
    int slot = someone("S");
    printf("%d: getsid", slot);
    end(tell(slot, (struct order){GETSID, chance(30) ? 0 : any()}), 1);
}

static void do_parent(void)
{
    int slot = someone("S");
    if (slot == 0)
        return;
    printf("%d: getppid", slot);
    end(tell(slot, (struct order){PARENT}), 1);
}

static void do_kill(void)
{
    static const int signals[] = {0, SIGSTOP, SIGSTOP, SIGTSTP, SIGTTIN, SIGCONT, SIGCONT, SIGUSR1, SIGCHLD, SIGTERM, SIGKILL, 65};
    int slot = someone("S"), number = ONE_OF(signals);
    printf("%d: kill %d", slot, number);
    long who = any();
    if (chance(30)) {
        pid_t group = who > 0 ? getpgid(who) : 0;
        if (group > 0 && group != getpgid(0)) {
            printf(" its group");
            who = -group;
        }
    }
    if (who == 0 || who == numbers[0])
        number = 0;
    if (who < 0 && (number == SIGTERM || number == SIGKILL))
        number = SIGSTOP; /* who of them ends first is anybody's guess */
    if (who == numbers[slot] || (who < 0 && -who == getpgid(numbers[slot])))
        number = number == 65 ? 65 : 0; /* who stops does not answer */
    end(tell(slot, (struct order){KILL, who, number}), 0);
}

static void do_reaper(void)
{
    int slot = someone("S"), on = below(2);
    if (slot == 0)
        return;
    printf("%d: subreaper %d", slot, on);
    end(tell(slot, (struct order){REAPER, on}), 0);
}

static void do_chld(void)
{
    int slot = someone("S"), how = below(4);
    printf("%d: SIGCHLD %d", slot, how);
    end(tell(slot, (struct order){CHLD, how}), 0);
}

static void do_nice(void)
{
    int slot = someone("S"), kind = below(2), level = (int)below(25) - 2;
    printf("%d: setpriority %d %d of", slot, kind, level);
    long who = any();
    if (level < 0)
        level = 0;
    end(tell(slot, (struct order){NICE, kind ? PRIO_PGRP : PRIO_PROCESS, who, level}), 0);
}

static void do_getnice(void)
{
    int slot = someone("S"), kind = below(2);
    printf("%d: getpriority %d of", slot, kind);
    end(tell(slot, (struct order){GETNICE, kind ? PRIO_PGRP : PRIO_PROCESS, any()}), 0);
}

static void do_death(void)
{
    static const int signals[] = {0, SIGUSR1, SIGUSR2, SIGSTOP, 65};
    int slot = someone("S"), number = ONE_OF(signals);
    if (slot == 0)
        return;
    printf("%d: pdeathsig %d", slot, number);
    end(tell(slot, (struct order){DEATH, number}), 0);
}

static const struct operation operations[] = {
    {25, do_fork}, {14, do_end}, {25, do_wait4}, {15, do_waitid}, {12, do_setpgid}, {6, do_getpgid}, {5, do_setsid}, {4, do_getsid},
    {6, do_parent}, {30, do_kill}, {3, do_reaper}, {4, do_chld}, {4, do_nice}, {3, do_getnice}, {3, do_death},
};

int main(int argc, char **argv)
{
    for (int slot = 0; slot < SLOTS; slot++)
        if (pipe2(orders[slot], O_CLOEXEC) || pipe2(answers[slot], O_CLOEXEC))
            return 2;
    pid_t root = fork();
    if (root) { /* nobody outside looks after it, whoever has started this */
        int status = 0;
        waitpid(root, &status, 0);
        return WEXITSTATUS(status);
    }
    signal(SIGHUP, SIG_IGN);
    signal(SIGUSR1, SIG_IGN);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    setsid();
    numbers[0] = getpid();
    settle();
    run_all(argc, argv, operations, COUNT(operations));
    for (int slot = 1; slot < SLOTS; slot++)
        if (numbers[slot])
            kill(numbers[slot], SIGKILL);
    return 0;
}
