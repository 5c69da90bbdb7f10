/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metric.h - what is counted: one table says name, type, unit, labels and what
 * it means, and makes the exposition and the reference.
 *
 * Counting is a relaxed atomic addition to a shard that few threads share:
 * any thread may, on any path, at any time, without being set up.  Labels are
 * bounded: their values stand in the table, or are rows of a table of ours, or
 * are written at most SERIES times by whoever collects.
 */
#ifndef BASE_METRIC_H
#define BASE_METRIC_H

#include "base/buf.h"

/*
 * LABELS: names separated by spaces; a single one may list its values, in the
 * order in which series are numbered.  SERIES: how many are counted here; 0:
 * the value is collected when somebody asks.
 *
 *  id                type       name                             unit       labels  series  what it says */
#define METRICS(X) \
	X(BUILD,	     INFO,	"usher_build", "", "version", 0, "which version this is") \
	X(START,	     GAUGE,	"usher_start_time_seconds", "seconds", "", 0, "when front started, since 1970") \
	X(UPTIME,	     GAUGE,	"usher_uptime_seconds", "seconds", "", 0, "how long front has been running") \
	X(READY,	     GAUGE,	"usher_ready", "", "check", 0, "1 while this check of /readyz passes") \
	X(RESTARTS,	     COUNTER,	"usher_restarts", "", "process=front,vault", 0, "how often the pair was started again because this one ended") \
	X(MEMORY,	     GAUGE,	"usher_process_resident_memory_bytes", "bytes", "process", 0, "memory in use") \
	X(DESCRIPTORS,	     GAUGE,	"usher_process_open_descriptors", "", "process", 0, "open files and sockets, of processes that may be asked") \
	X(REQUEST_SECONDS,   HISTOGRAM,	"usher_http_request_duration_seconds", "seconds", "method route status", 512, "from first byte to last") \
	X(IN_FLIGHT,	     GAUGE,	"usher_http_requests_in_flight", "", "", 1, "requests under way, their replies sent included") \
	X(CONNECTIONS,	     GAUGE,	"usher_http_connections", "", "", 0, "open connections of clients") \
	X(ACCEPTED,	     COUNTER,	"usher_http_connections_accepted", "", "", 0, "connections that came") \
	X(BAD_HEADS,	     COUNTER,	"usher_http_malformed_requests", "", "", 0, "heads that were refused as HTTP") \
	X(SLOW,		     COUNTER,	"usher_http_slow_clients", "", "", 0, "connections closed because their client was too slow") \
	X(BYTES,	     COUNTER,	"usher_http_bytes", "bytes", "direction=in,out", 0, "bytes received and sent") \
	X(ERRORS,	     COUNTER,	"usher_errors", "", "code", 24, "problems told; of a batch, each item's") \
	X(LIMITED,	     COUNTER,	"usher_limited", "", "limit=queue,closing,readers,long,budget,under_way,rate,other", 8, "answers `limited`, by limit") \
	X(QUEUE,	     GAUGE,	"usher_queue_depth", "", "class=interactive,bulk,read", 0, "what waits: changes of both classes, and reads") \
	X(BATCH,	     HISTOGRAM,	"usher_batch_items", "", "", 1, "items that shared a commit") \
	X(COMMIT_SECONDS,    HISTOGRAM,	"usher_commit_duration_seconds", "seconds", "", 1, "how long the data's commits took, with their fsync") \
	X(COMMITS,	     COUNTER,	"usher_commits", "", "database=data,keys", 2, "commits that were durable") \
	X(FAILED_COMMITS,    COUNTER,	"usher_commits_failed", "", "database=data,keys", 2, "commits that the disk refused") \
	X(ITEMS,	     COUNTER,	"usher_items", "", "result=done,refused", 2, "changes that were answered") \
	X(REPLAYS,	     COUNTER,	"usher_batches_replayed", "", "", 1, "batches of which each item was tried alone") \
	X(CONTENTION,	     COUNTER,	"usher_contention", "", "kind=again,stale,busy", 3, "changes sealed again, stale, given up as busy") \
	X(QUERIES,	     COUNTER,	"usher_queries", "", "", 0, "reads that were answered") \
	X(ONBOARDINGS,	     COUNTER,	"usher_onboardings", "", "result=new,repeated,refused", 3, "onboardings: stored, asked for again, refused") \
	X(OUTCOMES,	     COUNTER,	"usher_outcomes", "", "outcome=assigned,held,queued,refused", 4, "what orders got, product by product") \
	X(SEATS,	     GAUGE,	"usher_seats", "", "tenant product pool state", 0, "seats by state; summed where there are too many pools") \
	X(QUOTA,	     GAUGE,	"usher_pool_quota", "", "tenant product pool", 0, "how many seats there may be") \
	X(POOLS,	     GAUGE,	"usher_pools", "", "", 0, "pools of all tenants") \
	X(TENANTS,	     GAUGE,	"usher_tenants", "", "", 0, "tenants") \
	X(VAULT_SECONDS,     HISTOGRAM,	"usher_vault_round_trip_seconds", "seconds", "", 1, "how long calls of the vault took, a batch each") \
	X(SEALED,	     COUNTER,	"usher_vault_operations", "", "kind=sealed,opened,indexed", 0, "what the vault did since it started") \
	X(ALARMS,	     COUNTER,	"usher_vault_alarms", "", "", 0, "alarms that the vault raised since it started") \
	X(CHECKPOINTS,	     COUNTER,	"usher_checkpoints_signed", "", "", 0, "checkpoints of logs that the vault signed") \
	X(LOG_ALARM,	     GAUGE,	"usher_log_alarm", "", "", 0, "1 since the vault refused to sign a log") \
	X(LOG_LOST,	     GAUGE,	"usher_log_lost_entries", "", "", 0, "entries of a log that were acknowledged and are not in the database any more") \
	X(DROPPED,	     COUNTER,	"usher_notes_dropped", "", "kind=read,login", 0, "reads and failed logins that never got into the database") \
	X(REMOVALS_STOPPED,  COUNTER,	"usher_removals_stopped", "", "", 1, "days on which a client was stopped that let too many people go") \
	X(DUE,		     COUNTER,	"usher_due_work", "", "", 0, "orders of the clock that are over")

