/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reach_test.c - who may move whom to where, and write what: every way in which
 * a person comes, changes and goes, by actors whose rights have scopes.
 *
 * Everybody starts as a person at ber, of the organisation acme, managed by
 * the actor, with a contract of source 1; also with one of source 2 at muc,
 * where a row says so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/id.h"

#include "act/world_int.h"

#include "imports.h"

#define wrong(...) \
	(print_error(__VA_ARGS__), print_error("\n"), \
	    _fail(__FILE__, __LINE__))
#define B(name) RIGHT_BIT(RIGHT_##name)

static const char more[] =
    "roles:\n"
    "  keeper: { name: Keeper, rights: [seat.write] }\n";

struct cast {
	int64_t me, boss;
	int	n;		/* persons made */
};

static struct cast cast;
static const struct actor everything_of_acme = { .kind = ACTOR_CLIENT,
	.id = 7 };

/* --- the stage ---------------------------------------------------------------------- */

static void
act_as_all(struct rig *r)
{
	r->actor = everything_of_acme;
	r->actor.tenant = r->acme;
	r->actor.rights = rights_of_tenant();
}

static const struct filter *
scope_of(struct rig *r, const char *text)
{
	struct filter *scope;

	if (text == NULL)
		return NULL;
	if (filter_compile(&r->cx, str_of(text), FILTER_RULE, false, &scope) !=
	    OK)
		wrong("%s", text);
	return filter_for(r->arena, scope, cast.me);
}

/* The person me, with two grants, in a call that needs RIGHT. */
static void
act_as_me(struct rig *r, enum right right, const char *scope, uint64_t rights,
    const char *other)
{
	struct held *held = arena_array(r->arena, 2, sizeof(*held));

	held[0] = (struct held) { RIGHT_BIT(right), scope_of(r, scope) };
	held[1] = (struct held) { rights, scope_of(r, other) };
	r->actor = (struct actor) { .kind = ACTOR_PERSON,
		.tenant = r->acme,
		.id = cast.me,
		.person = cast.me,
		.held = held,
		.nheld = 2,
		.rights = held[0].rights | rights };
	r->cx.arena = r->arena;
	assert_int_equal(actor_enter(&r->cx, &r->actor, right), OK);
}

static struct order *
person_of(struct rig *r, const char *site)
{
	char ref[32];
	struct order *o;
	struct contract_in *c;

	snprintf(ref, sizeof(ref), "p%d", cast.n++);
	o = rig_onboard(r, arena_copy(r->arena, ref, sizeof(ref)), site, "");
	c = (struct contract_in *)o->contract;
	c->organization = STR("acme");
	if (cast.me != 0)
		c->manager = id_text(r->arena, cast.me);
	return o;
}

static int64_t
somebody(struct rig *r, bool has_second)
{
	struct order *o = person_of(r, "ber");
	struct contract_in second = { .site = STR("muc") };
	struct order add = { .kind = ORDER_CHANGE, .source = 2,
		.if_version = -1, .has_contracts = true, .contract = &second,
		.ncontract = 1, .priority = 5 };

	act_as_all(r);
	add.person = rig_onboarded(r, o)->person;
	if (has_second)
		rig_onboarded(r, &add);
	return add.person;
}

static int
setup(void **state)
{
	struct rig *r = heap_alloc(1, sizeof(*r));
	char text[2048];
	struct catalogue_in in = { 0 };
	struct catalogue_out *out;

	rig_open(r);
	snprintf(text, sizeof(text), "%s%s", rig_catalogue, more);
	in.text = str_of(text);
	act_as_all(r);
	assert_int_equal(rig_long(r, catalogue_put, &in, &out), OK);
	cast = (struct cast) { 0 };
	cast.boss = rig_onboarded(r, person_of(r, "muc"))->person;
	cast.me = rig_onboarded(r, person_of(r, "muc"))->person;
	*state = r;
	return 0;
}

static int
teardown(void **state)
{
	struct rig *r = *state;

	act_as_all(r);
	rig_verify(r);
	rig_close(r);
	heap_free(r);
	return 0;
}

/* --- moving ------------------------------------------------------------------------- */

#define ME   "me"
#define BOSS "boss"
#define NONE "none"	/* no contract any more */

