/* SPDX-License-Identifier: Apache-2.0 */
/* doc_test.c - a person's document: read, written, changed, completed. */
#include "attr_try.h"

#define FULL \
	"{\"addresses\":[{\"country\":\"DE\"," \
	"\"formatted\":\"Weg 1, 10115 Berlin\",\"locality\":\"Berlin\"," \
	"\"postalCode\":\"10115\",\"region\":\"BE\"," \
	"\"streetAddress\":\"Weg 1\",\"type\":\"home\"}]," \
	"\"birthDate\":\"1990-02-28\",\"displayName\":\"Ana Mu\u00f1oz\"," \
	"\"emails\":[{\"primary\":true,\"type\":\"work\"," \
	"\"value\":\"ana@example.org\"},{\"type\":\"home\"," \
	"\"value\":\"ana@home.example\"}],\"employeeNumber\":\"17\"," \
	"\"extensions\":{\"urn:x:a\":{\"a\":[1,{\"b\":true}],\"z\":\"1\"}}," \
	"\"externalId\":\"x-17\",\"name\":{\"familyName\":\"Mu\u00f1oz\"," \
	"\"formatted\":\"Dr. Ana Mar\u00eda Mu\u00f1oz jr.\"," \
	"\"givenName\":\"Ana\",\"honorificPrefix\":\"Dr.\"," \
	"\"honorificSuffix\":\"jr.\",\"middleName\":\"Mar\u00eda\"}," \
	"\"nickName\":\"Ani\",\"phoneNumbers\":[{\"primary\":true," \
	"\"type\":\"work\",\"value\":\"+49 30 1\"}],\"userName\":\"ana\"}"

static struct str
canonical(const struct doc *doc)
{
	return doc_canonical(cx.arena, doc);
}

static void
every_personal_attribute_survives_being_sealed(void **state)
{
	struct doc doc = doc_of(FULL), back;

	(void)state;
	assert_str(canonical(&doc), FULL);
	doc_restore(&cx, STR(FULL), &back);
	assert_true(doc_eq(&doc, &back));
	for (size_t i = 1; i < doc.n; i++)
		assert_true(doc.attr[i - 1].id < doc.attr[i].id ||
		    (doc.attr[i - 1].id == doc.attr[i].id &&
			doc.attr[i - 1].index < doc.attr[i].index));
	for (int a = 0; a < A_ORG_FIRST; a++)
		assert_true(doc_get(&doc, (enum attribute)a, 0).n > 0);
}

static void
members_join_an_object_that_is_being_written(void **state)
{
	struct doc doc = doc_of("{\"userName\":\"ana\",\"emails\":"
				"[{\"value\":\"a@b\"}]}");
	struct js_out out;
	struct buf b;

	(void)state;
	buf_init(&b, cx.arena, 1024);
	js_begin(&out, &b);
	js_open_object(&out);
	js_key(&out, "id");
	js_put_int(&out, 1);
	doc_encode(&doc, &out);
	js_key(&out, "last");
	js_put_null(&out);
	js_close_object(&out);
	assert_str(buf_view(&b),
	    "{\"id\":1,\"emails\":[{\"value\":\"a@b\"}],"
	    "\"userName\":\"ana\",\"last\":null}");
}

static void
the_order_and_case_of_members_make_no_difference(void **state)
{
	struct doc one =
	    doc_of("{\"userName\":\"ana\",\"name\":"
		   "{\"givenName\":\"Ana\",\"familyName\":\"M\"},\"emails\":"
		   "[{\"value\":\"a@b\",\"type\":\"work\"}]}");
	struct doc other = doc_of(
	    "{\"EMAILS\":[{\"Type\":\"work\",\"VALUE\":"
	    "\"a@b\"}],\"Name\":{\"familyname\":\"M\",\"GIVENNAME\":\"Ana\"},"
	    "\"username\":\"ana\"}");

	(void)state;
	assert_true(doc_eq(&one, &other));
	assert_str(canonical(&one),
	    "{\"emails\":[{\"type\":\"work\","
	    "\"value\":\"a@b\"}],\"name\":{\"familyName\":\"M\","
	    "\"givenName\":\"Ana\"},\"userName\":\"ana\"}");
}

