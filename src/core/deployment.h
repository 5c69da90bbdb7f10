/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deployment.h - the settings of the whole deployment: what its operator says
 * and no tenant may change, for it keeps them from each other's throats.
 * Stored rows, changed without a restart.
 */
#ifndef CORE_DEPLOYMENT_H
#define CORE_DEPLOYMENT_H

#include "core/catalogue.h"

/* Sorted by name; the numbers do not stand anywhere, the names do. */
#define DEPLOYMENT_SETTINGS(X) \
	X(TENANT_BODY_BYTES, "admission.tenant_body_bytes", 67108864, 16777216, 1099511627776, "bytes of large bodies of a tenant in memory") \
	X(TENANT_BURST,	    "admission.tenant_burst",	  250, 1, 1000000, "so many requests of a tenant may come at once, where there is a rate") \
	X(TENANT_QUEUED,    "admission.tenant_queued",	  4000, 1, 1000000, "so many requests of a tenant may wait for the writer") \
	X(TENANT_RATE,	    "admission.tenant_rate",	  0, 0, 1000000, "requests a second of a tenant; 0: as many as there is room for") \
	X(TENANT_UNDER_WAY, "admission.tenant_under_way", 1024, 1, 1000000, "so many requests of a tenant may be under way at once") \
	X(GLOBAL_CAP,	    "throttle.global_cap",	  250, 1, 1000000, "calls a second that all queues of all tenants make")

enum deployment_setting {
#define X(id, name, fallback, min, max, help) DEPLOYMENT_##id,
	DEPLOYMENT_SETTINGS(X)
#undef X
	DEPLOYMENT_COUNT
};

const struct setting_info *deployment_info(enum deployment_setting);
enum deployment_setting deployment_parse(struct str name);	/* DEPLOYMENT_COUNT: unknown */

/*
 * What the operator lets one tenant have at most: rows beside the settings,
 * under the tenant's number.  No row: no bound; for rate and burst, the
 * deployment's setting.  The numbers stand in logs: new ones go to the end.
 */
#define TENANT_LIMITS(X) \
	X(PERSONS,   "persons") \
	X(TOKENS,    "tokens") \
	X(CATALOGUE, "catalogue_bytes") \
	X(RATE,	     "rate") \
	X(BURST,     "burst")

enum tenant_limit {
	LIMIT_NONE,
#define X(id, name) LIMIT_##id,
	TENANT_LIMITS(X)
#undef X
	LIMIT_COUNT
};

const char *limit_name(enum tenant_limit);
enum tenant_limit limit_parse(struct str name);	/* LIMIT_NONE: unknown */

#endif
