/* SPDX-License-Identifier: Apache-2.0 */
/*
 * door.c - what http/ calls: which route, who asks, may they, and what the log
 * says of it.  Runs on loop threads, for calls within a call on others too;
 * nothing here waits.
 */
#include "api/manage.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"

#define DESCRIPTION_MAX (64 * 1024 * 1024)
#define BODY_FREE	(64 * 1024)	/* larger bodies are counted */

static const struct http_door callbacks = {
	.route = api_route,
	.admit = api_admit,
	.serve = api_serve,
	.refuse = api_refuse,
	.ended = api_ended,
	.over = api_over,
};

static const struct route *const tables[] = {
	onboarding_routes, person_routes, block_routes, product_routes, pool_routes, organisation_routes,
	catalogue_routes, import_routes, event_routes, audit_routes, token_routes, role_routes, queue_routes,
	removals_routes,
	oauth_routes, login_routes, me_routes, self_routes, operator_routes, setting_routes,
	tenant_routes,
};

#define WING_TABLES_MAX 8

/* Set once, before the loops start. */
static struct {
	struct api_conf	conf;
	const struct route *tables[COUNT(tables) + WING_TABLES_MAX]; /* the wing's last */
	struct router  *router;
	struct arena   *arena;		/* of the description */
	struct str	description;
} door;

/* Of a request's headers those that say who sends it; the others are about the whole. */
static const char *const passed_on[] = { "authorization", "cookie", "origin", "host", "x-csrf-token", "user-agent" };

static void check_rows(const struct route *);
static enum err identify(struct request *, struct actor **);
static enum err inner_admit(struct inner *);
static void pass_on(struct inner *);
static bool is_wings(struct str path);
static enum err check_media(struct request *);
static void log_request(const struct request *, int status, size_t bytes,
    int64_t ms);

const struct http_door *
api_door(const struct api_conf *conf)
{
	size_t n = COUNT(tables);
	struct str lacks;

	must(door.router == NULL);
	door.conf = *conf;
	for (size_t i = 0; i < n; i++)
		door.tables[i] = tables[i];
	for (size_t i = 0; conf->wing != NULL && conf->wing->routes[i] != NULL;
	     i++) {
		must(i < WING_TABLES_MAX);
		door.tables[n++] = conf->wing->routes[i];
	}
	for (size_t i = 0; i < n; i++)
		check_rows(door.tables[i]);
	door.router = router_open(door.tables, n);
	door.arena = arena_open(DESCRIPTION_MAX);
	door.description = api_description(door.arena, &lacks);
	routes_number(door.tables, n);
	return &callbacks;
}

static void
check_rows(const struct route *row)
{
	for (; row->method != 0; row++)
		must(row->right > RIGHT_NONE && row->right < RIGHT_COUNT);
}

void
api_close(void)
{
	arena_close(door.arena);
	router_close(door.router);
	door.router = NULL;
}

const struct route *const *
api_routes(size_t *n)
{
	*n = COUNT(tables);
	return tables;
}

const char *
api_route_query(const struct route *row)
{
	const struct route_work *work = row->work;

	return work->query != NULL ? work->query : "";
}

struct str
door_description(void)
{
	return door.description;
}

/* What is the operator's does not exist for anybody else. */
enum err
api_route(struct request *rq, struct str *allow)
{
	enum err err;

	*allow = (struct str) { NULL, 0 };
	if (!rq->is_operator && is_operators_path(rq->path))
		return fail(&rq->cx, ERR_NOT_FOUND, MSG_HTTP_NO_SUCH_PATH, "");
	err = route_find(rq, door.router, allow);
	if (err == ERR_NOT_FOUND && is_wings(rq->path))
		TRY(door.conf.wing->missing(&rq->cx, rq->path));
	return err;
}

