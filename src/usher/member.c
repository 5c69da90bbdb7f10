/* SPDX-License-Identifier: Apache-2.0 */
#include "usher/member.h"

static const struct js *typed(const struct js *, const char *, enum js_type);

struct str
member_text(const struct js *object, const char *name)
{
	const struct js *value = typed(object, name, JS_STRING);

	return value == NULL ? STR("") : js_str(value);
}

int64_t
member_int(const struct js *object, const char *name)
{
	const struct js *value = typed(object, name, JS_INT);

	return value == NULL ? 0 : js_int(value);
}

bool
member_bool(const struct js *object, const char *name)
{
	const struct js *value = typed(object, name, JS_BOOL);

	return value != NULL && js_bool(value);
}

size_t
member_items(const struct js *object, const char *name, const struct js **list)
{
	*list = typed(object, name, JS_ARRAY);
	return *list == NULL ? 0 : js_count(*list);
}

const struct js *
member_of(const struct js *object, const char *name)
{
	const struct js *value = object == NULL ? NULL : js_get(object, name);

	return value == NULL || js_type(value) == JS_NULL ? NULL : value;
}

static const struct js *
typed(const struct js *object, const char *name, enum js_type type)
{
	const struct js *value = member_of(object, name);

	return value == NULL || js_type(value) != type ? NULL : value;
}
