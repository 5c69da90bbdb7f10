/* SPDX-License-Identifier: Apache-2.0 */
/*
 * openapi_test.c - everything of every route is described, and what is not is
 * said.  That it is true is what the flow tests check.
 */
#include "fake.h"

#include "api/openapi_int.h"

/* A description that is written in pieces. */
struct draft {
	struct buf     text, lacks;
	struct js_out  js;
	struct openapi o;
};

static struct draft *
draft_open(void)
{
	struct draft *d = arena_alloc(fake.arena, sizeof(*d));

	buf_init(&d->text, fake.arena, 64 * 1024);
	buf_init(&d->lacks, fake.arena, 64 * 1024);
	js_begin(&d->js, &d->text);
	d->o = (struct openapi) { &d->js, fake.arena, &d->lacks, "here" };
	return d;
}

static const char *
text_of(const struct buf *b)
{
	return str_z(fake.arena, buf_view(b));
}

static void
nothing_lacks_a_description(void **state)
{
	struct str lacks;
	struct str text = api_description(fake.arena, &lacks);

	if (lacks.n > 0)
		wrong("%.*s", STR_ARG(lacks));
	assert_true(text.n > 10000);
}

static void
it_is_json_and_names_every_route_but_the_operators(void **state)
{
	struct ctx cx = { .arena = fake.arena };
	const struct route *const *tables;
	const struct js *js, *paths;
	struct str lacks;
	size_t n;

	assert_int_equal(
	    js_parse(&cx, api_description(fake.arena, &lacks), &js), OK);
	paths = js_get(js, "paths");
	tables = api_routes(&n);
	for (size_t i = 0; i < n; i++)
		for (const struct route *r = tables[i]; r->method != 0; r++) {
			bool is_operators =
			    strncmp(r->path, "/operator/", 10) == 0;

			if ((js_get(paths, r->path) != NULL) == is_operators)
				wrong("%s\n", r->path);
		}
}

static const struct nobody {
	struct route row;
	const char  *says;
} nobodies[] = {
	{ { GET, "/api/v1/self", RIGHT_SELF, 0, false, WORK(.kind = WORK_LOCAL), "No reply" },
	    "GET /api/v1/self: it has no reply: say .reply =" },
	{ { GET, "/api/v1/self", RIGHT_SELF, 0, false, WORK(.kind = WORK_LOCAL, .reply = "Sefl"), "No shape" },
	    "GET /api/v1/self: there is no type Sefl: name a shape" },
	{ { POST, "/api/v1/self", RIGHT_SELF, 10, false, WORK(.kind = WORK_LOCAL, .reply = "Self"), "No body" },
	    "POST /api/v1/self: its body \"\" is no shape: say .body =" },
	{ { POST, "/api/v1/self", RIGHT_SELF, 10, false, WORK(.kind = WORK_LOCAL, .reply = "Self", .body = "X"), "" },
	    "POST /api/v1/self: its body \"X\" is no shape: say .body =" },
	{ { GET, "/api/v1/nouns", RIGHT_SELF, 0, false, WORK(.kind = WORK_LOCAL, .reply = "Self"), "No tag" },
	    "GET /api/v1/nouns: it belongs to no noun: add a row to tags[]" },
	{ { GET, "/api/v1/self", RIGHT_SELF, 0, false, WORK(.kind = WORK_LOCAL, .reply = "Self", .query = "x"), "" },
	    "GET /api/v1/self: parameter x is not described: add a row to queries[]" },
};

static void
what_is_not_described_is_said_with_what_to_do(void **state)
{
	for (size_t i = 0; i < COUNT(nobodies); i++) {
		struct draft *d = draft_open();

		js_open_object(&d->js);
		put_operation(&d->o, &nobodies[i].row);
		if (strstr(text_of(&d->lacks), nobodies[i].says) == NULL)
			wrong("%s\nis not \"%s\"\n", text_of(&d->lacks),
			    nobodies[i].says);
	}
}

