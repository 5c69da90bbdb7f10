/* SPDX-License-Identifier: Apache-2.0 */
/* encode_test.c - what each noun's routes take and answer. */
#include "fake.h"

static void
operators(enum method method, const char *path, const char *body)
{
	struct request *rq = fake_request(method, path, NULL, body);

	rq->is_operator = true;
	fake_call(rq);
}

static void
self_says_who_and_what(void **state)
{
	fake_send(GET, "/api/v1/self", "");
	assert_text(fake_at("tenant"), "1");
	assert_text(fake_at("kind"), "client");
	assert_text(fake_at("id"), "0000000000009");
	assert_text(fake_at("rights.0"), "person.read");
	assert_text(fake_at("scope"), "null");
	fake_call(fake_request(GET, "/api/v1/version", NULL, ""));
	assert_text(fake_at("version"), USHER_VERSION);
	fake_call(fake_request(GET, "/healthz", NULL, ""));
	assert_text(fake_at("ok"), "true");
	operators(GET, "/operator/v1/healthz", "");
	assert_text(fake_at("ok"), "true");
}

static void
products_and_their_usage(void **state)
{
	struct product_view v = { &fake_realm()->catalogue->product[0], 10, 2,
		3, 4, 1, true, true };
	struct products_out out = { &v, 1 };

	fake.query_out = &out;
	fake_send(GET, "/api/v1/products", "");
	assert_text(fake_at("items.0.slug"), "mail");
	assert_text(fake_at("items.0.cap"), "90");
	assert_text(fake_at("next"), "null");
	fake.query_out = &v;
	fake_send(GET, "/api/v1/products/mail", "");
	assert_text(*(const struct str *)fake.query_in, "mail");
	assert_text(fake_at("name"), "Mail");
	assert_text(fake_at("quota"), "10");
	assert_text(fake_at("held"), "2");
	assert_text(fake_at("assigned"), "3");
	assert_text(fake_at("waiting"), "4");
	assert_text(fake_at("pools"), "1");
	v.is_counted = v.is_waiting_counted = false;
	fake_send(GET, "/api/v1/products/mail", "");
	assert_text(fake_at("quota"), "10");
	assert_text(fake_at("held"), "null");
	assert_text(fake_at("assigned"), "null");
	assert_text(fake_at("waiting"), "null");
}

static void
seats_and_waits_of_a_product(void **state)
{
	static const struct seat_view seat = { .row = { .person = 2,
	    .state = SEAT_HELD, .since_ms = 1000, .expires_ms = 2000 },
		.product = { "mail", 4 }, .pool = { "mail-all", 8 } };
	static const struct wait_view wait = { .row = { .person = 3,
	    .priority = 7, .since = 1 }, .product = { "mail", 4 },
		.position = 5 };
	struct seats_out seats = { &seat, 1, 2 };
	struct waits_out waits = { &wait, 1, 0 };
	const struct page_in *page;

	fake.query_out = &seats;
	fake_send(GET, "/api/v1/products/mail/seats?limit=1", "");
	page = fake.query_in;
	assert_text(page->of, "mail");
	assert_int_equal(page->limit, 1);
	assert_text(fake_at("items.0.person"), "0000000000002");
	assert_text(fake_at("items.0.state"), "held");
	assert_text(fake_at("items.0.pool"), "mail-all");
	assert_text(fake_at("items.0.expires"), "1970-01-01T00:00:02.000Z");
	assert_text(fake_at("next"), "0000000000002");
	fake.query_out = &waits;
	fake_send(GET, "/api/v1/products/mail/waits", "");
	assert_text(fake_at("items.0.position"), "5");
	assert_text(fake_at("items.0.priority"), "7");
	assert_text(fake_at("items.0.since"), "2026-01-01T00:00:00.000Z");
}

