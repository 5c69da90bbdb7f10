/* SPDX-License-Identifier: Apache-2.0 */
/* schema_test.c - what an operator declares is compiled to what is built in, or refused with its place. */
#include "core/schema.h"

#include "seat_try.h"

#define BADGE "urn:example:scim:2.0:Badge"
#define ATTRS(attrs) \
	"catalogue: 1\nschemas: { badge: { urn: \"" BADGE \
	"\", attributes: { " attrs " } } }\n"
#define OF(whose) \
	"catalogue: 1\nschemas: { badge: { urn: \"urn:a:b\", of: " whose \
	", attributes: { a: { type: string } } } }\n"
#define URN(urn) \
	"catalogue: 1\nschemas: { badge: { urn: \"" urn \
	"\", attributes: { a: { type: string } } } }\n"

static const char badge[] =
    "catalogue: 1\n"
    "schemas:\n"
    "  badge:\n"
    "    urn: " BADGE "\n"
    "    name: Badge\n"
    "    text: What opens doors.\n"
    "    attributes:\n"
    "      number: { type: string, unique: true, exact: true, "
    "required: true }\n"
    "      floors: { type: integer, multi: true, searchable: true }\n"
    "      colour: { type: string, canonical: [red, green], "
    "returned: always }\n"
    "      weight: { type: decimal, mutability: readOnly }\n"
    "      since: { type: dateTime, mutability: immutable, text: \"When.\" }\n"
    "      home: { type: reference, returned: request }\n"
    "      car: { type: complex, attributes: { plate: { type: string }, "
    "electric: { type: boolean } } }\n";

static void
a_declaration_becomes_a_schema(void **state)
{
	const struct catalogue *c = catalogue_of(badge);
	const struct scim_schema *s = catalogue_schema_urn(c, STR(BADGE));
	const struct scim_attr *a;

	(void)state;
	assert_int_equal(c->nschema, 1);
	assert_non_null(s);
	assert_ptr_equal(
	    catalogue_schema_urn(c, STR("URN:example:SCIM:2.0:badge")), s);
	assert_string_equal(s->name, "Badge");
	assert_string_equal(s->text, "What opens doors.");
	for (a = s->attr + 1; a->name != NULL; a++)
		assert_true(strcmp(a[-1].name, a->name) < 0);
	assert_int_equal(a - s->attr, 7);
	a = catalogue_attribute(c, STR(BADGE ":NUMBER"), &s);
	assert_string_equal(a->name, "number");
	assert_int_equal(a->flags, SCIM_UNIQUE | SCIM_EXACT | SCIM_REQUIRED);
	a = catalogue_attribute(c, STR(BADGE ":floors"), NULL);
	assert_int_equal(a->type, SCIM_INTEGER);
	assert_int_equal(a->flags, SCIM_MULTI | SCIM_SEARCH);
	a = catalogue_attribute(c, STR(BADGE ":colour"), NULL);
	assert_string_equal(a->canonical, "red green");
	assert_int_equal(a->returned, SCIM_ALWAYS);
	a = catalogue_attribute(c, STR(BADGE ":since"), NULL);
	assert_int_equal(a->mutability, SCIM_IMMUTABLE);
	assert_string_equal(a->text, "When.");
	a = catalogue_attribute(c, STR(BADGE ":car"), NULL);
	assert_int_equal(scim_attr_find(a->sub, STR("Electric"))->type,
	    SCIM_BOOLEAN);
	assert_null(catalogue_attribute(c, STR(BADGE), NULL));
	assert_null(catalogue_attribute(c, STR(BADGE ":nothing"), NULL));
	assert_null(catalogue_attribute(c, STR("number"), NULL));
	assert_null(catalogue_attribute(c, STR(""), NULL));
}

