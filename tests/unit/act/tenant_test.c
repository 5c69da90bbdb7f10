/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tenant_test.c - the operator's hand on a tenant: suspended, resumed, limited,
 * exported, deleted; and that no table is forgotten.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/io.h"

#include "act/world_int.h"
#include "imports.h"

#define DAY	 INT64_C(86400000)
#define PATIENCE 1200		/* tries of 25 ms: only a broken world needs them all */

/* A Monday, 09:00 in Berlin. */
static int64_t start_ms;

static int
setup(void **state)
{
	struct rig *r = heap_alloc(1, sizeof(*r));

	assert_true(time_parse(STR("2026-11-23T08:00:00.000Z"), &start_ms));
	clock_set(start_ms);
	rig_open(r);
	*state = r;
	return 0;
}

static int
teardown(void **state)
{
	struct rig *r = *state;

	rig_close(r);
	heap_free(r);
	clock_set(0);
	return 0;
}

static void
tick(struct rig *r)
{
	lock_take(r->world->mu);
	lock_wake(r->world->mu);
	lock_give(r->world->mu);
	clock_sleep_ms(25);
}

/* As the operator, in ACME. */
static enum err
order(struct rig *r, enum action action, struct tenant_order_out **out)
{
	struct tenant_order_in in = { .action = action,
		.reason = STR("unpaid"), .most = { -1, -1, -1, -1 } };
	struct actor before = r->actor;
	enum err err;

	r->actor = r->operator;
	r->actor.tenant = r->acme;
	err = rig_do(r, &tenant_order, &in, out);
	r->actor = before;
	return err;
}

static void
ordered(struct rig *r, enum action action)
{
	struct tenant_order_out *out;

	assert_int_equal(order(r, action, &out), OK);
}

static enum err
limit(struct rig *r, enum tenant_limit kind, int64_t most)
{
	struct tenant_order_in in = { .action = ACTION_TENANT_LIMITED,
		.most = { -1, -1, -1, -1, -1, -1 } };
	struct tenant_order_out *out;
	struct actor before = r->actor;
	enum err err;

	in.most[kind] = most;
	r->actor = r->operator;
	r->actor.tenant = r->acme;
	err = rig_do(r, &tenant_order, &in, &out);
	r->actor = before;
	if (err == OK)
		assert_int_equal(out->most[kind], most);
	return err;
}

static enum err
deleted(struct rig *r, const char *confirm, struct tenant_delete_out **out)
{
	struct tenant_delete_in in = { STR("acme"), str_of(confirm),
		STR("over") };
	struct actor before = r->actor;
	enum err err;

	r->actor = r->operator;
	err = rig_long(r, tenant_delete, &in, out);
	r->actor = before;
	return err;
}

static struct entry
last_entry(struct rig *r)
{
	struct rows rows = plant_rows(r, &LOG);
	const struct log_row *row = rows.row;
	struct entry e;

	assert_true(entry_decode(r->arena, row[rows.n - 1].entry, &e));
	return e;
}

static const struct tenant_view *
view_of(struct rig *r, uint32_t tenant)
{
	struct tenants_out *out;

	assert_int_equal(rig_query(r, tenants_list, NULL, &out), OK);
	for (size_t i = 0; i < out->n; i++)
		if (out->tenant[i].tenant == tenant)
			return &out->tenant[i];
	return NULL;
}

static void
state_becomes(struct rig *r, enum tenant_state wanted)
{
	const struct tenant_view *v = NULL;

	/* One that was brought back is not shown before the clock has seen it. */
	for (int i = 0; i < PATIENCE && (v == NULL
	    || v->state != (int64_t)wanted); i++) {
		tick(r);
		v = view_of(r, r->acme);
	}
	assert_non_null(v);
	assert_int_equal(v->state, wanted);
}

static struct str
a_token(struct rig *r)
{
	struct token_in in = { .label = STR("t"), .source = STR("api"),
		.rights = RIGHT_BIT(RIGHT_PERSON_READ) };
	struct token_out *out;

	assert_int_equal(rig_do(r, &token_create, &in, &out), OK);
	return out->token;
}