static void
what_is_null_or_empty_is_absent(void **state)
{
	struct doc doc =
	    doc_of("{\"userName\":\"ana\",\"nickName\":null,"
		   "\"displayName\":\"\",\"externalId\":\"  \",\"name\":null,"
		   "\"emails\":[null,{},{\"value\":\"a@b\",\"type\":null,"
		   "\"primary\":false},{\"type\":\"\",\"primary\":false}],"
		   "\"phoneNumbers\":[],\"addresses\":null,\"site\":null}");

	(void)state;
	assert_str(canonical(&doc),
	    "{\"emails\":[{\"value\":\"a@b\"}],\"userName\":\"ana\"}");
	assert_int_equal(doc.n, 2);
}

static void
organisational_members_are_set_aside(void **state)
{
	struct doc doc, org;

	(void)state;
	assert_int_equal(doc_decode(&cx,
			     json("{\"site\":\"ber\","
				  "\"userName\":\"ana\",\"active\":false,"
				  "\"department\":\" Sales \","
				  "\"start\":\"2026-01-31\"}"),
			     &doc, &org),
	    OK);
	assert_int_equal(doc.n, 1);
	assert_int_equal(org.n, 4);
	assert_str(doc_get(&org, A_SITE, 0), "ber");
	assert_str(doc_get(&org, A_DEPARTMENT, 0), "Sales");
	assert_str(doc_get(&org, A_START, 0), "2026-01-31");
	assert_str(doc_get(&org, A_ACTIVE, 0), "false");
	assert_str(canonical(&org),
	    "{\"active\":false,\"department\":"
	    "\"Sales\",\"site\":\"ber\",\"start\":\"2026-01-31\"}");
}

static const struct {
	const char *json, *field;
	enum msg    why;
} bad[] = {
	{ "[]", "", MSG_ATTR_NOT_OBJECT },
	{ "{\"frobnicate\":1}", "frobnicate", MSG_ATTR_UNKNOWN },
	{ "{\"emails.value\":\"a@b\"}", "emails.value", MSG_ATTR_UNKNOWN },
	{ "{\"\":\"a\"}", "", MSG_ATTR_UNKNOWN },
	{ "{\"name\":{\"foo\":\"a\"}}", "name.foo", MSG_ATTR_UNKNOWN },
	{ "{\"emails\":[{\"display\":\"a\"}]}", "emails.display",
	    MSG_ATTR_UNKNOWN },
	{ "{\"userName\":1}", "userName", MSG_ATTR_NOT_TEXT },
	{ "{\"userName\":true}", "userName", MSG_ATTR_NOT_TEXT },
	{ "{\"userName\":[\"a\"]}", "userName", MSG_ATTR_NOT_TEXT },
	{ "{\"userName\":{\"a\":\"b\"}}", "userName", MSG_ATTR_NOT_TEXT },
	{ "{\"name\":\"Ana\"}", "name", MSG_ATTR_NOT_OBJECT },
	{ "{\"name\":[]}", "name", MSG_ATTR_NOT_OBJECT },
	{ "{\"emails\":{\"value\":\"a@b\"}}", "emails", MSG_ATTR_NOT_LIST },
	{ "{\"emails\":[\"a@b\"]}", "emails", MSG_ATTR_NOT_OBJECT },
	{ "{\"emails\":[{\"value\":\"a@b\"},{\"value\":\"b\"}]}",
	    "emails[1].value", MSG_ATTR_EMAIL },
	{ "{\"emails\":[{\"value\":\"a@b\",\"primary\":\"true\"}]}",
	    "emails[0].primary", MSG_ATTR_NOT_BOOL },
	{ "{\"emails\":[{\"type\":\"work\"}]}", "emails[0].value",
	    MSG_DOC_NO_VALUE },
	{ "{\"emails\":[{\"value\":\"a@b\",\"primary\":true},"
	  "{\"value\":\"c@d\",\"primary\":true}]}", "emails.primary",
	    MSG_DOC_PRIMARY },
	{ "{\"phoneNumbers\":[{\"value\":\"1\",\"primary\":true},"
	  "{\"value\":\"2\",\"primary\":true}]}", "phoneNumbers.primary",
	    MSG_DOC_PRIMARY },
	{ "{\"birthDate\":\"1.2.2000\"}", "birthDate", MSG_ATTR_NOT_DATE },
	{ "{\"active\":\"true\"}", "active", MSG_ATTR_NOT_BOOL },
	{ "{\"start\":20260101}", "start", MSG_ATTR_NOT_TEXT },
	{ "{\"end\":\"2026-02-30\"}", "end", MSG_ATTR_NOT_DATE },
	{ "{\"preferredLanguage\":\"german!\"}", "preferredLanguage",
	    MSG_ATTR_LANGUAGE },
	{ "{\"userName\":\"a\",\"USERNAME\":\"b\"}", "userName",
	    MSG_ATTR_TWICE },
	{ "{\"site\":\"a\",\"Site\":\"a\"}", "site", MSG_ATTR_TWICE },
	{ "{\"emails\":[{\"value\":\"a@b\",\"Value\":\"c@d\"}]}",
	    "emails[0].value", MSG_ATTR_TWICE },
	{ "{\"emails\":[{\"value\":\"a@b\"}],\"Emails\":[{\"value\":"
	  "\"c@d\"}]}", "emails[0].value", MSG_ATTR_TWICE },
	{ "{\"userName\":{\"$sealed\":\"x\"}}", "userName",
	    MSG_ATTR_SEALED_FORM },
	{ "{\"name\":{\"$sealed\":\"x\"}}", "name", MSG_ATTR_SEALED_FORM },
	{ "{\"emails\":[{\"value\":{\"$sealed\":\"x\"}}]}",
	    "emails[0].value", MSG_ATTR_SEALED_FORM },
	{ "{\"site\":{\"$sealed\":\"x\"}}", "site", MSG_ATTR_SEALED_FORM },
	{ "{\"active\":{\"$sealed\":\"x\"}}", "active",
	    MSG_ATTR_SEALED_FORM },
	{ "{\"userName\":\"a\\u202eb\"}", "userName", MSG_ATTR_CONTROL },
};

