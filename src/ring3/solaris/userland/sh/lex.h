/* What the words and operators of a command line are. */

#ifndef LEX_H
#define LEX_H

#include "sh.h"

enum token { END, NEWLINE, WORD, NUMBER, SEMI, DSEMI, AND_IF, OR_IF, BAR, AMP, LEFT, RIGHT, LESS, GREAT, DLESS, DLESSDASH, DGREAT, LESSAND, GREATAND, LESSGREAT, CLOBBER };

struct document {
	struct document *next;
	struct redirect *target;
	char *end;
	int strip;
};

extern enum token token;		/* the one that the parser stands at */
extern char *token_text;		/* of a word or number */
extern struct document *documents, **last_document;	/* whose lines have not been read yet */

void next_token(void);
void wrong(void);			/* the token has no place here: says so, once */
void read_documents(void);

#endif
