/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tables_work.c - what is under way: onboardings and their checks, idempotency
 * keys, due work, leases, imports, jobs, queues, moves.
 */
#include "store/table.h"

#define C(field) COLUMN(onboarding_row, field)
static const struct column onboarding[] = {
	C(tenant), C(id), C(person), C(source), C(client), C(state),
	C(priority), C(received_ms), C(sealed_ms), C(decided_ms), C(done_ms),
	C(expires_ms), C(outcome)
};
#undef C
const struct table ONBOARDING = TABLE("onboarding", DB_DATA, onboarding, 2, onboarding_row, EXISTS_REPLACES);

#define C(field) COLUMN(check_row, field)
static const struct column check_row[] = {
	C(tenant), C(onboarding), C(kind), C(state), C(since_ms), C(until_ms),
	C(actor)
};
#undef C
const struct table CHECK_ROW = TABLE("check_row", DB_DATA, check_row, 3, check_row, EXISTS_REPLACES);

#define C(field) COLUMN(open_row, field)
static const struct column open_checks[] = {
	C(tenant), C(person), C(onboarding), C(expires_ms)
};
#undef C
const struct table OPEN_CHECKS = TABLE("open_checks", DB_DATA, open_checks, 2, open_row, EXISTS_REPLACES);

#define C(field) COLUMN(idempotency_row, field)
static const struct column idempotency[] = {
	C(tenant), C(slot), C(client), C(key), C(body), C(onboarding),
	C(status)
};
#undef C
const struct table IDEMPOTENCY = TABLE("idempotency", DB_DATA, idempotency, 4, idempotency_row, EXISTS_FAILS);

#define C(field) COLUMN(due_row, field)
static const struct column due[] = {
	C(tenant), C(due_ms), C(id), C(kind), C(subject), C(object)
};
#undef C
const struct table DUE = TABLE("due", DB_DATA, due, 3, due_row, EXISTS_REPLACES);

#define C(field) COLUMN(lease_row, field)
static const struct column lease[] = {
	C(tenant), C(name), C(holder), C(fence), C(until_ms)
};
#undef C
const struct table LEASE = TABLE("lease", DB_DATA, lease, 2, lease_row, EXISTS_REPLACES);

#define C(field) COLUMN(notice_row, field)
static const struct column notice[] = {
	C(tenant), C(seq), C(kind), C(subject), C(at_ms)
};
#undef C
const struct table NOTICE = TABLE("notice", DB_DATA, notice, 4, notice_row, EXISTS_STAYS);

#define C(field) COLUMN(import_row_state, field)
static const struct column import[] = {
	C(tenant), C(id), C(source), C(state), C(rows), C(persons), C(added),
	C(changed), C(unchanged), C(removed), C(rejected), C(digest),
	C(started_ms), C(ended_ms), C(actor)
};
#undef C
const struct table IMPORT = TABLE("import", DB_DATA, import, 2, import_row_state, EXISTS_REPLACES);

#define C(field) COLUMN(job_row, field)
static const struct column job[] = {
	C(tenant), C(id), C(kind), C(subject), C(state), C(attempts),
	C(due_ms), C(fence), C(payload)
};
#undef C
const struct table JOB = TABLE("job", DB_DATA, job, 2, job_row, EXISTS_REPLACES);

#define C(field) COLUMN(queue_row, field)
static const struct column queue_state[] = {
	C(tenant), C(queue), C(state), C(actor_kind), C(actor), C(depth),
	C(since_ms), C(reason)
};
#undef C
const struct table QUEUE_STATE = TABLE("queue_state", DB_DATA, queue_state, 2, queue_row, EXISTS_REPLACES);

#define C(field) COLUMN(deployment_row, field)
static const struct column setting[] = {
	C(tenant), C(name), C(value)
};
#undef C
const struct table DEPLOYMENT = TABLE("deployment_setting", DB_DATA, setting, 2, deployment_row, EXISTS_REPLACES);

#define C(field) COLUMN(move_row, field)
static const struct column move[] = {
	C(tenant), C(state), C(source), C(place), C(last), C(rows),
	C(started_ms), C(ended_ms)
};
#undef C
const struct table MOVE = TABLE("move", DB_DATA, move, 1, move_row, EXISTS_REPLACES);
const struct table MOVE_KEYS = TABLE("move_keys", DB_KEYS, move, 1, move_row, EXISTS_REPLACES);
