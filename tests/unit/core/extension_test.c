/* SPDX-License-Identifier: Apache-2.0 */
/* extension_test.c - values of declared attributes: laid over each other, settled, shown, found. */
#include "core/extension.h"

#include "seat_try.h"

#define BADGE  "urn:x:Badge"
#define OF(in) "{\"" BADGE "\":{" in "}}"

static const char declared[] =
    "catalogue: 1\n"
    "schemas:\n"
    "  badge:\n"
    "    urn: " BADGE "\n"
    "    attributes:\n"
    "      number: { type: string, unique: true, exact: true }\n"
    "      colour: { type: string, searchable: true }\n"
    "      floors: { type: integer, multi: true, searchable: true }\n"
    "      since: { type: dateTime, mutability: immutable }\n"
    "      weight: { type: decimal }\n"
    "      ok: { type: boolean }\n"
    "      car: { type: complex, attributes: { plate: { type: string, "
    "required: true }, seats: { type: integer }, "
    "doors: { type: string, multi: true } } }\n";

static const char strict[] =
    "catalogue: 1\n"
    "schemas: { badge: { urn: \"" BADGE "\", attributes: "
    "{ number: { type: string, required: true }, a: { type: string } } } }\n";

static struct str
decoded(const char *json)
{
	const struct js *js;
	struct str out;

	assert_int_equal(js_parse(&cx, str_of(json), &js), OK);
	assert_int_equal(extension_decode(&cx, js, &out), OK);
	return out;
}

static const struct {
	const char *before, *patch, *want;
} merges[] = {
	{ "{}", OF("\"b\":1,\"a\":{\"z\":1,\"y\":2}"),
	    OF("\"a\":{\"y\":2,\"z\":1},\"b\":1") },
	{ OF("\"a\":1"), OF("\"b\":2"), OF("\"a\":1,\"b\":2") },
	{ OF("\"a\":1"), OF("\"A\":2"), OF("\"a\":2") },
	{ OF("\"a\":1"), OF("\"a\":null"), OF("\"a\":null") },
	{ OF("\"a\":{\"b\":1,\"c\":2}"), OF("\"a\":{\"b\":null}"),
	    OF("\"a\":{\"b\":null,\"c\":2}") },
	{ OF("\"a\":[1,2]"), OF("\"a\":[3]"), OF("\"a\":[3]") },
	{ OF("\"a\":1"), "{\"urn:y:Z\":{\"a\":2}}",
	    "{\"urn:x:Badge\":{\"a\":1},\"urn:y:Z\":{\"a\":2}}" },
	{ OF("\"a\":1"), "{}", OF("\"a\":1") },
};

static void
a_patch_is_laid_over_what_was_there(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(merges); i++)
		assert_str(extension_merge(&cx, decoded(merges[i].before),
			       decoded(merges[i].patch)),
		    merges[i].want);
	assert_str(extension_set(&cx, STR(""), STR("urn:x:Badge:car.plate"),
		       STR("B")),
	    OF("\"car\":{\"plate\":\"B\"}"));
	assert_str(extension_set(&cx, decoded(OF("\"a\":1")),
		       STR("urn:x:Badge:a"), STR("")),
	    OF("\"a\":null"));
}

static void
only_objects_of_objects_are_read(void **state)
{
	static const char *const bad[] = { "[]", "1", "{\"urn:x:Badge\":1}",
		"{\"urn:x:Badge\":[]}" };
	const struct js *js;
	struct str out;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		assert_int_equal(js_parse(&cx, str_of(bad[i]), &js), OK);
		assert_int_equal(
		    extension_decode(&cx, js, &out), ERR_BAD_INPUT);
	}
}

static enum err
settle(const struct catalogue *c, struct str before, struct str after,
    struct str *out)
{
	return extension_settle(&cx, c, NULL, before, after, out);
}

