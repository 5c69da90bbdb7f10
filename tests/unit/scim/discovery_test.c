/* SPDX-License-Identifier: Apache-2.0 */
/* discovery_test.c - what a client is told of the server, and how it is refused. */
#include "fake.h"

#include "scim/scim_int.h"

#define SCHEMA_PATH SCIM_PATH "/Schemas/" SCIM_USER
#define ERROR_URN   "urn:ietf:params:scim:api:messages:2.0:Error"

static void
every_route_has_a_right_and_takes_any_parameter(void **state)
{
	(void)state;
	for (const struct route *r = scim_routes; r->method != 0; r++) {
		const struct route_work *w = r->work;

		assert_true(r->right > RIGHT_PUBLIC && r->right < RIGHT_COUNT);
		assert_true(strlen(r->summary) >= 8);
		assert_true(str_starts(str_of(r->path), STR(SCIM_PATH "/")));
		assert_true(r->method != GET || r->body_max == 0);
		/* RFC 7644 section 3.4.2: unknown parameters are ignored. */
		assert_true(str_ends(str_of(w->query), STR("*")));
	}
}

static void
schemas_and_types_are_listed_and_shown(void **state)
{
	(void)state;
	fake_send(GET, SCIM_PATH "/Schemas?count=1&x=y", NULL);
	assert_int_equal(fake.status, 200);
	assert_text(fake.type, SCIM_MEDIA);
	assert_text(fake_at("schemas.0"), SCIM_LIST);
	assert_text(fake_at("totalResults"), "9");
	assert_text(fake_at("itemsPerPage"), "9");
	assert_text(fake_at("Resources.0.id"), SCIM_USER);
	assert_text(fake_at("Resources.1.id"), SCIM_ENTERPRISE);
	assert_text(fake_at("Resources.2.id"), SCIM_USHER);
	assert_text(fake_at("Resources.3.id"), SCIM_GROUP);
	assert_text(fake_at("Resources.4.id"), SCIM_USHER_GROUP);
	assert_text(fake_at("Resources.5.id"), "urn:example:scim:2.0:Thing");
	assert_text(fake_at("Resources.6.id"), SCIM_CONFIG);
	assert_text(fake_at("Resources.8.id"), SCIM_SCHEMA);
	fake_send(GET, SCHEMA_PATH, NULL);
	assert_int_equal(fake.status, 200);
	assert_text(fake_at("attributes.0.name"), "userName");
	assert_text(fake_at("attributes.0.type"), "string");
	assert_text(fake_at("attributes.0.required"), "true");
	assert_text(fake_at("attributes.0.uniqueness"), "server");
	assert_text(fake_at("attributes.0.mutability"), "readWrite");
	assert_text(fake_at("attributes.0.returned"), "default");
	assert_text(fake_at("attributes.1.subAttributes.1.name"), "familyName");
	assert_text(fake_at("attributes.8.multiValued"), "true");
	assert_text(
	    fake_at("attributes.8.subAttributes.1.canonicalValues.1"), "home");
	assert_true(str_ends(fake_at("meta.location"), STR(SCHEMA_PATH)));
	fake_send(GET, SCIM_PATH "/ResourceTypes", NULL);
	assert_text(fake_at("totalResults"), "3");
	fake_send(GET, SCIM_PATH "/ResourceTypes/user", NULL);
	assert_int_equal(fake.status, 200);
	assert_text(fake_at("endpoint"), "/Users");
	assert_text(fake_at("schema"), SCIM_USER);
	assert_text(fake_at("schemaExtensions.1.schema"), SCIM_USHER);
	fake_send(GET, SCIM_PATH "/ServiceProviderConfig", NULL);
	assert_int_equal(fake.status, 200);
	assert_text(
	    fake_at("authenticationSchemes.0.type"), "oauthbearertoken");
	assert_text(fake_at("bulk.supported"), "true");
	assert_text(fake_at("bulk.maxOperations"), "1000");
	assert_text(fake_at("bulk.maxPayloadSize"), "10485760");
}

static void
assert_error(int status, const char *type)
{
	assert_int_equal(fake.status, status);
	assert_text(fake.type, SCIM_MEDIA);
	assert_text(fake_at("schemas.0"), ERROR_URN);
	assert_text(fake_at("status"),
	    str_z(fake.arena, str_fmt(fake.arena, "%d", status)));
	if (type != NULL)
		assert_text(fake_at("scimType"), type);
	else
		assert_null(js_get(fake.json, "scimType"));
	assert_true(fake_at("detail").n > 10);
}