/* The order of KIND that brings or leaves a person so; NULL: as it was. */
static const struct move {
	const char *what;
	enum order_kind kind;
	const char *scope;		/* of the right that the call needs; NULL: everybody */
	uint64_t    rights;		/* another grant */
	const char *other;		/* … over these */
	const char *site, *organization, *manager;
	enum err    err;
	enum msg    msg;
	int64_t	    source;
	bool	    has_second;
} moves[] = {
	{ "stays within", ORDER_CHANGE, "site eq \"ber\" or site eq \"muc\"", 0, NULL, "muc", NULL, NULL, OK,
	    MSG_NONE, 1, false },
	{ "out by site", ORDER_CHANGE, "site eq \"ber\"", 0, NULL, "muc", NULL, NULL, ERR_DENIED, MSG_ORDER_SCOPE, 1,
	    false },
	{ "in by site", ORDER_CHANGE, "site eq \"muc\"", 0, NULL, "muc", NULL, NULL, ERR_NOT_FOUND,
	    MSG_ORDER_NO_PERSON, 1, false },
	{ "out by organisation", ORDER_CHANGE, "organization eq \"acme\"", 0, NULL, "ber", "", NULL, ERR_DENIED,
	    MSG_ORDER_SCOPE, 1, false },
	{ "out by manager", ORDER_CHANGE, "manager eq me or site eq \"muc\"", 0, NULL, NULL, NULL, BOSS, ERR_DENIED,
	    MSG_ORDER_SCOPE, 1, false },
	{ "to a manager who is not seen", ORDER_CHANGE, "manager eq me", 0, NULL, NULL, NULL, BOSS, ERR_BAD_INPUT,
	    MSG_ORDER_MANAGER, 1, false },
	{ "no manager", ORDER_CHANGE, "manager eq me", 0, NULL, "ber", NULL, "", ERR_DENIED, MSG_ORDER_SCOPE, 1,
	    false },
	{ "manager, and still within", ORDER_CHANGE, "manager eq me or site pr", 0, NULL, NULL, NULL, BOSS,
	    OK, MSG_NONE, 1, false },
	{ "the other way round", ORDER_CHANGE, "not (site eq \"muc\")", 0, NULL, "muc", NULL, NULL, ERR_DENIED,
	    MSG_ORDER_SCOPE, 1, false },
	{ "one contract at least", ORDER_CHANGE, "any contract(site eq \"muc\")", 0, NULL, "ber", "", NULL, OK,
	    MSG_NONE, 1, true },
	{ "no contract there", ORDER_CHANGE, "any contract(site eq \"muc\")", 0, NULL, "ber", NULL, NULL, ERR_DENIED,
	    MSG_ORDER_SCOPE, 2, true },
	{ "another source's contract counts", ORDER_CHANGE, "any contract(organization eq \"acme\")", 0, NULL,
	    "ber", NULL, NULL, OK, MSG_NONE, 2, true },
	{ "every contract", ORDER_CHANGE, "all contract(site eq \"ber\")", 0, NULL, "muc", NULL, NULL, ERR_DENIED,
	    MSG_ORDER_SCOPE, 1, false },
	{ "one of them elsewhere", ORDER_CHANGE, "all contract(site eq \"ber\")", 0, NULL, "ber", NULL, NULL,
	    ERR_NOT_FOUND, MSG_ORDER_NO_PERSON, 1, true },
	{ "without contracts nobody has one", ORDER_CHANGE, "any contract(site eq \"ber\")", 0, NULL, NONE, NULL,
	    NULL, ERR_DENIED, MSG_ORDER_SCOPE, 1, false },
	{ "the other contract is left", ORDER_CHANGE, "any contract(site eq \"ber\")", 0, NULL, NONE, NULL, NULL,
	    ERR_DENIED, MSG_ORDER_SCOPE, 1, true },

	{ "to where one may more", ORDER_CHANGE, NULL, B(SEAT_WRITE), "site eq \"muc\"", "muc", NULL, NULL,
	    ERR_DENIED, MSG_ORDER_GAIN, 1, false },
	{ "to oneself", ORDER_CHANGE, NULL, B(ONBOARDING_CHECK), "manager eq me", NULL, NULL, ME, OK, MSG_NONE, 1,
	    false },
	{ "to where one may as much", ORDER_CHANGE, NULL, B(SEAT_WRITE), "site eq \"muc\" or manager eq me", "muc",
	    NULL, ME, OK, MSG_NONE, 1, false },
	{ "to where one may less", ORDER_CHANGE, NULL, B(SEAT_WRITE), "site eq \"ber\"", "muc", NULL, NULL, OK,
	    MSG_NONE, 1, false },
	{ "to where a whole right means nothing", ORDER_CHANGE, NULL, B(AUDIT_READ), "site eq \"muc\"", "muc", NULL,
	    NULL, OK, MSG_NONE, 1, false },

	{ "made within", ORDER_CREATE, "site eq \"ber\"", 0, NULL, "ber", NULL, NULL, OK, MSG_NONE, 1, false },
	{ "made outside", ORDER_CREATE, "site eq \"ber\"", 0, NULL, "muc", NULL, NULL, ERR_DENIED, MSG_ORDER_SCOPE, 1,
	    false },
	{ "made nowhere", ORDER_CREATE, "site eq \"ber\"", 0, NULL, NONE, NULL, NULL, ERR_DENIED, MSG_ORDER_SCOPE, 1,
	    false },
	{ "made for another manager", ORDER_CREATE, "manager eq me or site eq \"muc\"", 0, NULL, "ber", NULL, BOSS,
	    ERR_DENIED, MSG_ORDER_SCOPE, 1, false },
	{ "made for a manager who is not seen", ORDER_CREATE, "manager eq me", 0, NULL, "ber", NULL, BOSS,
	    ERR_BAD_INPUT, MSG_ORDER_MANAGER, 1, false },
	{ "made where one may more", ORDER_CREATE, NULL, B(SEAT_WRITE), "site eq \"muc\"", "muc", NULL, NULL, OK,
	    MSG_NONE, 1, false },
	{ "onboarded outside", ORDER_ONBOARD, "site eq \"ber\"", 0, NULL, "muc", NULL, NULL, ERR_DENIED,
	    MSG_ORDER_SCOPE, 1, false },
	{ "onboarded within", ORDER_ONBOARD, "any contract(site eq \"ber\")", 0, NULL, "ber", NULL, NULL, OK,
	    MSG_NONE, 1, false },
	{ "onboarded by one contract outside", ORDER_ONBOARD, "any contract(site eq \"ber\")", 0, NULL, "muc", NULL,
	    NULL, ERR_DENIED, MSG_ORDER_SCOPE, 1, false },

	{ "imported out", ORDER_IMPORT, "site eq \"ber\"", 0, NULL, "muc", NULL, NULL, ERR_DENIED, MSG_ORDER_SCOPE, 1,
	    false },
	{ "imported in", ORDER_IMPORT, "site eq \"muc\"", 0, NULL, "muc", NULL, NULL, ERR_NOT_FOUND,
	    MSG_ORDER_NO_PERSON, 1, false },
	{ "imported to where one may more", ORDER_IMPORT, NULL, B(SEAT_WRITE), "site eq \"muc\"", "muc", NULL, NULL,
	    ERR_DENIED, MSG_ORDER_GAIN, 1, false },
	{ "imported by another source", ORDER_IMPORT, "all contract(site eq \"ber\")", 0, NULL, "muc", NULL, NULL,
	    ERR_DENIED, MSG_ORDER_SCOPE, 2, false },
	{ "gone, and out of the scope", ORDER_LEAVE, "active eq true", 0, NULL, NULL, NULL, NULL, ERR_DENIED,
	    MSG_ORDER_SCOPE, 1, false },
	{ "gone, out of another's scope", ORDER_LEAVE, "site eq \"muc\"", 0, NULL, NULL, NULL, NULL, ERR_NOT_FOUND,
	    MSG_ORDER_NO_PERSON, 1, false },
	{ "gone, within", ORDER_LEAVE, "site eq \"ber\"", 0, NULL, NULL, NULL, NULL, OK, MSG_NONE, 1, false },

	{ "a seat for who is outside", ORDER_TAKE, "site eq \"muc\"", 0, NULL, NULL, NULL, NULL, ERR_NOT_FOUND,
	    MSG_ORDER_NO_PERSON, 1, false },
	{ "a seat within", ORDER_TAKE, "site eq \"ber\"", 0, NULL, NULL, NULL, NULL, OK, MSG_NONE, 1, false },
	{ "given back by who is outside", ORDER_RELEASE, "site eq \"muc\"", 0, NULL, NULL, NULL, NULL, ERR_NOT_FOUND,
	    MSG_ORDER_NO_PERSON, 1, false },
	{ "a role for who is outside", ORDER_ROLE_GIVE, "site eq \"muc\"", 0, NULL, NULL, NULL, NULL, ERR_NOT_FOUND,
	    MSG_ORDER_NO_PERSON, 1, false },
	{ "a role approved outside", ORDER_ROLE_APPROVE, "site eq \"muc\"", 0, NULL, NULL, NULL, NULL, ERR_NOT_FOUND,
	    MSG_ORDER_NO_PERSON, 1, false },
	{ "a role ended outside", ORDER_ROLE_END, "site eq \"muc\"", 0, NULL, NULL, NULL, NULL, ERR_NOT_FOUND,
	    MSG_ORDER_NO_PERSON, 1, false },
};

