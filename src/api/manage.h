/* SPDX-License-Identifier: Apache-2.0 */
/*
 * manage.h - the management listener inside: /healthz, /readyz, /metrics.
 */
#ifndef API_MANAGE_H
#define API_MANAGE_H

#include "api/api_int.h"
#include "base/metric.h"

/* What the listener knows by itself. */
struct manage_view {
	int64_t		  started_ms, started_ns;
	int64_t		  restarts[2];	/* because front ended, because the vault did */
	bool		  is_stopping;
	struct http_count http;
};
void manage_look(struct manage_view *);

/* The process answers; requests may be sent here. */
void health_encode(struct call *);
void ready_encode(struct call *);
void metrics_encode(struct call *);

/* Numbers the rows of the tables, for route_series(); once, before there are requests. */
void routes_number(const struct route *const *tables, size_t n);
/* The series of METRIC_REQUEST_SECONDS for a reply of ROUTE (NULL: none was found). */
size_t route_series(const struct route *, int status);

#endif
