/* SPDX-License-Identifier: Apache-2.0 */
/* attr_test.c - the table is sound, and each kind of value meets its check. */
#include "attr_try.h"

#include <ctype.h>

#define TEN "0123456789"
#define FIFTY TEN TEN TEN TEN TEN
#define X256 FIFTY FIFTY FIFTY FIFTY FIFTY "012345"
#define LABEL63 FIFTY TEN "abc"

static void
every_attribute_is_found_by_its_path_in_any_case(void **state)
{
	char upper[64];

	(void)state;
	for (int i = 0; i < A_COUNT; i++) {
		const char *path = attr_info((enum attribute)i)->path;
		size_t n = strlen(path);

		assert_true(n < sizeof(upper));
		for (size_t j = 0; j <= n; j++)
			upper[j] = (char)toupper((unsigned char)path[j]);
		assert_int_equal(attr_find(str_of(path)), i);
		assert_int_equal(attr_find(str_of(upper)), i);
	}
}

static void
what_is_no_attribute_is_not_found(void **state)
{
	static const char *const names[] = { "", "user", "userNames", "name",
		"name.", ".familyName", "emails", "emails[0].value",
		"emails.value.x", "user\xc3\xa4Name" };

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		assert_int_equal(attr_find(str_of(names[i])), A_COUNT);
	assert_int_equal(attr_find((struct str) { NULL, 0 }), A_COUNT);
	assert_int_equal(attr_find((struct str) { "site\0", 5 }), A_COUNT);
}

static void
personal_attributes_come_first_and_organisational_ones_are_single(void **state)
{
	(void)state;
	for (int i = 0; i < A_COUNT; i++) {
		const struct attr_info *info = attr_info((enum attribute)i);

		assert_int_equal(
		    info->class, i < A_ORG_FIRST ? ATTR_PERSONAL : ATTR_ORG);
		assert_int_equal((info->flags & ATTR_MULTI) != 0,
		    strchr(info->path, '.') != NULL &&
			strncmp(info->path, "name.", 5) != 0);
		if (info->class == ATTR_ORG)
			assert_int_equal(info->flags & ~ATTR_OWN, 0u);
	}
	assert_int_equal(FACT_COUNT, A_ID - A_SITE + 1);
}