static void
what_is_exported_is_the_same(void **state)
{
	const struct catalogue *c = catalogue_of(badge);
	const struct catalogue *again = catalogue_after(
	    str_z(cx.arena, catalogue_export(cx.arena, c)), c);
	struct catalogue *stored;
	struct catalogue_diff diff;
	const struct js *js;

	(void)state;
	assert_true(str_eq(c->canonical, again->canonical));
	catalogue_compare(cx.arena, c, again, &diff);
	assert_int_equal(diff.added + diff.changed + diff.removed, 0);
	assert_int_equal(js_parse(&cx, c->canonical, &js), OK);
	assert_int_equal(catalogue_decode(&cx, js, NULL, true, &stored), OK);
	assert_true(str_eq(c->canonical, stored->canonical));
	catalogue_compare(cx.arena, c, catalogue_of("catalogue: 1\n"), &diff);
	assert_int_equal(diff.removed, 1);
	assert_str(diff.removed_text, "schemas.badge");
	/* A document of before there were schemas reads as it always did. */
	assert_null(memmem(catalogue_of("catalogue: 1\n")->canonical.p,
	    catalogue_of("catalogue: 1\n")->canonical.n, "schemas", 7));
}

static const struct {
	const char *yaml;
	enum msg    why;
	const char *field;
} refused[] = {
	{ "catalogue: 1\nschemas: { badge: { urn: \"urn:a:b\" } }\n",
	    MSG_CATALOGUE_MISSING, "schemas.badge (line 2)" },
	{ "catalogue: 1\nschemas: { badge: { attributes: {} } }\n",
	    MSG_CATALOGUE_MISSING, "schemas.badge (line 2)" },
	{ URN("badge"), MSG_CATALOGUE_URN, "schemas.badge.urn (line 2)" },
	{ URN("urn:badge"), MSG_CATALOGUE_URN, "schemas.badge.urn (line 2)" },
	{ URN("urn:a::b"), MSG_CATALOGUE_URN, "schemas.badge.urn (line 2)" },
	{ URN("urn:a:b c"), MSG_CATALOGUE_URN, "schemas.badge.urn (line 2)" },
	{ URN("urn:a:b["), MSG_CATALOGUE_URN, "schemas.badge.urn (line 2)" },
	{ URN("urn:ietf:params:scim:schemas:core:2.0:User"), MSG_CATALOGUE_URN,
	    "schemas.badge.urn (line 2)" },
	{ URN("urn:ietf:params:SCIM:schemas:core:2.0:Device"),
	    MSG_CATALOGUE_URN, "schemas.badge.urn (line 2)" },
	{ URN("urn:ietf:params:scim:schemas:extension:usher:2.0:User:x"),
	    MSG_CATALOGUE_URN, "schemas.badge.urn (line 2)" },
	{ URN("urn:ietf:params:scim:schemas"), MSG_CATALOGUE_URN,
	    "schemas.badge.urn (line 2)" },
	{ "catalogue: 1\nschemas:\n"
	  "  a: { urn: \"urn:a:b\", attributes: { x: { type: string } } }\n"
	  "  b: { urn: \"urn:A:b:c\", attributes: { x: { type: string } } }\n",
	    MSG_CATALOGUE_URN_TWICE, "schemas.b.urn (line 4)" },
	{ OF("group"), MSG_CATALOGUE_OF_GROUP, "schemas.badge.of (line 2)" },
	{ OF("groups"), MSG_CATALOGUE_WORD, "schemas.badge.of (line 2)" },
	{ ATTRS(""), MSG_CATALOGUE_OBJECT,
	    "schemas.badge.attributes (line 2)" },
	{ ATTRS("1st: { type: string }"), MSG_CATALOGUE_ATTR_NAME,
	    "schemas.badge.attributes (line 2)" },
	{ ATTRS("\"a.b\": { type: string }"), MSG_CATALOGUE_ATTR_NAME,
	    "schemas.badge.attributes (line 2)" },
	{ ATTRS("Meta: { type: string }"), MSG_CATALOGUE_ATTR_NAME,
	    "schemas.badge.attributes (line 2)" },
	{ ATTRS("a: { type: string }, A: { type: string }"),
	    MSG_CATALOGUE_ATTR_NAME, "schemas.badge.attributes (line 2)" },
	{ ATTRS("a: string"), MSG_CATALOGUE_OBJECT,
	    "schemas.badge.attributes.a (line 2)" },
	{ ATTRS("a: {}"), MSG_CATALOGUE_MISSING,
	    "schemas.badge.attributes.a (line 2)" },
	{ ATTRS("a: { type: text }"), MSG_CATALOGUE_WORD,
	    "schemas.badge.attributes.a.type (line 2)" },
	{ ATTRS("a: { type: string, mutability: writeOnly }"),
	    MSG_CATALOGUE_WORD,
	    "schemas.badge.attributes.a.mutability (line 2)" },
	{ ATTRS("a: { type: string, returned: never }"), MSG_CATALOGUE_WORD,
	    "schemas.badge.attributes.a.returned (line 2)" },
	{ ATTRS("a: { type: string, multi: 1 }"), MSG_CATALOGUE_BOOL,
	    "schemas.badge.attributes.a.multi (line 2)" },
	{ ATTRS("a: { type: string, uniq: true }"), MSG_CATALOGUE_KEY,
	    "schemas.badge.attributes.a (line 2)" },
	{ ATTRS("a: { type: string, canonical: [a b] }"),
	    MSG_CATALOGUE_CANONICAL,
	    "schemas.badge.attributes.a.canonical (line 2)" },
	{ ATTRS("a: { type: boolean, searchable: true }"),
	    MSG_CATALOGUE_INDEXED,
	    "schemas.badge.attributes.a.searchable (line 2)" },
	{ ATTRS("a: { type: decimal, unique: true }"), MSG_CATALOGUE_INDEXED,
	    "schemas.badge.attributes.a.unique (line 2)" },
	{ ATTRS("a: { type: complex }"), MSG_CATALOGUE_COMPLEX,
	    "schemas.badge.attributes.a.type (line 2)" },
	{ ATTRS("a: { type: string, attributes: { b: { type: string } } }"),
	    MSG_CATALOGUE_COMPLEX,
	    "schemas.badge.attributes.a.type (line 2)" },
	{ ATTRS("a: { type: complex, attributes: { b: { type: complex, "
		"attributes: { c: { type: string } } } } }"),
	    MSG_CATALOGUE_COMPLEX,
	    "schemas.badge.attributes.a.attributes.b.type (line 2)" },
	{ ATTRS("a: { type: complex, attributes: { b: { type: string, "
		"unique: true } } }"),
	    MSG_CATALOGUE_INDEXED,
	    "schemas.badge.attributes.a.attributes.b.unique (line 2)" },
}, unlike[] = {
	{ URN("urn:example:scim:2.0:Other"), MSG_CATALOGUE_FIXED,
	    "schemas.badge.urn (line 2)" },
	{ ATTRS("number: { type: integer }"), MSG_CATALOGUE_FIXED,
	    "schemas.badge.attributes.number.type (line 2)" },
	{ ATTRS("floors: { type: integer }"), MSG_CATALOGUE_FIXED,
	    "schemas.badge.attributes.floors.multi (line 2)" },
	{ ATTRS("floors: { type: integer, multi: true, unique: true }"),
	    MSG_CATALOGUE_FIXED,
	    "schemas.badge.attributes.floors.unique (line 2)" },
	{ ATTRS("colour: { type: string, searchable: true }"),
	    MSG_CATALOGUE_FIXED,
	    "schemas.badge.attributes.colour.searchable (line 2)" },
	{ ATTRS("number: { type: string, unique: true }"),
	    MSG_CATALOGUE_FIXED,
	    "schemas.badge.attributes.number.exact (line 2)" },
	{ ATTRS("car: { type: complex, attributes: { plate: { type: integer } "
		"} }"),
	    MSG_CATALOGUE_FIXED,
	    "schemas.badge.attributes.car.attributes.plate.type (line 2)" },
};