/* What a call of this kind needs. */
static const enum right needed[] = {
	[ORDER_ONBOARD] = RIGHT_ONBOARD,
	[ORDER_CREATE] = RIGHT_PERSON_WRITE,
	[ORDER_CHANGE] = RIGHT_PERSON_WRITE,
	[ORDER_IMPORT] = RIGHT_IMPORT_RUN,
	[ORDER_LEAVE] = RIGHT_IMPORT_RUN,
	[ORDER_TAKE] = RIGHT_ONBOARD,
	[ORDER_RELEASE] = RIGHT_SEAT_WRITE,
	[ORDER_ROLE_GIVE] = RIGHT_ROLE_GRANT,
	[ORDER_ROLE_APPROVE] = RIGHT_ROLE_GRANT,
	[ORDER_ROLE_END] = RIGHT_ROLE_GRANT,
};

static struct str
manager_text(struct rig *r, const char *who)
{
	if (who == NULL || strcmp(who, ME) == 0)
		return id_text(r->arena, cast.me);
	return strcmp(who, BOSS) == 0 ? id_text(r->arena, cast.boss) : STR("");
}

static void
place(struct rig *r, const struct move *m, struct order *o)
{
	struct contract_in *c = arena_alloc(r->arena, sizeof(*c));
	bool has = m->site == NULL || strcmp(m->site, NONE) != 0;

	*c = (struct contract_in) {
		.site = str_of(m->site != NULL ? m->site : "ber"),
		.organization =
		    str_of(m->organization != NULL ? m->organization : "acme"),
		.manager = manager_text(r, m->manager),
	};
	/* Imports name managers by their ref: of these persons, nobody's. */
	if (o->kind == ORDER_IMPORT)
		c->manager = STR("");
	if (o->kind == ORDER_CHANGE && m->source == 2)
		c->organization = STR("");
	o->has_contracts = true;
	o->contract = c;
	o->ncontract = has;
}

