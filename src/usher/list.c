/* SPDX-License-Identifier: Apache-2.0 */
#include "usher/list.h"

#include <stdio.h>

#include "usher/member.h"

#define PAGE_MOST 500
#define TEXT_MAX  (64u << 20)

static enum err page(struct cli *, struct list *, struct str cursor,
    struct str *next);
static void page_call(struct cli *, const struct list *, struct str cursor,
    struct call *);
static void print_page(struct cli *, struct list *, const struct js *answer);
static void print_items(struct cli *, struct listing *, const struct js *items,
    enum msg empty);
static void print(const struct buf *);

enum err
list_show(struct cli *cli, struct list *list)
{
	struct arena *pages[2] = { cli_arena(cli), cli_arena(cli) };
	struct arena *own = cli->cx.arena;
	struct str cursor = cli_text(cli, "cursor");
	enum err err;

	/* Two in turn: the cursor stands in the page before. */
	for (size_t i = 0;; i = 1 - i) {
		arena_reset(pages[i]);
		cli->cx.arena = pages[i];
		err = page(cli, list, cursor, &cursor);
		if (err != OK || cursor.n == 0 || !cli_bool(cli, "all"))
			break;
	}
	if (err == OK && cursor.n > 0)
		cli_note(cli, MSG_SAY_MORE, ARGS(cursor));
	cli->cx.arena = own;
	return err;
}

static enum err
page(struct cli *cli, struct list *list, struct str cursor, struct str *next)
{
	struct call call = { .method = GET };
	const struct js *answer;

	page_call(cli, list, cursor, &call);
	TRY(cli_ask(cli, &call, &answer));
	*next = member_text(answer, "next");
	if (!cli_told(cli))
		print_page(cli, list, answer);
	return OK;
}

static void
page_call(struct cli *cli, const struct list *list, struct str cursor,
    struct call *call)
{
	int64_t limit =
	    cli_bool(cli, "all") ? PAGE_MOST : cli_int(cli, "limit");
	struct str number = cli_number(cli, limit);
	struct body body;
	struct buf path;

	query_open(cli, &path, list->path);
	if (!list->is_search) {
		query_add(&path, "filter", list->filter);
		query_add(&path, "limit", number);
		query_add(&path, "cursor", cursor);
		call->path = buf_view(&path);
		return;
	}
	body_open(cli, &body);
	body_text(&body, "filter", list->filter);
	body_text(&body, "search", list->search);
	body_text(&body, "cursor", cursor);
	js_key(&body.js, "limit");
	js_put_int(&body.js, limit);
	call->method = POST;
	call->path = buf_view(&path);
	call->body = body_close(&body);
}

static void
print_page(struct cli *cli, struct list *list, const struct js *answer)
{
	const struct js *items;
	bool is_last = member_text(answer, "next").n == 0;

	member_items(answer, "items", &items);
	print_items(cli, &list->listing, items,
	    is_last ? list->empty : MSG_SAY_PAGE_EMPTY);
}

static void
print_items(struct cli *cli, struct listing *listing, const struct js *items,
    enum msg empty)
{
	if ((items == NULL || js_count(items) == 0) && !listing->has_head)
		cli_note(cli, empty, NO_ARGS);
	else
		table_print(cli, listing, items);
}

void
table_print(struct cli *cli, struct listing *listing, const struct js *items)
{
	struct buf out;

	buf_init(&out, cli->cx.arena, TEXT_MAX);
	listing_write(listing, &cli->cx, items, &out);
	print(&out);
}

enum err
list_whole(
    struct cli *cli, struct str path, struct listing listing, enum msg empty)
{
	const struct js *answer, *items;

	TRY(cli_get(cli, path, &answer));
	member_items(answer, "items", &items);
	if (!cli_told(cli))
		print_items(cli, &listing, items, empty);
	return OK;
}

enum err
object_show(struct cli *cli, struct str path)
{
	const struct js *object;

	TRY(cli_get(cli, path, &object));
	if (!cli_told(cli))
		object_print(cli, object);
	return OK;
}

void
object_print(struct cli *cli, const struct js *object)
{
	struct buf out;

	buf_init(&out, cli->cx.arena, TEXT_MAX);
	listing_object(&cli->cx, object, &out);
	print(&out);
}

void
told_print(struct cli *cli, const struct js *seats)
{
	static const struct listing_column columns[] = {
		{ MSG_HEAD_PRODUCT, "product", false },
		{ MSG_HEAD_OUTCOME, "outcome", false },
		{ MSG_HEAD_POOL, "pool", false },
		{ MSG_HEAD_POSITION, "position", true },
		{ MSG_HEAD_REASON, "reason", false },
		{ MSG_HEAD_REMEDY, "remedy", false },
	};

	if (seats != NULL && js_count(seats) > 0)
		table_print(cli, &LISTING(columns), seats);
}

void
labelled_print(
    struct cli *cli, size_t indent, const struct labelled *line, size_t n)
{
	struct arena *a = cli->cx.arena;
	size_t width = 0;

	for (size_t i = 0; i < n; i++) {
		size_t w = text_width(cli_msg(cli, line[i].label, NO_ARGS));

		width = w > width ? w : width;
	}
	for (size_t i = 0; i < n; i++) {
		struct str label =
		    text_padded(a, cli_msg(cli, line[i].label, NO_ARGS), width);

		cli_print(cli,
		    str_fmt(a, "%*s%.*s  %.*s", (int)indent, "", STR_ARG(label),
			STR_ARG(line[i].text)));
	}
}

static void
print(const struct buf *b)
{
	fwrite(b->p, 1, b->n, stdout);
}
