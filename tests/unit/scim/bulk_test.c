/* SPDX-License-Identifier: Apache-2.0 */
/* bulk_test.c - operations meet the real door and routes, over the fake world. */
#include "fake.h"

#include "base/id.h"

#include "act/group.h"
#include "act/resource.h"

#include "scim/bulk_plan.h"
#include "scim/patch.h"
#include "scim/scim_int.h"

#define PATH SCIM_PATH "/Bulk"
#define THING "urn:example:scim:2.0:Thing"	/* a resource of the catalogue's */
#define HEAD "{\"schemas\":[\"" BULK_REQUEST "\"],\"Operations\":["
#define CORE "\"schemas\":[\"" SCIM_USER "\"]"
#define MADE(id, name, more) \
	"{\"method\":\"POST\",\"path\":\"/Users\",\"bulkId\":\"" id "\"," \
	"\"data\":{" CORE ",\"userName\":\"" name "\"" more "}}"
#define BOSS(id) \
	",\"" SCIM_ENTERPRISE "\":{\"manager\":{\"value\":\"bulkId:" id "\"}}"
/* No name: the route refuses it. */
#define BAD(id) \
	"{\"method\":\"POST\",\"path\":\"/Users\",\"bulkId\":\"" id "\"," \
	"\"data\":{" CORE "}}"
#define CHANGED(id, version) \
	"{\"method\":\"PATCH\",\"path\":\"/Users/" id "\"," version \
	"\"data\":{\"schemas\":[\"" SCIM_PATCH_OP "\"],\"Operations\":[" \
	"{\"op\":\"replace\",\"path\":\"title\",\"value\":\"x\"}]}}"

static void
send_with(const char *operations, const char *more)
{
	fake_send(POST, PATH,
	    str_z(fake.arena,
		str_fmt(fake.arena, HEAD "%s]%s}", operations, more)));
}

static const char *
ops_of(size_t n)
{
	struct buf b;

	buf_init(&b, fake.arena, 1 << 22);
	for (size_t i = 0; i < n; i++)
		buf_fmt(&b,
		    "%s{\"method\":\"POST\",\"path\":\"/Users\","
		    "\"bulkId\":\"%zu\",\"data\":{" CORE
		    ",\"userName\":\"u%zu\"}}",
		    i == 0 ? "" : ",", i, i);
	return str_z(fake.arena, buf_view(&b));
}

/* What the items under way from FIRST on were decoded from. */
static struct str
body_of(size_t at)
{
	assert_true(at < fake.nitem && fake.item[at] != NULL);
	return ((const struct order *)fake.item[at]->in)->body;
}

static bool
contains(struct str s, const char *part)
{
	return strstr(str_z(fake.arena, s), part) != NULL;
}

static const char *
person(void)
{
	return str_z(fake.arena,
	    id_text(
		fake.arena, ((const struct order_out *)fake.item_out)->person));
}

static void
each_operation_has_an_outcome_in_its_place(void **state)
{
	(void)state;
	fake.item_err[1] = ERR_CONFLICT;
	send_with(MADE("a", "ana", "") "," MADE("b", "bo", "") "," BAD(
		      "c") ",{\"method\":\"GET\",\"path\":\"/Users\"},"
			   "{\"method\":\"DELETE\",\"path\":\"/Nothing/1\"},"
			   "{\"method\":\"DELETE\",\"path\":\"/Users/"
			   "0000000000001\"}",
	    "");
	assert_int_equal(fake.nreply, 1);
	assert_int_equal(fake.status, 200);
	assert_text(fake.type, SCIM_MEDIA);
	assert_text(fake_at("schemas.0"),
	    "urn:ietf:params:scim:api:messages:2.0:BulkResponse");
	assert_text(fake_at("Operations.0.method"), "POST");
	assert_text(fake_at("Operations.0.bulkId"), "a");
	assert_text(fake_at("Operations.0.status"), "201");
	assert_text(fake_at("Operations.0.version"), "\"1\"");
	assert_text(fake_at("Operations.0.response"), "absent");
	assert_true(
	    str_ends(fake_at("Operations.0.location"), str_of(person())));
	assert_text(fake_at("Operations.1.status"), "409");
	assert_text(fake_at("Operations.1.location"), "absent");
	assert_text(fake_at("Operations.1.version"), "absent");
	assert_text(fake_at("Operations.1.response.status"), "409");
	assert_text(fake_at("Operations.2.status"), "400");
	assert_text(fake_at("Operations.2.response.scimType"), "invalidValue");
	assert_text(fake_at("Operations.3.method"), "GET");
	assert_text(fake_at("Operations.3.response.scimType"), "invalidSyntax");
	assert_text(fake_at("Operations.4.status"), "404");
	assert_text(fake_at("Operations.5.status"), "204");
	assert_text(fake_at("Operations.5.location"),
	    "https://id.example/scim/v2/Users/0000000000001");
	assert_text(fake_at("Operations.6"), "absent");
	assert_int_equal(fake.under_way, 1);
}