static struct order *
order_of(struct rig *r, const struct move *m)
{
	static const struct str mail[] = { { "mail", 4 } };
	bool is_new = m->kind == ORDER_CREATE || m->kind == ORDER_ONBOARD;
	struct order *o = person_of(r, "ber");

	o->kind = m->kind;
	o->source = m->source;
	o->person = is_new ? 0 : somebody(r, m->has_second);
	o->if_version = -1;
	if (m->kind == ORDER_CHANGE || m->kind == ORDER_IMPORT || is_new)
		place(r, m, o);
	if (!is_new) {
		o->doc = (struct doc) { 0 };
		o->ref = o->idempotency_key = STR("");
	}
	if (m->kind == ORDER_TAKE || m->kind == ORDER_RELEASE) {
		o->product = mail;
		o->nproduct = 1;
	}
	o->role = STR("keeper");
	o->reason = STR("for the test");
	o->role_grant = 1;
	return o;
}

static void
nobody_is_moved_where_one_may_not_follow(void **state)
{
	struct rig *r = *state;

	for (size_t i = 0; i < COUNT(moves); i++) {
		const struct move *m = &moves[i];
		struct order *o = order_of(r, m);
		struct order_out *out;
		enum err err;

		act_as_me(r, needed[m->kind], m->scope, m->rights, m->other);
		err = rig_do(r, &person_order, o, &out);
		if (err != m->err || r->cx.fault.msg != m->msg)
			wrong("%s: %d %s", m->what, err,
			    msg_name(r->cx.fault.msg));
	}
}