static void
a_verdict_names_each_fault(void **state)
{
	static const struct seat_fault fault = { MSG_POOL_UNKNOWN, { { "mail-all", 8 } } };
	struct seats_verdict v = { 1, 2, 3, 4, 5, &fault, 1, false };

	fake.query_out = &v;
	fake_send(POST, "/api/v1/seats/verify", "");
	assert_text(fake_at("whole"), "false");
	assert_text(fake_at("persons"), "1");
	assert_text(fake_at("entries"), "5");
	assert_text(fake_at("faults.0.message"), "POOL_UNKNOWN");
	assert_text(fake_at("faults.0.text"), "There is no pool “mail-all”.");
	fake_send(POST, "/api/v1/seats/verify", "{}");
	assert_int_equal(fake.status, 200);
	fake_send(POST, "/api/v1/seats/verify", "{\"deep\":true}");
	assert_text(fake_at("message"), "API_UNKNOWN_MEMBER");
}

static struct pool_view *
pool(void)
{
	struct pool_view *v = arena_alloc(fake.arena, sizeof(*v));
	const struct catalogue *c = fake_realm()->catalogue;

	*v = (struct pool_view) { .row = { .id = 2,
				      .quota = 10,
				      .held = 1,
				      .assigned = 4,
				      .version = 6 },
		.info = &c->pool[0],
		.product = &c->product[0],
		.is_counted = true,
		.waiting = 3 };
	return v;
}

static void
pools_and_what_is_free(void **state)
{
	struct pool_view *v = pool();
	struct pools_out out = { v, 1 };
	const struct page_in *page;

	fake.query_out = &out;
	fake_send(GET, "/api/v1/pools?product=mail", "");
	page = fake.query_in;
	assert_text(page->of, "mail");
	assert_text(fake_at("items.0.slug"), "mail-all");
	assert_text(fake_at("items.0.site"), "null");
	fake.query_out = v;
	fake_send(GET, "/api/v1/pools/mail-all", "");
	assert_text(fake_replied("ETag"), "\"6\"");
	assert_text(fake_at("product"), "mail");
	assert_text(fake_at("free"), "5");
	assert_text(fake_at("waiting"), "3");
	assert_text(fake_at("reserve"), "false");
	assert_text(fake_at("version"), "6");
	v->is_counted = false;
	fake_send(GET, "/api/v1/pools/mail-all", "");
	assert_text(fake_at("quota"), "10");
	assert_text(fake_at("held"), "null");
	assert_text(fake_at("assigned"), "null");
	assert_text(fake_at("free"), "null");
	assert_text(fake_at("waiting"), "null");
}

static void
set_quota(const char *if_match, const char *body)
{
	struct request *rq =
	    fake_request(PATCH, "/api/v1/pools/mail-all", TOKEN_ALL, body);

	if (if_match != NULL)
		fake_header(rq, "if-match", if_match);
	fake_call(rq);
}

static void
a_quota_is_changed_and_the_waiting_served(void **state)
{
	struct quota_out out = { .served = 3 };
	const struct quota_in *in;

	fake.item_out = &out;
	fake.query_out = pool();
	set_quota("\"5\"", "{\"quota\":10}");
	assert_int_equal(fake.status, 200);
	assert_text(fake_at("served"), "3");
	assert_text(fake_at("quota"), "10");
	assert_text(fake_replied("ETag"), "\"6\"");
	in = fake.item_in[0];
	assert_text(in->pool, "mail-all");
	assert_int_equal(in->quota, 10);
	assert_int_equal(in->if_version, 5);
	set_quota(NULL, "{\"quota\":10}");
	assert_int_equal(fake.status, 428);
	set_quota("*", "{\"quota\":-1}");
	assert_text(fake_at("message"), "API_RANGE");
	set_quota("*", "{\"priority\":1}");
	assert_text(fake_at("message"), "API_UNKNOWN_MEMBER");
	set_quota("*", "{}");
	assert_text(fake_at("message"), "API_MISSING");
}