static void
what_does_not_fit_is_refused_by_its_path(void **state)
{
	struct doc doc, org;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		if (doc_decode(&cx, json(bad[i].json), &doc, &org) == OK)
			wrong("taken: %s", bad[i].json);
		assert_refused_at(ERR_BAD_INPUT, bad[i].why, bad[i].field,
		    __FILE__, __LINE__);
	}
}

/* A list of N phone numbers of LENGTH digits. */
static const char *
phones(size_t n, size_t length)
{
	size_t size = n * (length + 16) + 64, at;
	char *text = arena_alloc(cx.arena, size);

	at = (size_t)snprintf(text, size, "{\"phoneNumbers\":[");
	for (size_t i = 0; i < n; i++)
		at += (size_t)snprintf(text + at, size - at,
		    "%s{\"value\":\"%0*zu\"}", i > 0 ? "," : "", (int)length,
		    i);
	snprintf(text + at, size - at, "]}");
	return text;
}

static void
a_document_has_a_size(void **state)
{
	struct doc doc, org;

	(void)state;
	assert_int_equal(doc_of(phones(512, 4)).n, 512);
	assert_refused(doc_decode(&cx, json(phones(513, 4)), &doc, &org),
	    DOC_LARGE, "phoneNumbers");
	assert_int_equal(doc_of(phones(128, 256)).n, 128);
	assert_refused(
	    doc_decode(&cx, json(phones(129, 256)), &doc, &org), DOC_LARGE, "");
	/* No list is too long, but together they are. */
	assert_refused(
	    doc_decode(&cx,
		json(str_z(cx.arena,
		    str_fmt(cx.arena, "%.*s,\"userName\":\"a\"}",
			(int)strlen(phones(512, 4)) - 1, phones(512, 4)))),
		&doc, &org),
	    DOC_LARGE, "");
}

