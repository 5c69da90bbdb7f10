/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admission.h - how much of the server one tenant and one client may have
 * (SECURITY T38): requests a second, requests under way and the bytes of their
 * bodies, and requests that wait for the writer or a reader.  Whoever is at a bound is refused before his
 * request is read any further, and told which bound it is.
 *
 * A tenant's bounds are the deployment's settings, for a tenant must not raise
 * its own; those of its clients are settings of its catalogue.  The operator
 * may give one tenant a rate and a burst of its own.
 */
#ifndef ACT_ADMISSION_H
#define ACT_ADMISSION_H

#include "act/world.h"
#include "core/deployment.h"

/*
 * A request of CX's actor has come, at NOW_MS of the clock that never steps.
 * ERR_LIMITED: faster than its tenant may.  The operator is never refused.
 */
enum err world_pace(struct world *, struct ctx *, int64_t now_ms) USE_RESULT;

/*
 * Counts a request of CX's actor in.  ERR_LIMITED: a bound is reached; else
 * world_leave() follows exactly once.  The operator is never refused.
 */
enum err world_enter(struct world *, struct ctx *) USE_RESULT;
void world_leave(struct world *, const struct actor *);

/*
 * So many bytes of a body of CX's actor are to come, and stand in memory until
 * it is answered.  ERR_LIMITED: more than its tenant may have at once; else
 * world_bytes_give() of as many follows exactly once.
 */
enum err world_bytes_take(struct world *, struct ctx *, size_t bytes) USE_RESULT;
void world_bytes_give(struct world *, const struct actor *, size_t bytes);

/* The present bounds of what waits, of TENANT and each of its clients. */
struct queue_max world_queue_max(struct world *, uint32_t tenant);

/* A bound and what there is of it. */
struct bound_view {
	const char *name;
	int64_t	    value, load;	/* value 0: there is none */
};
#define BOUNDS 7
/* Those that count for the actor of CX. */
void world_bounds(struct world *, const struct ctx *, struct bound_view out[BOUNDS]);

/* --- the deployment's settings ------------------------------------------------- */

int64_t world_deployment(struct world *, enum deployment_setting);

struct deployment_in { struct str name; int64_t value; };
/* In: struct deployment_in.  Out: nothing.  ERR_NOT_FOUND, ERR_BAD_INPUT. */
extern const struct use_case deployment_set;
struct deployment_view { const struct setting_info *info; int64_t value; };
struct deployment_out { struct deployment_view setting[DEPLOYMENT_COUNT]; };
enum err deployment_show(struct reader *, struct ctx *, const void *none, void **deployment_out) USE_RESULT;

#endif