/* --- suspended ------------------------------------------------------------------------- */

static void
nobody_acts_in_a_suspended_tenant_until_it_is_resumed(void **state)
{
	struct rig *r = *state;
	struct str token = a_token(r);
	struct actor actor;
	struct entry e;
	size_t logged;

	for (int i = 0; i < 2; i++) {
		ordered(r, ACTION_TENANT_SUSPENDED);
		e = last_entry(r);
		assert_int_equal(e.action, ACTION_TENANT_SUSPENDED);
		assert_int_equal(e.actor_kind, ACTOR_OPERATOR);
		assert_true(e.sealed.n > 0);
		logged = plant_count(r, &LOG);
		ordered(r, ACTION_TENANT_SUSPENDED);
		assert_int_equal(plant_count(r, &LOG), logged);
		assert_int_equal(world_authenticate(r->world, &r->cx, token,
		    &actor), ERR_UNAUTHENTICATED);
		assert_int_equal(world_person_actor(r->world, &r->cx, r->acme,
		    1, &actor), ERR_UNAUTHENTICATED);
		assert_int_equal(world_person_actor(r->world, &r->cx, r->other,
		    1, &actor), OK);
		assert_int_equal(view_of(r, r->acme)->state, TENANT_SUSPENDED);
		rig_stop(r);
		assert_int_equal(rig_start(r, false), OK);
		assert_int_equal(world_authenticate(r->world, &r->cx, token,
		    &actor), ERR_UNAUTHENTICATED);
		ordered(r, ACTION_TENANT_RESUMED);
		assert_int_equal(world_authenticate(r->world, &r->cx, token,
		    &actor), OK);
	}
	rig_verify(r);
}

static struct order_out *
with_days(struct rig *r, const char *ref, const char *from, const char *to)
{
	struct order *o = rig_onboard(r, ref, "ber", "cad");
	struct contract_in *c = (struct contract_in *)o->contract;

	c->start = str_of(from);
	c->end = str_of(to);
	return rig_onboarded(r, o);
}

static enum lifecycle
life_of(struct rig *r, int64_t person)
{
	struct rows rows = plant_rows(r, &PERSON);

	for (size_t i = 0; i < rows.n; i++)
		if (((struct person *)rows.row)[i].id == person)
			return ((struct person *)rows.row)[i].lifecycle;
	return 0;
}

static void
life_becomes(struct rig *r, int64_t person, enum lifecycle wanted)
{
	for (int i = 0; i < PATIENCE && life_of(r, person) != wanted; i++)
		tick(r);
	assert_int_equal(life_of(r, person), wanted);
}

/* Suspension must not keep an account open beyond somebody's last day. */
static void
leavers_leave_though_the_tenant_is_suspended_and_joiners_wait(void **state)
{
	struct rig *r = *state;
	struct order_out *joiner = with_days(r, "jo", "2026-11-24", "");
	struct order_out *leaver = with_days(r, "le", "2020-01-01",
	    "2026-11-24");
	struct order_out *later = with_days(r, "la", "2020-01-01",
	    "2026-11-26");

	ordered(r, ACTION_TENANT_SUSPENDED);
	clock_set(start_ms + 2 * DAY);
	life_becomes(r, leaver->person, LIFE_LEFT);
	assert_int_equal(life_of(r, joiner->person), LIFE_PENDING);
	assert_int_equal(life_of(r, later->person), LIFE_ACTIVE);
	clock_set(start_ms + 5 * DAY);
	life_becomes(r, later->person, LIFE_LEFT);
	assert_int_equal(life_of(r, joiner->person), LIFE_PENDING);
	ordered(r, ACTION_TENANT_RESUMED);
	life_becomes(r, joiner->person, LIFE_ACTIVE);
	for (int i = 0; i < PATIENCE && plant_count(r, &DUE) > 0; i++)
		tick(r);
	assert_int_equal(plant_count(r, &DUE), 0);
	rig_verify(r);
}