/* Steps on one document, each with what it is afterwards. */
static const struct {
	const char *path, *value, *after;
} steps[] = {
	{ "userName", "ana", "{\"userName\":\"ana\"}" },
	{ "userName", "bo", "{\"userName\":\"bo\"}" },
	{ "USERNAME", "", "{}" },
	{ "userName", "", "{}" },
	{ "emails[work].value", "", "{}" },
	{ "emails[home].primary", "false", "{}" },
	{ "emails[work].value", "w@x", "{\"emails\":[{\"type\":\"work\","
	  "\"value\":\"w@x\"}]}" },
	{ "emails[home].value", "h@x", "{\"emails\":[{\"type\":\"work\","
	  "\"value\":\"w@x\"},{\"type\":\"home\",\"value\":\"h@x\"}]}" },
	{ "emails[WORK].value", "v@x", "{\"emails\":[{\"type\":\"work\","
	  "\"value\":\"v@x\"},{\"type\":\"home\",\"value\":\"h@x\"}]}" },
	{ "emails[home].primary", "true", "{\"emails\":[{\"type\":\"work\","
	  "\"value\":\"v@x\"},{\"primary\":true,\"type\":\"home\","
	  "\"value\":\"h@x\"}]}" },
	{ "emails[work].value", "", "{\"emails\":[{\"primary\":true,"
	  "\"type\":\"home\",\"value\":\"h@x\"}]}" },
	{ "emails[home].primary", "false", "{\"emails\":[{\"type\":\"home\","
	  "\"value\":\"h@x\"}]}" },
	{ "emails[ home ].value", "i@x", "{\"emails\":[{\"type\":\"home\","
	  "\"value\":\"i@x\"}]}" },
	{ "emails[home].value", "", "{}" },
	{ "addresses[home].locality", "Ulm", "{\"addresses\":[{\"locality\":"
	  "\"Ulm\",\"type\":\"home\"}]}" },
	{ "addresses[home].country", "DE", "{\"addresses\":[{\"country\":"
	  "\"DE\",\"locality\":\"Ulm\",\"type\":\"home\"}]}" },
	{ "addresses[home].locality", "", "{\"addresses\":[{\"country\":"
	  "\"DE\",\"type\":\"home\"}]}" },
	{ "addresses[home].country", " ", "{}" },
	{ "name.givenName", "Ana", "{\"name\":{\"givenName\":\"Ana\"}}" },
	{ "name.givenName", "", "{}" },
};

static void
values_are_set_and_removed_by_path(void **state)
{
	struct doc doc = { .n = 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(steps); i++) {
		const struct doc before = doc;
		struct str was = canonical(&before);

		assert_int_equal(doc_set(&cx, &doc, str_of(steps[i].path),
				     str_of(steps[i].value)),
		    OK);
		assert_str(canonical(&doc), steps[i].after);
		/* Documents are values: a copy stays what it was. */
		assert_true(str_eq(canonical(&before), was));
	}
}

static const struct {
	const char *path;
	enum msg    why;
} bad_paths[] = {
	{ "", MSG_ATTR_UNKNOWN },
	{ "frobnicate", MSG_ATTR_UNKNOWN },
	{ "name", MSG_ATTR_UNKNOWN },
	{ "emails", MSG_ATTR_UNKNOWN },
	{ "emails[work]", MSG_ATTR_UNKNOWN },
	{ "emails[work", MSG_ATTR_UNKNOWN },
	{ "emails[work].foo", MSG_ATTR_UNKNOWN },
	{ "emails[work]value", MSG_ATTR_UNKNOWN },
	{ "emails[work].type", MSG_ATTR_UNKNOWN },
	{ "userName[work]", MSG_ATTR_UNKNOWN },
	{ "name[work].givenName", MSG_ATTR_UNKNOWN },
	{ "emails.value", MSG_ATTR_NEEDS_TYPE },
	{ "emails[].value", MSG_ATTR_NEEDS_TYPE },
	{ "emails[ ].value", MSG_ATTR_NEEDS_TYPE },
	{ "phoneNumbers.value", MSG_ATTR_NEEDS_TYPE },
};

static void
a_path_says_exactly_one_place(void **state)
{
	struct doc doc = { .n = 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(bad_paths); i++)
		assert_refused_at(
		    doc_set(&cx, &doc, str_of(bad_paths[i].path), STR("a@b")),
		    bad_paths[i].why, bad_paths[i].path, __FILE__, __LINE__);
	assert_refused(
	    doc_set(&cx, &doc, STR("emails[a\x01].value"), STR("a@b")),
	    ATTR_CONTROL, "emails.type");
}

static void
setting_a_second_primary_is_refused(void **state)
{
	struct doc doc =
	    doc_of("{\"emails\":[{\"type\":\"work\",\"value\":"
		   "\"a@b\",\"primary\":true},{\"type\":\"home\",\"value\":"
		   "\"c@d\"}]}");

	(void)state;
	assert_refused(
	    doc_set(&cx, &doc, STR("emails[home].primary"), STR("true")),
	    DOC_PRIMARY, "emails.primary");
}

