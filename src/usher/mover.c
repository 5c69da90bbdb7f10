/* SPDX-License-Identifier: Apache-2.0 */
#include "usher/mover.h"

#include "base/clock.h"

#include "act/move.h"

#include "usher/progress.h"

#define LINE_MAX 4096

/* What is shown of a move under way. */
struct shown {
	struct cli     *cli;
	struct progress bar;
	bool		is_open;
	enum move_phase phase;
	int64_t		done;
};

static void step(void *, enum move_phase, int64_t done, int64_t total);
static void begin_bar(struct shown *, enum move_phase, int64_t total);
static void end_bar(struct shown *);
static void tell(struct cli *, const struct move_out *);
static struct str as_json(struct cli *, const struct move_out *);
static void put_number(struct js_out *, const char *, int64_t);
static int64_t rate(const struct move_out *);

enum err
mover_run(struct cli *cli, const struct mover_conf *conf)
{
	struct shown shown = { .cli = cli };
	struct move_conf move = { .data_dir = conf->data_dir,
		.vault_fd = conf->vault_fd,
		.nvault = WORLD_CHANNELS,
		.step = step,
		.step_arg = &shown };
	struct move_out out;
	enum err err;

	cli->cx.now_ms = clock_now_ms();
	TRY(store_open(&cli->cx, conf->from, &move.from));
	err = store_open(&cli->cx, conf->to, &move.to);
	if (err == OK) {
		err = move_run(&cli->cx, &move, &out);
		end_bar(&shown);
		store_close(move.to);
	}
	store_close(move.from);
	if (err == OK)
		tell(cli, &out);
	return err;
}

/* --- under way ------------------------------------------------------------------ */

/* The first step of a phase says what is there before it. */
static void
step(void *arg, enum move_phase phase, int64_t done, int64_t total)
{
	struct shown *s = arg;

	if (!s->is_open || phase != s->phase) {
		end_bar(s);
		begin_bar(s, phase, total - done);
		s->done = done;
	}
	progress_add(&s->bar, done - s->done);
	s->done = done;
	/* What follows has no measure. */
	if (phase == MOVE_COMPARING && done == total) {
		end_bar(s);
		cli_note(s->cli, MSG_SAY_VERIFYING, NO_ARGS);
	}
}

static void
begin_bar(struct shown *s, enum move_phase phase, int64_t total)
{
	s->is_open = true;
	s->phase = phase;
	progress_begin(&s->bar, s->cli,
	    phase == MOVE_COPYING ? MSG_SAY_COPYING : MSG_SAY_COMPARING, total,
	    PROGRESS_COUNT);
}

static void
end_bar(struct shown *s)
{
	if (s->is_open)
		progress_end(&s->bar);
	s->is_open = false;
}

/* --- done ------------------------------------------------------------------------ */

static void
tell(struct cli *cli, const struct move_out *out)
{
	const struct {
		enum msg text;
		int64_t n;
	} counts[] = {
		{ MSG_SAY_TENANTS_ALL, out->tenants },
		{ MSG_SAY_PERSONS, out->persons },
		{ MSG_SAY_SEATS_ALL, out->seats },
		{ MSG_SAY_WAITS, out->waits },
		{ MSG_SAY_ENTRIES, out->entries },
		{ MSG_SAY_CHECKPOINTS, out->checkpoints },
	};
	struct buf line;

	cli->last = as_json(cli, out);
	if (cli_told(cli))
		return;
	if (out->had > 0)
		cli_say(
		    cli, MSG_SAY_MOVED_BEFORE, ARGS(cli_number(cli, out->had)));
	cli_say(cli, MSG_SAY_MOVED,
	    ARGS(cli_number(cli, out->rows),
		cli_number(cli, (int64_t)out->ntable),
		cli_number(cli, rate(out))));
	buf_init(&line, cli->cx.arena, LINE_MAX);
	for (size_t i = 0; i < COUNT(counts); i++) {
		buf_z(&line, i > 0 ? ", " : "");
		buf_str(&line, cli_count(cli, counts[i].text, counts[i].n));
	}
	cli_say(cli, MSG_SAY_MOVE_VERIFIED, ARGS(buf_view(&line)));
}

static struct str
as_json(struct cli *cli, const struct move_out *out)
{
	struct body body;
	struct js_out *js = &body.js;

	body_open(cli, &body);
	put_number(js, "rows", out->rows);
	put_number(js, "rows_before", out->had);
	put_number(js, "rows_per_second", rate(out));
	put_number(js, "tenants", out->tenants);
	put_number(js, "persons", out->persons);
	put_number(js, "seats", out->seats);
	put_number(js, "waits", out->waits);
	put_number(js, "entries", out->entries);
	put_number(js, "checkpoints", out->checkpoints);
	js_key(js, "tables");
	js_open_array(js);
	for (size_t i = 0; i < out->ntable; i++) {
		const struct move_table *t = &out->table[i];

		js_open_object(js);
		js_key(js, "table");
		js_put_str(js, str_of(t->name));
		put_number(js, "rows", t->rows);
		js_key(js, "sha256");
		js_put_str(js,
		    str_hex(cli->cx.arena,
			(struct str) { (const char *)t->digest.bytes,
			    sizeof(t->digest.bytes) }));
		js_close_object(js);
	}
	js_close_array(js);
	return body_close(&body);
}

static void
put_number(struct js_out *js, const char *name, int64_t n)
{
	js_key(js, name);
	js_put_int(js, n);
}

static int64_t
rate(const struct move_out *out)
{
	return (out->rows - out->had) * 1000 /
	    (out->copy_ms > 0 ? out->copy_ms : 1);
}
