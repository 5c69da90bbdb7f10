/* SPDX-License-Identifier: Apache-2.0 */
#include "usher/audit_pages.h"

#include <inttypes.h>

#include "base/clock.h"

#include "audit/note.h"

#include "usher/member.h"

#define ORIGIN_BITS 40
#define ORIGIN_LAST ((INT64_C(1) << ORIGIN_BITS) - 1)
#define PAGE_LIMIT  150		/* entries of the greatest length still fit an answer */
#define SIGNED_MS   5000	/* the signer runs once a second */
#define AGAIN_MS    200

static enum err ask(struct cli *, int64_t after, size_t limit,
    const struct js **);
static enum err present_origin(struct cli *, int64_t *number);
static enum err origin_size(struct cli *, int64_t number, bool is_present,
    int64_t *size);
static enum err read_end(struct cli *, const struct js *, struct log_end *);
static enum err malformed(struct cli *, const char *what);

enum err
log_end_find(struct cli *cli, int64_t number, struct log_end *end)
{
	int64_t until = clock_mono_ns() + SIGNED_MS * INT64_C(1000000);
	bool is_present = number < 0;
	const struct js *page;
	int64_t size;

	if (is_present)
		TRY(present_origin(cli, &number));
	for (;;) {
		TRY(origin_size(cli, number, is_present, &size));
		*end = (struct log_end) { .number = number };
		if (size > 0) {
			TRY(ask(cli, (number << ORIGIN_BITS) | (size - 1), 1,
			    &page));
			TRY(read_end(cli, page, end));
		}
		if (end->size >= (uint64_t)size || !is_present ||
		    clock_mono_ns() > until)
			break;
		clock_sleep_ms(AGAIN_MS);
	}
	if (end->size > 0)
		return OK;
	return fail(&cli->cx, ERR_NOT_FOUND, MSG_CLI_NOT_SIGNED, "");
}

/*
 * The present origin's is told with every page.  Of another it is found by
 * halving: what is asked for behind its end comes from the origin after it.
 */
static enum err
origin_size(struct cli *cli, int64_t number, bool is_present, int64_t *size)
{
	int64_t least = 0, most = ORIGIN_LAST;
	const struct js *page;

	if (is_present) {
		TRY(ask(cli, number << ORIGIN_BITS, 1, &page));
		*size = member_int(page, "size");
		return OK;
	}
	while (least < most) {
		int64_t at = least + (most - least) / 2, next;
		const struct js *items;

		TRY(ask(cli, (number << ORIGIN_BITS) | at, 1, &page));
		next = member_int(page, "next") >> ORIGIN_BITS;
		if (member_items(page, "items", &items) > 0 && next == number)
			least = at + 1;
		else
			most = at;
	}
	*size = least;
	return OK;
}

static enum err
ask(struct cli *cli, int64_t after, size_t limit, const struct js **page)
{
	const struct str path = cli->log_path.n > 0
	    ? cli->log_path : STR("/api/v1/audit/entries");

	return cli_get(cli,
	    str_fmt(cli->cx.arena, "%.*s?after=%" PRId64 "&limit=%zu",
		STR_ARG(path), after, limit),
	    page);
}

/* The last that has an entry: what follows an origin's end is the next one's. */
static enum err
present_origin(struct cli *cli, int64_t *number)
{
	const struct js *page, *items;

	for (*number = 0;; *number = member_int(page, "next") >> ORIGIN_BITS) {
		TRY(ask(cli, (*number << ORIGIN_BITS) | ORIGIN_LAST, 1, &page));
		if (member_items(page, "items", &items) == 0)
			return OK;
		if (member_int(page, "next") >> ORIGIN_BITS <= *number)
			return malformed(cli, "next");
	}
}

/* Size 0 if nothing is signed yet. */
static enum err
read_end(struct cli *cli, const struct js *page, struct log_end *end)
{
	struct checkpoint checkpoint;
	struct verifier verifier;
	const char *why;

	end->note = member_text(page, "checkpoint");
	end->vkey = member_text(page, "vkey");
	if (end->note.n == 0)
		return OK;
	if (!verifier_parse(cli->cx.arena, end->vkey, &verifier))
		return malformed(cli, "vkey");
	if (!note_check(cli->cx.arena, end->note, &verifier, STR(""),
		&checkpoint, &why))
		return malformed(cli, "checkpoint");
	end->origin = checkpoint.origin;
	end->size = checkpoint.size;
	return OK;
}

static enum err
malformed(struct cli *cli, const char *what)
{
	return fail(&cli->cx, ERR_BAD_INPUT, MSG_CLI_ANSWER, "server", what);
}

/* --- pages ----------------------------------------------------------------------- */

void
log_pages_open(struct cli *cli, const struct log_end *end, struct log_pages *p)
{
	*p = (struct log_pages) { .end = end, .arena = cli_arena(cli) };
}

enum err
log_pages_next(
    struct cli *cli, struct log_pages *p, const struct str **entry, size_t *n)
{
	struct arena *own = cli->cx.arena;
	const struct js *page, *items;
	struct str *bytes;
	enum err err;

	arena_reset(p->arena);
	cli->cx.arena = p->arena;
	err = ask(cli, (p->end->number << ORIGIN_BITS) | (int64_t)p->at,
	    PAGE_LIMIT, &page);
	cli->cx.arena = own;
	TRY(err);
	*n = member_items(page, "items", &items);
	if (*n > p->end->size - p->at)
		*n = p->end->size - p->at;
	if (*n == 0)
		return malformed(cli, "items");
	bytes = arena_array(p->arena, *n, sizeof(*bytes));
	for (size_t i = 0; i < *n; i++) {
		const struct js *item = js_at(items, i);

		if (js_type(item) != JS_STRING ||
		    !str_unbase64(p->arena, js_str(item), &bytes[i]))
			return malformed(cli, "items");
	}
	p->at += *n;
	*entry = bytes;
	return OK;
}