static void
get_finds_what_is_there_and_nothing_else(void **state)
{
	struct doc doc = doc_of(FULL), none = { .n = 0 };

	(void)state;
	assert_str(doc_get(&doc, A_EMAIL_VALUE, 1), "ana@home.example");
	assert_str(doc_get(&doc, A_EMAIL_VALUE, 2), "");
	assert_str(doc_get(&doc, A_EMAIL_PRIMARY, 1), "");
	assert_str(doc_get(&doc, A_SITE, 0), "");
	assert_str(doc_get(&none, A_USER_NAME, 0), "");
}

#define BEFORE \
	"{\"userName\":\"ana\",\"nickName\":\"Ani\",\"name\":{\"givenName\":" \
	"\"Ana\",\"familyName\":\"M\"},\"emails\":[{\"type\":\"work\"," \
	"\"value\":\"w@x\"},{\"type\":\"home\",\"value\":\"h@x\"}]}"

static const struct {
	const char    *after, *want;
	enum attribute removed[2];
	size_t	       nremoved;
} merges[] = {
	{ "{}", "{\"emails\":[{\"type\":\"work\",\"value\":\"w@x\"},"
	  "{\"type\":\"home\",\"value\":\"h@x\"}],\"name\":{\"familyName\":"
	  "\"M\",\"givenName\":\"Ana\"},\"nickName\":\"Ani\",\"userName\":"
	  "\"ana\"}", { 0 }, 0 },
	{ "{\"userName\":\"ann\",\"displayName\":\"A\"}",
	  "{\"displayName\":\"A\",\"emails\":[{\"type\":\"work\",\"value\":"
	  "\"w@x\"},{\"type\":\"home\",\"value\":\"h@x\"}],\"name\":"
	  "{\"familyName\":\"M\",\"givenName\":\"Ana\"},\"nickName\":\"Ani\","
	  "\"userName\":\"ann\"}", { 0 }, 0 },
	/* A list goes as a whole, a name in parts. */
	{ "{\"emails\":[{\"value\":\"n@x\"}],\"name\":{\"familyName\":\"N\"}}",
	  "{\"emails\":[{\"value\":\"n@x\"}],\"name\":{\"familyName\":\"N\","
	  "\"givenName\":\"Ana\"},\"nickName\":\"Ani\",\"userName\":\"ana\"}",
	  { 0 }, 0 },
	{ "{}", "{\"name\":{\"familyName\":\"M\"},\"nickName\":\"Ani\","
	  "\"userName\":\"ana\"}", { A_EMAIL_TYPE, A_GIVEN_NAME }, 2 },
	/* What is given wins over what is removed. */
	{ "{\"nickName\":\"Nn\"}", "{\"emails\":[{\"type\":\"work\",\"value\":"
	  "\"w@x\"},{\"type\":\"home\",\"value\":\"h@x\"}],\"name\":"
	  "{\"familyName\":\"M\",\"givenName\":\"Ana\"},\"nickName\":\"Nn\"}",
	  { A_NICK_NAME, A_USER_NAME }, 2 },
};

static void
one_document_is_laid_over_another(void **state)
{
	struct doc before = doc_of(BEFORE), out;

	(void)state;
	for (size_t i = 0; i < COUNT(merges); i++) {
		struct doc after = doc_of(merges[i].after);

		doc_merge(&cx, &before, &after, merges[i].removed,
		    merges[i].nremoved, &out);
		assert_str(canonical(&out), merges[i].want);
	}
}

static void
who_marries_is_shown_by_the_new_name(void **state)
{
	struct doc before = doc_of("{\"name\":{\"givenName\":\"Ana\","
				   "\"familyName\":\"M\"}}"),
		   out;
	struct doc after = doc_of("{\"name\":{\"familyName\":\"N\"}}");

	(void)state;
	assert_int_equal(doc_complete(&cx, &before), OK);
	assert_str(doc_get(&before, A_DISPLAY_NAME, 0), "Ana M");
	doc_merge(&cx, &before, &after, NULL, 0, &out);
	assert_int_equal(doc_complete(&cx, &out), OK);
	assert_str(doc_get(&out, A_DISPLAY_NAME, 0), "Ana N");
	assert_str(doc_get(&out, A_FORMATTED_NAME, 0), "Ana N");
}

