/* SPDX-License-Identifier: Apache-2.0 */
/*
 * onboardings.c - taking a person in: the request that the program is for.
 */
#include "api/api_int.h"

#include "base/id.h"

#define PRODUCTS_ASKED_MAX 100

struct onboard_in {
	const struct js *person;
	struct texts	 products;
	int64_t		 priority;
	bool		 all_or_nothing, check, activation;
};

static const struct member onboard_members[] = {
	{ "person", MEMBER_ANY, offsetof(struct onboard_in, person), 0, 0, true },
	{ "products", MEMBER_TEXTS, offsetof(struct onboard_in, products), 0, PRODUCTS_ASKED_MAX, false },
	{ "priority", MEMBER_INT, offsetof(struct onboard_in, priority), 0, 9, false },
	{ "all_or_nothing", MEMBER_BOOL, offsetof(struct onboard_in, all_or_nothing), 0, 0, false },
	{ "check", MEMBER_BOOL, offsetof(struct onboard_in, check), 0, 0, false },
	{ "activation", MEMBER_BOOL, offsetof(struct onboard_in, activation), 0, 0, false },
};
static const struct member_table onboard_table = { onboard_members, COUNT(onboard_members), "" };

static const char *const states[] = {
	[ONBOARDING_OPEN] = "open",
	[ONBOARDING_DONE] = "done",
	[ONBOARDING_FAILED] = "failed",
	[ONBOARDING_EXPIRED] = "expired",
};

static const char *const check_kinds[] = {
	[CHECK_ROLE] = "role",
	[CHECK_RISK] = "risk",
	[CHECK_ATTESTATION] = "attestation",
	[CHECK_MANUAL] = "manual",
};

static const char *const check_states[] = {
	[CHECK_OPEN] = "open",
	[CHECK_PASSED] = "passed",
	[CHECK_FAILED] = "failed",
};

static const char *const verdicts[] = { "passed", "failed" };

static void put_name(struct js_out *, const char *key,
    const char *const *names, size_t n, int64_t at);
static void put_activation(struct js_out *, const struct order_out *);
static void put_stages(struct js_out *, const struct onboarding_row *);
static void put_checks(struct js_out *, const struct onboarding_view *);
static void put_when(struct js_out *, const char *, int64_t ms);

/* --- in -------------------------------------------------------------------------- */

enum err
onboarding_decode(
    struct ctx *cx, struct world *w, const struct js *js, struct order *o)
{
	struct onboard_in in = { .priority = 5 };
	struct person_in person;

	TRY(members_decode(cx, js, &onboard_table, &in));
	TRY(fault_under(cx, person_decode(cx, in.person, &person), "person"));
	person_order_fill(cx, w, &person, o);
	o->kind = ORDER_ONBOARD;
	o->product = in.products.v;
	o->nproduct = in.products.n;
	o->priority = (int)in.priority;
	o->all_or_nothing = in.all_or_nothing;
	o->manual_check = in.check;
	o->activation = in.activation;
	return OK;
}

static enum err
onboard_decode(struct call *c, void **in)
{
	struct str key = request_header(c->rq, "idempotency-key");
	struct order *o = arena_alloc(c->cx->arena, sizeof(*o));
	const struct js *js;

	if (key.p == NULL)
		return fail(
		    c->cx, ERR_BAD_INPUT, MSG_API_NO_KEY, "Idempotency-Key");
	if (!is_idempotency_key(key))
		return fail(
		    c->cx, ERR_BAD_INPUT, MSG_API_KEY, "Idempotency-Key");
	TRY(js_parse(c->cx, c->rq->body, &js));
	TRY(onboarding_decode(c->cx, c->world, js, o));
	o->idempotency_key = key;
	o->body = c->rq->body;
	*in = o;
	return OK;
}

static enum err
id_of_path(struct call *c, void **in)
{
	int64_t *id = arena_alloc(c->cx->arena, sizeof(*id));

	*in = id;
	return param_id(c, 0, MSG_ORDER_NO_ONBOARDING, "onboarding", id);
}

/* The order's own answer is told too. */
static enum err
checked_decode(struct call *c, void **in)
{
	c->kept = c->out;
	return id_of_path(c, in);
}

struct check_in {
	struct str result;
	bool	   activation;
};

static const struct member check_members[] = {
	{ "result", MEMBER_TEXT, offsetof(struct check_in, result), 1, 16, true },
	{ "activation", MEMBER_BOOL, offsetof(struct check_in, activation), 0, 0, false },
};
static const struct member_table check_table = { check_members, COUNT(check_members), "" };

