/* SPDX-License-Identifier: Apache-2.0 */
/* frame_json.c - the same figures for programs. */
#include "usher/frame_int.h"

#include "base/js.h"

enum kind { TOTAL, RATE, P50, P99 };

/* Members in order; those of one group are neighbours. */
static const struct member {
	const char *group, *name;
	enum kind   kind;
	const char *metric, *part;
} members[] = {
	{ "requests", "per_second", RATE, REQUESTS "_count", "" },
	{ "requests", "p50_seconds", P50, REQUESTS, "" },
	{ "requests", "p99_seconds", P99, REQUESTS, "" },
	{ "requests", "in_flight", TOTAL, "usher_http_requests_in_flight", "" },
	{ "requests", "client_errors", TOTAL, REQUESTS "_count", "\"4xx\"" },
	{ "requests", "server_errors", TOTAL, REQUESTS "_count", "\"5xx\"" },
	{ "onboardings", "per_second", RATE, "usher_onboardings_total", "\"new\"" },
	{ "onboardings", "new", TOTAL, "usher_onboardings_total", "\"new\"" },
	{ "onboardings", "repeated", TOTAL, "usher_onboardings_total", "\"repeated\"" },
	{ "onboardings", "refused", TOTAL, "usher_onboardings_total", "\"refused\"" },
	{ "outcomes", "assigned", TOTAL, "usher_outcomes_total", "\"assigned\"" },
	{ "outcomes", "held", TOTAL, "usher_outcomes_total", "\"held\"" },
	{ "outcomes", "queued", TOTAL, "usher_outcomes_total", "\"queued\"" },
	{ "outcomes", "refused", TOTAL, "usher_outcomes_total", "\"refused\"" },
	{ "queue", "interactive", TOTAL, "usher_queue_depth", "\"interactive\"" },
	{ "queue", "bulk", TOTAL, "usher_queue_depth", "\"bulk\"" },
	{ "queue", "read", TOTAL, "usher_queue_depth", "\"read\"" },
	{ "commits", "per_second", RATE, "usher_commits_total", "\"data\"" },
	{ "commits", "p50_seconds", P50, "usher_commit_duration_seconds", "" },
	{ "commits", "p99_seconds", P99, "usher_commit_duration_seconds", "" },
	{ "commits", "failed", TOTAL, "usher_commits_failed_total", "" },
	{ "vault", "per_second", RATE, "usher_vault_round_trip_seconds_count", "" },
	{ "vault", "p50_seconds", P50, "usher_vault_round_trip_seconds", "" },
	{ "vault", "p99_seconds", P99, "usher_vault_round_trip_seconds", "" },
	{ "vault", "alarms", TOTAL, "usher_vault_alarms_total", "" },
	{ "contention", "again", TOTAL, "usher_contention_total", "\"again\"" },
	{ "contention", "stale", TOTAL, "usher_contention_total", "\"stale\"" },
	{ "contention", "busy", TOTAL, "usher_contention_total", "\"busy\"" },
	{ "limited", "per_second", RATE, "usher_limited_total", "" },
	{ "limited", "total", TOTAL, "usher_limited_total", "" },
	{ "log", "checkpoints", TOTAL, "usher_checkpoints_signed_total", "" },
	{ "log", "alarm", TOTAL, "usher_log_alarm", "" },
	{ "restarts", "front", TOTAL, "usher_restarts_total", "\"front\"" },
	{ "restarts", "vault", TOTAL, "usher_restarts_total", "\"vault\"" },
	{ "seats", "assigned", TOTAL, "usher_seats", "\"assigned\"" },
	{ "seats", "held", TOTAL, "usher_seats", "\"held\"" },
	{ "seats", "waiting", TOTAL, "usher_seats", "\"waiting\"" },
	{ "seats", "quota", TOTAL, "usher_pool_quota", "" },
};

static double value_of(const struct looks *, const struct member *);

void
frame_json(struct arena *arena, const struct looks *looks, struct buf *out)
{
	struct str failed = frame_failed(arena, &looks->now);
	struct str group = STR("");
	struct js_out js;

	js_begin(&js, out);
	js_open_object(&js);
	js_key(&js, "ready");
	js_put_bool(&js, failed.n == 0);
	js_key(&js, "failed");
	js_open_array(&js);
	while (failed.n > 0)
		js_put_str(&js, str_trim(str_cut(&failed, ',')));
	js_close_array(&js);
	js_key(&js, "version");
	js_put_str(&js, frame_version(&looks->now));
	for (size_t i = 0; i < COUNT(members); i++) {
		const struct member *m = &members[i];
		double v = value_of(looks, m);

		if (!str_eq(group, str_of(m->group))) {
			if (group.n > 0)
				js_close_object(&js);
			group = str_of(m->group);
			js_key(&js, m->group);
			js_open_object(&js);
		}
		js_key(&js, m->name);
		if (v < 0)
			js_put_null(&js);
		else if (m->kind == TOTAL)
			js_put_int(&js, (int64_t)v);
		else
			js_put_raw(&js, str_fmt(arena, "%.6f", v));
	}
	js_close_object(&js);
	js_close_object(&js);
}

static double
value_of(const struct looks *l, const struct member *m)
{
	switch (m->kind) {
	case TOTAL:
		return figures_sum(&l->now, m->metric, m->part);
	case RATE:
		return looks_rate(l, m->metric, m->part);
	case P50:
		return looks_quantile(l, m->metric, m->part, 0.5);
	case P99:
		break;
	}
	return looks_quantile(l, m->metric, m->part, 0.99);
}