static void
a_display_name_that_somebody_chose_stays(void **state)
{
	struct doc before =
		       doc_of("{\"displayName\":\"La Ana\",\"name\":"
			      "{\"givenName\":\"Ana\",\"familyName\":\"M\"}}"),
		   out;
	struct doc after = doc_of("{\"name\":{\"familyName\":\"N\"}}");

	(void)state;
	assert_int_equal(doc_complete(&cx, &before), OK);
	doc_merge(&cx, &before, &after, NULL, 0, &out);
	assert_int_equal(doc_complete(&cx, &out), OK);
	assert_str(doc_get(&out, A_DISPLAY_NAME, 0), "La Ana");
	assert_str(doc_get(&out, A_FORMATTED_NAME, 0), "Ana N");
}

static void
documents_are_equal_when_every_value_is(void **state)
{
	struct doc doc = doc_of(FULL), same = doc_of(FULL), other;
	struct doc none = { .n = 0 };

	(void)state;
	assert_true(doc_eq(&doc, &same));
	assert_true(doc_eq(&none, &none));
	assert_false(doc_eq(&doc, &none));
	for (size_t i = 0; i < doc.n; i++) {
		other = doc_of(FULL);
		other.attr[i].value = STR("something else");
		assert_false(doc_eq(&doc, &other));
		other = doc_of(FULL);
		other.attr[i].index++;
		assert_false(doc_eq(&doc, &other));
	}
}

static const struct {
	const char *json, *formatted, *display;
} names[] = {
	{ "{\"userName\":\"ana\"}", "", "" },
	{ "{\"displayName\":\"A\"}", "", "A" },
	{ "{\"name\":{\"familyName\":\"Suharto\"}}", "Suharto", "Suharto" },
	{ "{\"name\":{\"givenName\":\"Ana\",\"familyName\":\"M\"}}", "Ana M",
	  "Ana M" },
	{ "{\"name\":{\"givenName\":\"Ana\",\"familyName\":\"M\","
	  "\"middleName\":\"B\",\"honorificPrefix\":\"Dr.\","
	  "\"honorificSuffix\":\"jr.\"}}", "Dr. Ana B M jr.", "Ana M" },
	{ "{\"name\":{\"formatted\":\"M, Ana\"}}", "M, Ana", "M, Ana" },
	{ "{\"name\":{\"middleName\":\"B\"}}", "B", "B" },
	{ "{\"name\":{\"formatted\":\"M, Ana\",\"givenName\":\"Ana\"}}",
	  "M, Ana", "Ana" },
	{ "{\"displayName\":\"X\",\"name\":{\"givenName\":\"Ana\"}}", "Ana",
	  "X" },
};

static void
names_are_made_from_their_parts(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct doc doc = doc_of(names[i].json), once;

		assert_int_equal(doc_complete(&cx, &doc), OK);
		assert_str(
		    doc_get(&doc, A_FORMATTED_NAME, 0), names[i].formatted);
		assert_str(doc_get(&doc, A_DISPLAY_NAME, 0), names[i].display);
		once = doc;
		assert_int_equal(doc_complete(&cx, &doc), OK);
		assert_true(doc_eq(&doc, &once));
	}
}

static void
parts_too_long_to_be_joined_are_left_apart(void **state)
{
	struct doc doc = { .n = 0 };
	char part[201] = { 0 };

	(void)state;
	memset(part, 'a', 200);
	assert_int_equal(
	    doc_set(&cx, &doc, STR("name.givenName"), str_of(part)), OK);
	assert_int_equal(
	    doc_set(&cx, &doc, STR("name.familyName"), str_of(part)), OK);
	assert_int_equal(doc_complete(&cx, &doc), OK);
	assert_str(doc_get(&doc, A_DISPLAY_NAME, 0), part);
}

static void
nobody_is_without_any_name(void **state)
{
	struct doc doc = doc_of("{\"externalId\":\"17\",\"nickName\":\"A\","
				"\"emails\":[{\"value\":\"a@b\"}]}");

	(void)state;
	assert_refused(doc_complete(&cx, &doc), DOC_NO_NAME, "userName");
}