enum metric {
#define X(id, type, name, unit, labels, series, help) METRIC_##id,
	METRICS(X)
#undef X
	METRIC_COUNT
};

enum metric_type { METRIC_INFO, METRIC_GAUGE, METRIC_COUNTER, METRIC_HISTOGRAM };

/* Series of those whose values stand in the table. */
enum { DATABASE_DATA, DATABASE_KEYS };
enum { ITEM_DONE, ITEM_REFUSED };
enum { CONTENTION_AGAIN, CONTENTION_STALE, CONTENTION_BUSY };
enum { LIMIT_QUEUE, LIMIT_CLOSING, LIMIT_READERS, LIMIT_LONG, LIMIT_BUDGET, LIMIT_UNDER_WAY, LIMIT_BY_RATE, LIMIT_OTHER };
enum { ONBOARDED_NEW, ONBOARDED_REPEATED, ONBOARDED_REFUSED };

struct metric_info {
	const char	*name, *unit, *labels, *help;
	enum metric_type type;
	size_t		 series;
};

const struct metric_info *metric_info(enum metric);

/* Adds to a counter, or moves a gauge. */
void metric_add(enum metric, size_t series, int64_t n);
/* Into a histogram: nanoseconds, or things. */
void metric_observe(enum metric, size_t series, uint64_t value);

/* What was counted until now. */
int64_t metric_read(enum metric, size_t series);

#define BUCKETS_MAX 16

struct histogram {
	size_t		   n;		/* bounds */
	const char *const *bound;	/* as le tells them */
	uint64_t	   below[BUCKETS_MAX + 1];	/* how many were at most this; the last: all */
	uint64_t	   sum;		/* of the values */
	bool		   is_time;	/* they are nanoseconds */
};
void metric_read_histogram(enum metric, size_t series, struct histogram *);

#endif
