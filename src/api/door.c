/* SPDX-License-Identifier: Apache-2.0 */
/*
 * door.c - what http/ calls: which route, who asks, may they, and what the log
 * says of it.  Runs on loop threads; nothing here waits.
 */
#include "api/api_int.h"

#include "base/clock.h"
#include "base/log.h"

#define TOKEN_MAX 200
#define ID_HEX	  32

#define DESCRIPTION_MAX (64 * 1024 * 1024)

static const struct http_door callbacks = {
	.route = api_route,
	.admit = api_admit,
	.serve = api_serve,
	.refuse = api_refuse,
	.ended = api_ended,
};

static const struct route *const tables[] = {
	onboarding_routes, person_routes, product_routes, pool_routes, catalogue_routes, import_routes, event_routes,
	audit_routes, token_routes, role_routes, self_routes, operator_routes,
};

/* Set once, before the loops start. */
static struct {
	struct api_conf	conf;
	struct router  *router;
	struct arena   *arena;		/* of the description */
	struct str	description;
} door;

static bool is_operators(struct str path);
static enum err authenticate(struct request *, struct actor *);
static struct str bearer(struct request *);
static void hex_of(struct str, char[ID_HEX + 1]);

const struct http_door *
api_door(const struct api_conf *conf)
{
	struct str lacks;

	for (size_t i = 0; i < COUNT(tables); i++)
		for (const struct route *row = tables[i]; row->method != 0;
		     row++)
			must(row->right > RIGHT_NONE &&
			    row->right < RIGHT_COUNT);
	must(door.router == NULL);
	door.conf = *conf;
	door.router = router_open(tables, COUNT(tables));
	door.arena = arena_open(DESCRIPTION_MAX);
	door.description = api_description(door.arena, &lacks);
	return &callbacks;
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
	struct ctx *cx = &rq->cx;
	const struct route *row = router_find(
	    door.router, rq->method, rq->path, rq->param, allow, cx->arena);

	if (!rq->is_operator && is_operators(rq->path)) {
		*allow = (struct str) { NULL, 0 };
		row = NULL;
	}
	if (row == NULL && allow->n > 0)
		return fail(cx, ERR_BAD_INPUT, MSG_HTTP_METHOD, "",
		    method_name(rq->method), str_z(cx->arena, *allow));
	if (row == NULL)
		return fail(cx, ERR_NOT_FOUND, MSG_HTTP_NO_SUCH_PATH, "");
	rq->route = row;
	return OK;
}

static bool
is_operators(struct str path)
{
	return str_starts(path, STR("/operator/"));
}

enum err
api_admit(struct request *rq)
{
	const enum right right = (enum right)rq->route->right;
	struct ctx *cx = &rq->cx;
	struct actor *actor;

	if (right == RIGHT_PUBLIC)
		return OK;
	actor = arena_alloc(cx->arena, sizeof(*actor));
	actor->address = rq->address;
	actor->agent = request_header(rq, "user-agent");
	TRY(authenticate(rq, actor));
	cx->actor = actor;
	return actor_enter(cx, actor, right);
}

/* The socket is the operator's credential, and gives no way into a tenant. */
static enum err
authenticate(struct request *rq, struct actor *actor)
{
	struct ctx *cx = &rq->cx;
	struct str token;

	if (rq->is_operator) {
		if (!is_operators(str_of(rq->route->path)))
			return fail(cx, ERR_DENIED, MSG_API_OPERATOR, "");
		actor->kind = ACTOR_OPERATOR;
		actor->rights = rights_of_operator();
		actor->factors = FACTOR_SOCKET;
		return OK;
	}
	token = bearer(rq);
	if (token.n == 0)
		return fail(
		    cx, ERR_UNAUTHENTICATED, MSG_API_NO_TOKEN, "Authorization");
	return world_authenticate(door.conf.world, cx, token, actor);
}

/* RFC 6750 2.1; empty: there is none. */
static struct str
bearer(struct request *rq)
{
	struct str token = request_header(rq, "authorization");
	struct str scheme = str_cut(&token, ' ');

	token = str_trim(token);
	if (!str_eq_nocase(scheme, STR("Bearer")) || token.n > TOKEN_MAX)
		return STR("");
	return token;
}

void
api_serve(struct request *rq)
{
	struct call *c = call_open(rq, door.conf.world);
	enum err err = query_check(c, c->work->query);

	if (err == OK)
		err = call_step(c);
	if (err != OK)
		call_refuse(c, err);
}

void
api_refuse(struct request *rq, enum err err, struct reply *reply)
{
	problem_reply(&rq->cx, err, reply);
}

/* The route's pattern, never the path: there may be ids in it. */
void
api_ended(const struct request *rq, int status, size_t bytes)
{
	char id[ID_HEX + 1];

	if (!door.conf.logs_access)
		return;
	hex_of(rq->cx.request_id, id);
	log_event(LOG_INFO, "request",
	    LOG_WORD("route", rq->route != NULL ? rq->route->path : "none"),
	    LOG_WORD(
		"method", rq->method != 0 ? method_name(rq->method) : "none"),
	    LOG_NUM("status", status),
	    LOG_NUM("ms", (clock_mono_ns() - rq->started_ns) / 1000000),
	    LOG_NUM("bytes", bytes), LOG_WORD("request", id));
}

static void
hex_of(struct str bytes, char hex[ID_HEX + 1])
{
	static const char digits[] = "0123456789abcdef";
	size_t n = 0;

	for (size_t i = 0; i < bytes.n && n < ID_HEX; i++) {
		hex[n++] = digits[(unsigned char)bytes.p[i] >> 4];
		hex[n++] = digits[(unsigned char)bytes.p[i] & 15];
	}
	hex[n] = '\0';
}
