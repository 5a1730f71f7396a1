/* A filter: a library whose symbols all are those of another (DT_FILTER), here of libc, which has taken them in. */

extern const char _filter_of_libc;
const char _filter_of_libc = 0;