/* The run's last pass, in which managers are set by ref. */
static void
a_manager_set_by_an_import_moves_nobody_out(void **state)
{
	struct rig *r = *state;
	struct contract_in c = { .manager = STR("p0") };
	struct order o = { .kind = ORDER_MANAGER, .source = 1,
		.contract = &c, .ncontract = 1, .priority = 5 };
	struct order_out *out;

	o.person = somebody(r, false);
	act_as_me(r, RIGHT_IMPORT_RUN, "manager eq me", 0, NULL);
	assert_int_equal(rig_do(r, &person_order, &o, &out), ERR_DENIED);
	assert_int_equal(r->cx.fault.msg, MSG_ORDER_SCOPE);
	act_as_me(r, RIGHT_IMPORT_RUN, "site eq \"ber\"", 0, NULL);
	assert_int_equal(rig_do(r, &person_order, &o, &out), OK);
	assert_true(out->is_changed);
}

/* Else whoever may place people would be anybody's manager. */
static void
nobody_makes_themselves_a_manager(void **state)
{
	struct rig *r = *state;
	struct contract_in c = { .site = STR("muc"),
		.manager = id_text(r->arena, cast.me) };
	struct order o = { .kind = ORDER_CHANGE, .person = cast.boss,
		.source = 1, .if_version = -1, .has_contracts = true,
		.contract = &c, .ncontract = 1, .priority = 5 };
	struct order_out *out;

	act_as_me(
	    r, RIGHT_PERSON_WRITE, NULL, B(ONBOARDING_CHECK), "manager eq me");
	assert_int_equal(rig_do(r, &person_order, &o, &out), ERR_DENIED);
	assert_int_equal(r->cx.fault.msg, MSG_ORDER_GAIN);
	assert_true(str_eq(r->cx.fault.args[0], STR("onboarding.check")));
	act_as_me(r, RIGHT_PERSON_WRITE, NULL, B(ONBOARDING_CHECK), NULL);
	assert_int_equal(rig_do(r, &person_order, &o, &out), OK);
}

/* An onboarding is found by its number, and its person may be another's. */
static void
a_check_is_said_within_ones_scope(void **state)
{
	struct rig *r = *state;
	struct order *o = person_of(r, "ber");
	struct order check = { .kind = ORDER_CHECK, .check = CHECK_MANUAL,
		.check_passed = true, .priority = 5 };
	struct order_out *out;

	o->manual_check = true;
	act_as_all(r);
	check.onboarding = rig_onboarded(r, o)->onboarding;
	act_as_me(r, RIGHT_ONBOARDING_CHECK, "site eq \"muc\"", 0, NULL);
	assert_int_equal(rig_do(r, &person_order, &check, &out), ERR_NOT_FOUND);
	act_as_me(r, RIGHT_ONBOARDING_CHECK, "site eq \"ber\"", 0, NULL);
	assert_int_equal(rig_do(r, &person_order, &check, &out), OK);
}

/* --- attributes ----------------------------------------------------------------------- */

#define REMOVE "\1"

