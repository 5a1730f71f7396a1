/* From "「内核知识」Linux下的系统调用write" (seed 001): write through the C library, as printed there. */
#include <unistd.h>

int main(int argc, char *argv[]) {
  write(STDOUT_FILENO, "Hello, World\n", 13);
  return 60;
}