static enum err
check_decode(struct call *c, void **in)
{
	struct check_in body = { 0 };
	struct order *o = arena_alloc(c->cx->arena, sizeof(*o));

	TRY(param_id(
	    c, 0, MSG_ORDER_NO_ONBOARDING, "onboarding", &o->onboarding));
	for (size_t i = CHECK_ROLE; i < COUNT(check_kinds); i++)
		if (str_eq(c->rq->param[1], str_of(check_kinds[i])))
			o->check = (enum check_kind)i;
	if (o->check == 0)
		return fail(c->cx, ERR_NOT_FOUND, MSG_ORDER_NO_CHECK, "check");
	TRY(body_decode(c, &check_table, &body));
	o->check_passed = str_eq(body.result, str_of(verdicts[0]));
	if (!o->check_passed && !str_eq(body.result, str_of(verdicts[1])))
		return fail(c->cx, ERR_BAD_INPUT, MSG_API_RESULT, "result");
	o->activation = body.activation;
	o->kind = ORDER_CHECK;
	*in = o;
	return OK;
}

/* --- out ------------------------------------------------------------------------- */

void
put_onboarding_told(
    struct js_out *js, struct ctx *cx, const struct order_out *out)
{
	js_open_object(js);
	js_key(js, "id");
	js_put_id(js, out->onboarding);
	js_key(js, "person");
	js_put_id(js, out->person);
	put_name(js, "state", states, COUNT(states), out->state);
	js_key(js, "repeated");
	js_put_bool(js, out->was_repeated);
	put_told(js, cx, "seats", out->seat, out->nseat);
	put_activation(js, out);
	js_close_object(js);
}

/* Shown once, to who may onboard; it is for the person. */
static void
put_activation(struct js_out *js, const struct order_out *out)
{
	if (out->activation.n == 0)
		return;
	js_key(js, "activation");
	js_put_str(js, out->activation);
	js_key(js, "activation_expires");
	js_put_time(js, out->activation_ms);
}

static void
onboard_encode(struct call *c)
{
	const struct order_out *out = c->out;

	if (out->onboarding != 0)
		call_created(c, "/api/v1/onboardings/", out->onboarding);
	c->reply.status = out->is_new ? 201 : 200;
	put_onboarding_told(&c->js, c->cx, out);
}

static void
onboarding_encode(struct call *c)
{
	const struct onboarding_view *v = c->out;
	struct js_out *js = &c->js;

	js_open_object(js);
	js_key(js, "id");
	js_put_id(js, v->row.id);
	js_key(js, "person");
	js_put_id(js, v->row.person);
	put_name(js, "state", states, COUNT(states), v->row.state);
	js_key(js, "repeated");
	js_put_bool(js, false);
	js_key(js, "priority");
	js_put_int(js, v->row.priority);
	put_told(js, c->cx, "seats", v->told, v->ntold);
	put_stages(js, &v->row);
	put_when(js, "expires", v->row.expires_ms);
	put_checks(js, v);
	put_told(js, c->cx, "now", v->now, v->nnow);
	if (c->kept != NULL)
		put_activation(js, c->kept);
	js_close_object(js);
}

static void
put_stages(struct js_out *js, const struct onboarding_row *row)
{
	js_key(js, "stages");
	js_open_object(js);
	put_when(js, "received", row->received_ms);
	put_when(js, "sealed", row->sealed_ms);
	put_when(js, "decided", row->decided_ms);
	put_when(js, "done", row->done_ms);
	js_close_object(js);
}

static void
put_checks(struct js_out *js, const struct onboarding_view *v)
{
	js_key(js, "checks");
	js_open_array(js);
	for (size_t i = 0; i < v->ncheck; i++) {
		js_open_object(js);
		put_name(js, "kind", check_kinds, COUNT(check_kinds),
		    v->check[i].kind);
		put_name(js, "state", check_states, COUNT(check_states),
		    v->check[i].state);
		put_when(js, "since", v->check[i].since_ms);
		put_when(js, "until", v->check[i].until_ms);
		js_close_object(js);
	}
	js_close_array(js);
}

/* A person that an import brought has no onboarding, and so no state of one. */
static void
put_name(struct js_out *js, const char *key, const char *const *names, size_t n,
    int64_t at)
{
	js_key(js, key);
	if (at > 0 && (size_t)at < n)
		js_put_z(js, names[at]);
	else
		js_put_null(js);
}

static void
put_when(struct js_out *js, const char *name, int64_t ms)
{
	js_key(js, name);
	js_put_time(js, ms);
}

/* --- routes ------------------------------------------------------------------------ */

static const struct route_work
    show_checked = { .kind = WORK_QUERY, .run = onboarding_show, .decode = checked_decode,
	.encode = onboarding_encode },
    check = { .kind = WORK_USE_CASE, .use_case = &person_order, .decode = check_decode, .next = &show_checked,
	.body = "CheckResult", .reply = "Onboarding" },
    batch = { .kind = WORK_MANY, .start = batch_start, .encode = batch_encode,
	.body = "Batch", .reply = "BatchOutcome" };

#define ORDER_FIELDS \
	{ "person", "NewPerson", "" }, \
	{ "products", "", "Slugs of what is wanted." }, \
	{ "priority", "", "9 is the most urgent; 5 if absent." }, \
	{ "all_or_nothing", "", "All are assigned or held, or nothing is." }, \
	{ "check", "", "Seats are held until somebody passes them." }, \
	{ "activation", "", "When it is done the person may begin." }