/* The tenant is suspended when so many pieces of the file were read. */
struct cut {
	struct file file;
	struct rig *rig;
	size_t	    at;
};

static ssize_t
suspending_piece(void *arg, void *p, size_t max)
{
	struct cut *cut = arg;

	if (cut->at-- == 0)
		world_tenant_state(cut->rig->world, cut->rig->acme,
		    TENANT_SUSPENDED);
	return file_piece(&cut->file, p, max);
}

/* More rows than one step takes: those of the steps before stay, and nobody is gone. */
static void
a_running_import_ends_between_two_steps(void **state)
{
	struct rig *r = *state;
	struct import_open_in in = asked();
	struct import_report *rep;
	struct import_in pass2 = { 0 };
	struct cut cut = { .rig = r, .at = 2400 };
	struct buf b;
	size_t n;

	buf_init(&b, r->arena, 1 << 20);
	buf_z(&b, HEADER);
	for (int i = 1; i <= 1500; i++)
		buf_fmt(&b, "%d;M%d;Ana;a%d@example.org;Berlin HQ;Vertrieb;"
		    ";V%d;01.02.2020;\n", i, i, i, i);
	buf_u8(&b, '\0');
	pass2.run = opened(r, &in);
	assert_int_equal(scanned(r, pass2.run, b.p, &rep), OK);
	pass2.digest = rep->digest;
	cut.file = file_of(b.p);
	pass2.read = suspending_piece;
	pass2.read_arg = &cut;
	assert_int_equal(rig_long(r, import_apply, &pass2, &rep), ERR_CONFLICT);
	assert_int_equal(r->cx.fault.msg, MSG_TENANT_SUSPENDED);
	n = plant_count(r, &PERSON);
	assert_true(n > 0 && n < 1500);
	world_tenant_state(r->world, r->acme, TENANT_ACTIVE);
	rep = import(r, b.p);
	assert_int_equal(rep->added, 1500 - (int)n);
	rig_verify(r);
}

/* --- limits ------------------------------------------------------------------------------ */

static void
what_would_be_over_a_limit_is_refused_by_its_name(void **state)
{
	struct rig *r = *state;
	struct token_in in = { .label = STR("t"), .source = STR("api"),
		.rights = RIGHT_BIT(RIGHT_PERSON_READ) };
	struct catalogue_in cat = { .text = STR("catalogue: 1\n"),
		.allow_removals = true, .reason = STR("x") };
	struct order_out *out;
	struct token_out *token;
	void *none;

	rig_onboarded(r, rig_onboard(r, "a", "ber", "mail"));
	assert_int_equal(limit(r, LIMIT_PERSONS, 2), OK);
	rig_onboarded(r, rig_onboard(r, "b", "ber", "mail"));
	for (int i = 0; i < 2; i++) {
		assert_int_equal(rig_do(r, &person_order, rig_onboard(r, "c",
		    "ber", "mail"), &out), ERR_FULL);
		assert_int_equal(r->cx.fault.msg, MSG_TENANT_PERSONS);
		assert_true(str_eq(r->cx.fault.args[0], STR("2")));
		rig_stop(r);
		assert_int_equal(rig_start(r, false), OK);
	}
	/* Who is known is no new person. */
	assert_true(rig_onboarded(r, rig_onboard(r, "a", "ber", "mail"))
	    ->was_repeated);
	assert_int_equal(limit(r, LIMIT_PERSONS, 0), OK);
	rig_onboarded(r, rig_onboard(r, "c", "ber", "mail"));
	assert_int_equal(limit(r, LIMIT_TOKENS, 1), OK);
	a_token(r);
	assert_int_equal(rig_do(r, &token_create, &in, &token), ERR_FULL);
	assert_int_equal(r->cx.fault.msg, MSG_TENANT_TOKENS);
	assert_int_equal(limit(r, LIMIT_CATALOGUE, 10), OK);
	assert_int_equal(rig_long(r, catalogue_put, &cat, &none), ERR_FULL);
	assert_int_equal(r->cx.fault.msg, MSG_TENANT_CATALOGUE);
	assert_int_equal(last_entry(r).action, ACTION_TENANT_LIMITED);
	rig_verify(r);
}

