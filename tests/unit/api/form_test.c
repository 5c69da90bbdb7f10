/* SPDX-License-Identifier: Apache-2.0 */
/* form_test.c - headers and forms that say who somebody is; cookies and where they come from. */
#include "fake.h"

static void
one_cookie_of_ours_is_found(void **state)
{
	static const struct {
		const char *header, *value;	/* NULL: none */
	} cases[] = {
		{ "__Host-usher=abc", "abc" },
		{ "a=b; __Host-usher=abc; c=d", "abc" },
		{ "a=b;__Host-usher=abc", "abc" },
		{ "__Host-usher=a=b", "a=b" },
		{ "__Host-usher=abc; __Host-usher=abc", NULL },
		{ "__Host-usher=", NULL },
		{ "__Host-usher", NULL },
		{ "__host-usher=abc", NULL },
		{ "x__Host-usher=abc", NULL },
		{ "", NULL },
	};
	struct str value;

	for (size_t i = 0; i < COUNT(cases); i++) {
		bool found = cookie_of(str_of(cases[i].header), &value);

		print_message("%s\n", cases[i].header);
		assert_int_equal(found, cases[i].value != NULL);
		if (found)
			assert_text(value, cases[i].value);
	}
	assert_false(cookie_of((struct str) { NULL, 0 }, &value));
}

static void
a_field_of_a_form_is_decoded_once(void **state)
{
	static const struct {
		const char *body, *value;	/* NULL: absent */
		bool	    is_form;
	} cases[] = {
		{ "a=1&b=2", "2", true },
		{ "b=x+y%2Bz", "x y+z", true },
		{ "b=%41%252e", "A%2e", true },
		{ "a=1", NULL, true },
		{ "", NULL, true },
		{ "b=", "", true },
		{ "b=1&b=2", NULL, false },
		{ "b=1&b=1", NULL, false },
		{ "b=1&%62=1", NULL, false },
		{ "b", NULL, false },
		{ "=1", NULL, false },
		{ "b=1&", NULL, false },
		{ "b=%4", NULL, false },
		{ "b=%zz", NULL, false },
		{ "b=%ff", NULL, false },
		{ "b=%00", NULL, false },
	};
	struct str value;

	for (size_t i = 0; i < COUNT(cases); i++) {
		bool is_form = form_field(
		    fake.arena, str_of(cases[i].body), "b", &value);

		print_message("%s\n", cases[i].body);
		assert_int_equal(is_form, cases[i].is_form);
		if (!is_form)
			continue;
		assert_int_equal(value.p != NULL, cases[i].value != NULL);
		if (value.p != NULL)
			assert_text(value, cases[i].value);
	}
}

static int
sent(enum method method, const char *const *pairs)
{
	struct request *rq = fake_request(method, method == GET
		? "/api/v1/sessions" : "/api/v1/logout", NULL, "{}");

	for (; *pairs != NULL; pairs += 2)
		fake_header(rq, pairs[0], pairs[1]);
	fake_call(rq);
	return fake.status;
}

#define SENT(method, ...) \
	sent(method, (const char *const[]) { __VA_ARGS__, NULL })
#define COOKIE "Cookie", "__Host-usher=" FAKE_SECRET
#define CSRF   "X-CSRF-Token", "csrf-of-" FAKE_SECRET

static void
a_cookie_alone_changes_nothing(void **state)
{
	assert_int_equal(SENT(GET, COOKIE), 200);
	assert_int_equal(SENT(GET, "Cookie", "__Host-usher=other"), 401);
	assert_int_equal(SENT(POST, COOKIE), 403);
	assert_int_equal(SENT(POST, COOKIE, CSRF), 403);
	assert_int_equal(SENT(POST, COOKIE, "Host", "id.example", "Origin",
			     "https://id.example"), 403);
	assert_int_equal(SENT(POST, COOKIE, CSRF, "Host", "id.example",
			     "Origin", "https://evil.example"), 403);
	assert_int_equal(SENT(POST, COOKIE, CSRF, "Host", "id.example",
			     "Origin", "https://id.example.evil"), 403);
	assert_int_equal(SENT(POST, COOKIE, CSRF, "Host", "id.example",
			     "Origin", "null"), 403);
	assert_int_equal(SENT(POST, COOKIE, "X-CSRF-Token", "csrf-of-other",
			     "Host", "id.example", "Origin",
			     "https://id.example"), 403);
	assert_int_equal(fake.nitem, 0);
	assert_int_equal(SENT(POST, COOKIE, CSRF, "Host", "id.example",
			     "Origin", "https://ID.example"), 200);
	assert_int_equal(fake.nitem, 1);
	/* Who brings a token is not helped by a cookie, nor hindered. */
	assert_int_equal(SENT(GET, COOKIE, "Authorization", "Bearer x"), 401);
	assert_int_equal(
	    SENT(GET, COOKIE, "Authorization", "Bearer " TOKEN_SELF), 200);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		A_TEST(one_cookie_of_ours_is_found),
		A_TEST(a_field_of_a_form_is_decoded_once),
		A_TEST(a_cookie_alone_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