static const struct field order_fields[] = { ORDER_FIELDS, { 0 } };

static const struct field batch_fields[] = {
	{ "items", "[BatchItem]", "" },
	{ 0 }
};

static const struct field item_fields[] = {
	ORDER_FIELDS,
	{ "key", "key", "What Idempotency-Key is to a single onboarding." },
	{ 0 }
};

static const struct field answer_fields[] = {
	{ "items", "[ItemOutcome]", "In the order of the request." },
	{ 0 }
};

static const struct field item_answer_fields[] = {
	{ "status", "int", "What a single onboarding would have been answered with." },
	{ "body", "OnboardingOutcome-", "" },
	{ "error", "Problem-", "" },
	{ 0 }
};

#define OUTCOME_FIELDS \
	{ "id", "id?", "" }, \
	{ "person", "id", "" }, \
	{ "state", "OnboardingState?", "null: the person came otherwise." }, \
	{ "repeated", "bool", "It was there already; nothing was done." }, \
	{ "seats", "[SeatOutcome]", "As first answered." }, \
	{ "activation", "text-", "To begin with, shown this once." }, \
	{ "activation_expires", "time-", "" }

static const struct field outcome_fields[] = { OUTCOME_FIELDS, { 0 } };

static const struct field onboarding_fields[] = {
	OUTCOME_FIELDS,
	{ "priority", "int", "" },
	{ "stages", "Stages", "" },
	{ "expires", "time?", "When open checks fail." },
	{ "checks", "[Check]", "" },
	{ "now", "[SeatOutcome]", "As it stands." },
	{ 0 }
};

static const struct field stages_fields[] = {
	{ "received", "time?", "" },
	{ "sealed", "time?", "" },
	{ "decided", "time?", "" },
	{ "done", "time?", "" },
	{ 0 }
};

static const struct field check_fields[] = {
	{ "kind", "CheckKind", "" },
	{ "state", "CheckState", "" },
	{ "since", "time?", "" },
	{ "until", "time?", "" },
	{ 0 }
};

static const struct field result_fields[] = {
	{ "result", "CheckVerdict", "" },
	{ "activation", "", "When all is passed, the person may activate the account." },
	{ 0 }
};

const struct shape onboarding_shapes[] = {
	{ .name = "OnboardingOrder", .text = "A person, and what the person needs.", .field = order_fields,
	    .members = &onboard_table },
	{ .name = "OnboardingOutcome", .text = "What came of it.", .field = outcome_fields },
	{ .name = "Onboarding", .text = "An onboarding from its receipt on.", .field = onboarding_fields },
	{ .name = "OnboardingState", .text = "How far an onboarding is.", WORDS(states) },
	{ .name = "Stages", .text = "When it came to each stage; null: not yet.", .field = stages_fields },
	{ .name = "Check", .text = "What must be passed before seats are assigned.", .field = check_fields },
	{ .name = "CheckKind", .text = "Who is asked.", WORDS(check_kinds) },
	{ .name = "CheckState", .text = "How a check stands.", WORDS(check_states) },
	{ .name = "CheckResult", .text = "How a check ended.", .field = result_fields, .members = &check_table },
	{ .name = "CheckVerdict", .text = "How a check can end.", WORDS(verdicts) },
	{ .name = "Batch", .text = "Onboardings, each on its own.", .field = batch_fields, .members = &batch_table },
	{ .name = "BatchItem", .text = "One onboarding of a batch.", .field = item_fields, .members = &onboard_table },
	{ .name = "BatchOutcome", .text = "What came of each.", .field = answer_fields },
	{ .name = "ItemOutcome", .text = "What came of one: body or error.", .field = item_answer_fields },
	{ 0 }
};

const struct route onboarding_routes[] = {
	{ POST, "/api/v1/onboardings", RIGHT_ONBOARD, PERSON_BODY_MAX, false,
	    WRITE(person_order, onboard_decode, onboard_encode, .body = "OnboardingOrder", .reply = "OnboardingOutcome",
		.traits = CREATES | FINDS | LOCATES | KEYED), "Onboard a person" },
	{ POST, "/api/v1/onboardings/batch", RIGHT_ONBOARD, BATCH_BODY_MAX, false, &batch,
	    "Onboard up to 1,000 persons" },
	{ GET, "/api/v1/onboardings/{onboarding}", RIGHT_ONBOARDING_READ, 0, false,
	    QUERY(onboarding_show, id_of_path, onboarding_encode, .reply = "Onboarding"), "Show an onboarding" },
	{ POST, "/api/v1/onboardings/{onboarding}/checks/{check}", RIGHT_ONBOARDING_CHECK, SMALL_BODY_MAX, false,
	    &check, "Say how a check ended" },
	{ 0 }
};