/* --- exported ------------------------------------------------------------------------------ */

/* A column of bytes that nobody thought of would be left out without a word. */
static void
every_column_that_is_exported_is_known(void **state)
{
	const struct table *const *t = store_tables();
	const char *name;

	(void)state;
	for (; *t != NULL; t++) {
		bool is_exported = false;

		assert_string_equal((*t)->column[0].name, "tenant");
		for (size_t i = 0; (name = table_exported(i)) != NULL; i++)
			is_exported |= strcmp(name, (*t)->name) == 0;
		for (size_t c = 0; is_exported && c < (*t)->ncolumn; c++)
			if (!column_is_known(*t, &(*t)->column[c]))
				print_error("%s.%s\n", (*t)->name,
				    (*t)->column[c].name);
		for (size_t c = 0; is_exported && c < (*t)->ncolumn; c++)
			assert_true(column_is_known(*t, &(*t)->column[c]));
	}
}

static size_t
rows_shown(struct rig *r, const char *table, size_t limit)
{
	struct table_in in = { .table = str_of(table), .limit = limit };
	struct table_out *out;
	size_t n = 0;

	do {
		assert_int_equal(rig_query(r, table_show, &in, &out), OK);
		n += out->n;
		in.after = out->next;
	} while (in.after.n > 0);
	return n;
}

static void
tables_are_shown_page_by_page_to_their_end(void **state)
{
	struct rig *r = *state;
	struct table_in in = { .table = STR("token"), .limit = 10 };
	struct table_out *out;
	size_t labels = 0;

	for (int i = 0; i < 7; i++)
		rig_onboarded(r, rig_onboard(r, (char[]) { (char)('a' + i), 0 },
		    "ber", "mail,cad"));
	a_token(r);
	for (size_t limit = 1; limit < 9; limit++) {
		assert_int_equal(rows_shown(r, "onboarding", limit), 7);
		assert_int_equal(rows_shown(r, "grant_now", limit), 14);
		assert_int_equal(rows_shown(r, "source_ref", limit), 7);
		assert_int_equal(rows_shown(r, "tenant", limit), 1);
	}
	assert_int_equal(rig_query(r, table_show, &in, &out), OK);
	for (size_t i = 0; i < out->n * out->ncell; i++) {
		assert_string_not_equal(out->cell[i].name, "hash");
		if (strcmp(out->cell[i].name, "label") == 0)
			labels += str_eq(out->cell[i].text, STR("t"));
	}
	assert_int_equal(labels, 1);
	in.table = STR("person_key");
	assert_int_equal(rig_query(r, table_show, &in, &out), ERR_NOT_FOUND);
	in.table = STR("token");
	in.after = STR("00");
	assert_int_equal(rig_query(r, table_show, &in, &out), ERR_BAD_INPUT);
}

/* --- deleted ------------------------------------------------------------------------------- */

static void
nothing_of_acme_is_left(struct rig *r)
{
	const struct table *const *t = store_tables();

	for (; *t != NULL; t++) {
		if (!table_stays(*t) && plant_count(r, *t) > 0)
			print_error("%s: %zu\n", (*t)->name,
			    plant_count(r, *t));
		assert_true(table_stays(*t) || plant_count(r, *t) == 0);
	}
}

static void
in_other(struct rig *r)
{
	r->actor.tenant = r->other;
}

