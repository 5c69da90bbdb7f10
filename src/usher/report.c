/* SPDX-License-Identifier: Apache-2.0 */
#include "usher/report.h"

#include <stdio.h>

#include "usher/listing.h"
#include "usher/member.h"

#define PROBLEM_MAX 65536

static bool problem_parse(struct cli *, const struct js **);
static void print_problem(struct cli *, const struct js *);
static void print_line(struct cli *, enum msg line, const struct js *);
static void print(struct cli *, enum msg line, struct str value);
static void print_fault(struct cli *);
static void print_fault_json(struct cli *, enum err);

void
report_failure(struct cli *cli, enum err err)
{
	const struct js *problem;

	if (cli->is_silent)
		return;
	/* The table before what is said about it. */
	fflush(stdout);
	if (cli->problem.n > 0 && cli->is_json)
		fprintf(stderr, "%.*s\n", STR_ARG(cli->problem));
	else if (cli->problem.n > 0 && problem_parse(cli, &problem))
		print_problem(cli, problem);
	else if (cli->is_json)
		print_fault_json(cli, err);
	else
		print_fault(cli);
}

static bool
problem_parse(struct cli *cli, const struct js **problem)
{
	struct ctx cx = { .arena = cli->cx.arena };

	return js_parse(&cx, cli->problem, problem) == OK;
}

static void
print_problem(struct cli *cli, const struct js *problem)
{
	print_line(cli, MSG_SAY_FAULT, member_of(problem, "title"));
	print_line(cli, MSG_SAY_FIELD, member_of(problem, "field"));
	print_line(cli, MSG_SAY_REMEDY, member_of(problem, "remedy"));
	print_line(cli, MSG_SAY_REQUEST, member_of(problem, "request"));
}

static void
print_line(struct cli *cli, enum msg line, const struct js *value)
{
	if (value != NULL)
		print(cli, line, listing_cell(&cli->cx, value));
}

static void
print(struct cli *cli, enum msg line, struct str value)
{
	fprintf(stderr, "%.*s\n", STR_ARG(cli_msg(cli, line, ARGS(value))));
}

static void
print_fault(struct cli *cli)
{
	const struct fault *f = &cli->cx.fault;
	struct arena *arena = cli->cx.arena;
	enum lang lang = cli->cx.lang;

	print(cli, MSG_SAY_FAULT, msg_text(arena, f->msg, lang, f->args));
	if (f->field.n > 0)
		print(cli, MSG_SAY_FIELD, f->field);
	print(cli, MSG_SAY_REMEDY, msg_remedy(arena, f->msg, lang, f->args));
}

/* The members that a server's problem has, as far as they are known here. */
static void
print_fault_json(struct cli *cli, enum err err)
{
	const struct fault *f = &cli->cx.fault;
	struct arena *arena = cli->cx.arena;
	struct js_out js;
	struct buf b;

	buf_init(&b, arena, PROBLEM_MAX);
	js_begin(&js, &b);
	js_open_object(&js);
	js_key(&js, "code");
	js_put_z(&js, err_info(err)->code);
	js_key(&js, "message");
	js_put_z(&js, msg_name(f->msg));
	js_key(&js, "title");
	js_put_str(&js, msg_text(arena, f->msg, cli->cx.lang, f->args));
	js_key(&js, "field");
	js_put_str(&js, f->field);
	js_key(&js, "remedy");
	js_put_str(&js, msg_remedy(arena, f->msg, cli->cx.lang, f->args));
	js_close_object(&js);
	fprintf(stderr, "%.*s\n", STR_ARG(buf_view(&b)));
}

enum err
problem_err(const struct js *problem)
{
	struct str code = member_text(problem, "code");

	for (enum err e = OK + 1; e < ERR_COUNT; e++)
		if (str_eq(code, str_of(err_info(e)->code)))
			return e;
	return ERR_UNKNOWN;
}