static void
the_catalogue_is_text_with_a_tag(void **state)
{
	struct str yaml = STR("catalogue: 1\n");
	struct request *rq;
	char tag[24];

	fake.query_out = &yaml;
	snprintf(tag, sizeof(tag), "\"%lld\"",
	    (long long)fake_realm()->catalogue->version);
	fake_send(GET, "/api/v1/catalogue", "");
	assert_text(fake.type, "application/yaml");
	assert_text(fake.body, "catalogue: 1\n");
	assert_text(fake_replied("ETag"), tag);
	rq = fake_request(GET, "/api/v1/catalogue", TOKEN_ALL, "");
	fake_header(rq, "if-none-match", tag);
	fake_call(rq);
	assert_int_equal(fake.status, 304);
	assert_int_equal(fake.body.n, 0);
}

static void
a_catalogue_is_applied(void **state)
{
	struct catalogue_out out = { .version = 2, .digest = STR("d1"),
		.added = 3, .changed = 2, .removed = 1, .is_changed = true,
		.regranted = 9 };
	const struct catalogue_in *in;
	struct request *rq;

	fake.query_out = &out;
	fake_send(PUT,
	    "/api/v1/catalogue?dry=1&allow_removals=1"
	    "&reason=the+old+site",
	    "catalogue: 1");
	in = fake.query_in;
	assert_text(in->text, "catalogue: 1");
	assert_true(in->is_dry && in->allow_removals);
	assert_text(in->reason, "the old site");
	assert_text(fake_at("version"), "2");
	assert_text(fake_at("changed_anything"), "true");
	assert_text(fake_at("regranted"), "9");
	fake_send(PUT, "/api/v1/catalogue?dry=0", "x");
	in = fake.query_in;
	assert_false(in->is_dry || in->allow_removals);
	fake_send(PUT, "/api/v1/catalogue?dry=yes", "x");
	assert_text(fake_at("message"), "API_FLAG");
	assert_text(fake_at("field"), "dry");
	rq = fake_request(PUT, "/api/v1/catalogue", TOKEN_ALL, "x");
	fake_header(rq, "if-match", "\"99\"");
	fake_call(rq);
	assert_int_equal(fake.status, 412);
	rq = fake_request(PUT, "/api/v1/catalogue", TOKEN_ALL, "x");
	fake_header(rq, "if-match", "*");
	fake_call(rq);
	assert_int_equal(fake.status, 200);
}

static void
an_import_is_opened(void **state)
{
	int64_t id = 5;
	const struct import_open_in *in;

	fake.query_out = &id;
	fake_send(POST, "/api/v1/imports",
	    "{\"source\":\"hr\",\"map\":"
	    "\"source: hr\",\"allow_removals\":12,\"reason\":\"r\","
	    "\"dry_run\":true,\"partial\":true}");
	in = fake.query_in;
	assert_int_equal(fake.status, 201);
	assert_text(fake_at("id"), "0000000000005");
	assert_text(fake_replied("Location"), "/api/v1/imports/0000000000005");
	assert_text(in->map, "source: hr");
	assert_int_equal(in->allow_removals, 12);
	assert_true(in->is_dry && in->is_partial);
	fake_send(POST, "/api/v1/imports", "{\"source\":\"hr\"}");
	assert_text(fake_at("field"), "map");
}

static void
both_passes_read_the_stream(void **state)
{
	static const struct reject reject = { 7, { "Standort", 8 },
		{ ERR_BAD_INPUT, MSG_ORDER_SITE, { "site", 4 }, { { "xyz", 3 } } } };
	struct import_report out = { .run = 5, .rejected = 1,
		.reject = &reject, .nreject = 1, .is_stopped = true,
		.seats_queued = 4 };
	const struct import_in *in;

	fake_send(PUT, "/api/v1/imports/0000000000005/scan", "a;b\n1;2\n");
	assert_int_equal(fake.status, 200);
	assert_text(fake_at("import"), "0000000000005");
	assert_text(fake_at("rows"), "8");
	assert_text(fake_at("digest"), "abc");
	assert_text(fake_at("stopped"), "false");
	fake.query_out = &out;
	fake_send(PUT, "/api/v1/imports/0000000000005/rows?digest=abc", "a");
	in = fake.query_in;
	assert_int_equal(in->run, 5);
	assert_text(in->digest, "abc");
	assert_text(fake_at("stopped"), "true");
	assert_text(fake_at("seats.queued"), "4");
	assert_text(fake_at("rejects.0.line"), "7");
	assert_text(fake_at("rejects.0.column"), "Standort");
	assert_text(fake_at("rejects.0.code"), "bad_input");
	assert_text(fake_at("rejects.0.message"), "ORDER_SITE");
	assert_true(fake_at("rejects.0.reason").n > 5);
	assert_true(fake_at("rejects.0.remedy").n > 5);
	fake_send(PUT, "/api/v1/imports/0000000000005/rows", "a");
	assert_text(fake_at("message"), "API_MISSING");
	fake_send(PUT, "/api/v1/imports/x/scan", "a");
	assert_int_equal(fake.status, 404);
}

