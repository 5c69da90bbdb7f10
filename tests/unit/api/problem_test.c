/* SPDX-License-Identifier: Apache-2.0 */
/* problem_test.c - what a client reads when something failed. */
#include "fake.h"

static void
answer(struct ctx *cx, enum err err)
{
	struct reply reply = { 0 };

	problem_reply(cx, err, &reply);
	http_reply(NULL, &reply);
}

static void
a_fault_is_told_with_field_params_and_remedy(void **state)
{
	struct ctx *cx = fake_ctx();

	answer(
	    cx, fail(cx, ERR_BAD_INPUT, MSG_API_LENGTH, "label", "1", "400"));
	assert_int_equal(fake.status, 400);
	assert_text(fake.type, "application/problem+json");
	assert_text(fake_at("type"), "https://usher.invalid/errors/bad_input");
	assert_text(fake_at("code"), "bad_input");
	assert_text(fake_at("title"), "The text must have 1 to 400 bytes.");
	assert_text(fake_at("field"), "label");
	assert_text(fake_at("params"), "[\"1\",\"400\"]");
	assert_text(fake_at("message"), "API_LENGTH");
	assert_text(fake_at("remedy"), "Shorten or complete it.");
	assert_text(fake_at("request"), "30313233343536373839616263646566");
}

static const char *const titles[LANG_COUNT] = {
	[LANG_EN] = "“colour” is not known here.",
	[LANG_DE] = "„colour“ ist hier nicht bekannt.",
	[LANG_FR] = "« colour » n’est pas connu ici.",
	[LANG_NL] = "‘colour’ is hier niet bekend.",
};

static void
it_is_told_in_four_languages(void **state)
{
	for (int lang = 0; lang < LANG_COUNT; lang++) {
		struct ctx *cx = fake_ctx();

		cx->lang = (enum lang)lang;
		answer(cx,
		    fail(cx, ERR_BAD_INPUT, MSG_API_UNKNOWN_MEMBER, "colour",
			"colour"));
		assert_text(fake_at("title"), titles[lang]);
		assert_text(fake_at("message"), "API_UNKNOWN_MEMBER");
		assert_true(fake_at("remedy").n > 10);
	}
}

static void
an_error_without_a_fault_has_a_text_of_its_own(void **state)
{
	for (int err = OK + 1; err < ERR_COUNT; err++) {
		const struct err_info *info = err_info((enum err)err);
		struct ctx *cx = fake_ctx();
		bool may_wait = info->http == 429 || info->http == 503;

		/* What failed before and was mended is not to blame. */
		cx->fault = (struct fault) { .err = err == ERR_FULL ? ERR_DENIED
								    : ERR_FULL,
			.msg = MSG_API_OPERATOR };
		answer(cx, (enum err)err);
		assert_int_equal(fake.status, info->http);
		assert_text(fake_at("code"), info->code);
		assert_text(fake_at("params"), "[]");
		assert_text(fake_at("field"), "absent");
		assert_true(fake_at("title").n > 5 && fake_at("remedy").n > 5);
		assert_true(!str_eq(fake_at("message"), STR("API_OPERATOR")));
		assert_int_equal(fake_replied("Retry-After").n > 0, may_wait);
		assert_int_equal(fake_replied("WWW-Authenticate").n > 0,
		    err == ERR_UNAUTHENTICATED);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		A_TEST(a_fault_is_told_with_field_params_and_remedy),
		A_TEST(it_is_told_in_four_languages),
		A_TEST(an_error_without_a_fault_has_a_text_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