#define TYPED(type) \
	"catalogue: 1\nschemas:\n" \
	"  p: { urn: \"urn:x:p\", attributes: { a: { type: string } } }\n" \
	"  d: { urn: \"urn:x:d\", of: resource, attributes: { a: { type: " \
	"string } } }\n" \
	"  e: { urn: \"urn:x:e\", of: resource, attributes: { a: { type: " \
	"string } } }\n" \
	"resource_types:\n" type "\n"
#define DEVICE \
	"  device: { name: Device, endpoint: /Devices, schema: d, " \
	"extensions: [e] }"

static const struct {
	const char *yaml;
	enum msg    why;
	const char *field;
} untyped[] = {
	{ TYPED("  x: { name: X, schema: d }"), MSG_CATALOGUE_MISSING,
	    "resource_types.x (line 7)" },
	{ TYPED("  x: { name: X, endpoint: Xs, schema: d }"),
	    MSG_CATALOGUE_ENDPOINT, "resource_types.x.endpoint (line 7)" },
	{ TYPED("  x: { name: X, endpoint: /a/b, schema: d }"),
	    MSG_CATALOGUE_ENDPOINT, "resource_types.x.endpoint (line 7)" },
	{ TYPED("  x: { name: X, endpoint: /.search, schema: d }"),
	    MSG_CATALOGUE_ENDPOINT, "resource_types.x.endpoint (line 7)" },
	{ TYPED("  x: { name: X Y, endpoint: /Xs, schema: d }"),
	    MSG_CATALOGUE_ENDPOINT, "resource_types.x.name (line 7)" },
	{ TYPED("  x: { name: X, endpoint: /users, schema: d }"),
	    MSG_CATALOGUE_TYPE_TAKEN, "resource_types.x.endpoint (line 7)" },
	{ TYPED("  x: { name: Group, endpoint: /Xs, schema: d }"),
	    MSG_CATALOGUE_TYPE_TAKEN, "resource_types.x.name (line 7)" },
	{ TYPED("  x: { name: X, endpoint: /Xs, schema: q }"),
	    MSG_CATALOGUE_UNKNOWN, "resource_types.x.schema (line 7)" },
	{ TYPED("  x: { name: X, endpoint: /Xs, schema: p }"),
	    MSG_CATALOGUE_TYPE_SCHEMA, "resource_types.x.schema (line 7)" },
	{ TYPED("  x: { name: X, endpoint: /Xs, schema: d, extensions: [p] }"),
	    MSG_CATALOGUE_TYPE_SCHEMA,
	    "resource_types.x.extensions (line 7)" },
	{ TYPED("  x: { name: X, endpoint: /Xs, schema: d, extensions: [d] }"),
	    MSG_CATALOGUE_TYPE_TAKEN,
	    "resource_types.x.extensions (line 7)" },
	{ TYPED("  x: { name: X, endpoint: /Xs, schema: d, extensions: [e, e] "
		"}"),
	    MSG_CATALOGUE_TYPE_TAKEN,
	    "resource_types.x.extensions (line 7)" },
	{ TYPED("  a: { name: X, endpoint: /Xs, schema: d }\n"
		"  b: { name: x, endpoint: /Ys, schema: d }"),
	    MSG_CATALOGUE_TYPE_TAKEN, "resource_types.b.name (line 8)" },
	{ TYPED("  a: { name: X, endpoint: /Xs, schema: d }\n"
		"  b: { name: Y, endpoint: /xs, schema: d }"),
	    MSG_CATALOGUE_TYPE_TAKEN, "resource_types.b.endpoint (line 8)" },
};