static void
a_run_is_shown(void **state)
{
	struct import_view v = { .row = { .id = 5, .state = IMPORT_DONE,
		.rows = 3, .started_ms = 1000, .digest = STR("abc") } };

	fake.query_out = &v;
	fake_send(GET, "/api/v1/imports/0000000000005", "");
	assert_text(fake_at("state"), "done");
	assert_text(fake_at("rows"), "3");
	assert_text(fake_at("ended"), "null");
	assert_text(fake_at("paused"), "false");
	v = (struct import_view) { v.row, 10, 4, true, STR("night") };
	fake_send(GET, "/api/v1/imports/0000000000005", "");
	assert_text(fake_at("total"), "10");
	assert_text(fake_at("done"), "4");
	assert_text(fake_at("paused"), "true");
	assert_text(fake_at("paused_why"), "night");
}

static void
events_say_what_happened_to_whom(void **state)
{
	static const struct change changes[] = {
		{ CHANGE_SEAT, 1, 2, SEAT_NONE, SEAT_ASSIGNED },
		{ CHANGE_GRANT, 1, GRANT_RULE, 0, 1 },
		{ CHANGE_LIFECYCLE, 0, 0, 0, LIFE_ACTIVE },
	};
	static const struct event_view v = { 0, { .time_ms = 1000,
	    .request_id = { "0123456789abcdef", 16 },
	    .actor_kind = ACTOR_CLIENT, .actor = 9,
	    .action = ACTION_PERSON_ONBOARDED, .subject_kind = SUBJECT_PERSON,
	    .subject = 3, .change = changes, .nchange = 3 } };
	struct events_out out = { &v, 1, 1 };
	const struct page_in *page;

	fake.query_out = &out;
	fake_send(GET, "/api/v1/events", "");
	page = fake.query_in;
	assert_int_equal(page->after, 0);
	assert_int_equal(page->limit, 100);
	assert_text(fake_at("items.0.seq"), "0");
	assert_text(fake_at("items.0.action"), "person.onboarded");
	assert_text(fake_at("items.0.actor.kind"), "client");
	assert_text(fake_at("items.0.actor.id"), "0000000000009");
	assert_text(fake_at("items.0.subject.kind"), "person");
	assert_text(fake_at("items.0.subject.id"), "0000000000003");
	assert_text(fake_at("items.0.changes.0.kind"), "seat");
	assert_text(fake_at("items.0.changes.0.object"), "0000000000001");
	assert_text(fake_at("items.0.changes.0.in"), "0000000000002");
	assert_text(fake_at("items.0.changes.0.after"), "2");
	assert_text(fake_at("items.0.changes.1.in"), "2");
	assert_text(fake_at("items.0.changes.2.object"), "0");
	assert_text(
	    fake_at("items.0.request"), "30313233343536373839616263646566");
	assert_text(fake_at("next"), "1");
	fake_send(GET, "/api/v1/events?after=17&limit=5", "");
	page = fake.query_in;
	assert_int_equal(page->after, 17);
	assert_int_equal(page->limit, 5);
}