static void
whatever_is_refused_has_scims_form(void **state)
{
	(void)state;
	fake_send(GET, SCIM_PATH "/Schemas/urn:x", NULL);
	assert_error(404, NULL);
	fake_send(GET, SCIM_PATH "/ResourceTypes/Robot", NULL);
	assert_error(404, NULL);
	fake_send(GET, SCIM_PATH "/Nothing", NULL);
	assert_error(404, NULL);
	fake_send(GET, SCIM_PATH "/Schemas?filter=id+pr", NULL);
	assert_error(403, NULL);
	fake_call(fake_request(GET, SCIM_PATH "/Schemas", NULL, NULL));
	assert_error(401, NULL);
	assert_true(
	    str_starts(fake_replied("WWW-Authenticate"), STR("Bearer")));
	fake.is_crowded = true;
	fake_send(GET, SCIM_PATH "/Schemas", NULL);
	assert_error(429, NULL);
	assert_text(fake_replied("Retry-After"), "1");
	fake.is_crowded = false;
	fake_send(DELETE, SCIM_PATH "/Schemas", NULL);
	assert_error(405, NULL);
	fake_send(GET, "/api/v1/nothing", NULL);
	assert_int_equal(fake.status, 404);
	assert_text(fake.type, "application/problem+json");
}

static void
a_fault_has_its_scim_type(void **state)
{
	static const struct {
		enum err err;
		enum msg msg;
		const char *type;
	} faults[] = {
		{ ERR_BAD_INPUT, MSG_FILTER_UNKNOWN, "invalidFilter" },
		{ ERR_BAD_INPUT, MSG_FILTER_BRACKET, "invalidFilter" },
		{ ERR_BAD_INPUT, MSG_JSON_SYNTAX, "invalidSyntax" },
		{ ERR_BAD_INPUT, MSG_API_NOT_OBJECT, "invalidSyntax" },
		{ ERR_BAD_INPUT, MSG_ATTR_UNKNOWN, "invalidSyntax" },
		{ ERR_BAD_INPUT, MSG_SCIM_OP, "invalidSyntax" },
		{ ERR_BAD_INPUT, MSG_SCIM_PATH, "invalidPath" },
		{ ERR_BAD_INPUT, MSG_SCIM_NO_TARGET, "noTarget" },
		{ ERR_BAD_INPUT, MSG_SCIM_READ_ONLY, "mutability" },
		{ ERR_BAD_INPUT, MSG_SCIM_TAKEN_AWAY, "mutability" },
		{ ERR_BAD_INPUT, MSG_SCIM_CURSOR, "invalidCursor" },
		{ ERR_BAD_INPUT, MSG_SCIM_COUNT, "invalidCount" },
		{ ERR_BAD_INPUT, MSG_SCIM_VERSION, "invalidVers" },
		{ ERR_BAD_INPUT, MSG_SCIM_NUMBER, "invalidValue" },
		{ ERR_BAD_INPUT, MSG_SCIM_REQUIRED, "invalidValue" },
		{ ERR_BAD_INPUT, MSG_ATTR_EMAIL, "invalidValue" },
		{ ERR_DENIED, MSG_SCIM_SENSITIVE, "sensitive" },
		{ ERR_CONFLICT, MSG_ORDER_TAKEN, "uniqueness" },
		{ ERR_CONFLICT, MSG_ORDER_EXISTS, "uniqueness" },
		{ ERR_CONFLICT, MSG_API_CONFLICT, NULL },
		{ ERR_NOT_FOUND, MSG_ORDER_NO_PERSON, NULL },
	};

	(void)state;
	/* What is wrong with a path, and what with the filter in it. */
	assert_text(str_of(scim_type_of(&(struct fault) {
			.err = ERR_BAD_INPUT,
			.msg = MSG_FILTER_BRACKET,
			.field = STR("path") })),
	    "invalidPath");
	assert_text(str_of(scim_type_of(&(struct fault) {
			.err = ERR_BAD_INPUT,
			.msg = MSG_FILTER_OPERATOR,
			.field = STR("path") })),
	    "invalidFilter");
	for (size_t i = 0; i < COUNT(faults); i++) {
		const struct fault f = { .err = faults[i].err,
			.msg = faults[i].msg };
		const char *type = scim_type_of(&f);

		assert_text(
		    str_of(type), faults[i].type != NULL ? faults[i].type : "");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		A_TEST(every_route_has_a_right_and_takes_any_parameter),
		A_TEST(schemas_and_types_are_listed_and_shown),
		A_TEST(whatever_is_refused_has_scims_form),
		A_TEST(a_fault_has_its_scim_type),
	};

	fake_wing = &scim_wing;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