/* What doc_set() stores for a value, or why it does not. */
static const struct {
	const char *path, *value, *stored;
	enum msg    why;
} values[] = {
	{ "userName", "anna", "anna", 0 },
	{ "userName", "  anna \t", "anna", 0 },
	{ "userName", "Jo\u0308rg", "J\u00f6rg", 0 },
	{ "userName", "a\r\n\tb", "a b", 0 },
	{ "userName", "a  b", "a  b", 0 },
	{ "userName", X256, X256, 0 },
	{ "userName", X256 "7", NULL, MSG_ATTR_LONG },
	{ "userName", "a\x01", NULL, MSG_ATTR_CONTROL },
	{ "userName", "a\x7f", NULL, MSG_ATTR_CONTROL },
	{ "userName", "a\xc2\x85", NULL, MSG_ATTR_CONTROL },
	{ "userName", "anna\u202egpj", NULL, MSG_ATTR_CONTROL },
	{ "userName", "anna\u2066x", NULL, MSG_ATTR_CONTROL },
	{ "userName", "\xff", NULL, MSG_ATTR_UTF8 },
	{ "userName", "a\xc3", NULL, MSG_ATTR_UTF8 },
	{ "name.familyName", "\u674e", "\u674e", 0 },
	{ "addresses[home].streetAddress", X256 X256 X256 X256,
	    X256 X256 X256 X256, 0 },
	{ "addresses[home].streetAddress", X256 X256 X256 X256 "7", NULL,
	    MSG_ATTR_LONG },
	{ "addresses[home].streetAddress", "c/o Li\nAn der M\u00fchle 1",
	    "c/o Li An der M\u00fchle 1", 0 },
	{ "birthDate", "2000-02-29", "2000-02-29", 0 },
	{ "birthDate", "1900-02-29", NULL, MSG_ATTR_NOT_DATE },
	{ "birthDate", "29.02.2000", NULL, MSG_ATTR_NOT_DATE },
	{ "start", "2026-13-01", NULL, MSG_ATTR_NOT_DATE },
	{ "start", "2026-1-1", NULL, MSG_ATTR_NOT_DATE },
	{ "active", "true", "true", 0 },
	{ "active", "false", "false", 0 },
	{ "active", "True", NULL, MSG_ATTR_NOT_BOOL },
	{ "active", "1", NULL, MSG_ATTR_NOT_BOOL },
	{ "emails[work].primary", "yes", NULL, MSG_ATTR_NOT_BOOL },
	{ "site", "ber", "ber", 0 },
	{ "manager", "10000017", "10000017", 0 },
	{ "preferredLanguage", "de", "de", 0 },
	{ "preferredLanguage", "zh-Hant-TW", "zh-Hant-TW", 0 },
	{ "preferredLanguage", "de-1996", "de-1996", 0 },
	{ "preferredLanguage", "sl-rozaj-biske-1994-x-a",
	    "sl-rozaj-biske-1994-x-a", 0 },
	{ "preferredLanguage", "x-pig-latin", "x-pig-latin", 0 },
	{ "preferredLanguage", "x", NULL, MSG_ATTR_LANGUAGE },
	{ "preferredLanguage", "d-e", NULL, MSG_ATTR_LANGUAGE },
	{ "preferredLanguage", "d", NULL, MSG_ATTR_LANGUAGE },
	{ "preferredLanguage", "1996", NULL, MSG_ATTR_LANGUAGE },
	{ "preferredLanguage", "d1", NULL, MSG_ATTR_LANGUAGE },
	{ "preferredLanguage", "de_DE", NULL, MSG_ATTR_LANGUAGE },
	{ "preferredLanguage", "de-", NULL, MSG_ATTR_LANGUAGE },
	{ "preferredLanguage", "-de", NULL, MSG_ATTR_LANGUAGE },
	{ "preferredLanguage", "de--DE", NULL, MSG_ATTR_LANGUAGE },
	{ "preferredLanguage", "de, en;q=0.8", NULL, MSG_ATTR_LANGUAGE },
	{ "preferredLanguage", "abcdefghi", NULL, MSG_ATTR_LANGUAGE },
	{ "preferredLanguage", "aa-bbbbbbbb-cccccccc-dddddddd-eeeee",
	    "aa-bbbbbbbb-cccccccc-dddddddd-eeeee", 0 },
	{ "preferredLanguage", "aa-bbbbbbbb-cccccccc-dddddddd-eeeeee", NULL,
	    MSG_ATTR_LANGUAGE },
};

static void
each_value_is_stored_in_one_form_or_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		struct doc doc = { .n = 0 };
		struct str path = str_of(values[i].path);
		enum err err =
		    doc_set(&cx, &doc, path, str_of(values[i].value));

		if (values[i].stored == NULL) {
			assert_refused_at(err, values[i].why, values[i].path,
			    __FILE__, __LINE__);
			assert_int_equal(doc.n, 0);
			continue;
		}
		if (err != OK)
			wrong("%s \"%s\": %s", values[i].path, values[i].value,
			    msg_name(cx.fault.msg));
		assert_str(doc.attr[doc.n - 1].value, values[i].stored);
	}
}

static void
the_limit_is_told(void **state)
{
	struct doc doc = { .n = 0 };

	(void)state;
	assert_refused(doc_set(&cx, &doc, STR("nickName"), STR(X256 "7")),
	    ATTR_LONG, "nickName");
	assert_str(cx.fault.args[0], "256");
}

static const char *const good_emails[] = {
	"a@b",
	"anna@example.org",
	"Anna.Muster+tag@Example.ORG",
	"o'neil!#$%&*/=?^_`{|}~-@x.y",
	"j\u00f6rg@m\u00fcller.example",
	"a@1.2.3.4",
	"a@xn--mller-kva.example",
	"a@" LABEL63 ".org",
	TEN TEN TEN TEN TEN TEN "1234@example.org",
	"a@" LABEL63 "." LABEL63 "." LABEL63 "." FIFTY TEN,
};

