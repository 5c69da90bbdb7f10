/* SPDX-License-Identifier: Apache-2.0 */
/* person_test.c - person objects: what is taken, what is refused, what a PATCH means. */
#include "fake.h"

#include "base/id.h"

static const struct refusal {
	const char *body;
	enum msg    msg;
	const char *field;
} refusals[] = {
	{ "[]", MSG_ATTR_NOT_OBJECT, "" },
	{ "{\"colour\":\"red\"}", MSG_ATTR_UNKNOWN, "colour" },
	{ "{\"name\":{\"nick\":\"A\"}}", MSG_ATTR_UNKNOWN, "name.nick" },
	{ "{\"name\":\"Ana\"}", MSG_ATTR_NOT_OBJECT, "name" },
	{ "{\"userName\":7}", MSG_ATTR_NOT_TEXT, "userName" },
	{ "{\"userName\":{\"$sealed\":\"x\"}}", MSG_ATTR_SEALED_FORM, "userName" },
	{ "{\"emails\":\"a@b.de\"}", MSG_ATTR_NOT_LIST, "emails" },
	{ "{\"emails\":[{\"value\":\"nobody\"}]}", MSG_ATTR_EMAIL, "emails[0].value" },
	{ "{\"emails\":[{\"value\":\"a@b.de\",\"primary\":1}]}", MSG_ATTR_NOT_BOOL, "emails[0].primary" },
	{ "{\"birthDate\":\"23.11.2026\"}", MSG_ATTR_NOT_DATE, "birthDate" },
	{ "{\"start\":\"soon\"}", MSG_ATTR_NOT_DATE, "start" },
	{ "{\"lifecycle\":\"active\"}", MSG_API_READ_ONLY, "lifecycle" },
	{ "{\"certification\":\"new\"}", MSG_API_READ_ONLY, "certification" },
	{ "{\"active\":true}", MSG_API_READ_ONLY, "active" },
	{ "{\"source\":\"hr\"}", MSG_API_READ_ONLY, "source" },
	{ "{\"id\":\"0000000000001\"}", MSG_API_READ_ONLY, "id" },
	{ "{\"contracts\":{}}", MSG_API_NOT_LIST, "contracts" },
	{ "{\"contracts\":[7]}", MSG_ATTR_NOT_OBJECT, "contracts[0]" },
	{ "{\"contracts\":[{},{\"start\":\"x\"}]}", MSG_ATTR_NOT_DATE, "contracts[1].start" },
	{ "{\"contracts\":[{\"userName\":\"a\"}]}", MSG_API_UNKNOWN_MEMBER, "contracts[0].userName" },
	{ "{\"contracts\":[{\"country\":\"DE\"}]}", MSG_API_UNKNOWN_MEMBER, "contracts[0].country" },
	{ "{\"contracts\":[{\"id\":\"0000000000001\"}]}", MSG_API_UNKNOWN_MEMBER, "contracts[0].id" },
	{ "{\"site\":\"ber\",\"contracts\":[]}", MSG_API_TWO_CONTRACTS, "contracts" },
};

static void
what_is_no_person_is_refused_with_its_path(void **state)
{
	for (size_t i = 0; i < COUNT(refusals); i++) {
		const struct refusal *r = &refusals[i];
		struct ctx *cx = fake_ctx();
		struct person_in in;
		enum err err = person_decode(cx, fake_json(r->body), &in);

		if (err != ERR_BAD_INPUT || cx->fault.msg != r->msg ||
		    !str_eq(cx->fault.field, str_of(r->field)))
			wrong("%s: %s at \"%.*s\"\n", r->body,
			    msg_name(cx->fault.msg), STR_ARG(cx->fault.field));
	}
}

static void
fifty_contracts_are_enough(void **state)
{
	struct ctx *cx = fake_ctx();
	struct person_in in;
	struct buf b;

	buf_init(&b, fake.arena, 1000);
	buf_z(&b, "{\"contracts\":[{}");
	for (int i = 1; i < 51; i++)
		buf_z(&b, ",{}");
	buf_z(&b, "]}");
	assert_int_equal(
	    person_decode(cx, fake_json(str_z(fake.arena, buf_view(&b))), &in),
	    ERR_BAD_INPUT);
	assert_int_equal(cx->fault.msg, MSG_ORDER_CONTRACTS);
}