/* Nobody reads it: who was made is not read again only to be shown. */
static void
what_succeeds_is_not_shown(void **state)
{
	(void)state;
	send_with(ops_of(3), "");
	assert_text(fake_at("Operations.2.status"), "201");
	assert_int_equal(fake.nquery, 1);
	send_with(CHANGED("0000000000001", ""), "");
	assert_text(fake_at("Operations.0.status"), "200");
	assert_text(fake_at("Operations.0.version"), "\"1\"");
	assert_int_equal(fake.nquery, 2);
	/* The status is the one it would have had. */
	((struct catalogue *)(uintptr_t)fake_realm()->catalogue)
	    ->setting[SETTING_SCIM_PATCH_EMPTY] = 1;
	send_with(CHANGED("0000000000001", ""), "");
	assert_text(fake_at("Operations.0.status"), "204");
	assert_text(fake_at("Operations.0.version"), "\"1\"");
	/* Who is there already is a conflict all the same. */
	((struct order_out *)fake.item_out)->was_repeated = true;
	send_with(ops_of(1), "");
	assert_text(fake_at("Operations.0.status"), "409");
	assert_text(fake_at("Operations.0.response.scimType"), "uniqueness");
}

static void
a_group_is_not_shown_either(void **state)
{
	struct group_out out = { .group = id_new(), .version = 5 };
	struct catalogue *catalogue;

	(void)state;
	fake.item_out = &out;
	send_with("{\"method\":\"POST\",\"path\":\"/Groups\",\"bulkId\":\"g\","
		  "\"data\":{\"schemas\":[\"" SCIM_GROUP "\"],"
		  "\"displayName\":\"G\"}}",
	    "");
	assert_text(fake_at("Operations.0.status"), "201");
	assert_text(fake_at("Operations.0.version"), "\"5\"");
	assert_true(str_ends(fake_at("Operations.0.location"),
	    str_fmt(fake.arena, "/scim/v2/Groups/%.*s",
		STR_ARG(id_text(fake.arena, out.group)))));
	assert_int_equal(fake.nquery, 1);
	for (int empty = 0; empty < 2; empty++) {
		catalogue =
		    (struct catalogue *)(uintptr_t)fake_realm()->catalogue;
		catalogue->setting[SETTING_SCIM_PATCH_EMPTY] = empty;
		send_with(
		    "{\"method\":\"PATCH\",\"path\":\"/Groups/"
		    "0000000000001\",\"data\":{\"schemas\":[\"" SCIM_PATCH_OP
		    "\"],\"Operations\":[{\"op\":\"replace\",\"path\":"
		    "\"displayName\",\"value\":\"H\"}]}}",
		    "");
		assert_text(
		    fake_at("Operations.0.status"), empty ? "204" : "200");
		assert_text(fake_at("Operations.0.version"), "\"5\"");
		assert_int_equal(fake.nquery, 1);
	}
}

