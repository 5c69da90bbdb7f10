/* SPDX-License-Identifier: Apache-2.0 */
#include "core/deployment.h"

static const struct setting_info settings[DEPLOYMENT_COUNT] = {
#define X(id, name, fallback, min, max, help) \
	[DEPLOYMENT_##id] = { name, false, NULL, fallback, min, max, help },
	DEPLOYMENT_SETTINGS(X)
#undef X
};

const struct setting_info *
deployment_info(enum deployment_setting s)
{
	must(s < DEPLOYMENT_COUNT);
	return &settings[s];
}

enum deployment_setting
deployment_parse(struct str name)
{
	int s = 0;

	while (s < DEPLOYMENT_COUNT && !str_eq(name, str_of(settings[s].name)))
		s++;
	return (enum deployment_setting)s;
}

static const char *const limits[LIMIT_COUNT] = {
	[LIMIT_NONE] = "",
#define X(id, name) [LIMIT_##id] = name,
	TENANT_LIMITS(X)
#undef X
};

const char *
limit_name(enum tenant_limit limit)
{
	must(limit < LIMIT_COUNT);
	return limits[limit];
}

enum tenant_limit
limit_parse(struct str name)
{
	int i = LIMIT_COUNT - 1;

	while (i > LIMIT_NONE && !str_eq(name, str_of(limits[i])))
		i--;
	return (enum tenant_limit)i;
}
