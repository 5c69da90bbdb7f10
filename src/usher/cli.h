/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli.h - a command of `usher`, and what every command works with.
 *
 * A command is a row: what it is called, its options, the door it goes
 * through, the right it needs there, and the text that teaches it.  The rows
 * make dispatch, --help, completion and the manual.
 */
#ifndef USHER_CLI_H
#define USHER_CLI_H

#include "usher/client.h"

#include "base/conf.h"
#include "base/js.h"

#include "core/actor.h"

struct cli;

enum door { DOOR_NONE, DOOR_API, DOOR_OPERATOR };

#define WORDS_ANY 1000

struct command {
	const char	    *noun, *verb;	/* verb NULL: the noun is the whole command */
	enum err	   (*run)(struct cli *);
	const char	    *words;		/* what follows, as usage shows it: "PERSON PRODUCT"; "" none */
	size_t		     least, most;	/* how many of them */
	const struct option *option;
	size_t		     noption;
	enum door	     door;
	enum right	     right;		/* RIGHT_NONE: it asks no server */
	enum msg	     help;		/* its text is one line, its remedy the paragraphs */
	const char	    *example;		/* command lines, each with two spaces before it */
	const char	    *config;		/* a file of options, read if it is there */
	bool		     is_hidden;		/* for usher itself */
};

#define OPTIONS(table) (table), COUNT(table)
#define NO_OPTIONS NULL, 0

/* Every command, in the order help shows them. */
size_t command_count(void);
const struct command *command_at(size_t);
/* The command NOUN VERB (VERB may be NULL); NULL: none.  *USED says how many of the two words name it. */
const struct command *command_find(const char *noun, const char *verb, size_t *used);
/* "person list" */
struct str command_name(struct arena *, const struct command *);

/* Options that every command takes. */
extern const struct option global_options[];
extern const size_t global_option_count;

/* Where the management listener is, unless somebody says otherwise. */
#define MANAGEMENT "127.0.0.1:8421"

#define EXIT_UNREACHABLE 17	/* beside the error table's */

struct cli {
	struct ctx	      cx;
	const struct command *command;
	const struct conf    *conf;
	char		    **word;		/* what follows noun and verb */
	size_t		      nword;
	bool		      is_json;
	struct client	     *client;		/* opened by the first call */
	struct str	      log_path;		/* where entries of the log are asked for; empty: the API's */
	struct str	      last;		/* the last answer's body */
	struct str	      problem;		/* JSON the server refused with; empty: the fault counts */
	bool		      is_silent;	/* the command itself told why it failed */
	int		      exit;		/* if not 0, instead of the error table's */
};

/* --- options ----------------------------------------------------------------- */

struct str cli_text(const struct cli *, const char *option);
const char *cli_z(struct cli *, const char *option);	/* NULL when empty */
int64_t cli_int(const struct cli *, const char *option);
bool cli_bool(const struct cli *, const char *option);
bool cli_has(const struct cli *, const char *option);
/* ERR_BAD_INPUT unless OPTION has a value. */
enum err cli_need(struct cli *, const char *option) USE_RESULT;

/* --- the server -------------------------------------------------------------- */

/* The answer of the command's door.  A refusal is its error, with cli->problem set. */
enum err cli_call(struct cli *, const struct call *, struct answer *) USE_RESULT;
/* A connection of one's own to the command's door; whoever asks closes it. */
enum err cli_connect(struct cli *, struct client **) USE_RESULT;
/* The same, and its JSON. */
enum err cli_ask(struct cli *, const struct call *, const struct js **out) USE_RESULT;
enum err cli_get(struct cli *, struct str path, const struct js **out) USE_RESULT;

/*
 * Adds If-Match: what --if-match says, else the version that stands there now,
 * so that a change in between is not overwritten.
 */
enum err cli_if_match(struct cli *, struct call *) USE_RESULT;
#define CALL_LONG_MS 3600000	/* of work that goes through everything */

/* "/api/v1/pools/" + SEGMENT (percent-encoded) + TAIL */
struct str cli_path(struct cli *, const char *head, struct str segment, const char *tail);
void query_open(struct cli *, struct buf *, const char *path);
/* Adds ?NAME=VALUE or &NAME=VALUE, if VALUE is not empty. */
void query_add(struct buf *path, const char *name, struct str value);
void url_encode(struct buf *, struct str);

/* --- bodies ------------------------------------------------------------------- */

/* An object being written, for a call's body. */
struct body {
	struct buf    buf;
	struct js_out js;
};

void body_open(struct cli *, struct body *);
/* Members are left out where the text is empty. */
void body_text(struct body *, const char *member, struct str);
/* "a,b" as ["a","b"]. */
void body_list(struct body *, const char *member, struct str commas);
struct str body_close(struct body *);

/* --- printing ------------------------------------------------------------------ */

#define ARGS(...) ((const struct str[4]) { __VA_ARGS__ })
#define NO_ARGS ARGS(STR(""))

/* With --json prints the server's last answer as it came, and is true. */
bool cli_told(const struct cli *) USE_RESULT;
/* The message as a line on standard output, for people; nothing with --json. */
void cli_say(const struct cli *, enum msg, const struct str args[4]);
/* The same on standard error. */
void cli_note(const struct cli *, enum msg, const struct str args[4]);
/* A line that is the same in every language. */
void cli_print(const struct cli *, struct str line);

/* The message in the reader's language, and numbers for its places. */
struct str cli_msg(const struct cli *, enum msg, const struct str args[4]);
struct str cli_number(const struct cli *, int64_t);
/* With one decimal. */
struct str cli_tenths(const struct cli *, double);
/* A message with one place, a number: "3 seats". */
struct str cli_count(const struct cli *, enum msg, int64_t);

/* Memory of one page among many: emptied by the caller, freed with the command. */
struct arena *cli_arena(struct cli *);

/* Runs `usher ARGV`; the exit status. */
int cli_main(int argc, char **argv);

#endif