static const char *const bad_emails[] = {
	"anna",
	"@",
	"anna@",
	"@example.org",
	"a@b@c",
	"anna@@example.org",
	"an na@example.org",
	"anna@exam ple.org",
	"anna\u00a0b@example.org",
	"anna\u2003@example.org",
	"anna\u200b@example.org",
	"anna@example\u3000.org",
	".anna@example.org",
	"anna.@example.org",
	"an..na@example.org",
	"\"anna\"@example.org",
	"Anna <anna@example.org>",
	"anna@example.org, bo@example.org",
	"anna;bo@example.org",
	"anna(work)@example.org",
	"an\\na@example.org",
	"anna@[127.0.0.1]",
	"anna@example..org",
	"anna@.example.org",
	"anna@example.org.",
	"anna@-example.org",
	"anna@example-.org",
	"anna@exam_ple.org",
	"anna@example.org/x",
	"mailto:anna@example.org",
	"a@" LABEL63 "d.org",
	TEN TEN TEN TEN TEN TEN "12345@example.org",
	"a@" LABEL63 "." LABEL63 "." LABEL63 "." FIFTY TEN "1",
};

static void
mailboxes_are_told_from_what_only_looks_like_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(good_emails); i++) {
		struct doc doc = { .n = 0 };

		if (doc_set(&cx, &doc, STR("emails[work].value"),
			str_of(good_emails[i])) != OK)
			wrong("refused: %s", good_emails[i]);
	}
	for (size_t i = 0; i < COUNT(bad_emails); i++) {
		struct doc doc = { .n = 0 };

		if (doc_set(&cx, &doc, STR("emails[work].value"),
			str_of(bad_emails[i])) == OK)
			wrong("taken: %s", bad_emails[i]);
		assert_int_equal(cx.fault.msg, MSG_ATTR_EMAIL);
	}
}

/* An element is read and written as one; what is searched and listed by may be read by whoever lists. */
static void
every_attribute_is_read_and_written_by_a_right(void **state)
{
	(void)state;
	for (int i = 0; i < A_COUNT; i++) {
		const struct attr_info *a = attr_info((enum attribute)i);

		assert_true(a->read > RIGHT_PUBLIC && a->write > RIGHT_PUBLIC);
		assert_false(right_is_whole(a->read));
		assert_false(right_is_whole(a->write));
		for (int j = 0; j < A_COUNT; j++) {
			const struct attr_info *b =
			    attr_info((enum attribute)j);

			if (!str_eq(attr_head((enum attribute)i),
				attr_head((enum attribute)j)))
				continue;
			assert_int_equal(a->read, b->read);
			assert_int_equal(a->write, b->write);
		}
		if (a->class == ATTR_ORG || a->flags & ATTR_SEARCH ||
		    a->flags & ATTR_UNIQUE)
			assert_int_equal(a->read, RIGHT_PERSON_READ);
	}
	assert_int_equal(
	    attr_info(A_BIRTH_DATE)->read, RIGHT_PERSON_PRIVATE_READ);
	assert_int_equal(
	    attr_info(A_ADDRESS_STREET)->write, RIGHT_PERSON_PRIVATE_WRITE);
	assert_int_equal(
	    attr_info(A_USER_NAME)->write, RIGHT_PERSON_LOGIN_WRITE);
	assert_int_equal(
	    attr_info(A_EMAIL_VALUE)->write, RIGHT_PERSON_LOGIN_WRITE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    every_attribute_is_read_and_written_by_a_right),
		cmocka_unit_test(
		    every_attribute_is_found_by_its_path_in_any_case),
		cmocka_unit_test(what_is_no_attribute_is_not_found),
		cmocka_unit_test(
		    personal_attributes_come_first_and_organisational_ones_are_single),
		cmocka_unit_test(each_value_is_stored_in_one_form_or_refused),
		cmocka_unit_test(the_limit_is_told),
		cmocka_unit_test(
		    mailboxes_are_told_from_what_only_looks_like_one),
	};

	return cmocka_run_group_tests(tests, open_ctx, close_ctx);
}
