/* SPDX-License-Identifier: Apache-2.0 */
#include "fake.h"

#include "base/clock.h"
#include "base/id.h"
#include "base/yaml.h"

#include "act/group.h"
#include "act/resource.h"

#define NOW INT64_C(1795000000000)

static const char catalogue_text[] =
    "catalogue: 1\n"
    "sites:\n"
    "  ber: { name: Berlin, country: DE, zone: Europe/Berlin }\n"
    "organisations:\n"
    "  acme: { name: Acme }\n"
    "products:\n"
    "  mail: { name: Mail }\n"
    "pools:\n"
    "  mail-all: { product: mail, quota: 10 }\n"
    "schemas:\n"
    "  thing:\n"
    "    urn: \"urn:example:scim:2.0:Thing\"\n"
    "    of: resource\n"
    "    attributes:\n"
    "      model: { type: string }\n"
    "resource_types:\n"
    "  thing: { name: Thing, endpoint: /Things, schema: thing }\n";

struct fake fake;
const struct api_wing *fake_wing;

static struct realm realm;
static struct order_out ordered;

const struct use_case person_order = { .name = "person_order" };
const struct use_case group_order = { .name = "group_order" };
const struct use_case resource_order = { .name = "resource_order" };
const struct use_case queue_set = { .name = "queue_set" };
const struct use_case removals_allow = { .name = "removals_allow" };
const struct use_case deployment_set = { .name = "deployment_set" };
const struct use_case pool_quota = { .name = "pool_quota" };
const struct use_case tenant_order = { .name = "tenant_order" };
const struct use_case token_create = { .name = "token_create" };
const struct use_case token_revoke = { .name = "token_revoke" };
const struct use_case token_rotate = { .name = "token_rotate" };
const struct use_case login_try = { .name = "login_try" };
const struct use_case login_back = { .name = "login_back" };
const struct use_case session_open = { .name = "session_open" };
const struct use_case session_end = { .name = "session_end" };
const struct use_case login_set = { .name = "login_set" };
const struct use_case activation_renew = { .name = "activation_renew" };
const struct use_case totp_reset = { .name = "totp_reset" };

int
fake_open(void **state)
{
	const struct http_door *door;

	(void)state;
	memset(&fake, 0, sizeof(fake));
	fake.arena = arena_open((size_t)1 << 30);
	fake.version = 3;
	fake.reads = rights_of_tenant();
	realm = (struct realm) { .tenant = 1 };
	ordered = (struct order_out) { .person = id_new(),
		.version = 1,
		.onboarding = id_new(),
		.is_new = true,
		.state = ONBOARDING_DONE };
	fake.item_out = &ordered;
	door = api_door(&(struct api_conf) { .wing = fake_wing });
	assert_non_null(door->route);
	return 0;
}

int
fake_close(void **state)
{
	(void)state;
	api_close();
	if (realm.dictionary != NULL)
		dictionary_close(realm.dictionary);
	arena_close(fake.arena);
	return 0;
}

struct ctx *
fake_ctx(void)
{
	struct ctx *cx = arena_alloc(fake.arena, sizeof(*cx));
	struct actor *actor = arena_alloc(fake.arena, sizeof(*actor));

	actor->kind = ACTOR_CLIENT;
	actor->tenant = 1;
	actor->id = 9;
	cx->arena = fake.arena;
	cx->actor = actor;
	cx->now_ms = NOW;
	cx->request_id = STR("0123456789abcdef");
	return cx;
}

const struct js *
fake_json(const char *text)
{
	const struct js *js;

	assert_int_equal(js_parse(fake_ctx(), str_of(text), &js), OK);
	return js;
}

const struct realm *
fake_realm(void)
{
	const struct js *js;
	struct catalogue *catalogue;
	struct ctx *cx;

	if (realm.catalogue != NULL)
		return &realm;
	cx = fake_ctx();
	assert_int_equal(yaml_parse(cx, str_of(catalogue_text), &js), OK);
	if (catalogue_decode(cx, js, NULL, false, &catalogue) != OK)
		wrong("%s at %.*s\n", msg_name(cx->fault.msg),
		    STR_ARG(cx->fault.field));
	realm.catalogue = catalogue;
	realm.dictionary = dictionary_open();
	dictionary_add(realm.dictionary, 501, STR("Sales"));
	dictionary_add(realm.dictionary, 502, STR("Clerk"));
	dictionary_add(realm.dictionary, 503, STR("DE"));
	return &realm;
}