static void
assert_bad(const char *yaml, const struct catalogue *before, enum msg why,
    const char *field)
{
	struct catalogue *c;
	const struct js *js;

	assert_int_equal(yaml_parse(&cx, str_of(yaml), &js), OK);
	if (catalogue_decode(&cx, js, before, false, &c) == OK)
		wrong("taken: %s", yaml);
	if (cx.fault.msg != why)
		wrong("%s: %s", yaml, msg_name(cx.fault.msg));
	assert_str(cx.fault.field, field);
}

static void
what_is_wrong_is_named_with_its_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++)
		assert_bad(refused[i].yaml, NULL, refused[i].why,
		    refused[i].field);
}

static void
what_has_values_stays_what_it_is(void **state)
{
	const struct catalogue *before = catalogue_of(badge);

	(void)state;
	for (size_t i = 0; i < COUNT(unlike); i++)
		assert_bad(unlike[i].yaml, before, unlike[i].why,
		    unlike[i].field);
	/* It may go, and what is not about values may change. */
	catalogue_after(ATTRS("number: { type: string, text: \"Other.\" }, "
			      "colour: { type: string, required: true }"),
	    before);
}

static void
a_type_is_a_resource_over_schemas(void **state)
{
	const struct catalogue *c = catalogue_of(TYPED(DEVICE)), *again;
	const struct declared_type *t = catalogue_type_at(c, STR("Devices"));
	struct catalogue_diff diff;

	(void)state;
	assert_non_null(t);
	assert_string_equal(t->resource.name, "Device");
	assert_string_equal(t->resource.path, "/Devices");
	assert_string_equal(t->resource.schema->id, "urn:x:d");
	assert_string_equal(t->resource.extension[0]->id, "urn:x:e");
	assert_null(t->resource.extension[1]);
	assert_ptr_equal(catalogue_type(c, t->id), t);
	assert_null(catalogue_type_at(c, STR("devices")));
	again = catalogue_after(
	    str_z(cx.arena, catalogue_export(cx.arena, c)), c);
	assert_true(str_eq(c->canonical, again->canonical));
	assert_bad(TYPED("  device: { name: Device, endpoint: /Devices, "
			 "schema: e }"),
	    c, MSG_CATALOGUE_FIXED, "resource_types.device.schema (line 7)");
	again = catalogue_after(TYPED("  d: { was: device, name: Device, "
				      "endpoint: /Things, schema: d }"),
	    c);
	assert_non_null(catalogue_type(again, t->id));
	catalogue_compare(cx.arena, c, again, &diff);
	assert_int_equal(diff.changed, 1);
	assert_int_equal(diff.ntype_gone, 0);
	catalogue_compare(
	    cx.arena, c, catalogue_of("catalogue: 1\n"), &diff);
	assert_int_equal(diff.ntype_gone, 1);
	assert_int_equal(diff.type_gone[0], t->id);
	for (size_t i = 0; i < COUNT(untyped); i++)
		assert_bad(untyped[i].yaml, NULL, untyped[i].why,
		    untyped[i].field);
	/* Nor does a schema change sides. */
	assert_bad("catalogue: 1\nschemas: { d: { urn: \"urn:x:d\", "
		   "attributes: { a: { type: string } } } }\n",
	    c, MSG_CATALOGUE_FIXED, "schemas.d.of (line 2)");
}