static const struct write {
	const char *what;
	enum order_kind kind;
	uint64_t    rights;
	const char *over;
	const char *path, *value;	/* REMOVE: taken away */
	const char *site;		/* moved there with it; NULL: stays */
	const char *field;		/* of the refusal; NULL: it is written */
	enum right  right;
} writes[] = {
	{ "a plain one", ORDER_CHANGE, 0, NULL, "nickName", "Ani", NULL, NULL, 0 },
	{ "a birth date", ORDER_CHANGE, 0, NULL, "birthDate", "1990-01-02", NULL, "birthDate",
	    RIGHT_PERSON_PRIVATE_WRITE },
	{ "a birth date with its right", ORDER_CHANGE, B(PERSON_PRIVATE_WRITE), NULL, "birthDate", "1990-01-02", NULL,
	    NULL, 0 },
	{ "over others", ORDER_CHANGE, B(PERSON_PRIVATE_WRITE), "site eq \"muc\"", "birthDate", "1990-01-02", NULL,
	    "birthDate", RIGHT_PERSON_PRIVATE_WRITE },
	{ "over this one", ORDER_CHANGE, B(PERSON_PRIVATE_WRITE), "site eq \"ber\"", "birthDate", "1990-01-02", NULL,
	    NULL, 0 },
	{ "and not where it goes", ORDER_CHANGE, B(PERSON_PRIVATE_WRITE), "site eq \"ber\"", "birthDate",
	    "1990-01-02", "muc", "birthDate", RIGHT_PERSON_PRIVATE_WRITE },
	{ "an address", ORDER_CHANGE, 0, NULL, "addresses[home].locality", "Bern", NULL, "addresses",
	    RIGHT_PERSON_PRIVATE_WRITE },
	{ "an address away", ORDER_CHANGE, 0, NULL, "addresses[work].locality", REMOVE, NULL, "addresses",
	    RIGHT_PERSON_PRIVATE_WRITE },
	{ "reading is not writing", ORDER_CHANGE, B(PERSON_PRIVATE_READ), NULL, "addresses[home].locality", "Bern",
	    NULL, "addresses", RIGHT_PERSON_PRIVATE_WRITE },
	{ "a user name", ORDER_CHANGE, 0, NULL, "userName", "other.name", NULL, "userName",
	    RIGHT_PERSON_LOGIN_WRITE },
	{ "a user name with its right", ORDER_CHANGE, B(PERSON_LOGIN_WRITE), NULL, "userName", "another.name", NULL,
	    NULL, 0 },
	{ "an e-mail address", ORDER_CHANGE, 0, NULL, "emails[work].value", "x@example.org", NULL, "emails",
	    RIGHT_PERSON_LOGIN_WRITE },
	{ "an e-mail address away", ORDER_CHANGE, 0, NULL, "emails[work].value", REMOVE, NULL, "emails",
	    RIGHT_PERSON_LOGIN_WRITE },
	{ "an e-mail address with its right", ORDER_CHANGE, B(PERSON_LOGIN_WRITE), "manager eq me",
	    "emails[work].value", "y@example.org", NULL, NULL, 0 },

	{ "imported, a plain one", ORDER_IMPORT, 0, NULL, "nickName", "Ani", NULL, NULL, 0 },
	{ "imported, a birth date", ORDER_IMPORT, 0, NULL, "birthDate", "1990-01-02", NULL, "birthDate",
	    RIGHT_PERSON_PRIVATE_WRITE },
	{ "imported, an address", ORDER_IMPORT, B(PERSON_PRIVATE_WRITE), "site eq \"ber\"", "addresses[work].region",
	    "BE", NULL, NULL, 0 },
	{ "imported, an e-mail address", ORDER_IMPORT, B(PERSON_WRITE), NULL, "emails[work].value", "z@example.org",
	    NULL, "emails", RIGHT_PERSON_LOGIN_WRITE },

	{ "of somebody new, how they sign in", ORDER_CREATE, 0, NULL, "emails[work].value", "new1@example.org", NULL,
	    NULL, 0 },
	{ "of somebody new, a birth date", ORDER_CREATE, 0, NULL, "birthDate", "1990-01-02", NULL, "birthDate",
	    RIGHT_PERSON_PRIVATE_WRITE },
	{ "of somebody new, over these", ORDER_CREATE, B(PERSON_PRIVATE_WRITE), "site eq \"muc\"", "birthDate",
	    "1990-01-02", "muc", NULL, 0 },
	{ "of somebody onboarded, how they sign in", ORDER_ONBOARD, 0, NULL, "emails[work].value", "new2@example.org",
	    NULL, NULL, 0 },
	{ "of somebody onboarded, an address", ORDER_ONBOARD, B(PERSON_WRITE), NULL, "addresses[work].locality",
	    "Bern", NULL, "addresses", RIGHT_PERSON_PRIVATE_WRITE },
};