static void
a_resource_is_not_shown_either(void **state)
{
	struct resource_out out = { .id = id_new(), .version = 5 };
	struct resource_view v = { .row = { .id = out.id, .version = 4 } };
	struct catalogue *catalogue =
	    (struct catalogue *)(uintptr_t)fake_realm()->catalogue;

	(void)state;
	fake.item_out = &out;
	fake.query_out = &v;
	send_with("{\"method\":\"POST\",\"path\":\"/Things\",\"bulkId\":"
		  "\"t\",\"data\":{\"schemas\":[\"" THING "\"],"
		  "\"model\":\"M\"}}",
	    "");
	assert_text(fake_at("Operations.0.status"), "201");
	assert_text(fake_at("Operations.0.version"), "\"5\"");
	assert_true(str_ends(fake_at("Operations.0.location"),
	    str_fmt(fake.arena, "/scim/v2/Things/%.*s",
		STR_ARG(id_text(fake.arena, out.id)))));
	assert_int_equal(fake.nquery, 1);
	send_with("{\"method\":\"PUT\",\"path\":\"/Things/0000000000001\","
		  "\"data\":{\"schemas\":[\"" THING "\"],"
		  "\"model\":\"N\"}}",
	    "");
	assert_text(fake_at("Operations.0.status"), "200");
	assert_text(fake_at("Operations.0.version"), "\"5\"");
	assert_int_equal(fake.nquery, 2);
	for (int empty = 0; empty < 2; empty++) {
		catalogue->setting[SETTING_SCIM_PATCH_EMPTY] = empty;
		send_with(
		    "{\"method\":\"PATCH\",\"path\":\"/Things/"
		    "0000000000001\",\"data\":{\"schemas\":[\"" SCIM_PATCH_OP
		    "\"],\"Operations\":[{\"op\":\"replace\",\"path\":"
		    "\"model\",\"value\":\"H\"}]}}",
		    "");
		assert_text(
		    fake_at("Operations.0.status"), empty ? "204" : "200");
		assert_text(fake_at("Operations.0.version"), "\"5\"");
		assert_int_equal(fake.nquery, 2);
	}
}

static void
what_refers_begins_when_the_other_is_made(void **state)
{
	(void)state;
	fake.waits = true;
	send_with(MADE("a", "ana", BOSS("b")) "," MADE(
		      "b", "bo", "") "," CHANGED("bulkId:a", ""),
	    "");
	assert_int_equal(fake.nitem, 1);
	assert_true(contains(body_of(0), "\"bo\""));
	fake_finish();
	assert_int_equal(fake.nitem, 2);
	assert_true(contains(body_of(1), "\"ana\""));
	assert_true(contains(body_of(1), person()));
	assert_false(contains(body_of(1), "bulkId"));
	fake_finish();
	assert_int_equal(fake.nitem, 3);
	assert_int_equal(fake.nreply, 0);
	fake_finish();
	assert_int_equal(fake.nreply, 1);
	assert_text(fake_at("Operations.0.status"), "201");
	assert_text(fake_at("Operations.1.status"), "201");
	assert_text(fake_at("Operations.2.status"), "200");
	assert_true(
	    str_ends(fake_at("Operations.2.location"), str_of(person())));
}

/* Nobody knows whether it was done: the client is told so of that one, and asks again. */
static void
an_unknown_outcome_is_that_operations(void **state)
{
	(void)state;
	fake.item_err[0] = ERR_UNKNOWN;
	send_with(MADE("a", "ana", "") "," MADE("b", "bo", "") "," CHANGED(
		      "bulkId:a", ""),
	    "");
	assert_int_equal(fake.status, 200);
	assert_text(fake_at("Operations.0.status"), "503");
	assert_text(fake_at("Operations.0.location"), "absent");
	assert_text(fake_at("Operations.1.status"), "201");
	assert_text(fake_at("Operations.2.status"), "409");
}

static void
who_refers_to_what_failed_is_not_begun(void **state)
{
	(void)state;
	send_with(MADE("a", "ana", BOSS("b")) "," BAD("b") "," MADE(
		      "c", "cy", BOSS("a")) "," CHANGED("bulkId:b", ""),
	    "");
	assert_int_equal(fake.nitem, 0);
	assert_text(fake_at("Operations.0.status"), "409");
	assert_text(fake_at("Operations.0.response.scimType"), "absent");
	assert_true(contains(fake_at("Operations.0.response.detail"), "“b”"));
	assert_text(fake_at("Operations.1.status"), "400");
	assert_text(fake_at("Operations.2.status"), "409");
	assert_text(fake_at("Operations.3.status"), "409");
	assert_text(fake_at("Operations.3.location"), "absent");
}

static void
a_circle_is_closed_afterwards(void **state)
{
	(void)state;
	fake.waits = true;
	send_with(
	    MADE("a", "ana", BOSS("b")) "," MADE("b", "bo", BOSS("a")), "");
	assert_int_equal(fake.nitem, 1);
	assert_true(contains(body_of(0), "\"bo\""));
	assert_false(contains(body_of(0), "manager"));
	fake_finish();
	assert_true(contains(body_of(1), person()));
	fake_finish();
	/* The rest is a PATCH of its own. */
	assert_true(contains(body_of(2), SCIM_PATCH_OP));
	assert_true(contains(body_of(2), "\"op\":\"add\""));
	assert_true(contains(body_of(2), person()));
	assert_false(contains(body_of(2), "userName"));
	fake_finish();
	assert_int_equal(fake.nreply, 1);
	assert_text(fake_at("Operations.0.status"), "201");
	assert_text(fake_at("Operations.1.status"), "201");
}