static void
the_log_goes_out_as_it_is(void **state)
{
	static const struct str entry = { "\0\1\2", 3 };
	struct log_out out = { &entry, 1, 1, STR(""), STR("v+k"), STR("o/1"), 8 };

	fake.query_out = &out;
	fake_send(GET, "/api/v1/audit/entries?after=3", "");
	assert_text(fake_at("items.0"), "AAEC");
	assert_text(fake_at("next"), "1");
	assert_text(fake_at("size"), "8");
	assert_text(fake_at("checkpoint"), "null");
	assert_text(fake_at("vkey"), "v+k");
	fake_send(GET, "/api/v1/audit/key", "");
	assert_text(fake.body, "{\"vkey\":\"v+k\",\"origin\":\"o/1\"}");
}

static void
tokens_are_made_listed_and_revoked(void **state)
{
	static const struct token_view v = { .row = { .id = 5,
	    .rights = (int64_t)RIGHT_BIT(RIGHT_POOL_READ), .created_ms = 1000 },
		.label = { "x", 1 } };
	struct tokens_out list = { &v, 1 };
	struct token_out made = { 5, STR("usher_api_1_secret"), 0 };
	struct token_row row = { .id = 5, .revoked_ms = 2000 };
	const struct token_in *in;

	fake.query_out = &list;
	fake_send(GET, "/api/v1/tokens", "");
	assert_text(fake_at("items.0.rights"), "[\"pool.read\"]");
	assert_text(fake_at("items.0.revoked"), "null");
	fake.item_out = &made;
	fake_send(POST, "/api/v1/tokens",
	    "{\"label\":\"ci\",\"rights\":["
	    "\"person.read\",\"pool.read\"],\"scope\":\"site eq \\\"ber\\\"\","
	    "\"expires\":\"2030-01-01T00:00:00Z\"}");
	assert_int_equal(fake.status, 201);
	assert_text(fake_at("token"), "usher_api_1_secret");
	in = fake.item_in[0];
	assert_true(in->rights ==
	    (RIGHT_BIT(RIGHT_PERSON_READ) | RIGHT_BIT(RIGHT_POOL_READ)));
	assert_text(in->source, "api");
	assert_text(in->scope, "site eq \"ber\"");
	assert_true(in->expires_ms > 0);
	fake_send(POST, "/api/v1/tokens",
	    "{\"label\":\"ci\",\"rights\":[\"person.fly\"]}");
	assert_text(fake_at("message"), "API_NO_RIGHT");
	assert_text(fake_at("params.0"), "person.fly");
	fake.item_out = &row;
	fake_send(DELETE, "/api/v1/tokens/0000000000005", "");
	assert_int_equal(
	    ((const struct token_revoke_in *)fake.item_in[0])->token, 5);
	assert_text(fake_at("revoked"), "1970-01-01T00:00:02.000Z");
	fake_send(DELETE, "/api/v1/tokens/none", "");
	assert_int_equal(fake.status, 404);
}

static void
the_operator_looks_after_tenants(void **state)
{
	static const struct tenant_view v[] = {
		{ .tenant = 4,
		    .slug = { "demo", 4 },
		    .state = TENANT_ACTIVE,
		    .created_ms = 1000,
		    .log_size = 17,
		    .persons = 2,
		    .most = { [LIMIT_PERSONS] = 9 } },
		{ .tenant = 5,
		    .state = TENANT_DELETED,
		    .gone = { 5, 1000, 2000, 3000, 77, { "note\n", 5 } } },
	};
	struct tenants_out list = { v, 2 };
	struct tenant_out made = { 4 };
	struct token_out token = { 5, STR("usher_api_4_secret"), 0 };
	const struct token_in *in;

	fake.query_out = &list;
	operators(GET, "/operator/v1/tenants", "");
	assert_text(fake_at("items.0.tenant"), "4");
	assert_text(fake_at("items.0.name"), "demo");
	assert_text(fake_at("items.0.state"), "active");
	assert_text(fake_at("items.0.limits.persons"), "9");
	assert_text(fake_at("items.0.deletion"), "absent");
	assert_text(fake_at("items.1.state"), "deleted");
	assert_text(fake_at("items.1.deletion.rows"), "77");
	assert_text(fake_at("items.1.deletion.keys_destroyed"),
	    "1970-01-01T00:00:02.000Z");
	assert_text(fake_at("items.1.deletion.checkpoint"), "note\n");
	fake.query_out = &made;
	operators(POST, "/operator/v1/tenants", "{\"name\":\"demo\"}");
	assert_int_equal(fake.status, 201);
	assert_text(fake_at("tenant"), "4");
	assert_text(fake_at("name"), "demo");
	fake.item_out = &token;
	operators(POST, "/operator/v1/tenants/demo/token", "{}");
	assert_int_equal(fake.status, 201);
	assert_int_equal(fake.tenant, 4);
	assert_text(fake_at("token"), "usher_api_4_secret");
	in = fake.item_in[0];
	assert_true(in->rights == rights_of_tenant());
	assert_text(in->label, "bootstrap");
	assert_text(in->source, "api");
	operators(POST, "/operator/v1/tenants/other/token", "{}");
	assert_int_equal(fake.status, 404);
	assert_text(fake_at("message"), "WORLD_NO_TENANT");
}

