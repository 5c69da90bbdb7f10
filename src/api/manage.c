/* SPDX-License-Identifier: Apache-2.0 */
/*
 * manage.c - the management listener: a door of its own, with a loop of its
 * own, so that it answers whatever the others wait for.  It asks for no
 * credential and tells nothing of persons; who may connect is the listener's
 * affair: loopback, or a socket of one user.
 */
#include "api/manage.h"

#include <stdatomic.h>

#include "base/clock.h"
#include "base/queue.h"

static enum err route(struct request *, struct str *allow);
static enum err admit(struct request *);
static void serve(struct request *);
static void ended(const struct request *, int status, size_t bytes);

static const struct http_door callbacks = {
	.route = route,
	.admit = admit,
	.serve = serve,
	.refuse = api_refuse,
	.ended = ended,
};

static const struct route manage_routes[] = {
	{ GET, "/healthz", RIGHT_PUBLIC, 0, false, LOCAL(health_encode), "The process answers" },
	{ GET, "/readyz", RIGHT_PUBLIC, 0, false, LOCAL(ready_encode), "Requests may be sent here; or 503 and why" },
	{ GET, "/metrics", RIGHT_PUBLIC, 0, false, LOCAL(metrics_encode), "What is counted, as OpenMetrics" },
	{ 0 }
};

static const struct route *const tables[] = { manage_routes };

/* Set once, before the loop starts, but for what the lock guards. */
static struct {
	struct world	  *world;
	struct router	  *router;
	int64_t		   restarts[2], started_ms, started_ns;
	struct lock	  *lock;	/* guards http */
	const struct http *http;	/* NULL: it has ended */
} manage;

/* The public door asks too, with or without this listener. */
static _Atomic bool is_stopping;

const struct http_door *
api_manage_door(const struct api_manage_conf *conf)
{
	must(manage.router == NULL);
	manage.world = conf->world;
	manage.http = conf->http;
	for (size_t i = 0; i < COUNT(manage.restarts); i++)
		manage.restarts[i] = conf->restarts[i];
	manage.started_ms = clock_now_ms();
	manage.started_ns = clock_mono_ns();
	manage.lock = lock_open();
	manage.router = router_open(tables, COUNT(tables));
	return &callbacks;
}

bool
call_is_ending(void)
{
	return atomic_load(&is_stopping);
}

void
api_stopping(void)
{
	atomic_store(&is_stopping, true);
	if (manage.router == NULL)
		return;
	lock_take(manage.lock);
	manage.http = NULL;
	lock_give(manage.lock);
}

void
api_manage_close(void)
{
	router_close(manage.router);
	lock_close(manage.lock);
	manage.router = NULL;
}

void
manage_look(struct manage_view *out)
{
	*out = (struct manage_view) { .started_ms = manage.started_ms,
		.started_ns = manage.started_ns,
		.is_stopping = atomic_load(&is_stopping) };
	for (size_t i = 0; i < COUNT(manage.restarts); i++)
		out->restarts[i] = manage.restarts[i];
	lock_take(manage.lock);
	if (manage.http != NULL)
		http_counts(manage.http, &out->http);
	lock_give(manage.lock);
}

/* --- the door -------------------------------------------------------------------- */

static enum err
route(struct request *rq, struct str *allow)
{
	return route_find(rq, manage.router, allow);
}

static enum err
admit(struct request *rq)
{
	must(rq->route->right == RIGHT_PUBLIC);
	return OK;
}

static void
serve(struct request *rq)
{
	struct call *c = call_open(rq, manage.world);
	enum err err = query_check(c, c->work->query);

	if (err == OK)
		err = call_step(c);
	if (err != OK)
		call_refuse(c, err);
}

/* Who looks once a second would be most of the access log. */
static void
ended(const struct request *rq, int status, size_t bytes)
{
	(void)rq, (void)status, (void)bytes;
}

/* --- health ---------------------------------------------------------------------- */

void
health_encode(struct call *c)
{
	c->reply.body = STR("{\"ok\":true}");
}

void
ready_encode(struct call *c)
{
	struct js_out *js = &c->js;
	bool is_ready[READY_COUNT], stops = atomic_load(&is_stopping);
	bool ok = !stops;

	world_readiness(c->world, is_ready);
	for (size_t i = 0; i < READY_COUNT; i++)
		ok &= is_ready[i];
	c->reply.status = ok ? 200 : 503;
	js_open_object(js);
	js_key(js, "ok");
	js_put_bool(js, ok);
	js_key(js, "failed");
	js_open_array(js);
	for (size_t i = 0; i < READY_COUNT; i++)
		if (!is_ready[i])
			js_put_z(js, readiness_name((enum readiness)i));
	if (stops)
		js_put_z(js, "running");
	js_close_array(js);
	js_close_object(js);
}