/* It is there, and who asked is told what it lacks. */
static void
a_circle_that_stays_open_is_told(void **state)
{
	(void)state;
	send_with(MADE("b", "bo", BOSS("a")) "," BAD("a"), "");
	assert_text(fake_at("Operations.0.status"), "409");
	fake.item_err[1] = ERR_CONFLICT;
	send_with(
	    MADE("a", "ana", BOSS("b")) "," MADE("b", "bo", BOSS("a")), "");
	assert_text(fake_at("Operations.0.status"), "409");
	assert_text(fake_at("Operations.0.location"), "absent");
	assert_text(fake_at("Operations.1.status"), "409");
	assert_true(
	    str_ends(fake_at("Operations.1.location"), str_of(person())));
	assert_true(contains(fake_at("Operations.1.response.detail"), "“a”"));
	assert_text(fake_at("Operations.1.version"), "absent");
	/* The same when nothing more is begun. */
	send_with(MADE("a", "ana", BOSS("b")) "," MADE("b", "bo", BOSS("a")),
	    ",\"failOnErrors\":1");
	assert_text(fake_at("Operations.0.status"), "409");
	assert_text(fake_at("Operations.1.status"), "409");
	assert_true(contains(fake_at("Operations.1.response.detail"), "“a”"));
	/* The rest itself fails. */
	fake.item_err[1] = OK;
	fake.item_err[2] = ERR_CONFLICT;
	send_with(
	    MADE("a", "ana", BOSS("b")) "," MADE("b", "bo", BOSS("a")), "");
	assert_text(fake_at("Operations.0.status"), "201");
	assert_text(fake_at("Operations.1.status"), "409");
	assert_true(
	    str_ends(fake_at("Operations.1.location"), str_of(person())));
}

/* Of five, the second and the fourth fail. */
static void
after_so_many_errors_nothing_more_is_begun(void **state)
{
	static const struct {
		const char *most;
		size_t told;
	} tries[] = {
		{ "", 5 },
		{ ",\"failOnErrors\":1", 2 },
		{ ",\"failOnErrors\":2", 4 },
		{ ",\"failOnErrors\":3", 5 },
	};

	(void)state;
	for (int waits = 0; waits < 2; waits++)
		for (size_t i = 0; i < COUNT(tries); i++) {
			fake.waits = waits;
			send_with(
			    MADE("a", "a", "") "," BAD("b") "," MADE("c", "c",
				"") "," BAD("d") "," MADE("e", "e", ""),
			    tries[i].most);
			while (fake.nreply == 0)
				fake_finish();
			assert_int_equal(
			    js_count(js_get(fake.json, "Operations")),
			    tries[i].told);
		}
	/* No more at once than may fail. */
	fake.waits = true;
	send_with(ops_of(10), ",\"failOnErrors\":3");
	assert_int_equal(fake.nitem, 3);
	while (fake.nreply == 0)
		fake_finish();
	assert_text(fake_at("Operations.9.status"), "201");
}

static void
so_many_are_under_way_at_once(void **state)
{
	(void)state;
	fake.waits = true;
	send_with(ops_of(1000), "");
	/* Few at first, and more the more have ended. */
	assert_int_equal(fake.nitem, 64);
	fake_finish();
	assert_int_equal(fake.nitem, 64 + 128);
	fake_finish();
	assert_int_equal(fake.nitem, 64 + 128 + 256);
	fake_finish();
	assert_int_equal(fake.nitem, 64 + 128 + 256 + 256);
	while (fake.nreply == 0)
		fake_finish();
	assert_text(fake_at("Operations.999.status"), "201");
	/* As many as may wait of one client. */
	fake.places = 7;
	send_with(ops_of(20), "");
	assert_int_equal(fake.nitem, 7);
	while (fake.nreply == 0)
		fake_finish();
	assert_text(fake_at("Operations.19.status"), "201");
	fake.waits = false;
	send_with(ops_of(1001), "");
	assert_int_equal(fake.status, 413);
	assert_true(contains(fake_at("detail"), "1000"));
	assert_int_equal(fake.nitem, 0);
}