static void
a_flat_person_has_one_contract(void **state)
{
	struct ctx *cx = fake_ctx();
	struct person_in in;
	struct order o = { 0 };

	assert_int_equal(
	    person_decode(cx,
		fake_json("{\"userName\":\"ana\","
			  "\"externalId\":\"e1\",\"site\":\"ber\","
			  "\"department\":\"Sales\","
			  "\"title\":\"Clerk\",\"costCenter\":\"1\","
			  "\"division\":\"D\","
			  "\"organization\":\"acme\",\"manager\":\"boss\","
			  "\"start\":\"2026-01-01\",\"end\":\"2026-12-31\","
			  "\"country\":\"DE\",\"preferredLanguage\":\"de\","
			  "\"userType\":\"intern\"}"),
		&in),
	    OK);
	person_order_fill(cx, NULL, &in, &o);
	assert_int_equal(o.source, FAKE_SOURCE);
	assert_text(o.ref, "e1");
	assert_int_equal(o.ncontract, 1);
	assert_true(o.has_contracts);
	assert_int_equal(o.contract[0].key.n, 0);
	assert_text(o.contract[0].site, "ber");
	assert_text(o.contract[0].department, "Sales");
	assert_text(o.contract[0].title, "Clerk");
	assert_text(o.contract[0].cost_center, "1");
	assert_text(o.contract[0].division, "D");
	assert_text(o.contract[0].organization, "acme");
	assert_text(o.contract[0].manager, "boss");
	assert_text(o.contract[0].start, "2026-01-01");
	assert_text(o.contract[0].end, "2026-12-31");
	assert_text(o.country, "DE");
	assert_text(o.language, "de");
	assert_text(o.user_type, "intern");
	assert_int_equal(o.doc.n, 2);
}

static void
without_organisational_members_there_is_no_contract(void **state)
{
	struct ctx *cx = fake_ctx();
	struct person_in in;
	struct order o = { 0 };

	assert_int_equal(person_decode(cx,
			     fake_json("{\"userName\":\"ana\","
				       "\"site\":null,\"contracts\":null}"),
			     &in),
	    OK);
	person_order_fill(cx, NULL, &in, &o);
	assert_int_equal(o.ncontract, 0);
	assert_false(o.has_contracts);
	assert_int_equal(o.ref.n, 0);
}

static void
several_contracts_are_known_by_their_first_days(void **state)
{
	struct ctx *cx = fake_ctx();
	struct person_in in;

	assert_int_equal(
	    person_decode(cx,
		fake_json(
		    "{\"contracts\":["
		    "{\"start\":\"2026-01-01\"},{\"start\":\"2027-01-01\"},"
		    "{\"start\":\"2026-01-01\",\"site\":\"ber\"},{}]}"),
		&in),
	    OK);
	assert_text(in.contract[0].key, "2026-01-01/0");
	assert_text(in.contract[1].key, "2027-01-01/0");
	assert_text(in.contract[2].key, "2026-01-01/1");
	assert_text(in.contract[3].key, "/0");
	assert_int_equal(person_decode(cx,
			     fake_json("{\"contracts\":["
				       "{\"start\":\"2026-01-01\"}]}"),
			     &in),
	    OK);
	assert_int_equal(in.contract[0].key.n, 0);
}

/* --- merge-patch ------------------------------------------------------------------- */

static const struct removal {
	const char *body;
	const char *paths;	/* of the attributes that vanish */
} removals[] = {
	{ "{}", "" },
	{ "{\"nickName\":\"A\"}", "" },
	{ "{\"nickName\":null}", "nickName " },
	{ "{\"NICKNAME\":null,\"nickname\":null}", "nickName " },
	{ "{\"nickName\":\"\"}", "nickName " },
	{ "{\"name\":{\"givenName\":null}}", "name.givenName " },
	{ "{\"name\":{\"givenName\":\"A\",\"middleName\":null}}", "name.middleName " },
	{ "{\"name\":{}}", "" },
	{ "{\"name\":null}", "name.familyName name.givenName name.middleName name.honorificPrefix name.honorificSuffix "
	    "name.formatted " },
	{ "{\"emails\":null}", "emails.value emails.type emails.primary " },
	{ "{\"emails\":[]}", "emails.value emails.type emails.primary " },
	{ "{\"emails\":[null]}", "emails.value emails.type emails.primary " },
	{ "{\"emails\":[{\"value\":\"a@b.de\"}]}", "" },
	{ "{\"active\":null,\"lifecycle\":null}", "" },
};