/* Has an e-mail address and a postal one from the start. */
static struct order *
write_order(struct rig *r, const struct write *w)
{
	struct move as = { .kind = w->kind, .site = w->site, .source = 1 };
	bool is_new = w->kind == ORDER_CREATE || w->kind == ORDER_ONBOARD;
	struct order *o = person_of(r, "ber"), *first = person_of(r, "ber");
	char mail[64];

	o->kind = w->kind;
	o->if_version = -1;
	place(r, &as, o);
	if (!is_new) {
		o->doc = (struct doc) { 0 };
		o->ref = o->idempotency_key = STR("");
		snprintf(mail, sizeof(mail), "m%d@example.org", cast.n);
		assert_int_equal(doc_set(&r->cx, &first->doc,
				     STR("emails[work].value"), str_of(mail)),
		    OK);
		assert_int_equal(
		    doc_set(&r->cx, &first->doc,
			STR("addresses[work].locality"), STR("Berlin")),
		    OK);
		act_as_all(r);
		first->doc.attr = arena_copy(r->arena, first->doc.attr,
		    first->doc.n * sizeof(*first->doc.attr));
		o->person = rig_onboarded(r, first)->person;
	}
	if (strcmp(w->value, REMOVE) != 0)
		assert_int_equal(
		    doc_set(&r->cx, &o->doc, str_of(w->path), str_of(w->value)),
		    OK);
	return o;
}

static void
an_attribute_is_written_by_its_right(void **state)
{
	static const enum attribute emails[] = { A_EMAIL_VALUE, A_EMAIL_TYPE,
		A_EMAIL_PRIMARY }, addresses[] = { A_ADDRESS_TYPE,
		A_ADDRESS_LOCALITY };
	struct rig *r = *state;

	for (size_t i = 0; i < COUNT(writes); i++) {
		const struct write *w = &writes[i];
		struct order *o = write_order(r, w);
		struct order_out *out;
		enum err err;

		if (strcmp(w->value, REMOVE) == 0) {
			o->removed = w->path[0] == 'e' ? emails : addresses;
			o->nremoved = w->path[0] == 'e' ? COUNT(emails)
							: COUNT(addresses);
		}
		act_as_me(r, needed[w->kind], NULL, w->rights, w->over);
		err = rig_do(r, &person_order, o, &out);
		if (w->field == NULL ? err != OK
				     : err != ERR_DENIED ||
			    r->cx.fault.msg != MSG_ORDER_FIELD ||
			    !str_eq(r->cx.fault.field, str_of(w->field)) ||
			    !str_eq(r->cx.fault.args[0], str_of(w->field)) ||
			    !str_eq(r->cx.fault.args[1],
				str_of(right_name(w->right))))
			wrong("%s: %d %s %.*s", w->what, err,
			    msg_name(r->cx.fault.msg),
			    STR_ARG(r->cx.fault.field));
	}
}

/* What stands there already is not written. */
static void
the_same_value_again_needs_no_right(void **state)
{
	struct rig *r = *state;
	struct order *o = person_of(r, "ber");
	struct order again = { .kind = ORDER_CHANGE, .source = 1,
		.if_version = -1, .priority = 5 };
	struct order_out *out;

	act_as_all(r);
	again.doc = o->doc;
	again.person = rig_onboarded(r, o)->person;
	act_as_me(r, RIGHT_PERSON_WRITE, NULL, 0, NULL);
	assert_int_equal(rig_do(r, &person_order, &again, &out), OK);
	assert_false(out->is_changed);
}

/* Who changes an administrator's address could become one (SECURITY T5). */
static void
how_somebody_signs_in_is_changed_by_who_holds_as_much(void **state)
{
	static const struct {
		uint64_t rights;
		enum err err;
	} cases[] = {
		{ B(PERSON_LOGIN_WRITE), ERR_DENIED },
		{ B(PERSON_LOGIN_WRITE) | B(SEAT_READ), ERR_DENIED },
		{ B(PERSON_LOGIN_WRITE) | B(SEAT_WRITE), OK },
	};
	struct rig *r = *state;
	struct order role = { .kind = ORDER_ROLE_GIVE,
		.role = STR("keeper"), .reason = STR("for the test"),
		.body = STR("{}") };
	struct order change = { .kind = ORDER_CHANGE, .source = 1,
		.if_version = -1, .priority = 5 };
	struct order_out *out;

	role.person = change.person = somebody(r, false);
	rig_onboarded(r, &role);
	assert_int_equal(doc_set(&r->cx, &change.doc, STR("userName"),
			     STR("keepers.new.name")),
	    OK);
	for (size_t i = 0; i < COUNT(cases); i++) {
		act_as_me(r, RIGHT_PERSON_WRITE, NULL, cases[i].rights, NULL);
		assert_int_equal(
		    rig_do(r, &person_order, &change, &out), cases[i].err);
		assert_int_equal(r->cx.fault.msg,
		    cases[i].err == OK ? MSG_NONE : MSG_ORDER_HOLDER);
	}
	/* Of oneself it is nobody's gain. */
	act_as_all(r);
	role.person = change.person = cast.me;
	rig_onboarded(r, &role);
	act_as_me(r, RIGHT_PERSON_WRITE, NULL, B(PERSON_LOGIN_WRITE), NULL);
	change.doc = (struct doc) { 0 };
	assert_int_equal(
	    doc_set(&r->cx, &change.doc, STR("userName"), STR("my.new.name")),
	    OK);
	assert_int_equal(rig_do(r, &person_order, &change, &out), OK);
}