/* One contract of the API's source, one e-mail. */
struct person_view *
fake_person(void)
{
	struct person_view *v = arena_alloc(fake.arena, sizeof(*v));
	struct contract *c = arena_alloc(fake.arena, sizeof(*c));
	const struct realm *r = fake_realm();
	struct doc org;

	assert_int_equal(
	    doc_decode(fake_ctx(),
		fake_json("{\"userName\":"
			  "\"ana\",\"externalId\":\"e1\",\"name\":{"
			  "\"givenName\":\"Ana\"},"
			  "\"birthDate\":\"1990-02-01\","
			  "\"addresses\":[{\"locality\":\"Berlin\"}],"
			  "\"emails\":[{\"value\":\"ana@example.com\"}]}"),
		&v->doc, &org),
	    OK);
	*c = (struct contract) { .tenant = 1,
		.id = 600,
		.source = FAKE_SOURCE,
		.site = r->catalogue->site[0].id,
		.department = 501,
		.title = 502,
		.start_day = 20000 + DAY_BIAS,
		.is_primary = true };
	v->row = (struct person) { .tenant = 1,
		.id = ordered.person,
		.version = fake.version,
		.lifecycle = LIFE_ACTIVE,
		.certification = CERT_CERTIFIED,
		.source = FAKE_SOURCE,
		.created_ms = NOW,
		.changed_ms = NOW,
		.country = 503,
		.site = c->site,
		.department = 501,
		.title = 502,
		.organization = r->catalogue->organisation[0].id,
		.manager = 77,
		.start_day = c->start_day };
	v->rights = fake.reads;
	v->contract = c;
	v->ncontract = 1;
	v->source = STR("api");
	return v;
}

/* --- http ---------------------------------------------------------------------------- */

struct request *
fake_request(
    enum method method, const char *target, const char *token, const char *body)
{
	struct request *rq = arena_alloc(fake.arena, sizeof(*rq));
	struct str path = str_of(target), query = path;

	path = str_cut(&query, '?');
	*rq = (struct request) {
		.cx = { .arena = fake.arena,
		    .now_ms = NOW,
		    .request_id = STR("0123456789abcdef") },
		.method = method,
		.path = path,
		.query = query,
		.body = str_of(body),
		.header = arena_array(fake.arena, 8, sizeof(struct header)),
		.started_ns = clock_mono_ns(),
	};
	if (token != NULL)
		fake_header(rq, "authorization",
		    str_z(fake.arena, str_fmt(fake.arena, "Bearer %s", token)));
	return rq;
}

void
fake_header(struct request *rq, const char *name, const char *value)
{
	struct header *h = arena_copy(fake.arena, rq->header, 8 * sizeof(*h));

	assert_true(rq->nheader < 8);
	h[rq->nheader++] = (struct header) { str_of(name), str_of(value) };
	rq->header = h;
}

void
fake_call(struct request *rq)
{
	struct reply reply = { 0 };
	struct str allow = { NULL, 0 };
	enum err err = api_route(rq, &allow);

	fake.nreply = fake.nquery = fake.nitem = 0;
	fake.status = 0;
	if (err == OK)
		err = api_admit(rq);
	if (err == OK) {
		api_serve(rq);
		return;
	}
	api_refuse(rq, err, &reply);
	http_reply(rq, &reply);
}

struct request *
fake_send(enum method method, const char *target, const char *body)
{
	struct request *rq = fake_request(method, target, TOKEN_ALL, body);

	fake_call(rq);
	return rq;
}

void
http_reply(struct request *rq, const struct reply *reply)
{
	const struct js *json = NULL;
	struct ctx *cx = fake_ctx();

	(void)rq;
	fake.nreply++;
	fake.status = reply->status;
	fake.type = str_of(reply->content_type != NULL ? reply->content_type
						       : "application/json");
	fake.body = str_copy(fake.arena, reply->body);
	fake.nheader = reply->nheader;
	for (size_t i = 0; i < reply->nheader; i++)
		fake.header[i] = (struct header) { str_copy(fake.arena,
						       reply->header[i].name),
			str_copy(fake.arena, reply->header[i].value) };
	if (fake.body.n > 0 && str_find(fake.type, 'j') < fake.type.n &&
	    js_parse(cx, fake.body, &json) != OK)
		wrong("no JSON: %.*s\n", STR_ARG(fake.body));
	fake.json = json;
	if (fake.queue != NULL)
		queue_end(fake.queue);
}