static void
null_removes(void **state)
{
	for (size_t i = 0; i < COUNT(removals); i++) {
		struct person_in in;
		struct buf b;

		buf_init(&b, fake.arena, 1000);
		assert_int_equal(person_patch_decode(fake_ctx(),
				     fake_json(removals[i].body), &in),
		    OK);
		for (size_t j = 0; j < in.nremoved; j++)
			buf_fmt(&b, "%s ", attr_info(in.removed[j])->path);
		if (!str_eq(buf_view(&b), str_of(removals[i].paths)))
			wrong("%s: %.*s\n", removals[i].body,
			    STR_ARG(buf_view(&b)));
		assert_false(in.has_flat || in.has_contracts);
	}
}

static void
null_in_the_contract_empties_it(void **state)
{
	struct person_in in;
	struct ctx *cx = fake_ctx();

	assert_int_equal(person_patch_decode(cx,
			     fake_json("{\"site\":null,"
				       "\"title\":\"Boss\",\"country\":null}"),
			     &in),
	    OK);
	assert_true(in.has_flat);
	assert_non_null(in.flat.site.p);
	assert_int_equal(in.flat.site.n, 0);
	assert_text(in.flat.title, "Boss");
	assert_null(in.flat.department.p);
	assert_non_null(in.country.p);
	assert_null(in.language.p);
	assert_int_equal(
	    person_patch_decode(cx, fake_json("{\"contracts\":null}"), &in),
	    OK);
	assert_true(in.has_contracts);
	assert_int_equal(in.ncontract, 0);
	assert_int_equal(
	    person_patch_decode(
		cx, fake_json("{\"contracts\":[],\"site\":null}"), &in),
	    ERR_BAD_INPUT);
	assert_int_equal(cx->fault.msg, MSG_API_TWO_CONTRACTS);
}

static enum err
change(struct ctx *cx, const char *body, const struct person_view *before,
    struct order *o)
{
	struct person_in in;

	*o = (struct order) { .source = FAKE_SOURCE };
	assert_int_equal(person_patch_decode(cx, fake_json(body), &in), OK);
	return person_change_fill(cx, fake_realm(), &in, before, o);
}

static void
a_flat_change_is_laid_over_the_present_contract(void **state)
{
	struct person_view *before = fake_person();
	struct ctx *cx = fake_ctx();
	struct order o;

	assert_int_equal(
	    change(cx, "{\"title\":\"Boss\",\"site\":null}", before, &o), OK);
	assert_true(o.has_contracts);
	assert_int_equal(o.ncontract, 1);
	assert_text(o.contract[0].title, "Boss");
	assert_int_equal(o.contract[0].site.n, 0);
	assert_text(o.contract[0].department, "Sales");
	assert_text(o.contract[0].start, "2024-10-04");
	assert_int_equal(o.contract[0].end.n, 0);
	assert_int_equal(o.contract[0].manager.n, 0);
	assert_int_equal(change(cx, "{\"nickName\":\"A\"}", before, &o), OK);
	assert_false(o.has_contracts);
	before->ncontract = 0;
	assert_int_equal(change(cx, "{\"title\":\"Boss\"}", before, &o), OK);
	assert_int_equal(o.ncontract, 1);
	assert_int_equal(o.contract[0].department.n, 0);
}