/* Who takes much lets few others in, and goes on by one until it is given back. */
static void
so_much_memory_is_theirs_together(void **state)
{
	struct item *large;

	(void)state;
	fake.waits = true;
	send_with(ops_of(200), "");
	assert_int_equal(fake.nitem, 64);
	large = fake.item[0];
	arena_alloc(large->cx->arena, (size_t)257 << 20);
	fake.item[0] = NULL;
	fake_finish();
	assert_int_equal(fake.nitem, 64);
	fake.item[0] = large;
	fake_finish();
	assert_int_equal(fake.nitem, 64 + 128);
	while (fake.nreply == 0)
		fake_finish();
	assert_text(fake_at("Operations.199.status"), "201");
}

static void
operations_end_on_other_threads(void **state)
{
	struct thread *worker[2];

	(void)state;
	fake.queue = queue_open(2000);
	fake.work_err = ERR_CONFLICT;
	assert_non_null(fake_realm());
	for (size_t i = 0; i < COUNT(worker); i++)
		worker[i] = thread_start("worker", fake_work, NULL);
	send_with(ops_of(1000), "");
	for (size_t i = 0; i < COUNT(worker); i++)
		thread_join(worker[i]);
	queue_close(fake.queue);
	assert_int_equal(fake.nreply, 1);
	assert_text(fake_at("Operations.0.status"), "409");
	assert_text(fake_at("Operations.999.status"), "409");
}

static void
a_full_queue_is_each_operations_own_outcome(void **state)
{
	(void)state;
	fake.is_full = true;
	send_with(ops_of(3), "");
	assert_int_equal(fake.status, 200);
	assert_text(fake_at("Operations.2.status"), "429");
	fake.is_full = false;
	fake.is_busy = true;
	send_with(ops_of(3), "");
	assert_int_equal(fake.status, 429);
	assert_text(fake_at("status"), "429");
}

static void
every_operation_needs_the_right_of_its_row(void **state)
{
	struct request *rq =
	    fake_request(POST, PATH, NULL, HEAD MADE("a", "ana", "") "]}");

	(void)state;
	fake_call(rq);
	assert_int_equal(fake.status, 401);
	rq = fake_request(
	    POST, PATH, TOKEN_SELF, HEAD MADE("a", "ana", "") "]}");
	fake_call(rq);
	assert_int_equal(fake.status, 200);
	assert_int_equal(fake.nitem, 0);
	assert_text(fake_at("Operations.0.status"), "403");
	assert_true(contains(fake_at("Operations.0.response.detail"),
	    right_name(RIGHT_ONBOARD)));
}

/* A page may send one too, with what goes with the cookie. */
static void
a_session_is_asked_for_each_operation(void **state)
{
	struct request *rq = fake_request(POST, PATH, NULL,
	    HEAD "{\"method\":\"PATCH\",\"path\":\"/Me\",\"data\":{"
		 "\"schemas\":[\"" SCIM_PATCH_OP "\"],\"Operations\":[{"
		 "\"op\":\"add\",\"path\":\"nickName\",\"value\":\"A\"}]}},"
		 "{\"method\":\"PATCH\",\"path\":\"/Me\",\"data\":{"
		 "\"schemas\":[\"" SCIM_PATCH_OP "\"],\"Operations\":[{"
		 "\"op\":\"add\",\"path\":\"title\",\"value\":\"A\"}]}}," MADE(
		     "a", "ana", "") "]}");

	(void)state;
	fake_header(rq, "cookie", "__Host-usher=" FAKE_SECRET);
	fake_header(rq, "origin", "https://id.example");
	fake_header(rq, "host", "id.example");
	fake_header(rq, "x-csrf-token", "csrf-of-" FAKE_SECRET);
	fake_call(rq);
	assert_int_equal(fake.status, 200);
	assert_text(fake_at("Operations.0.status"), "200");
	assert_true(contains(fake_at("Operations.0.location"), "/Users/"));
	assert_text(fake_at("Operations.1.status"), "403");
	assert_text(fake_at("Operations.2.status"), "403");
}

static void
a_credential_that_ends_begins_nothing_more(void **state)
{
	(void)state;
	fake.waits = true;
	send_with(MADE("a", "ana", BOSS("b")) "," MADE("b", "bo", ""), "");
	fake.is_revoked = true;
	fake_finish();
	assert_int_equal(fake.nreply, 1);
	assert_text(fake_at("Operations.0.status"), "401");
	assert_text(fake_at("Operations.1.status"), "201");
	assert_int_equal(fake.nitem, 1);
}

