/* SPDX-License-Identifier: Apache-2.0 */
/* users_test.c - what ends while a request about users is under way, over the fake world. */
#include "fake.h"

#include "base/id.h"

#include "scim/patch.h"
#include "scim/scim_int.h"

#define ERROR_URN "urn:ietf:params:scim:api:messages:2.0:Error"
#define USERS SCIM_PATH "/Users"
#define ONE   USERS "/0000000000007"
#define TITLE \
	"{\"schemas\":[\"" SCIM_PATCH_OP "\"],\"Operations\":[" \
	"{\"op\":\"replace\",\"path\":\"title\",\"value\":\"x\"}]}"

/* Of no source it would reach everybody's people. */
static void
a_credential_that_ended_reaches_nobody(void **state)
{
	static const struct {
		enum method method;
		const char *path, *body;
	} requests[] = {
		{ GET, USERS, NULL },
		{ GET, USERS "?filter=active+eq+true", NULL },
		{ POST, USERS "/.search",
		    "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:"
		    "SearchRequest\"]}" },
		{ GET, ONE, NULL },
		{ PATCH, ONE, TITLE },
		{ PUT, ONE,
		    "{\"schemas\":[\"" SCIM_USER "\"],\"userName\":\"a\"}" },
		{ DELETE, ONE, NULL },
	};

	(void)state;
	fake.ends = true;
	for (size_t i = 0; i < COUNT(requests); i++) {
		fake_send(
		    requests[i].method, requests[i].path, requests[i].body);
		if (fake.status != 401)
			wrong("%s: %d", requests[i].path, fake.status);
		assert_text(fake.type, SCIM_MEDIA);
	}
	assert_int_equal(fake.nquery, 0);
	assert_int_equal(fake.nitem, 0);
}

/* Whose people are reached is said once for all tries. */
static void
one_that_ends_meanwhile_reaches_nobody_else(void **state)
{
	(void)state;
	fake.ends = true;
	fake.tells = 1;
	fake.item_err[0] = ERR_STALE;
	fake_send(PATCH, ONE, TITLE);
	assert_int_equal(fake.status, 200);
	assert_int_equal(fake.nitem, 2);
	assert_int_equal(
	    ((const struct order *)fake.item_in[0])->source, FAKE_SOURCE);
	assert_int_equal(
	    ((const struct order *)fake.item_in[1])->source, FAKE_SOURCE);
}

static void
a_tenant_that_goes_meanwhile_is_not_there(void **state)
{
	struct persons_out out = { .person = fake_person(), .n = 1,
		.total = 1 };

	(void)state;
	fake.query_out = &out;
	fake_send(GET, USERS, NULL);
	assert_int_equal(fake.status, 200);
	assert_text(fake_at("totalResults"), "1");
	fake.is_gone = true;
	fake_send(GET, USERS, NULL);
	assert_int_equal(fake.status, 404);
	assert_text(fake_at("status"), "404");
	assert_null(js_get(fake.json, "Resources"));
	/* In SCIM's words, wherever that is found. */
	assert_text(fake_at("schemas.0"), ERROR_URN);
	assert_text(fake.type, SCIM_MEDIA);
	fake.query_out = NULL;
	fake_send(GET, ONE, NULL);
	assert_int_equal(fake.status, 404);
	assert_text(fake_at("schemas.0"), ERROR_URN);
	assert_text(fake.type, SCIM_MEDIA);
	assert_null(js_get(fake.json, "userName"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		A_TEST(a_credential_that_ended_reaches_nobody),
		A_TEST(one_that_ends_meanwhile_reaches_nobody_else),
		A_TEST(a_tenant_that_goes_meanwhile_is_not_there),
	};

	fake_wing = &scim_wing;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
