/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings.c - the settings of the deployment, by the operator's socket only.
 */
#include "api/api_int.h"

static const struct member value_members[] = {
	{ "value", MEMBER_INT, offsetof(struct deployment_in, value), 0, INT64_MAX, true },
};
static const struct member_table value_table = { value_members, COUNT(value_members), "" };

static enum err
value_decode(struct call *c, void **in)
{
	struct deployment_in *set = arena_alloc(c->cx->arena, sizeof(*set));

	set->name = c->rq->param[0];
	*in = set;
	return body_decode(c, &value_table, set);
}

static void
settings_encode(struct call *c)
{
	const struct deployment_out *out = c->out;
	struct js_out *js = &c->js;

	js_open_object(js);
	js_key(js, "items");
	js_open_array(js);
	for (size_t i = 0; i < DEPLOYMENT_COUNT; i++) {
		const struct setting_info *info = out->setting[i].info;
		const struct {
			const char *name;
			int64_t n;
		} numbers[] = { { "value", out->setting[i].value },
			{ "default", info->fallback }, { "min", info->min },
			{ "max", info->max } };

		js_open_object(js);
		js_key(js, "setting");
		js_put_z(js, info->name);
		for (size_t j = 0; j < COUNT(numbers); j++) {
			js_key(js, numbers[j].name);
			js_put_int(js, numbers[j].n);
		}
		js_close_object(js);
	}
	js_close_array(js);
	js_close_object(js);
}

static const struct route_work shown = { .kind = WORK_QUERY, .run = deployment_show, .encode = settings_encode };
static const struct route_work set = { .kind = WORK_USE_CASE, .use_case = &deployment_set, .decode = value_decode,
	.next = &shown };

const struct route setting_routes[] = {
	{ GET, "/operator/v1/settings", RIGHT_OPERATE, 0, false, &shown, "List the deployment's settings" },
	{ PUT, "/operator/v1/settings/{setting}", RIGHT_OPERATE, SMALL_BODY_MAX, false, &set,
	    "Change a setting of the deployment, without a restart" },
	{ 0 }
};