enum err
route_find(struct request *rq, const struct router *router, struct str *allow)
{
	struct ctx *cx = &rq->cx;
	const struct route *row = router_find(
	    router, rq->method, rq->path, rq->param, allow, cx->arena);

	if (row == NULL && allow->n > 0)
		return fail(cx, ERR_BAD_INPUT, MSG_HTTP_METHOD, "",
		    method_name(rq->method), str_z(cx->arena, *allow));
	if (row == NULL)
		return fail(cx, ERR_NOT_FOUND, MSG_HTTP_NO_SUCH_PATH, "");
	rq->route = row;
	return OK;
}

bool
is_operators_path(struct str path)
{
	return str_starts(path, STR("/operator/"));
}

enum err
api_admit(struct request *rq)
{
	const enum right right = (enum right)rq->route->right;
	struct ctx *cx = &rq->cx;
	struct actor *actor;

	TRY(identify(rq, &actor));
	if (right == RIGHT_PUBLIC)
		return OK;
	TRY(world_pace(door.conf.world, cx, rq->started_ns / 1000000));
	TRY(actor_enter(cx, actor, right));
	if (rq->route->streams || rq->body_most <= BODY_FREE)
		return OK;
	TRY(world_bytes_take(door.conf.world, cx, rq->body_most));
	rq->counted = rq->body_most;
	return OK;
}

/* A body that is whole counts as what it is, not as what it might have been. */
static void
count_body(struct request *rq)
{
	const size_t is = rq->body.n > BODY_FREE ? rq->body.n : 0;

	if (rq->counted <= is)
		return;
	world_bytes_give(door.conf.world, rq->cx.actor, rq->counted - is);
	rq->counted = is;
}

void
api_over(const struct request *rq)
{
	if (rq->counted > 0)
		world_bytes_give(door.conf.world, rq->cx.actor, rq->counted);
}

static enum err
identify(struct request *rq, struct actor **out)
{
	struct ctx *cx = &rq->cx;
	struct actor *actor;

	*out = actor = arena_alloc(cx->arena, sizeof(*actor));
	actor->kind = ACTOR_PERSON;
	actor->address = rq->address;
	actor->agent = request_header(rq, "user-agent");
	if (rq->route->right != RIGHT_PUBLIC)
		TRY(credential_check(rq, door.conf.world, actor));
	cx->actor = actor;
	return OK;
}

void
api_serve(struct request *rq)
{
	struct call *c = call_open(rq, door.conf.world);
	enum err err = world_enter(c->world, c->cx);

	count_body(rq);

	c->is_counted = err == OK;
	metric_add(METRIC_IN_FLIGHT, 0, 1);
	if (err == OK)
		err = query_check(c, c->work->query);
	if (err == OK && is_wings(rq->path))
		err = check_media(rq);
	if (err == OK)
		err = call_step(c);
	if (err != OK)
		call_refuse(c, err);
}

/* What stands for many is not one of the many: a Bulk in a Bulk has no end. */
void
call_inner(struct inner *in)
{
	struct request *rq = &in->rq;
	struct reply reply = { 0 };
	enum err err = inner_admit(in);
	struct call *c;

	if (err != OK) {
		api_refuse(rq, err, &reply);
		api_ended(rq, reply.status, reply.body.n);
		in->replied(in, &reply);
		return;
	}
	c = call_open_inner(in);
	err = call_step(c);
	if (err != OK)
		call_refuse(c, err);
}

static enum err
inner_admit(struct inner *in)
{
	const struct request *outer = in->outer->rq;
	struct request *rq = &in->rq;
	struct ctx *cx = &rq->cx;
	struct str allow;
	struct actor *actor;

	cx->now_ms = clock_now_ms();
	cx->request_id = outer->cx.request_id;
	cx->lang = outer->cx.lang;
	rq->trace = outer->trace;
	rq->address = outer->address;
	rq->started_ns = clock_mono_ns();
	pass_on(in);
	TRY(api_route(rq, &allow));
	if (((const struct route_work *)rq->route->work)->kind == WORK_MANY ||
	    rq->route->streams)
		return fail(cx, ERR_NOT_FOUND, MSG_HTTP_NO_SUCH_PATH, "");
	TRY(identify(rq, &actor));
	TRY(actor_enter(cx, actor, (enum right)rq->route->right));
	if (rq->body.n > rq->route->body_max)
		return fail(cx, ERR_TOO_LARGE, MSG_HTTP_BODY_TOO_LARGE, "",
		    str_z(cx->arena,
			str_fmt(cx->arena, "%zu", rq->route->body_max)));
	return OK;
}

