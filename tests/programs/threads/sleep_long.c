/* sleep_long: sleeps for a day. Not for the host. */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

int main(void) {
    time_t start = time(NULL);
    unsigned left = 86400;
    while (left)
        left = sleep(left);
    puts(time(NULL) - start == 86400 ? "a day has passed" : "another time has passed");
    return 0;
}
