/* SPDX-License-Identifier: Apache-2.0 */
#include "usher/help.h"

#include <string.h>

#include <utf8proc.h>

#include "usher/commands.h"
#include "usher/listing.h"

#define NAME_COLUMN  2	/* of a command or an option */
#define TEXT_COLUMN  22 /* of what stands beside a command */
#define BELOW_COLUMN 8	/* of what stands below an option */
#define HELP_MAX     (1u << 20)

static enum err help_show(struct cli *);
static enum err unknown(struct cli *, const char *noun, const char *verb);
static void write_summary(struct cli *, const struct command *, struct buf *);
static bool write_noun(struct cli *, const char *noun, struct buf *);
static void write_usage(struct cli *, const struct command *, struct buf *);
static void write_options(
    struct cli *, const struct option *, size_t n, struct buf *);
static void write_option(struct cli *, const struct option *, struct buf *);
static const char *value_of(const struct option *);
static void write_way(struct cli *, const struct command *, struct buf *);
static void write_line(struct cli *, enum msg, struct str arg, struct buf *);
static void write_upper(struct str text, struct buf *);
static void print(const struct buf *, FILE *);

const struct command help_commands[] = {
	{ "help", NULL, help_show, "[NOUN [VERB]]", 0, 2, NO_OPTIONS,
	  DOOR_NONE, RIGHT_NONE, MSG_HELP_HELP,
	  "  usher help\n"
	  "  usher help seat\n"
	  "  usher help seat release\n", NULL, false },
};
const size_t help_command_count = COUNT(help_commands);

static enum err
help_show(struct cli *cli)
{
	return help_topic(cli, cli->nword > 0 ? cli->word[0] : NULL,
	    cli->nword > 1 ? cli->word[1] : NULL);
}

enum err
help_topic(struct cli *cli, const char *noun, const char *verb)
{
	size_t used;
	const struct command *c;
	struct buf out;

	if (noun == NULL) {
		help_overview(cli, stdout);
		return OK;
	}
	c = command_find(noun, verb, &used);
	if (c != NULL) {
		help_command(cli, c);
		return OK;
	}
	buf_init(&out, cli->cx.arena, HELP_MAX);
	if (verb != NULL || !write_noun(cli, noun, &out))
		return unknown(cli, noun, verb);
	print(&out, stdout);
	return OK;
}

static enum err
unknown(struct cli *cli, const char *noun, const char *verb)
{
	struct str name = str_fmt(cli->cx.arena, "%s%s%s", noun,
	    verb != NULL ? " " : "", verb != NULL ? verb : "");

	return fail(&cli->cx, ERR_BAD_INPUT, MSG_CLI_COMMAND, "",
	    str_z(cli->cx.arena, name));
}

/* --- many commands --------------------------------------------------------------- */

void
help_overview(struct cli *cli, FILE *to)
{
	struct buf out;

	buf_init(&out, cli->cx.arena, HELP_MAX);
	write_line(cli, MSG_HELP_USAGE,
	    STR("[OPTIONS] NOUN [VERB] [WORDS] [OPTIONS]"), &out);
	buf_u8(&out, '\n');
	write_line(cli, MSG_HELP_MOTTO, STR(""), &out);
	buf_u8(&out, '\n');
	for (size_t i = 0; i < command_count(); i++)
		if (!command_at(i)->is_hidden)
			write_summary(cli, command_at(i), &out);
	buf_u8(&out, '\n');
	write_line(cli, MSG_HELP_MORE, STR(""), &out);
	write_line(cli, MSG_HELP_ENVIRONMENT, STR(""), &out);
	print(&out, to);
}

static void
write_summary(struct cli *cli, const struct command *c, struct buf *out)
{
	struct str name = command_name(cli->cx.arena, c);

	buf_fmt(out, "%*s", NAME_COLUMN, "");
	buf_str(
	    out, text_padded(cli->cx.arena, name, TEXT_COLUMN - NAME_COLUMN));
	text_wrap(out, cli_msg(cli, c->help, NO_ARGS), TEXT_COLUMN);
	buf_u8(out, '\n');
}

static bool
write_noun(struct cli *cli, const char *noun, struct buf *out)
{
	for (size_t i = 0; i < command_count(); i++) {
		const struct command *c = command_at(i);

		if (!c->is_hidden && strcmp(c->noun, noun) == 0)
			write_summary(cli, c, out);
	}
	return out->n > 0;
}

/* --- one command ----------------------------------------------------------------- */

