/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz: scim http core base.  Whatever a PatchOp says, the resource stays as it
 * was, and what comes of it has what is required, at most one primary e-mail,
 * and reads again as what it is.  The same of whole resources, as PUT brings
 * them; and what either changes of the person is nothing that is the server's.
 */
#include "scim/user.h"

#include "fuzz.h"

#define WRITTEN_MAX (16u * 1024 * 1024)

static const char ana[] =
    "{\"id\":\"1\",\"userName\":\"ana\",\"active\":true,"
    "\"name\":{\"givenName\":\"Ana\",\"familyName\":\"B\"},"
    "\"emails\":[{\"value\":\"a@w\",\"type\":\"work\",\"primary\":true},"
    "{\"value\":\"a@h\",\"type\":\"home\"}],"
    "\"" SCIM_ENTERPRISE "\":{\"department\":\"it\"}}";

static struct value *
read_value(struct ctx *cx, struct str text)
{
	const struct js *js;

	must(js_parse(cx, text, &js) == OK);
	return value_of(cx->arena, js);
}

static struct str
written(struct ctx *cx, const struct value *v)
{
	struct buf b;
	struct js_out js;

	buf_init(&b, cx->arena, WRITTEN_MAX);
	js_begin(&js, &b);
	value_write(&js, v);
	must(!b.over);
	return buf_view(&b);
}

static void
check(struct ctx *cx, const struct value *v)
{
	const struct value *list = value_get(v, STR("emails"));
	size_t primaries = 0;

	must(value_get_text(v, STR("userName")).n > 0);
	must(str_eq(value_get_text(v, STR("id")), STR("1")));
	for (const struct value *e = list != NULL ? list->first : NULL;
	     e != NULL; e = e->next) {
		const struct value *p = value_get(e, STR("primary"));

		primaries += p != NULL && p->type == JS_BOOL && p->is_true;
	}
	must(primaries <= 1);
	must(value_eq(v, read_value(cx, written(cx, v))));
}

/* What is made of a person by AFTER, natively. */
static void
check_change(
    struct ctx *cx, const struct value *before, const struct value *after)
{
	static const char *const own[] = { "schemas", "id", "meta", "active",
		"enabled", "source", "blocks", "licences" };
	int active;
	struct value *native =
	    scim_user_change(
		cx->arena, &scim_user_resource, before, after, &active);

	must(active >= -1 && active <= 1);
	for (size_t i = 0; i < COUNT(own); i++)
		must(value_get(native, str_of(own[i])) == NULL);
	native = scim_user_change(
	    cx->arena, &scim_user_resource, after, after, &active);
	must(native->first == NULL && active == 0);
}

static void
check_whole(struct ctx *cx, const struct value *before, const struct js *body)
{
	struct value *after;

	if (scim_decode(cx, &scim_user_resource, value_of(cx->arena, body),
		false, &after) != OK) {
		fuzz_refused(cx);
		return;
	}
	scim_user_keep(cx->arena, &scim_user_resource, before, after);
	check_change(cx, before, after);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct ctx cx = fuzz_open();
	struct value *before = read_value(&cx, STR(ana)), *after;
	const struct js *body;

	if (js_parse(&cx, (struct str) { (const char *)p, n }, &body) == OK) {
		if (scim_patch(
			&cx, &scim_user_resource, before, body, &after) == OK) {
			check(&cx, after);
			check_change(&cx, before, after);
		} else {
			fuzz_refused(&cx);
		}
		must(value_eq(before, read_value(&cx, STR(ana))));
		check_whole(&cx, before, body);
	}
	fuzz_close(&cx);
	return 0;
}