static void
a_deleted_tenant_is_gone_and_its_number_stays_taken(void **state)
{
	struct rig *r = *state;
	struct str token = a_token(r);
	struct tenant_in again = { STR("acme") };
	struct tenant_delete_out *gone;
	struct tenant_out *made;
	const struct tenant_view *v;
	struct catalogue_in cat = { .text = str_of(rig_catalogue) };
	struct actor actor;
	void *none;

	for (int i = 0; i < 300; i++) {
		struct str ref = str_fmt(r->arena, "p%d", i);

		rig_onboarded(r, rig_onboard(r, str_z(r->arena, ref), "ber",
		    "mail"));
	}
	in_other(r);
	assert_int_equal(rig_long(r, catalogue_put, &cat, &none), OK);
	rig_onboarded(r, rig_onboard(r, "p1", "ber", "mail"));
	r->actor.tenant = r->acme;
	assert_int_equal(deleted(r, "acme", &gone), ERR_CONFLICT);
	assert_int_equal(r->cx.fault.msg, MSG_TENANT_NOT_SUSPENDED);
	ordered(r, ACTION_TENANT_SUSPENDED);
	assert_int_equal(deleted(r, "acm", &gone), ERR_BAD_INPUT);
	assert_int_equal(view_of(r, r->acme)->state, TENANT_SUSPENDED);
	assert_int_equal(deleted(r, "acme", &gone), OK);
	assert_int_equal(gone->tenant, r->acme);
	assert_true(gone->note.n > 0 && gone->vkey.n > 0);
	assert_int_equal(world_authenticate(r->world, &r->cx, token, &actor),
	    ERR_UNAUTHENTICATED);
	assert_int_equal(world_tenant_named(r->world, STR("acme")), 0);
	state_becomes(r, TENANT_DELETED);
	nothing_of_acme_is_left(r);
	for (int i = 0; i < 2; i++) {
		v = view_of(r, r->acme);
		assert_int_equal(v->slug.n, 0);
		assert_true(v->gone.rows > 2000);
		assert_true(str_eq(v->gone.note, gone->note));
		assert_true(v->gone.ended_ms >= v->gone.keys_ms);
		in_other(r);
		rig_verify(r);
		assert_int_equal(rig_assigned(r, "mail-ber"), 1);
		rig_stop(r);
		assert_int_equal(rig_start(r, false), OK);
		r->actor = r->operator;
	}
	r->actor = r->operator;
	assert_int_equal(rig_long(r, tenant_make, &again, &made), OK);
	assert_true(made->tenant > r->other);
	r->actor.tenant = r->acme;
	nothing_of_acme_is_left(r);
}

static void
copied(struct rig *r, const char *from, const char *to)
{
	struct str a = str_fmt(r->arena, "%s/%s", r->dir, from);
	struct str b = str_fmt(r->arena, "%s/%s", r->dir, to);
	struct str bytes;

	assert_true(file_read(r->arena, str_z(r->arena, a), 64 << 20, &bytes));
	assert_true(file_replace(str_z(r->arena, b), bytes, 0600));
}

/* The databases of before, the vault of after: the vault knows better. */
static void
databases_from_before_do_not_bring_it_back(void **state)
{
	struct rig *r = *state;
	struct tenant_delete_out *gone;

	rig_onboarded(r, rig_onboard(r, "a", "ber", "mail"));
	rig_stop(r);
	copied(r, "usher.db", "saved.db");
	copied(r, "keys.db", "saved-keys.db");
	assert_int_equal(rig_start(r, false), OK);
	ordered(r, ACTION_TENANT_SUSPENDED);
	assert_int_equal(deleted(r, "acme", &gone), OK);
	rig_stop(r);
	copied(r, "saved.db", "usher.db");
	copied(r, "saved-keys.db", "keys.db");
	assert_int_equal(rig_start(r, false), OK);
	assert_int_equal(world_tenant_named(r->world, STR("acme")), 0);
	state_becomes(r, TENANT_DELETED);
	nothing_of_acme_is_left(r);
	in_other(r);
	rig_verify(r);
}

#define FRESH(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FRESH(nobody_acts_in_a_suspended_tenant_until_it_is_resumed),
		FRESH(leavers_leave_though_the_tenant_is_suspended_and_joiners_wait),
		FRESH(a_running_import_ends_between_two_steps),
		FRESH(what_would_be_over_a_limit_is_refused_by_its_name),
		cmocka_unit_test(every_column_that_is_exported_is_known),
		FRESH(tables_are_shown_page_by_page_to_their_end),
		FRESH(a_deleted_tenant_is_gone_and_its_number_stays_taken),
		FRESH(databases_from_before_do_not_bring_it_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
