/* SPDX-License-Identifier: Apache-2.0 */
/*
 * imports.c - runs of imports: opened with a map, then the file twice, as a
 * stream that no memory has to hold.
 */
#include "api/api_int.h"

#define MAP_MAX	   (256 * 1024)
#define OPEN_MAX   (512 * 1024)	/* the map as a JSON string, and the rest */
#define STREAM_MAX ((size_t)64 << 30)
#define NAME_MAX_BYTES 400
#define REASON_MAX 2000
#define REMOVALS_MAX 100000000

static const char *const states[] = {
	"opened",
	[IMPORT_SCANNED] = "scanned",
	[IMPORT_STOPPED] = "stopped",
	[IMPORT_APPLYING] = "applying",
	[IMPORT_DONE] = "done",
	[IMPORT_BROKEN] = "broken",
};

static const struct member open_members[] = {
	{ "source", MEMBER_TEXT, offsetof(struct import_open_in, source), 1, NAME_MAX_BYTES, true },
	{ "map", MEMBER_TEXT, offsetof(struct import_open_in, map), 1, MAP_MAX, true },
	{ "allow_removals", MEMBER_INT, offsetof(struct import_open_in, allow_removals), 0, REMOVALS_MAX, false },
	{ "reason", MEMBER_TEXT, offsetof(struct import_open_in, reason), 0, REASON_MAX, false },
	{ "dry_run", MEMBER_BOOL, offsetof(struct import_open_in, is_dry), 0, 0, false },
	{ "partial", MEMBER_BOOL, offsetof(struct import_open_in, is_partial), 0, 0, false },
};
static const struct member_table open_table = { open_members, COUNT(open_members), "" };

static ssize_t read_body(void *rq, void *p, size_t max);
static void put_count(struct js_out *, const char *, int64_t);
static void put_rejects(struct call *, const struct import_report *);

static enum err
open_decode(struct call *c, void **in)
{
	struct import_open_in *open = arena_alloc(c->cx->arena, sizeof(*open));

	*in = open;
	return body_decode(c, &open_table, open);
}

static void
open_encode(struct call *c)
{
	const int64_t *id = c->out;

	call_created(c, "/api/v1/imports/", *id);
	js_open_object(&c->js);
	js_key(&c->js, "id");
	js_put_id(&c->js, *id);
	js_close_object(&c->js);
}

/* --- the two passes --------------------------------------------------------------- */

static enum err
pass_decode(struct call *c, void **in)
{
	struct import_in *pass = arena_alloc(c->cx->arena, sizeof(*pass));
	struct str digest = request_query(c->rq, "digest");

	TRY(param_id(c, 0, MSG_IMPORT_NONE, "import", &pass->run));
	if (digest.p != NULL)
		pass->digest = digest;
	pass->read = read_body;
	pass->read_arg = c->rq;
	*in = pass;
	return OK;
}

static enum err
rows_decode(struct call *c, void **in)
{
	if (request_query(c->rq, "digest").n == 0)
		return fail(
		    c->cx, ERR_BAD_INPUT, MSG_API_MISSING, "digest", "digest");
	return pass_decode(c, in);
}

static ssize_t
read_body(void *rq, void *p, size_t max)
{
	return http_body_read(rq, p, max);
}

static void
report_encode(struct call *c)
{
	const struct import_report *r = c->out;
	struct js_out *js = &c->js;

	js_open_object(js);
	js_key(js, "import");
	js_put_id(js, r->run);
	put_count(js, "rows", r->rows);
	put_count(js, "persons", r->persons);
	put_count(js, "added", r->added);
	put_count(js, "changed", r->changed);
	put_count(js, "unchanged", r->unchanged);
	put_count(js, "removed", r->removed);
	put_count(js, "disabled", r->disabled);
	put_count(js, "rejected", r->rejected);
	put_text_or_null(js, "digest", r->digest);
	js_key(js, "stopped");
	js_put_bool(js, r->is_stopped);
	put_count(js, "removals_allowed", r->removals_allowed);
	js_key(js, "seats");
	js_open_object(js);
	put_count(js, "assigned", r->seats_assigned);
	put_count(js, "queued", r->seats_queued);
	js_close_object(js);
	put_rejects(c, r);
	js_close_object(js);
}

static void
put_rejects(struct call *c, const struct import_report *r)
{
	struct arena *a = c->cx->arena;
	struct js_out *js = &c->js;

	js_key(js, "rejects");
	js_open_array(js);
	for (size_t i = 0; i < r->nreject; i++) {
		const struct fault *f = &r->reject[i].fault;

		js_open_object(js);
		put_count(js, "line", r->reject[i].line);
		put_text_or_null(js, "column", r->reject[i].column);
		js_key(js, "code");
		js_put_z(js, err_info(f->err)->code);
		js_key(js, "message");
		js_put_z(js, msg_name(f->msg));
		js_key(js, "reason");
		js_put_str(js, msg_text(a, f->msg, c->cx->lang, f->args));
		js_key(js, "remedy");
		js_put_str(js, msg_remedy(a, f->msg, c->cx->lang, f->args));
		js_close_object(js);
	}
	js_close_array(js);
}

static void
put_count(struct js_out *js, const char *name, int64_t n)
{
	js_key(js, name);
	js_put_int(js, n);
}

/* --- how it stands ------------------------------------------------------------------ */

static enum err
show_decode(struct call *c, void **in)
{
	int64_t *id = arena_alloc(c->cx->arena, sizeof(*id));

	*in = id;
	return param_id(c, 0, MSG_IMPORT_NONE, "import", id);
}

