/* SPDX-License-Identifier: Apache-2.0 */
/*
 * credential.c - what a request came with: the operator's socket, a bearer
 * token, or a session's cookie.
 *
 * A browser sends the cookie whoever made it send the request, so with a
 * cookie a request that changes something must also carry the session's CSRF
 * token and come from our own origin.  A bearer token is only ever sent on
 * purpose.
 */
#include "api/api_int.h"

static enum err by_cookie(struct request *, struct world *, struct str,
    struct actor *);
static enum err check_csrf(struct request *, struct str secret);
static bool is_safe(enum method);

/* The socket is the operator's credential, and gives no way into a tenant. */
enum err
credential_check(struct request *rq, struct world *w, struct actor *actor)
{
	struct ctx *cx = &rq->cx;
	struct str token, cookie;

	if (rq->is_operator) {
		if (!is_operators_path(str_of(rq->route->path)))
			return fail(cx, ERR_DENIED, MSG_API_OPERATOR, "");
		actor->kind = ACTOR_OPERATOR;
		actor->rights = rights_of_operator();
		actor->factors = FACTOR_SOCKET;
		return OK;
	}
	if (request_header(rq, "authorization").p != NULL) {
		token = bearer_of(request_header(rq, "authorization"));
		if (token.n > 0)
			return world_authenticate(w, cx, token, actor);
	} else if (cookie_of(request_header(rq, "cookie"), &cookie)) {
		return by_cookie(rq, w, cookie, actor);
	}
	return fail(cx, ERR_UNAUTHENTICATED, MSG_API_NO_TOKEN, "Authorization");
}

static enum err
by_cookie(struct request *rq, struct world *w, struct str secret,
    struct actor *actor)
{
	if (!is_safe(rq->method))
		TRY(check_csrf(rq, secret));
	return world_session(w, &rq->cx, secret, actor);
}

static bool
is_safe(enum method method)
{
	return method == GET;
}

static enum err
check_csrf(struct request *rq, struct str secret)
{
	struct ctx *cx = &rq->cx;

	if (!is_own_origin(rq))
		return fail(cx, ERR_DENIED, MSG_LOGIN_ORIGIN, "Origin");
	if (!str_eq_secret(request_header(rq, "x-csrf-token"),
		session_csrf(cx->arena, secret)))
		return fail(cx, ERR_DENIED, MSG_LOGIN_CSRF, "X-CSRF-Token");
	return OK;
}

/* A browser says where the page that asks came from; it must be where we are. */
bool
is_own_origin(struct request *rq)
{
	struct str origin = request_header(rq, "origin");
	struct str host = request_header(rq, "host");

	if (str_starts(origin, STR("https://")))
		origin = str_sub(origin, 8, origin.n);
	else if (str_starts(origin, STR("http://")))
		origin = str_sub(origin, 7, origin.n);
	else
		return false;
	return host.n > 0 && str_eq_nocase(origin, host);
}