static void
exactly_one_email_is_the_primary_one(void **state)
{
	struct doc doc = doc_of("{\"userName\":\"a\",\"emails\":[{\"value\":"
				"\"a@b\"},{\"value\":\"c@d\"}]}");

	(void)state;
	assert_int_equal(doc_complete(&cx, &doc), OK);
	assert_str(doc_get(&doc, A_EMAIL_PRIMARY, 0), "true");
	assert_str(doc_get(&doc, A_EMAIL_PRIMARY, 1), "");
	doc = doc_of("{\"userName\":\"a\",\"emails\":[{\"value\":\"a@b\"},"
		     "{\"value\":\"c@d\",\"primary\":true}]}");
	assert_int_equal(doc_complete(&cx, &doc), OK);
	assert_str(doc_get(&doc, A_EMAIL_PRIMARY, 0), "");
	assert_str(doc_get(&doc, A_EMAIL_PRIMARY, 1), "true");
}

static void
elements_without_their_value_vanish(void **state)
{
	struct doc doc = doc_of("{\"userName\":\"a\"}");

	(void)state;
	assert_int_equal(
	    doc_set(&cx, &doc, STR("emails[home].primary"), STR("true")), OK);
	assert_int_equal(
	    doc_set(&cx, &doc, STR("emails[work].value"), STR("a@b")), OK);
	assert_int_equal(doc_complete(&cx, &doc), OK);
	assert_str(canonical(&doc),
	    "{\"emails\":[{\"primary\":true,"
	    "\"type\":\"work\",\"value\":\"a@b\"}],\"userName\":\"a\"}");
}

static void
one_address_stands_in_a_document_once(void **state)
{
	struct doc doc =
	    doc_of("{\"userName\":\"a\",\"emails\":[{\"value\":"
		   "\"a@b\"},{\"value\":\"c@d\"},{\"value\":\"A@B\"}]}");

	(void)state;
	assert_refused(
	    doc_complete(&cx, &doc), DOC_EMAIL_TWICE, "emails[2].value");
	doc = doc_of("{\"userName\":\"a\",\"emails\":[{\"value\":\"a@b\","
		     "\"type\":\"work\"},{\"value\":\"A@b\",\"type\":"
		     "\"Work\"}]}");
	assert_refused(
	    doc_complete(&cx, &doc), DOC_EMAIL_TWICE, "emails[1].value");
}

static void
one_address_may_be_of_two_types(void **state)
{
	struct doc doc = doc_of(
	    "{\"userName\":\"a\",\"emails\":[{\"value\":\"a@b\",\"type\":"
	    "\"work\"},{\"value\":\"A@b\",\"type\":\"home\"},{\"value\":"
	    "\"c@d\"}]}");
	size_t keys = 0;
	struct str key;

	(void)state;
	assert_int_equal(doc_complete(&cx, &doc), OK);
	for (size_t i = 0; i < doc.n; i++)
		keys += doc_address(cx.arena, &doc, i, &key);
	assert_int_equal(keys, 2);
}

static void
search_words_are_plain_and_each_stands_once(void **state)
{
	static const char *const want[] = { "anna", "ann", "ish", "muller",
		"mul", "oz", "\u674e\u5c0f\u9f99\u5927",
		"\u674e\u5c0f\u9f99" };
	struct doc doc =
	    doc_of("{\"displayName\":\"ANNA Oz Ann\",\"name\":"
		   "{\"familyName\":\"M\u00fcller\",\"givenName\":\"Anna-Ish\","
		   "\"middleName\":\"Hidden\"},\"userName\":"
		   "\"\u674e\u5c0f\u9f99\u5927\",\"emails\":[{\"value\":"
		   "\"secret@example.org\"}]}");
	struct str word[32];
	size_t n = doc_words(cx.arena, &doc, word, COUNT(word));

	(void)state;
	assert_int_equal(n, COUNT(want));
	for (size_t i = 0; i < COUNT(want); i++) {
		size_t found = 0;

		for (size_t j = 0; j < n; j++)
			found += str_eq(word[j], str_of(want[i]));
		if (found != 1)
			wrong("%s: %zu times", want[i], found);
	}
	assert_int_equal(doc_words(cx.arena, &doc, word, 3), 3);
	assert_int_equal(doc_words(cx.arena, &doc, word, 0), 0);
}