ssize_t
http_body_read(struct request *rq, void *p, size_t max)
{
	size_t n = rq->body.n < max ? rq->body.n : max;

	memcpy(p, rq->body.p, n);
	rq->body = str_sub(rq->body, n, rq->body.n);
	return (ssize_t)n;
}

struct str
fake_replied(const char *name)
{
	for (size_t i = 0; i < fake.nheader; i++)
		if (str_eq_nocase(fake.header[i].name, str_of(name)))
			return fake.header[i].value;
	return STR("");
}

struct str
fake_at(const char *path)
{
	struct str left = str_of(path);
	const struct js *js = fake.json;
	struct buf b;
	struct js_out out;
	int64_t i;

	while (left.p != NULL && js != NULL) {
		struct str name = str_cut(&left, '.');

		if (js_type(js) == JS_ARRAY)
			js = str_int(name, &i) && (size_t)i < js_count(js)
			    ? js_at(js, (size_t)i)
			    : NULL;
		else
			js = js_get(js, str_z(fake.arena, name));
	}
	if (js == NULL)
		return STR("absent");
	if (js_type(js) == JS_STRING)
		return js_str(js);
	buf_init(&b, fake.arena, 1 << 20);
	js_begin(&out, &b);
	put_js(&out, js);
	return buf_view(&b);
}

/* --- the world ------------------------------------------------------------------------- */

enum err
world_authenticate(
    struct world *w, struct ctx *cx, struct str token, struct actor *out)
{
	(void)w;
	if ((!str_eq(token, STR(TOKEN_ALL)) && !str_eq(token, STR(TOKEN_SELF)))
	    || fake.is_revoked)
		return fail(
		    cx, ERR_UNAUTHENTICATED, MSG_WORLD_TOKEN, "Authorization");
	out->kind = ACTOR_CLIENT;
	out->tenant = 1;
	out->id = 9;
	out->rights = str_eq(token, STR(TOKEN_ALL)) ? rights_of_tenant()
						    : RIGHT_BIT(RIGHT_SELF);
	return OK;
}

enum err
world_session(
    struct world *w, struct ctx *cx, struct str secret, struct actor *out)
{
	(void)w;
	if (!str_eq(secret, STR(FAKE_SECRET)))
		return fail(
		    cx, ERR_UNAUTHENTICATED, MSG_WORLD_TOKEN, "Authorization");
	out->kind = ACTOR_PERSON;
	out->tenant = 1;
	out->id = out->person = 11;
	out->session = 12;
	out->rights = RIGHT_BIT(RIGHT_SELF) | RIGHT_BIT(RIGHT_PERSON_READ);
	return OK;
}

struct str
session_csrf(struct arena *arena, struct str secret)
{
	return str_fmt(arena, "csrf-of-%.*s", STR_ARG(secret));
}

size_t
world_sessions(struct world *w, struct arena *arena, const struct actor *actor,
    struct session_view **out)
{
	(void)w;
	*out = arena_alloc(arena, sizeof(**out));
	(*out)->id = 12;
	(*out)->factors = FACTOR_PASSWORD | FACTOR_TOTP;
	(*out)->is_own = true;
	return actor->person == 11;
}

struct str
world_issuer(const struct world *w)
{
	(void)w;
	return STR("https://id.example");
}

void
world_token_keys(struct world *w, struct token_key out[TOKEN_KEYS])
{
	(void)w;
	memset(out, 'k', TOKEN_KEYS * sizeof(*out));
}

int64_t
world_token_source(struct world *w, uint32_t tenant, int64_t token)
{
	(void)w;
	assert_int_equal(tenant, 1);
	assert_true(token == 9 || token == 11);
	if (fake.ends && fake.tells-- == 0) {
		fake.tells = 0;
		return 0;
	}
	return token == 9 ? FAKE_SOURCE : 0;	/* a person is no source */
}

uint32_t
world_tenant_named(struct world *w, struct str slug)
{
	(void)w;
	return str_eq(slug, STR("demo")) ? 4 : 0;
}