static void
persons_have_few_schemas(void **state)
{
	struct catalogue *c;
	const struct js *js;
	struct buf b;

	(void)state;
	for (int n = SCHEMAS_OF_USER_MAX; n <= SCHEMAS_OF_USER_MAX + 1; n++) {
		buf_init(&b, cx.arena, 8192);
		buf_z(&b, "catalogue: 1\nschemas:\n");
		for (int i = 0; i < n; i++)
			buf_fmt(&b,
			    "  s%d: { urn: \"urn:x:s%d\", attributes: "
			    "{ a: { type: string } } }\n",
			    i, i);
		assert_int_equal(yaml_parse(&cx, buf_view(&b), &js), OK);
		assert_int_equal(catalogue_decode(&cx, js, NULL, false, &c),
		    n == SCHEMAS_OF_USER_MAX ? OK : ERR_BAD_INPUT);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_declaration_becomes_a_schema),
		cmocka_unit_test(what_is_exported_is_the_same),
		cmocka_unit_test(what_is_wrong_is_named_with_its_line),
		cmocka_unit_test(what_has_values_stays_what_it_is),
		cmocka_unit_test(a_type_is_a_resource_over_schemas),
		cmocka_unit_test(persons_have_few_schemas),
	};

	return cmocka_run_group_tests(tests, open_ctx, close_ctx);
}