static const struct typed {
	const char *type, *schema;
} typeds[] = {
	{ "bool", "{\"type\":\"boolean\"}" },
	{ "bool?", "{\"type\":[\"boolean\",\"null\"]}" },
	{ "bool-", "{\"type\":\"boolean\"}" },
	{ "[text]", "{\"type\":\"array\",\"items\":{\"type\":\"string\"}}" },
	{ "[text]?-", "{\"type\":[\"array\",\"null\"],\"items\":{\"type\":\"string\"}}" },
	{ "id or int", "{\"type\":[\"string\",\"integer\",\"null\"]}" },
	{ "Pool", "{\"$ref\":\"#/components/schemas/Pool\"}" },
	{ "Pool?", "{\"anyOf\":[{\"$ref\":\"#/components/schemas/Pool\"},{\"type\":\"null\"}]}" },
	{ "[Pool]", "{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/Pool\"}}" },
};

static void
a_type_becomes_its_schema(void **state)
{
	for (size_t i = 0; i < COUNT(typeds); i++) {
		struct draft *d = draft_open();

		put_type(&d->o, typeds[i].type, "");
		assert_string_equal(text_of(&d->text), typeds[i].schema);
		assert_int_equal(d->lacks.n, 0);
	}
}

/* The number at a path of names in the document, as components.schemas.Pool. */
static int64_t
number_at(const struct js *js, const char *path)
{
	struct str rest = str_of(path);

	while (rest.n > 0)
		js = js_get(js, str_z(fake.arena, str_cut(&rest, '.')));
	assert_non_null(js);
	return js_int(js);
}

static const struct limit {
	const char *path;
	int64_t	    value;
} limits[] = {
	{ "Batch.properties.items.minItems", 1 },
	{ "Batch.properties.items.maxItems", BATCH_ITEMS_MAX },
	{ "OnboardingOrder.properties.priority.maximum", 9 },
	{ "OnboardingOrder.properties.products.maxItems", 100 },
	{ "TokenOrder.properties.rights.minItems", 1 },
	{ "TokenOrder.properties.label.minLength", 1 },
	{ "TokenOrder.properties.label.maxLength", 400 },
	{ "Search.properties.limit.maximum", PAGE_MAX },
};

static void
bodies_have_the_limits_of_their_decoders(void **state)
{
	struct ctx cx = { .arena = fake.arena };
	const struct js *js;
	struct str lacks;

	assert_int_equal(
	    js_parse(&cx, api_description(fake.arena, &lacks), &js), OK);
	js = js_get(js_get(js, "components"), "schemas");
	for (size_t i = 0; i < COUNT(limits); i++)
		if (number_at(js, limits[i].path) != limits[i].value)
			wrong("%s\n", limits[i].path);
}

/* A client that was written against one server must find the same names at the next. */
static void
operations_have_the_names_that_they_had(void **state)
{
	static const struct {
		enum method method;
		const char *path, *id;
	} rows[] = {
		{ GET, "/api/v1/persons", "getPersons" },
		{ GET, "/api/v1/persons/{person}", "getPerson" },
		{ POST, "/api/v1/persons/.search", "postPersonsSearch" },
		{ GET, "/api/v1/persons/{person}/seats", "getPersonSeats" },
		{ DELETE, "/api/v1/persons/{person}/seats/{product}",
		    "deletePersonSeatsProduct" },
		{ POST, "/api/v1/onboardings/{onboarding}/checks/{check}",
		    "postOnboardingCheck" },
		{ GET, "/api/v1/openapi.json", "getOpenapiJson" },
		{ GET, "/healthz", "getHealthz" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct draft *d = draft_open();
		const struct route row = { rows[i].method, rows[i].path,
			RIGHT_SELF, 0, false, WORK(.reply = "Self"), "" };
		struct str want =
		    str_fmt(fake.arena, "\"operationId\":\"%s\"", rows[i].id);

		js_open_object(&d->js);
		put_operation(&d->o, &row);
		if (strstr(text_of(&d->text), str_z(fake.arena, want)) == NULL)
			wrong("%s: %s\n", rows[i].id, text_of(&d->text));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		A_TEST(nothing_lacks_a_description),
		A_TEST(it_is_json_and_names_every_route_but_the_operators),
		A_TEST(what_is_not_described_is_said_with_what_to_do),
		A_TEST(a_type_becomes_its_schema),
		A_TEST(bodies_have_the_limits_of_their_decoders),
		A_TEST(operations_have_the_names_that_they_had),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