static void
the_operator_suspends_limits_and_deletes(void **state)
{
	struct tenant_order_out out = { TENANT_SUSPENDED,
		{ [LIMIT_TOKENS] = 3 }, 12 };
	struct tenant_delete_out gone = { 4, STR("note\n"), STR("key"),
		STR("origin") };
	const struct tenant_order_in *in;

	fake.item_out = &out;
	operators(POST, "/operator/v1/tenants/demo/suspend",
	    "{\"reason\":\"unpaid\"}");
	assert_int_equal(fake.status, 200);
	assert_int_equal(fake.tenant, 4);
	in = fake.item_in[0];
	assert_int_equal(in->action, ACTION_TENANT_SUSPENDED);
	assert_text(in->reason, "unpaid");
	assert_text(fake_at("state"), "suspended");
	assert_text(fake_at("limits.tokens"), "3");
	operators(POST, "/operator/v1/tenants/demo/suspend", "{}");
	assert_int_equal(fake.status, 400);
	operators(
	    POST, "/operator/v1/tenants/demo/resume", "{\"reason\":\"paid\"}");
	in = fake.item_in[0];
	assert_int_equal(in->action, ACTION_TENANT_RESUMED);
	operators(POST, "/operator/v1/tenants/demo/limits",
	    "{\"persons\":0,\"catalogue_bytes\":70,\"rate\":50}");
	in = fake.item_in[0];
	assert_int_equal(in->most[LIMIT_PERSONS], 0);
	assert_int_equal(in->most[LIMIT_TOKENS], -1);
	assert_int_equal(in->most[LIMIT_CATALOGUE], 70);
	assert_int_equal(in->most[LIMIT_RATE], 50);
	assert_int_equal(in->most[LIMIT_BURST], -1);
	operators(POST, "/operator/v1/tenants/demo/limits", "{\"persons\":-1}");
	assert_int_equal(fake.status, 400);
	operators(
	    POST, "/operator/v1/tenants/other/suspend", "{\"reason\":\"x\"}");
	assert_int_equal(fake.status, 404);
	fake.query_out = &gone;
	operators(POST, "/operator/v1/tenants/demo/delete",
	    "{\"confirm\":\"demo\",\"reason\":\"over\"}");
	assert_int_equal(fake.status, 200);
	assert_text(fake_at("checkpoint"), "note\n");
	assert_text(fake_at("vkey"), "key");
	operators(
	    POST, "/operator/v1/tenants/demo/delete", "{\"reason\":\"over\"}");
	assert_int_equal(fake.status, 400);
}