static void
a_contract_shown_is_a_contract_that_can_be_sent(void **state)
{
	struct person_view *before = fake_person();
	struct contract c = before->contract[0];
	struct order o;

	c.manager = 77;
	c.organization = fake_realm()->catalogue->organisation[0].id;
	c.end_day = 20100 + DAY_BIAS;
	before->contract = &c;
	assert_int_equal(
	    change(fake_ctx(), "{\"title\":\"Boss\"}", before, &o), OK);
	assert_text(o.contract[0].site, "ber");
	assert_text(o.contract[0].organization, "acme");
	assert_text(o.contract[0].manager, "000000000002D");
	assert_text(o.contract[0].end, "2025-01-12");
}

static void
contracts_of_another_source_are_not_ours_to_change(void **state)
{
	struct person_view *before = fake_person();
	struct contract c[2] = { before->contract[0], before->contract[0] };
	struct ctx *cx = fake_ctx();
	struct order o;

	c[0].source = FAKE_SOURCE + 1;
	c[1].title = 0;
	before->contract = c;
	before->row.source = FAKE_SOURCE + 1;
	before->source = STR("hr");
	before->other_source = STR("payroll");
	assert_int_equal(
	    change(cx, "{\"title\":\"Boss\"}", before, &o), ERR_CONFLICT);
	assert_int_equal(cx->fault.msg, MSG_API_OTHER_SOURCE);
	assert_text(cx->fault.args[0], "hr");
	/* Whoever brought the person, it is told whose they are. */
	before->row.source = FAKE_SOURCE;
	assert_int_equal(
	    change(cx, "{\"title\":\"Boss\"}", before, &o), ERR_CONFLICT);
	assert_text(cx->fault.args[0], "payroll");
	assert_int_equal(
	    change(cx, "{\"contracts\":[]}", before, &o), ERR_CONFLICT);
	/* Nor is what somebody made who was signed in. */
	c[0].source = 0;
	assert_int_equal(
	    change(cx, "{\"title\":\"Boss\"}", before, &o), ERR_CONFLICT);
	assert_int_equal(cx->fault.msg, MSG_API_BY_HAND);
	c[0].source = FAKE_SOURCE + 1;
	assert_int_equal(change(cx, "{\"nickName\":\"A\"}", before, &o), OK);
	/* One of ours beside it is. */
	before->ncontract = 2;
	assert_int_equal(
	    change(cx, "{\"end\":\"2027-01-01\"}", before, &o), OK);
	assert_int_equal(o.ncontract, 1);
	assert_int_equal(o.contract[0].title.n, 0);
}

static void
which_of_several_contracts_is_not_guessed(void **state)
{
	struct person_view *before = fake_person();
	struct contract c[2] = { before->contract[0], before->contract[0] };
	struct ctx *cx = fake_ctx();
	struct order o;

	before->contract = c;
	before->ncontract = 2;
	assert_int_equal(
	    change(cx, "{\"title\":\"Boss\"}", before, &o), ERR_CONFLICT);
	assert_int_equal(cx->fault.msg, MSG_API_SEVERAL_CONTRACTS);
	assert_int_equal(
	    change(cx, "{\"contracts\":[{\"site\":\"ber\"}]}", before, &o), OK);
	assert_int_equal(o.ncontract, 1);
	assert_text(o.contract[0].site, "ber");
}

static void
the_reference_of_a_person_is_its_sources(void **state)
{
	struct person_view *before = fake_person();
	struct ctx *cx = fake_ctx();
	struct order o;

	before->row.source = FAKE_SOURCE;
	assert_int_equal(change(cx, "{\"externalId\":\"e2\"}", before, &o), OK);
	assert_int_equal(change(cx, "{\"externalId\":null}", before, &o), OK);
	before->row.source = FAKE_SOURCE + 1;
	assert_int_equal(change(cx, "{\"externalId\":\"e1\"}", before, &o), OK);
	assert_int_equal(
	    change(cx, "{\"externalId\":\"e2\"}", before, &o), ERR_BAD_INPUT);
	assert_int_equal(cx->fault.msg, MSG_API_REF_FIXED);
	assert_int_equal(
	    change(cx, "{\"externalId\":null}", before, &o), ERR_BAD_INPUT);
}

/* --- shown ---------------------------------------------------------------------------- */

