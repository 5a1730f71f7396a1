/* What other files ask of the locale. */

#ifndef LOCALE_H
#define LOCALE_H

#include "solaris.h"

int characters_are_utf8(void);

#endif