static const struct {
	const char *before, *after, *want;
} settled[] = {
	{ "{}",
	    OF("\"NUMBER\":\" B-1 \",\"floors\":3,\"ok\":\"True\","
	       "\"weight\":\"2\",\"car\":{\"Plate\":\"x\",\"seats\":\"4\"}"),
	    OF("\"car\":{\"plate\":\"x\",\"seats\":4},\"floors\":[3],"
	       "\"number\":\"B-1\",\"ok\":true,\"weight\":2") },
	{ "{}", OF("\"car\":{\"plate\":\"x\",\"doors\":\"l\"}"),
	    OF("\"car\":{\"doors\":[\"l\"],\"plate\":\"x\"}") },
	{ "{}", OF("\"number\":\"a\\nb\",\"colour\":\"\",\"floors\":[]"),
	    OF("\"number\":\"a b\"") },
	{ OF("\"number\":\"B\""), OF("\"number\":null"), "" },
	{ OF("\"number\":\"B\""), "{\"urn:x:Badge\":null}", "" },
	{ "{}", "{\"urn:y:Z\":{\"a\":null}}", "" },
	/* What is not declared stays beside what changes. */
	{ "{\"urn:y:Z\":{\"a\":1}}",
	    "{\"urn:x:Badge\":{\"ok\":true},\"urn:y:Z\":{\"a\":1}}",
	    "{\"urn:x:Badge\":{\"ok\":true},\"urn:y:Z\":{\"a\":1}}" },
	{ OF("\"old\":1,\"ok\":true"), OF("\"old\":1,\"ok\":false"),
	    OF("\"ok\":false,\"old\":1") },
	/* So does what does not fit any more; it may be set right, or go. */
	{ OF("\"floors\":\"x\""), OF("\"floors\":\"x\",\"ok\":true"),
	    OF("\"floors\":\"x\",\"ok\":true") },
	{ OF("\"floors\":\"x\""), OF("\"floors\":[1]"), OF("\"floors\":[1]") },
	{ OF("\"since\":\"2026-03-01T08:00:00Z\""),
	    OF("\"ok\":true,\"since\":\"2026-03-01T08:00:00Z\""),
	    OF("\"ok\":true,\"since\":\"2026-03-01T08:00:00Z\"") },
};

static void
what_comes_is_made_what_is_declared(void **state)
{
	const struct catalogue *c = catalogue_of(declared);
	struct str out;

	(void)state;
	for (size_t i = 0; i < COUNT(settled); i++) {
		struct str before = decoded(settled[i].before);

		if (settle(c, before, decoded(settled[i].after), &out) != OK)
			wrong("%s: %s at %.*s", settled[i].after,
			    msg_name(cx.fault.msg), STR_ARG(cx.fault.field));
		assert_str(out, settled[i].want);
		assert_int_equal(settle(c, out, out, &out), OK);
		assert_str(out, settled[i].want);
	}
}

static const struct {
	const char *before, *after;
	enum msg    why;
	const char *field;
} refused[] = {
	{ "{}", "{\"urn:y:Z\":{\"a\":1}}", MSG_ATTR_UNKNOWN, "urn:y:Z" },
	{ "{\"urn:y:Z\":{\"a\":1}}", "{\"urn:y:Z\":{\"a\":2}}",
	    MSG_ATTR_UNKNOWN, "urn:y:Z" },
	{ "{}", OF("\"nothing\":1"), MSG_ATTR_UNKNOWN, BADGE ":nothing" },
	{ "{}", OF("\"number\":1"), MSG_SCIM_TYPE, BADGE ":number" },
	{ "{}", OF("\"number\":[\"a\"]"), MSG_SCIM_TYPE, BADGE ":number" },
	{ "{}", OF("\"number\":{\"$sealed\":\"a\"}"), MSG_SCIM_TYPE,
	    BADGE ":number" },
	{ "{}", OF("\"floors\":[1,\"x\"]"), MSG_SCIM_TYPE, BADGE ":floors" },
	{ "{}", OF("\"ok\":\"yes\""), MSG_SCIM_TYPE, BADGE ":ok" },
	{ "{}", OF("\"since\":\"yesterday\""), MSG_SCIM_TYPE,
	    BADGE ":since" },
	{ "{}", OF("\"car\":\"x\""), MSG_SCIM_TYPE, BADGE ":car" },
	{ "{}", OF("\"car\":{\"wings\":2}"), MSG_ATTR_UNKNOWN,
	    BADGE ":car.wings" },
	{ "{}", OF("\"car\":{\"plate\":\"x\",\"doors\":[\"l\",1]}"),
	    MSG_SCIM_TYPE, BADGE ":car.doors" },
	{ "{}", OF("\"car\":{\"seats\":2}"), MSG_SCIM_REQUIRED,
	    BADGE ":car.plate" },
	{ "{}", OF("\"number\":\"\\u202e\""), MSG_ATTR_CONTROL,
	    BADGE ":number" },
	{ OF("\"since\":\"2026-03-01T08:00:00Z\""),
	    OF("\"since\":\"2027-03-01T08:00:00Z\""), MSG_SCIM_IMMUTABLE,
	    BADGE ":since" },
	{ OF("\"since\":\"2026-03-01T08:00:00Z\""), OF("\"since\":null"),
	    MSG_SCIM_IMMUTABLE, BADGE ":since" },
	{ OF("\"since\":\"2026-03-01T08:00:00Z\""), "{\"urn:x:Badge\":null}",
	    MSG_SCIM_IMMUTABLE, BADGE ":since" },
};