static void
a_person_is_shown_whole(void **state)
{
	fake_send(GET, "/api/v1/persons/0000000000001", "");
	assert_int_equal(fake.status, 200);
	assert_text(fake_replied("ETag"), "\"3\"");
	assert_int_equal(fake_at("id").n, ID_TEXT);
	assert_text(fake_at("version"), "3");
	assert_text(fake_at("lifecycle"), "active");
	assert_text(fake_at("certification"), "certified");
	assert_text(fake_at("enabled"), "true");
	assert_text(fake_at("source"), "api");
	assert_text(fake_at("userName"), "ana");
	assert_text(fake_at("name.givenName"), "Ana");
	assert_text(fake_at("emails.0.value"), "ana@example.com");
	assert_text(fake_at("country"), "DE");
	assert_text(fake_at("site"), "ber");
	assert_text(fake_at("department"), "Sales");
	assert_text(fake_at("organization"), "acme");
	assert_text(fake_at("manager"), "000000000002D");
	assert_text(fake_at("start"), "2024-10-04");
	assert_text(fake_at("end"), "absent");
	assert_text(fake_at("contracts.0.id"), "00000000000JR");
	assert_text(fake_at("contracts.0.title"), "Clerk");
	assert_text(fake_at("contracts.0.primary"), "true");
	assert_text(fake_at("contracts.1"), "absent");
}

/* Field by field, as the rights over this person say. */
static void
what_may_not_be_read_is_left_out(void **state)
{
	static const struct {
		const char *path, *value;
		enum right right;
	} shown[] = {
		{ "lifecycle", "active", RIGHT_NONE },
		{ "enabled", "true", RIGHT_NONE },
		{ "version", "3", RIGHT_NONE },
		{ "contracts.0.id", "00000000000JR", RIGHT_NONE },
		{ "userName", "ana", RIGHT_PERSON_READ },
		{ "emails.0.value", "ana@example.com", RIGHT_PERSON_READ },
		{ "source", "api", RIGHT_PERSON_READ },
		{ "country", "DE", RIGHT_PERSON_READ },
		{ "site", "ber", RIGHT_PERSON_READ },
		{ "title", "Clerk", RIGHT_PERSON_READ },
		{ "organization", "acme", RIGHT_PERSON_READ },
		{ "manager", "000000000002D", RIGHT_PERSON_READ },
		{ "start", "2024-10-04", RIGHT_PERSON_READ },
		{ "contracts.0.site", "ber", RIGHT_PERSON_READ },
		{ "contracts.0.start", "2024-10-04", RIGHT_PERSON_READ },
		{ "birthDate", "1990-02-01", RIGHT_PERSON_PRIVATE_READ },
		{ "addresses.0.locality", "Berlin", RIGHT_PERSON_PRIVATE_READ },
	};
	static const enum right over[] = { RIGHT_NONE, RIGHT_PERSON_WRITE,
		RIGHT_PERSON_READ, RIGHT_PERSON_PRIVATE_READ };

	(void)state;
	for (size_t i = 0; i < COUNT(over); i++) {
		fake.reads = RIGHT_BIT(over[i]);
		fake.query_out = fake_person();
		fake_send(GET, "/api/v1/persons/0000000000001", "");
		for (size_t j = 0; j < COUNT(shown); j++)
			assert_text(fake_at(shown[j].path),
			    shown[j].right == RIGHT_NONE ||
				    shown[j].right == over[i]
				? shown[j].value
				: "absent");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		A_TEST(what_is_no_person_is_refused_with_its_path),
		A_TEST(fifty_contracts_are_enough),
		A_TEST(a_flat_person_has_one_contract),
		A_TEST(without_organisational_members_there_is_no_contract),
		A_TEST(several_contracts_are_known_by_their_first_days),
		A_TEST(null_removes),
		A_TEST(null_in_the_contract_empties_it),
		A_TEST(a_flat_change_is_laid_over_the_present_contract),
		A_TEST(a_contract_shown_is_a_contract_that_can_be_sent),
		A_TEST(contracts_of_another_source_are_not_ours_to_change),
		A_TEST(which_of_several_contracts_is_not_guessed),
		A_TEST(the_reference_of_a_person_is_its_sources),
		A_TEST(a_person_is_shown_whole),
		A_TEST(what_may_not_be_read_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