static void
show_encode(struct call *c)
{
	const struct import_view *v = c->out;
	const struct import_row_state *row = &v->row;
	struct js_out *js = &c->js;

	must(row->state >= 0 && (size_t)row->state < COUNT(states));
	js_open_object(js);
	js_key(js, "id");
	js_put_id(js, row->id);
	js_key(js, "state");
	js_put_z(js, states[row->state]);
	put_count(js, "rows", row->rows);
	put_count(js, "persons", row->persons);
	put_count(js, "added", row->added);
	put_count(js, "changed", row->changed);
	put_count(js, "unchanged", row->unchanged);
	put_count(js, "removed", row->removed);
	put_count(js, "rejected", row->rejected);
	put_text_or_null(js, "digest", row->digest);
	put_count(js, "total", v->total);
	put_count(js, "done", v->done);
	js_key(js, "paused");
	js_put_bool(js, v->is_paused);
	put_text_or_null(js, "paused_why", v->why);
	js_key(js, "started");
	js_put_time(js, row->started_ms);
	js_key(js, "ended");
	js_put_time(js, row->ended_ms);
	js_close_object(js);
}

static const struct route_work rows = { .kind = WORK_LONG, .run = import_apply, .decode = rows_decode,
	.encode = report_encode, .query = "digest", .body = "SourceFile", .reply = "ImportReport" };

static const struct field order_fields[] = {
	{ "source", "", "As the map calls it." },
	{ "map", "", "The import map, YAML." },
	{ "allow_removals", "", "So many may go in spite of the guard; needs a reason." },
	{ "dry_run", "", "Only the first pass will follow." },
	{ "partial", "", "A part of the file: nobody is removed." },
	{ 0 }
};

static const struct field opened_fields[] = {
	{ "id", "id", "" },
	{ 0 }
};

static const struct field report_fields[] = {
	{ "import", "id", "" },
	{ "rows", "count", "" },
	{ "persons", "count", "" },
	{ "added", "count", "" },
	{ "changed", "count", "" },
	{ "unchanged", "count", "" },
	{ "removed", "count", "" },
	{ "disabled", "count", "" },
	{ "rejected", "count", "How many rows were not taken." },
	{ "digest", "hex?", "Of what the first pass found: the second must name it." },
	{ "stopped", "bool", "A guard said no: nothing was touched." },
	{ "removals_allowed", "count", "How many the guard lets pass." },
	{ "seats", "ImportSeats", "" },
	{ "rejects", "[Reject]", "The first of the rejected rows." },
	{ 0 }
};

static const struct field seats_fields[] = {
	{ "assigned", "count", "" },
	{ "queued", "count", "" },
	{ 0 }
};

static const struct field reject_fields[] = {
	{ "line", "count", "" },
	{ "column", "text?", "As the file's header calls it; null: the whole row." },
	{ "code", "ErrorCode", "" },
	{ "message", "message", "" },
	{ "reason", "text", "" },
	{ "remedy", "text", "" },
	{ 0 }
};

static const struct field run_fields[] = {
	{ "id", "id", "" },
	{ "state", "ImportState", "" },
	{ "rows", "count", "" },
	{ "persons", "count", "" },
	{ "added", "count", "" },
	{ "changed", "count", "" },
	{ "unchanged", "count", "" },
	{ "removed", "count", "" },
	{ "rejected", "count", "" },
	{ "digest", "hex?", "" },
	{ "total", "count", "Persons that the second pass has work for, while it is under way." },
	{ "done", "count", "How many of them are done." },
	{ "paused", "bool", "It waits, for the queue is paused." },
	{ "paused_why", "text?", "What was said of that." },
	{ "started", "time?", "" },
	{ "ended", "time?", "" },
	{ 0 }
};

const struct shape import_shapes[] = {
	{ .name = "ImportOrder", .text = "A run to be opened.", .field = order_fields, .members = &open_table },
	{ .name = "ImportOpened", .text = "The run that was opened.", .field = opened_fields },
	{ .name = "SourceFile", .text = "The file as the source writes it, in one of the forms that the map names.",
	    .media = "text/csv" },
	{ .name = "ImportReport", .text = "What a pass found or did.", .field = report_fields },
	{ .name = "ImportSeats", .text = "What became of the seats.", .field = seats_fields },
	{ .name = "Reject", .text = "A row that was not taken, and why.", .field = reject_fields },
	{ .name = "Import", .text = "A run of an import.", .field = run_fields },
	{ .name = "ImportState", .text = "How far a run is.", WORDS(states) },
	{ 0 }
};

const struct route import_routes[] = {
	{ POST, "/api/v1/imports", RIGHT_IMPORT_RUN, OPEN_MAX, false,
	    LONG(import_open, open_decode, open_encode, .body = "ImportOrder", .reply = "ImportOpened",
		.traits = CREATES | LOCATES), "Open a run of an import" },
	{ PUT, "/api/v1/imports/{import}/scan", RIGHT_IMPORT_RUN, STREAM_MAX, true,
	    LONG(import_scan, pass_decode, report_encode, .body = "SourceFile", .reply = "ImportReport"),
	    "Pass 1: what the file would change" },
	{ PUT, "/api/v1/imports/{import}/rows", RIGHT_IMPORT_RUN, STREAM_MAX, true, &rows,
	    "Pass 2: the same file again, applied" },
	{ GET, "/api/v1/imports/{import}", RIGHT_IMPORT_RUN, 0, false,
	    QUERY(import_show, show_decode, show_encode, .reply = "Import"), "How a run stands" },
	{ 0 }
};