enum err
world_realm(
    struct world *w, struct ctx *cx, uint32_t tenant, const struct realm **out)
{
	(void)w;
	if (tenant != 1 || fake.is_gone)
		return fail(cx, ERR_NOT_FOUND, MSG_WORLD_NO_TENANT, "tenant");
	*out = fake_realm();
	return OK;
}

struct pipeline *
world_pipeline(struct world *w)
{
	(void)w;
	return NULL;
}

static void end_item_as(struct item *, enum err);

static void
end_item(struct item *it, size_t at)
{
	end_item_as(it, at < COUNT(fake.item_err) ? fake.item_err[at] : OK);
}

static void
end_item_as(struct item *it, enum err err)
{
	it->err = err;
	if (it->err != OK)
		it->err = fail(it->cx, it->err, MSG_ORDER_STALE, "If-Match");
	else
		it->out = fake.item_out;
	it->done(it);
}

enum err
pipeline_submit(struct pipeline *p, struct item *it, enum item_class class)
{
	(void)p;
	(void)class;
	if (fake.is_full)
		return fail(it->cx, ERR_LIMITED, MSG_STORE_QUEUE, "");
	assert_true(fake.nitem < FAKE_ITEMS);
	fake.tenant = it->tenant;
	fake.item_in[fake.nitem] = it->in;
	fake.item[fake.nitem++] = it;
	if (fake.queue != NULL)
		assert_true(queue_put(fake.queue, it));
	else if (!fake.waits)
		end_item(it, fake.nitem - 1);
	return OK;
}

enum err
world_pace(struct world *w, struct ctx *cx, int64_t now_ms)
{
	(void)w;
	assert_true(now_ms >= 0);
	if (fake.is_fast)
		return fail(cx, ERR_LIMITED, MSG_LIMIT_TENANT_RATE, "",
		    "admission.tenant_rate", "50", "250");
	return OK;
}

struct queue_max
world_queue_max(struct world *w, uint32_t tenant)
{
	(void)w;
	(void)tenant;
	return (struct queue_max) {
		4000, fake.places > 0 ? fake.places : 2000, "", ""
	};
}

/* Requests under way are counted; is_crowded refuses them. */
enum err
world_enter(struct world *w, struct ctx *cx)
{
	(void)w;
	if (fake.is_crowded)
		return fail(cx, ERR_LIMITED, MSG_LIMIT_TENANT_UNDER_WAY, "",
		    "admission.tenant_under_way", "8", "9");
	fake.under_way++;
	return OK;
}

void
world_leave(struct world *w, const struct actor *actor)
{
	(void)w;
	(void)actor;
	fake.under_way--;
}

/* is_heavy refuses them. */
enum err
world_bytes_take(struct world *w, struct ctx *cx, size_t bytes)
{
	(void)w;
	if (fake.is_heavy)
		return fail(cx, ERR_LIMITED, MSG_LIMIT_TENANT_BODY_BYTES, "",
		    "admission.tenant_body_bytes", "16777216", "16777215");
	fake.bytes += bytes;
	return OK;
}

void
world_bytes_give(struct world *w, const struct actor *actor, size_t bytes)
{
	(void)w;
	must(actor->tenant != 0);
	fake.bytes -= bytes;
}

void
fake_finish(void)
{
	for (size_t i = fake.nitem; i-- > 0;) {
		struct item *it = fake.item[i];

		fake.item[i] = NULL;
		if (it != NULL)
			end_item(it, i);
	}
}

void
fake_work(void *arg)
{
	void *it;

	(void)arg;
	while (queue_take(fake.queue, &it, 1, -1) == 1)
		end_item_as(it, fake.work_err);
}

static enum err
ask(struct query *q)
{
	struct reader r = { 0 };

	if (fake.is_busy)
		return fail(q->cx, ERR_LIMITED, MSG_WORLD_BUSY, "");
	fake.query_in = q->in;
	fake.nquery++;
	q->err = q->run(&r, q->cx, q->in, &q->out);
	q->done(q);
	return OK;
}

enum err
world_query(struct world *w, struct query *q)
{
	(void)w;
	return ask(q);
}

enum err
world_long(struct world *w, struct query *q)
{
	(void)w;
	return ask(q);
}

enum err
world_login(struct world *w, struct query *q)
{
	(void)w;
	return ask(q);
}