static void
pass_on(struct inner *in)
{
	const struct request *outer = in->outer->rq;
	struct request *rq = &in->rq;
	struct header *all = arena_array(
	    rq->cx.arena, rq->nheader + COUNT(passed_on), sizeof(*all));
	size_t n = 0;

	for (; n < rq->nheader; n++)
		all[n] = rq->header[n];
	for (size_t i = 0; i < COUNT(passed_on); i++) {
		struct str value = request_header(outer, passed_on[i]);

		if (value.p != NULL)
			all[n++] =
			    (struct header) { str_of(passed_on[i]), value };
	}
	rq->header = all;
	rq->nheader = n;
}

/* The prefix itself, and what stands below it. */
static bool
is_wings(struct str path)
{
	const struct api_wing *wing = door.conf.wing;
	struct str rest;

	if (wing == NULL || !str_starts(path, str_of(wing->prefix)))
		return false;
	rest = str_sub(path, strlen(wing->prefix), path.n);
	return rest.n == 0 || rest.p[0] == '/';
}

/* A body is of one of the wing's types, or of none that was said. */
static enum err
check_media(struct request *rq)
{
	struct str type = request_header(rq, "content-type"), words;

	if (type.p == NULL || rq->body.n == 0)
		return OK;
	type = str_trim(str_cut(&type, ';'));
	words = str_of(door.conf.wing->media);
	while (words.n > 0)
		if (str_eq_nocase(str_cut(&words, ' '), type))
			return OK;
	return fail(&rq->cx, ERR_BAD_INPUT, MSG_HTTP_MEDIA, "Content-Type",
	    door.conf.wing->media);
}

void
api_refuse(struct request *rq, enum err err, struct reply *reply)
{
	if (is_wings(rq->path))
		door.conf.wing->refuse(&rq->cx, err, reply);
	else
		problem_reply(&rq->cx, err, reply);
}

void
api_ended(const struct request *rq, int status, size_t bytes)
{
	const struct call *call = rq->item;
	const int64_t took_ns = clock_mono_ns() - rq->started_ns;

	if (call != NULL && call->is_counted)
		world_leave(call->world, rq->cx.actor);
	if (call != NULL && call->inner == NULL)
		metric_add(METRIC_IN_FLIGHT, 0, -1);
	metric_observe(METRIC_REQUEST_SECONDS, route_series(rq->route, status),
	    (uint64_t)took_ns);
	if (door.conf.logs_access)
		log_request(rq, status, bytes, took_ns / 1000000);
}

/* The route's pattern, never the path: there may be ids in it. */
static void
log_request(const struct request *rq, int status, size_t bytes, int64_t ms)
{
	const struct actor *actor = rq->cx.actor;
	char id[2 * TRACE_ID + 1] = "", trace[TRACE_TEXT + 1] = "",
			       parent[2 * TRACE_SPAN + 1] = "";

	trace_hex(rq->trace.id, TRACE_ID, id);
	trace_encode(&rq->trace, trace);
	if (rq->trace.is_given)
		trace_hex(rq->trace.parent, TRACE_SPAN, parent);
	log_access("request",
	    LOG_WORD("route", rq->route != NULL ? rq->route->path : "none"),
	    LOG_WORD(
		"method", rq->method != 0 ? method_name(rq->method) : "none"),
	    LOG_NUM("status", status), LOG_NUM("ms", ms),
	    LOG_NUM("bytes", bytes),
	    LOG_NUM("tenant", actor != NULL ? actor->tenant : 0),
	    LOG_WORD(
		"actor", actor != NULL ? actor_kind_name(actor->kind) : "none"),
	    LOG_ID("actor_id", actor != NULL ? actor->id : 0),
	    LOG_WORD("request", id), LOG_WORD("traceparent", trace),
	    LOG_WORD("parent", parent));
}