void
help_command(struct cli *cli, const struct command *c)
{
	struct str text =
	    msg_remedy(cli->cx.arena, c->help, cli->cx.lang, NO_ARGS);
	struct buf out;

	buf_init(&out, cli->cx.arena, HELP_MAX);
	write_usage(cli, c, &out);
	while (text.n > 0) {
		text_wrap(&out, str_cut(&text, '\n'), 0);
		buf_z(&out, "\n\n");
	}
	buf_fmt(&out, "%s%s", c->example, c->example[0] != '\0' ? "\n" : "");
	write_options(cli, c->option, c->noption, &out);
	if (c->door != DOOR_NONE) {
		write_line(cli, MSG_HELP_GLOBAL, STR(""), &out);
		write_options(cli, global_options, global_option_count, &out);
	}
	write_way(cli, c, &out);
	print(&out, stdout);
}

static void
write_usage(struct cli *cli, const struct command *c, struct buf *out)
{
	struct str usage = str_fmt(cli->cx.arena, "%.*s%s%s%s",
	    STR_ARG(command_name(cli->cx.arena, c)),
	    c->words[0] != '\0' ? " " : "", c->words,
	    c->noption > 0 ? " [OPTIONS]" : "");

	write_line(cli, MSG_HELP_USAGE, usage, out);
	buf_u8(out, '\n');
	write_upper(cli_msg(cli, c->help, NO_ARGS), out);
	buf_z(out, ".\n\n");
}

static void
write_options(
    struct cli *cli, const struct option *option, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++)
		write_option(cli, &option[i], out);
	if (n > 0)
		buf_u8(out, '\n');
}

static void
write_option(struct cli *cli, const struct option *o, struct buf *out)
{
	struct buf text;

	buf_init(&text, cli->cx.arena, HELP_MAX);
	buf_str(&text, cli_msg(cli, o->help, NO_ARGS));
	if (o->type == OPTION_INT) {
		bool is_open = o->max == INT64_MAX;

		buf_u8(&text, ' ');
		buf_str(&text,
		    cli_msg(cli, is_open ? MSG_HELP_FROM : MSG_HELP_RANGE,
			ARGS(
			    cli_number(cli, o->min), cli_number(cli, o->max))));
	}
	if (o->fallback != NULL && o->type != OPTION_BOOL) {
		buf_u8(&text, ' ');
		buf_str(&text,
		    cli_msg(cli, MSG_HELP_DEFAULT, ARGS(str_of(o->fallback))));
	}
	buf_fmt(out, "%*s--%s%s\n%*s", NAME_COLUMN, "", o->name, value_of(o),
	    BELOW_COLUMN, "");
	text_wrap(out, buf_view(&text), BELOW_COLUMN);
	buf_u8(out, '\n');
}

static const char *
value_of(const struct option *o)
{
	static const char *const values[] = {
		[OPTION_TEXT] = " TEXT",
		[OPTION_INT] = " N",
		[OPTION_BOOL] = "",
		[OPTION_PATH] = " PATH",
	};

	return values[o->type];
}

/* What it needs to get there. */
static void
write_way(struct cli *cli, const struct command *c, struct buf *out)
{
	struct str right = str_of(right_name(c->right));

	if (c->right > RIGHT_PUBLIC) {
		text_wrap(out,
		    cli_msg(cli, MSG_HELP_RIGHT,
			ARGS(right,
			    cli_msg(cli, right_msg(c->right), NO_ARGS))),
		    0);
		buf_u8(out, '\n');
	}
	if (c->door == DOOR_OPERATOR)
		write_line(cli, MSG_HELP_OPERATOR, STR(""), out);
}

/* --- texts ----------------------------------------------------------------------- */

static void
write_line(struct cli *cli, enum msg msg, struct str arg, struct buf *out)
{
	text_wrap(out, cli_msg(cli, msg, ARGS(arg)), 0);
	buf_u8(out, '\n');
}

/* A summary as a sentence. */
static void
write_upper(struct str text, struct buf *out)
{
	utf8proc_uint8_t first[4];
	utf8proc_int32_t c;
	utf8proc_ssize_t n = utf8proc_iterate(
	    (const utf8proc_uint8_t *)text.p, (utf8proc_ssize_t)text.n, &c);

	must(n > 0);
	buf_bytes(out, first,
	    (size_t)utf8proc_encode_char(utf8proc_toupper(c), first));
	text_wrap(out, str_sub(text, (size_t)n, text.n), 0);
}

static void
print(const struct buf *b, FILE *to)
{
	fwrite(b->p, 1, b->n, to);
}
