#!/bin/sh
# about: flex and bison make a calculator; gawk with arrays, dates, pipes and a coprocess
# needs: flex bison gcc gawk
# tier: slow
printf '%%{\n#include <stdlib.h>\n#include "y.tab.h"\n%%}\n%%option noyywrap\n%%%%\n[0-9]+ { yylval = atoi(yytext); return N; }\n[ ]+ ;\n.|\\n return *yytext;\n%%%%\n' >l.l
printf '%%{\n#include <stdio.h>\nint yylex(void);\nvoid yyerror(const char *s) { puts(s); }\n%%}\n%%token N\n%%left %c+%c\n%%left %c*%c\n%%%%\ns: | s e %c\\n%c { printf("%%d\\n", $2); };\ne: N | e %c+%c e { $$ = $1 + $3; } | e %c*%c e { $$ = $1 * $3; };\n%%%%\nint main(void) { return yyparse(); }\n' "'" "'" "'" "'" "'" "'" "'" "'" "'" "'" >y.y
flex l.l && bison -y -d y.y 2>/dev/null && gcc y.tab.c lex.yy.c -o calc && printf '1 + 2 * 3\n4 +\n' | ./calc; echo $?
gawk 'BEGIN { PROCINFO["sorted_in"] = "@ind_str_asc"; a["y"] = 1; a["x"] = 2; for (i in a) print i, a[i]; print strftime("%Y", 0, 1), gensub(/(a+)/, "<\\1>", "g", "baab"), and(12, 10); "echo from a shell" | getline l; print l; printf "b\na\n" |& "sort"; close("sort", "to"); }'
