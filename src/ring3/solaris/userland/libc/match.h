/* <fnmatch.h>. */

#ifndef MATCH_H
#define MATCH_H

#include "solaris.h"

#define FNM_PATHNAME 1
#define FNM_PERIOD 2
#define FNM_NOESCAPE 4
#define FNM_CASEFOLD 8
#define FNM_LEADING_DIR 16
int fnmatch(const char *, const char *, int);

#endif
