/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api.h - the native API, /api/v1 and the operator's /operator/v1, as the
 * callbacks that http/ asks for.
 *
 * A row of the tables says everything of a route: method, path, right, body
 * limit, what is decoded, done and encoded.  The right is checked from the row
 * before a byte of the body is decoded; nothing else tests a right but "which
 * rows", which is the actor's scope.
 */
#ifndef API_API_H
#define API_API_H

#include "act/queues.h"
#include "http/http.h"

struct api_wing;	/* api/call.h */

struct api_conf {
	struct world *world;
	bool	      logs_access;	/* a line for each request, without personal data */
	const struct api_wing *wing;	/* of another room, behind the same door; NULL: none */
};

/*
 * The door over CONF, for http_conf.  There is one in a process: http/ calls
 * back without an argument.  A row without a right is a bug and aborts here.
 */
const struct http_door *api_door(const struct api_conf *);
/* After http_close(). */
void api_close(void);

/*
 * The door of the management listener: /healthz, /readyz, /metrics, for
 * whoever may connect.  RESTARTS: how often the pair was started again because
 * front ended, and because the vault did.  HTTP: whose connections are told;
 * NULL: nobody's.
 */
struct api_manage_conf {
	struct world	  *world;
	const struct http *http;
	int64_t		   restarts[2];
};
const struct http_door *api_manage_door(const struct api_manage_conf *);
/* From now on /readyz says that no more requests should come; HTTP may then be closed. */
void api_stopping(void);
/* After http_close() of the management listener. */
void api_manage_close(void);

/* Every table of routes but the wing's, each ending with method 0; for the router, for tests and for what is generated from them. */
const struct route *const *api_routes(size_t *n);
/* The query parameters a route takes, separated by spaces; empty: none. */
const char *api_route_query(const struct route *);

/*
 * The OpenAPI 3.1 document of the routes that a credential opens; the
 * operator's are left out.  *LACKS is a line for each thing that nobody
 * described, empty if there is none.
 */
struct str api_description(struct arena *, struct str *lacks);

#endif