enum err
person_show_of(struct reader *r, struct ctx *cx, const void *of, void **out)
{
	return person_show(r, cx, &((const struct person_of *)of)->id, out);
}

enum err
person_show(struct reader *r, struct ctx *cx, const void *id, void **out)
{
	(void)r;
	(void)id;
	if (fake.query_err != OK)
		return fail(cx, fake.query_err, MSG_ORDER_NO_PERSON, "person");
	*out = fake.query_out != NULL ? fake.query_out : fake_person();
	fake.version += fake.moves;
	return OK;
}

/* Every other query gives what the test put there. */
static enum err
canned(struct ctx *cx, void **out)
{
	if (fake.query_err != OK)
		return fail(cx, fake.query_err, MSG_ORDER_NO_PERSON, "person");
	*out = fake.query_out;
	return OK;
}

#define CANNED(name) \
	enum err \
	name(struct reader *r, struct ctx *cx, const void *in, void **out) \
	{ \
		(void)r; \
		(void)in; \
		return canned(cx, out); \
	}

CANNED(persons_list)
CANNED(group_show)
CANNED(groups_list)
CANNED(blocks_show)
CANNED(onboarding_show)
CANNED(pools_list)
CANNED(pool_show)
CANNED(products_list)
CANNED(product_show)
CANNED(organisations_list)
CANNED(organisation_show)
CANNED(seats_list)
CANNED(waits_list)
CANNED(seats_verify)
CANNED(catalogue_show)
CANNED(catalogue_put)
CANNED(events_list)
CANNED(log_page)
CANNED(log_key)
CANNED(roles_held_list)
CANNED(tokens_list)
CANNED(client_access)
CANNED(login_check)
CANNED(activation_check)
CANNED(password_new)
CANNED(totp_new)
CANNED(totp_confirm)
CANNED(tenants_list)
CANNED(tenant_make)
CANNED(tenant_delete)
CANNED(table_show)
CANNED(import_open)
CANNED(import_apply)
CANNED(import_show)
CANNED(queues_list)
CANNED(queue_show)
CANNED(deployment_show)
CANNED(backup_make)
CANNED(key_export)
CANNED(doctor_run)
CANNED(loss_accept)
CANNED(resource_show)
CANNED(resources_list)

const char *
table_exported(size_t at)
{
	static const char *const names[] = { "seat", "token", NULL };

	return at < COUNT(names) ? names[at] : NULL;
}

/* Reads the file to its end, and counts its bytes as rows. */
enum err
import_scan(struct reader *r, struct ctx *cx, const void *arg, void **out)
{
	const struct import_in *in = arg;
	struct import_report *report = arena_alloc(cx->arena, sizeof(*report));
	char bytes[4];
	ssize_t n;

	(void)r;
	while ((n = in->read(in->read_arg, bytes, sizeof(bytes))) > 0)
		report->rows += n;
	report->run = in->run;
	report->digest = STR("abc");
	*out = report;
	return OK;
}

/* --- who watches ----------------------------------------------------------------- */

const char *
readiness_name(enum readiness what)
{
	static const char *const names[] = { "store", "vault", "log" };

	return names[what];
}

void
world_readiness(struct world *w, bool is_ready[READY_COUNT])
{
	for (size_t i = 0; i < READY_COUNT; i++)
		is_ready[i] = (fake.unready & 1u << i) == 0;
}

void
world_vault_state(struct world *w, struct vault_state *out)
{
	*out = (struct vault_state) {
		.sealed = 5, .memory = 1 << 20, .descriptors = -1
	};
}

void
world_counts(struct world *w, struct world_count *out)
{
	*out = (struct world_count) { .queries = 12, .query_depth = 3 };
	out->pipeline.depth_of[ITEM_BULK] = 4;
}

void
http_counts(const struct http *h, struct http_count *out)
{
	*out = (struct http_count) { .open = 2, .bytes_in = 30 };
}

size_t
world_tenants(struct world *w, struct arena *arena, uint32_t **out)
{
	*out = arena_array(arena, 2, sizeof(**out));
	return 2;
}

size_t
world_census(struct world *w, struct arena *arena, struct census_row **out,
    size_t *pools)
{
	*out = fake.census;
	*pools = fake.ncensus;
	return fake.ncensus;
}