static void
what_differs_is_told_with_lists_as_a_whole(void **state)
{
	struct doc a = doc_of("{\"userName\":\"ana\",\"nickName\":\"Ani\","
			      "\"emails\":[{\"value\":\"a@b\"},"
			      "{\"value\":\"c@d\",\"type\":\"home\"}],"
			      "\"phoneNumbers\":[{\"value\":\"+49 1\"}]}");
	struct doc b = doc_of("{\"userName\":\"ana\","
			      "\"emails\":[{\"value\":\"a@b\"},"
			      "{\"value\":\"c@d\",\"type\":\"work\"}],"
			      "\"phoneNumbers\":[{\"value\":\"+49 1\"}]}");
	struct doc out;

	(void)state;
	doc_differing(cx.arena, &a, &b, &out);
	assert_str(canonical(&out),
	    "{\"emails\":[{\"value\":\"a@b\"},"
	    "{\"type\":\"home\",\"value\":\"c@d\"}],\"nickName\":\"Ani\"}");
	doc_differing(cx.arena, &b, &a, &out);
	assert_str(canonical(&out),
	    "{\"emails\":[{\"value\":\"a@b\"},"
	    "{\"type\":\"work\",\"value\":\"c@d\"}]}");
	doc_differing(cx.arena, &a, &a, &out);
	assert_int_equal(out.n, 0);
}

static void
only_what_may_be_read_is_left(void **state)
{
	struct doc all, org, out;
	const struct js *js;

	(void)state;
	assert_int_equal(
	    js_parse(&cx,
		STR("{\"birthDate\":\"1990-01-02\","
		    "\"addresses\":[{\"locality\":\"Bern\",\"type\":\"home\"}],"
		    "\"userName\":\"ana\",\"emails\":[{\"value\":\"a@b\"}]}"),
		&js),
	    OK);
	assert_int_equal(doc_decode(&cx, js, &all, &org), OK);
	doc_readable(cx.arena, &all, RIGHT_BIT(RIGHT_PERSON_READ), &out);
	assert_str(canonical(&out),
	    "{\"emails\":[{\"value\":\"a@b\"}],\"userName\":\"ana\"}");
	doc_readable(
	    cx.arena, &all, RIGHT_BIT(RIGHT_PERSON_PRIVATE_READ), &out);
	assert_str(canonical(&out),
	    "{\"addresses\":[{\"locality\":\"Bern\",\"type\":\"home\"}],"
	    "\"birthDate\":\"1990-01-02\"}");
	doc_readable(cx.arena, &all, RIGHT_BIT(RIGHT_PERSON_WRITE), &out);
	assert_int_equal(out.n, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    every_personal_attribute_survives_being_sealed),
		cmocka_unit_test(only_what_may_be_read_is_left),
		cmocka_unit_test(members_join_an_object_that_is_being_written),
		cmocka_unit_test(
		    the_order_and_case_of_members_make_no_difference),
		cmocka_unit_test(what_is_null_or_empty_is_absent),
		cmocka_unit_test(organisational_members_are_set_aside),
		cmocka_unit_test(what_does_not_fit_is_refused_by_its_path),
		cmocka_unit_test(a_document_has_a_size),
		cmocka_unit_test(values_are_set_and_removed_by_path),
		cmocka_unit_test(a_path_says_exactly_one_place),
		cmocka_unit_test(setting_a_second_primary_is_refused),
		cmocka_unit_test(get_finds_what_is_there_and_nothing_else),
		cmocka_unit_test(one_document_is_laid_over_another),
		cmocka_unit_test(who_marries_is_shown_by_the_new_name),
		cmocka_unit_test(a_display_name_that_somebody_chose_stays),
		cmocka_unit_test(documents_are_equal_when_every_value_is),
		cmocka_unit_test(names_are_made_from_their_parts),
		cmocka_unit_test(parts_too_long_to_be_joined_are_left_apart),
		cmocka_unit_test(nobody_is_without_any_name),
		cmocka_unit_test(exactly_one_email_is_the_primary_one),
		cmocka_unit_test(elements_without_their_value_vanish),
		cmocka_unit_test(one_address_stands_in_a_document_once),
		cmocka_unit_test(one_address_may_be_of_two_types),
		cmocka_unit_test(search_words_are_plain_and_each_stands_once),
		cmocka_unit_test(what_differs_is_told_with_lists_as_a_whole),
	};

	return cmocka_run_group_tests(tests, open_ctx, close_ctx);
}