/* --- reading ---------------------------------------------------------------------------- */

static void
each_person_comes_with_the_rights_over_them(void **state)
{
	struct rig *r = *state;
	struct page_in page = { .limit = PAGE_MAX };
	struct persons_out *out;
	int64_t ana = somebody(r, false);
	uint64_t own = B(PERSON_READ) | B(PERSON_PRIVATE_READ);

	act_as_me(r, RIGHT_PERSON_READ, NULL, B(PERSON_PRIVATE_READ),
	    "any contract(site eq \"ber\")");
	assert_int_equal(rig_query(r, persons_list, &page, &out), OK);
	assert_int_equal(out->n, 3);
	for (size_t i = 0; i < out->n; i++) {
		const struct person_view *v = &out->person[i];
		bool sees_all = v->row.id == ana || v->row.id == cast.me;

		assert_true(v->rights == (sees_all ? own : B(PERSON_READ)));
	}
}

static void
nobody_filters_by_what_they_may_not_read(void **state)
{
	struct rig *r = *state;
	struct page_in page = { .limit = PAGE_MAX,
		.filter = STR("site eq \"ber\"") };
	struct persons_out *out;

	/* Whoever lists for another right reads nothing by it. */
	act_as_me(
	    r, RIGHT_PERSON_WRITE, NULL, B(PERSON_READ), "site eq \"ber\"");
	assert_int_equal(rig_query(r, persons_list, &page, &out), ERR_DENIED);
	assert_int_equal(r->cx.fault.msg, MSG_QUERY_HIDDEN);
	assert_true(str_eq(r->cx.fault.args[0], STR("site")));
	assert_true(str_eq(r->cx.fault.args[1], STR("person.read")));
	act_as_me(r, RIGHT_PERSON_WRITE, "site eq \"ber\" and title pr",
	    B(PERSON_READ), "site eq \"ber\"");
	assert_int_equal(rig_query(r, persons_list, &page, &out), OK);
}

/* A run is refused before it reads the file: each of its rows would be. */
static void
a_map_fills_only_what_one_may_write(void **state)
{
	static const char born[] = "source: hr\n"
				   "ref: '{Nr}'\n"
				   "person:\n"
				   "  name.familyName: '{Nachname}'\n"
				   "  emails[work].value: '{Mail}'\n"
				   "  birthDate: '{Geboren|date}'\n";
	struct import_open_in in = { .map = str_of(born),
		.source = STR("hr") };
	struct rig *r = *state;
	int64_t *id;

	act_as_me(r, RIGHT_IMPORT_RUN, NULL, B(PERSON_WRITE), NULL);
	assert_int_equal(rig_long(r, import_open, &in, &id), ERR_DENIED);
	assert_int_equal(r->cx.fault.msg, MSG_ORDER_FIELD);
	assert_true(str_eq(r->cx.fault.field, STR("birthDate")));
	act_as_me(r, RIGHT_IMPORT_RUN, NULL, B(PERSON_PRIVATE_WRITE), NULL);
	assert_int_equal(rig_long(r, import_open, &in, &id), OK);
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(nobody_is_moved_where_one_may_not_follow),
		T(a_manager_set_by_an_import_moves_nobody_out),
		T(nobody_makes_themselves_a_manager),
		T(a_check_is_said_within_ones_scope),
		T(an_attribute_is_written_by_its_right),
		T(the_same_value_again_needs_no_right),
		T(how_somebody_signs_in_is_changed_by_who_holds_as_much),
		T(each_person_comes_with_the_rights_over_them),
		T(nobody_filters_by_what_they_may_not_read),
		T(a_map_fills_only_what_one_may_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