static void
the_operator_exports_a_tenant(void **state)
{
	static const struct cell cell[] = {
		{ .name = "id", .kind = CELL_ID, .number = 5 },
		{ .name = "n", .kind = CELL_NUMBER, .number = 0 },
		{ .name = "at", .kind = CELL_TIME, .number = 1000 },
		{ .name = "day", .kind = CELL_DAY, .number = DAY_BIAS },
		{ .name = "text", .kind = CELL_TEXT, .text = { "a\n\"", 3 } },
		{ .name = "none", .kind = CELL_DAY },
	};
	struct tenant_order_out begun = { TENANT_ACTIVE, { 0 }, 12 };
	struct table_out rows = { cell, 1, COUNT(cell), { "0a", 2 } };

	fake.item_out = &begun;
	operators(POST, "/operator/v1/tenants/demo/export",
	    "{\"reason\":\"asked for\"}");
	assert_int_equal(fake.status, 200);
	assert_text(fake_at("persons"), "12");
	assert_text(fake_at("tables.1"), "token");
	fake.query_out = &rows;
	operators(GET, "/operator/v1/tenants/demo/export/tables/seat", "");
	assert_int_equal(fake.status, 200);
	assert_text(fake.body,
	    "{\"id\":\"0000000000005\",\"n\":0,"
	    "\"at\":\"1970-01-01T00:00:01.000Z\","
	    "\"day\":\"1970-01-01\",\"text\":\"a\\n\\\"\",\"none\":null}\n");
	assert_text(fake_replied("Usher-Next"), "0a");
	operators(GET, "/operator/v1/tenants/other/export/persons", "");
	assert_int_equal(fake.status, 404);
}

static void
the_operator_saves_and_examines(void **state)
{
	static const struct doctor_row row = { "disk", false, { "1 %", 3 }, { "Make room.", 10 } };
	struct backup_out backup = { STR("/b/data"), STR("/b/keys"), 10, 20 };
	struct str archive = STR("\1\2\3");
	static const struct doctor_setting setting = { "keys", { "fsync", { "on", 2 } } };
	struct doctor_out doctor = { &row, 1, &setting, 1 };

	fake.query_out = &backup;
	operators(POST, "/operator/v1/backup", "");
	assert_text(fake.body,
	    "{\"data\":\"/b/data\",\"keys\":\"/b/keys\","
	    "\"data_bytes\":10,\"keys_bytes\":20}");
	fake.query_out = &archive;
	operators(POST, "/operator/v1/key-export",
	    "{\"passphrase\":\"correct horse\"}");
	assert_text(fake.body, "{\"archive\":\"AQID\"}");
	assert_text(*(const struct str *)fake.query_in, "correct horse");
	operators(
	    POST, "/operator/v1/key-export", "{\"passphrase\":\"too short\"}");
	assert_text(fake_at("message"), "API_LENGTH");
	fake.query_out = &doctor;
	operators(GET, "/operator/v1/doctor", "");
	assert_text(fake_at("items.0.what"), "disk");
	assert_text(fake_at("items.0.ok"), "false");
	assert_text(fake_at("items.0.remedy"), "Make room.");
	assert_text(fake_at("settings.0.database"), "keys");
	assert_text(fake_at("settings.0.name"), "fsync");
	assert_text(fake_at("settings.0.value"), "on");
}

static void
a_persons_seats_and_waits_come_together(void **state)
{
	struct seats_out none = { 0 };

	/* Both queries of the fake give the same empty list. */
	fake.query_out = &none;
	fake_send(GET, "/api/v1/persons/0000000000001/seats", "");
	assert_text(fake.body, "{\"items\":[],\"waits\":[]}");
	assert_int_equal(((const struct page_in *)fake.query_in)->person, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		A_TEST(self_says_who_and_what),
		A_TEST(products_and_their_usage),
		A_TEST(seats_and_waits_of_a_product),
		A_TEST(a_verdict_names_each_fault),
		A_TEST(pools_and_what_is_free),
		A_TEST(a_quota_is_changed_and_the_waiting_served),
		A_TEST(the_catalogue_is_text_with_a_tag),
		A_TEST(a_catalogue_is_applied),
		A_TEST(an_import_is_opened),
		A_TEST(both_passes_read_the_stream),
		A_TEST(a_run_is_shown),
		A_TEST(events_say_what_happened_to_whom),
		A_TEST(the_log_goes_out_as_it_is),
		A_TEST(tokens_are_made_listed_and_revoked),
		A_TEST(the_operator_looks_after_tenants),
		A_TEST(the_operator_suspends_limits_and_deletes),
		A_TEST(the_operator_exports_a_tenant),
		A_TEST(the_operator_saves_and_examines),
		A_TEST(a_persons_seats_and_waits_come_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