static void
what_is_not_declared_so_is_refused(void **state)
{
	const struct catalogue *c = catalogue_of(declared);
	struct str out, before;

	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		before = decoded(refused[i].before);
		if (settle(c, before, decoded(refused[i].after), &out) == OK)
			wrong("taken: %s", refused[i].after);
		if (cx.fault.msg != refused[i].why)
			wrong("%s: %s", refused[i].after,
			    msg_name(cx.fault.msg));
		assert_str(cx.fault.field, refused[i].field);
	}
	/* Required: of who has anything of it, when it changes. */
	c = catalogue_of(strict);
	before = decoded(OF("\"a\":\"1\""));
	assert_int_equal(settle(c, before, before, &out), OK);
	assert_refused(settle(c, before, decoded(OF("\"a\":\"2\"")), &out),
	    SCIM_REQUIRED, BADGE ":number");
	assert_int_equal(settle(c, before,
			     decoded(OF("\"a\":null")), &out),
	    OK);
}

static void
so_many_values_and_no_more(void **state)
{
	const struct catalogue *c = catalogue_of(declared);
	struct str out;
	struct buf b;

	(void)state;
	for (int most = EXTENSION_KEYS_MAX; most <= EXTENSION_KEYS_MAX + 1;
	     most++) {
		buf_init(&b, cx.arena, 4096);
		buf_z(&b, "{\"urn:x:Badge\":{\"floors\":[0");
		for (int i = 1; i < most; i++)
			buf_fmt(&b, ",%d", i);
		buf_z(&b, "]}}");
		assert_int_equal(settle(c, STR(""),
				     decoded(str_z(cx.arena, buf_view(&b))),
				     &out),
		    most == EXTENSION_KEYS_MAX ? OK : ERR_BAD_INPUT);
	}
	/* Of what nobody searches for, too. */
	for (int most = EXTENSION_VALUES_MAX; most <= EXTENSION_VALUES_MAX + 1;
	     most++) {
		buf_init(&b, cx.arena, 4096);
		buf_z(&b,
		    "{\"urn:x:Badge\":{\"car\":{\"plate\":\"x\",\"doors\":[");
		for (int i = 0; i < most; i++)
			buf_fmt(&b, "%s\"d%d\"", i > 0 ? "," : "", i);
		buf_z(&b, "]}}}");
		assert_int_equal(settle(c, STR(""),
				     decoded(str_z(cx.arena, buf_view(&b))),
				     &out),
		    most == EXTENSION_VALUES_MAX ? OK : ERR_BAD_INPUT);
	}
	assert_int_equal(cx.fault.msg, MSG_DOC_LARGE);
}

/* What was declared once is stored beside what is: all of it is read again. */
static void
what_older_catalogues_left_is_counted(void **state)
{
	const struct catalogue *c = catalogue_of(declared);
	const struct js *js;
	struct str before, out;
	struct buf b;

	(void)state;
	buf_init(&b, cx.arena, 8192);
	buf_z(&b, "{\"urn:x:Badge\":{\"ok\":true");
	for (int i = 1; i < 255; i++)
		buf_fmt(&b, ",\"old%d\":1", i);
	buf_z(&b, "}}");
	before = decoded(str_z(cx.arena, buf_view(&b)));
	assert_int_equal(settle(c, before,
			     extension_merge(&cx, before,
				 decoded(OF("\"number\":\"B-1\""))),
			     &out),
	    OK);
	assert_int_equal(js_parse(&cx, out, &js), OK);
	assert_int_equal(extension_decode(&cx, js, &before), OK);
	assert_refused(settle(c, before,
			   extension_merge(&cx, before,
			       decoded(OF("\"colour\":\"red\""))),
			   &out),
	    DOC_LARGE, "extensions");
}

static struct str
shown(const struct catalogue *c, const char *json)
{
	const struct value *v = extension_shown(&cx, c, decoded(json));
	struct js_out js;
	struct buf b;

	buf_init(&b, cx.arena, 4096);
	js_begin(&js, &b);
	if (v != NULL)
		value_write(&js, v);
	return buf_view(&b);
}

static void
what_is_declared_and_fits_is_shown(void **state)
{
	const struct catalogue *c = catalogue_of(declared);

	(void)state;
	assert_str(shown(c, OF("\"floors\":[1],\"number\":1,\"old\":2")),
	    OF("\"floors\":[1]"));
	assert_str(shown(c, OF("\"car\":{\"plate\":\"x\",\"wings\":2}")),
	    OF("\"car\":{\"plate\":\"x\"}"));
	assert_str(shown(c, "{\"urn:y:Z\":{\"a\":1}}"), "");
	assert_str(shown(catalogue_of("catalogue: 1\n"), OF("\"ok\":true")),
	    "");
}