static void
a_version_is_the_operations_own(void **state)
{
	struct request *rq = fake_request(POST, PATH, TOKEN_ALL,
	    HEAD CHANGED("0000000000001",
		"\"version\":\"\\\"3\\\"\",") "," CHANGED("0000000000002",
		"\"version\":\"\\\"4\\\"\",") "," CHANGED("0000000000003",
		"") "]}");

	(void)state;
	fake_header(rq, "If-Match", "\"99\"");
	fake_call(rq);
	assert_text(fake_at("Operations.0.status"), "200");
	assert_text(fake_at("Operations.1.status"), "412");
	assert_text(fake_at("Operations.2.status"), "200");
}

/* N of what is nine million bytes in all. */
static void
send_large(const char *before, const char *after, size_t n)
{
	struct str each = str_fmt(
	    fake.arena, "%s%*d%s", before, (int)(9000000 / n), 7, after);
	struct buf b;

	buf_init(&b, fake.arena, 16 << 20);
	buf_z(&b, "{\"method\":\"POST\",\"path\":\"/Users\",");
	buf_z(&b, "\"bulkId\":\"a\",\"data\":{\"x\":[");
	for (size_t i = 0; i < n; i++) {
		buf_z(&b, i > 0 ? "," : "");
		buf_str(&b, each);
	}
	buf_z(&b, "]}}," MADE("b", "bo", ""));
	send_with(str_z(fake.arena, buf_view(&b)), "");
	assert_text(fake_at("Operations.0.status"), "413");
	assert_text(fake_at("Operations.1.status"), "201");
}

static void
the_limit_of_a_row_holds_for_its_operation(void **state)
{
	char *name = arena_alloc(fake.arena, PERSON_BODY_MAX + 1);

	(void)state;
	memset(name, 'n', PERSON_BODY_MAX);
	send_with(str_z(fake.arena,
		      str_fmt(fake.arena,
			  "{\"method\":\"POST\",\"path\":\"/Users\","
			  "\"bulkId\":\"a\",\"data\":{\"userName\":\"%s\"}},"
			  "%s",
			  name, MADE("b", "bo", ""))),
	    "");
	assert_text(fake_at("Operations.0.status"), "413");
	assert_text(fake_at("Operations.1.status"), "201");
	/* One that is the whole request is no more than that either. */
	send_large("\"", "\"", 1);
	send_large("", "", 190000);
	send_large("\"", "/bulkId:b\"", 1);
	send_with("]", "");
	assert_int_equal(fake.status, 400);
	assert_text(fake_at("scimType"), "invalidSyntax");
}

/* The last test: the server ends. */
static void
a_server_that_ends_begins_nothing_more(void **state)
{
	(void)state;
	fake.waits = true;
	send_with(MADE("a", "ana", BOSS("b")) "," MADE("b", "bo", ""), "");
	api_stopping();
	fake_finish();
	assert_int_equal(fake.nreply, 1);
	assert_text(fake_at("Operations.0.status"), "429");
	assert_text(fake_at("Operations.1.status"), "201");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		A_TEST(each_operation_has_an_outcome_in_its_place),
		A_TEST(what_succeeds_is_not_shown),
		A_TEST(a_group_is_not_shown_either),
		A_TEST(a_resource_is_not_shown_either),
		A_TEST(what_refers_begins_when_the_other_is_made),
		A_TEST(an_unknown_outcome_is_that_operations),
		A_TEST(who_refers_to_what_failed_is_not_begun),
		A_TEST(a_circle_is_closed_afterwards),
		A_TEST(a_circle_that_stays_open_is_told),
		A_TEST(after_so_many_errors_nothing_more_is_begun),
		A_TEST(so_many_are_under_way_at_once),
		A_TEST(so_much_memory_is_theirs_together),
		A_TEST(operations_end_on_other_threads),
		A_TEST(a_full_queue_is_each_operations_own_outcome),
		A_TEST(every_operation_needs_the_right_of_its_row),
		A_TEST(a_session_is_asked_for_each_operation),
		A_TEST(a_credential_that_ends_begins_nothing_more),
		A_TEST(a_version_is_the_operations_own),
		A_TEST(the_limit_of_a_row_holds_for_its_operation),
		A_TEST(a_server_that_ends_begins_nothing_more),
	};

	fake_wing = &scim_wing;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