static void
each_value_has_one_key(void **state)
{
	const struct catalogue *c = catalogue_of(declared);
	struct extension_key key[EXTENSION_KEYS_MAX], asked;
	size_t n = extension_keys(&cx, c,
	    decoded(OF("\"number\":\"B-1\",\"colour\":\"Red\","
		       "\"floors\":[1,1,2],\"ok\":true")),
	    key);

	(void)state;
	assert_int_equal(n, 4);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < i; j++)
			assert_false(str_eq(key[i].text, key[j].text));
	assert_true(extension_asked(&cx, c, STR("URN:x:badge:Number"),
	    STR(" B-1 "), &asked));
	assert_true(asked.is_unique);
	assert_true(str_eq(asked.text, key[3].text));
	/* As it is declared, however it was asked for; theirs to whom it was given. */
	assert_true(str_eq(key[3].path, STR("urn:x:Badge:number")));
	assert_true(str_eq(asked.path, key[3].path));
	assert_true(extension_asked(
	    &cx, c, STR(BADGE ":number"), STR("b-1"), &asked));
	assert_false(str_eq(asked.text, key[3].text));
	assert_true(extension_asked(
	    &cx, c, STR(BADGE ":colour"), STR("RED"), &asked));
	assert_false(asked.is_unique);
	assert_true(str_eq(asked.text, key[0].text));
	assert_true(extension_asked(
	    &cx, c, STR(BADGE ":floors"), STR("2"), &asked));
	assert_true(str_eq(asked.text, key[2].text));
	assert_false(extension_asked(
	    &cx, c, STR(BADGE ":weight"), STR("2"), &asked));
	assert_false(extension_asked(
	    &cx, c, STR("urn:y:Z:number"), STR("2"), &asked));
}

static void
a_document_holds_them(void **state)
{
	struct doc before, after, out, org;
	const struct js *js;

	(void)state;
	assert_int_equal(js_parse(&cx,
			     STR("{\"userName\":\"a\",\"extensions\":"
				 "{\"urn:x:Badge\":{\"b\":1,\"a\":2}}}"),
			     &js),
	    OK);
	assert_int_equal(doc_decode(&cx, js, &before, &org), OK);
	assert_int_equal(org.n, 0);
	assert_str(doc_get(&before, A_EXTENSIONS, 0), OF("\"a\":2,\"b\":1"));
	doc_restore(&cx, doc_canonical(cx.arena, &before), &after);
	assert_true(doc_eq(&before, &after));
	after = (struct doc) { 0 };
	assert_int_equal(
	    doc_set(&cx, &after, STR("urn:x:Badge:c"), STR("3")), OK);
	doc_merge(&cx, &before, &after, NULL, 0, &out);
	assert_str(doc_get(&out, A_EXTENSIONS, 0),
	    OF("\"a\":2,\"b\":1,\"c\":\"3\""));
	assert_str(doc_get(&out, A_USER_NAME, 0), "a");
	assert_refused(doc_set(&cx, &after, STR("extensions"), STR("{}")),
	    ATTR_UNKNOWN, "extensions");
}

/* A page has hundreds of them. */
static void
what_it_is_read_by_does_not_stay(void **state)
{
	const struct catalogue *c = catalogue_of(declared);
	struct doc doc = { 0 }, back;
	struct extension_key key;
	struct buf b;
	size_t used;

	(void)state;
	buf_init(&b, cx.arena, DOC_BYTES_MAX);
	buf_z(&b, "{\"" BADGE "\":{\"colour\":\"red\",\"old\":[0");
	for (int i = 0; i < 10000; i++)
		buf_z(&b, ",1");
	buf_z(&b, "]}}");
	doc_set_extensions(cx.arena, &doc, buf_view(&b));
	assert_true(extension_asked(
	    &cx, c, STR(BADGE ":colour"), STR("red"), &key));
	used = arena_used(cx.arena);
	assert_true(extension_has_key(&cx, c, buf_view(&b), key.text));
	assert_false(extension_has_key(&cx, c, buf_view(&b), STR("other")));
	assert_int_equal(arena_used(cx.arena), used);
	doc_restore(&cx, doc_canonical(cx.arena, &doc), &back);
	assert_true(doc_eq(&doc, &back));
	assert_true(arena_used(cx.arena) - used < 20 * DOC_BYTES_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_patch_is_laid_over_what_was_there),
		cmocka_unit_test(only_objects_of_objects_are_read),
		cmocka_unit_test(what_comes_is_made_what_is_declared),
		cmocka_unit_test(what_is_not_declared_so_is_refused),
		cmocka_unit_test(so_many_values_and_no_more),
		cmocka_unit_test(what_older_catalogues_left_is_counted),
		cmocka_unit_test(what_is_declared_and_fits_is_shown),
		cmocka_unit_test(each_value_has_one_key),
		cmocka_unit_test(a_document_holds_them),
		cmocka_unit_test(what_it_is_read_by_does_not_stay),
	};

	return cmocka_run_group_tests(tests, open_ctx, close_ctx);
}
