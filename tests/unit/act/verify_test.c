/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify_test.c - every kind of damage, planted in a world that was whole, is
 * found and named; and nothing is found where nothing is wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/id.h"

#include "plant.h"

/*
 * The world of each case: mail-ber (2) and mail-global (1) are full, p3 and p4
 * wait, c has a held seat of cad; p0 is the first who came.
 */
struct scene {
	struct rig rig;
	int64_t	   person[5], checked;
};

static int
setup(void **state)
{
	static const char *const names[] = { "p0", "p1", "p2", "p3", "p4" };
	struct scene *s = heap_alloc(1, sizeof(*s));
	struct order *o;

	rig_open(&s->rig);
	for (size_t i = 0; i < COUNT(names); i++)
		s->person[i] = rig_onboarded(&s->rig, rig_onboard(&s->rig,
		    names[i], "ber", "mail"))->person;
	o = rig_onboard(&s->rig, "c", "muc", "cad");
	o->manual_check = true;
	s->checked = rig_onboarded(&s->rig, o)->person;
	rig_verify(&s->rig);
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct scene *s = *state;

	rig_close(&s->rig);
	heap_free(s);
	return 0;
}

/* --- rows to damage -------------------------------------------------------------- */

static struct pool *
pool_named(struct rig *r, const char *slug)
{
	struct str name = str_of(slug);
	struct pool_view *v;

	assert_int_equal(rig_query(r, pool_show, &name, &v), OK);
	return &v->row;
}

/* The row at which all of an int64 column's offsets hold the value; NULL: none. */
static void *
row_where(struct rig *r, const struct table *t, const char *column,
    int64_t value)
{
	struct rows rows = plant_rows(r, t);

	for (size_t i = 0; i < rows.n; i++) {
		char *row = (char *)rows.row + i * t->row_size;

		for (size_t j = 0; j < t->ncolumn; j++) {
			const struct column *c = &t->column[j];

			if (strcmp(c->name, column) == 0 && c->size == 8
			    && memcmp(row + c->offset, &value, 8) == 0)
				return row;
		}
	}
	print_error("no row of %s with this %s\n", t->name, column);
	assert_true(false);
	return NULL;
}

#define ROW(type, table, column, value) \
	((struct type *)row_where(&s->rig, &table, column, value))

/* --- the damage -------------------------------------------------------------------- */

static void
pool_counts_one_more(struct scene *s)
{
	struct pool *p = pool_named(&s->rig, "all-global");

	p->assigned++;
	plant_put(&s->rig, &POOL, p);
}

static void
pool_is_over_full(struct scene *s)
{
	struct pool *p = pool_named(&s->rig, "mail-ber");

	p->assigned = p->quota = 1;
	plant_put(&s->rig, &POOL, p);
}

static void
seat_in_a_pool_of_another_product(struct scene *s)
{
	struct seat *seat = ROW(seat, SEAT, "person", s->person[0]);

	seat->pool = pool_named(&s->rig, "all-global")->id;
	plant_put(&s->rig, &SEAT, seat);
}

static void
seat_in_another_pool(struct scene *s)
{
	struct seat *seat = ROW(seat, SEAT, "person", s->person[0]);

	seat->pool = pool_named(&s->rig, "mail-global")->id;
	plant_put(&s->rig, &SEAT, seat);
}

static void
seat_held_for_nothing(struct scene *s)
{
	struct seat *seat = ROW(seat, SEAT, "person", s->person[0]);

	seat->state = SEAT_HELD;
	plant_put(&s->rig, &SEAT, seat);
}

static void
seat_assigned_while_checked(struct scene *s)
{
	struct seat *seat = ROW(seat, SEAT, "person", s->checked);

	seat->state = SEAT_ASSIGNED;
	plant_put(&s->rig, &SEAT, seat);
}

static void
seat_and_wait(struct scene *s)
{
	struct wait *wait = ROW(wait, WAIT, "person", s->person[3]);

	wait->person = s->person[0];
	plant_put(&s->rig, &WAIT, wait);
}

static void
seat_without_grant(struct scene *s)
{
	plant_drop(&s->rig, &GRANT,
	    ROW(grant, GRANT, "person", s->person[0]));
}

static void
wait_without_grant(struct scene *s)
{
	plant_drop(&s->rig, &GRANT,
	    ROW(grant, GRANT, "person", s->person[3]));
}

static void
seat_is_gone(struct scene *s)
{
	plant_drop(&s->rig, &SEAT, ROW(seat, SEAT, "person", s->person[0]));
}

static void
wait_is_gone(struct scene *s)
{
	plant_drop(&s->rig, &WAIT, ROW(wait, WAIT, "person", s->person[3]));
}

static void
place_is_gone(struct scene *s)
{
	plant_drop(&s->rig, &WAIT_POOL,
	    ROW(wait_pool, WAIT_POOL, "person", s->person[3]));
}

static void
wait_names_no_pool(struct scene *s)
{
	struct wait *wait = ROW(wait, WAIT, "person", s->person[3]);

	wait->pools = STR("");
	plant_put(&s->rig, &WAIT, wait);
}

static void
place_of_another_rank(struct scene *s)
{
	struct wait_pool *place = ROW(wait_pool, WAIT_POOL, "person",
	    s->person[3]);

	place->rank = 0;
	plant_put(&s->rig, &WAIT_POOL, place);
}

static void
place_of_nobody(struct scene *s)
{
	struct wait_pool *place = ROW(wait_pool, WAIT_POOL, "person",
	    s->person[3]);

	place->person = s->person[0];
	plant_put(&s->rig, &WAIT_POOL, place);
}

static void
count_is_wrong(struct scene *s)
{
	struct wait_count *c = plant_rows(&s->rig, &WAIT_COUNT).row;

	c->waiting++;
	plant_put(&s->rig, &WAIT_COUNT, c);
}

static void
count_is_gone(struct scene *s)
{
	plant_drop(&s->rig, &WAIT_COUNT,
	    plant_rows(&s->rig, &WAIT_COUNT).row);
}

static void
present_is_wrong(struct scene *s)
{
	struct present_row *c = plant_rows(&s->rig, &PRESENT).row;

	c->persons++;
	plant_put(&s->rig, &PRESENT, c);
}

static void
present_is_gone(struct scene *s)
{
	plant_drop(&s->rig, &PRESENT, plant_rows(&s->rig, &PRESENT).row);
}

static void
pool_has_room_while_they_wait(struct scene *s)
{
	struct pool *p = pool_named(&s->rig, "mail-global");

	p->quota = 2;
	plant_put(&s->rig, &POOL, p);
}

static void
unique_key_is_gone(struct scene *s)
{
	plant_drop(&s->rig, &IX_UNIQUE,
	    ROW(index_row, IX_UNIQUE, "person", s->person[0]));
}

static void
unique_key_of_somebody_else(struct scene *s)
{
	struct index_row *row = ROW(index_row, IX_UNIQUE, "person",
	    s->person[0]);

	plant_drop(&s->rig, &IX_UNIQUE, row);
	row->person = s->person[1];
	plant_put(&s->rig, &IX_UNIQUE, row);
}

static void
search_key_is_gone(struct scene *s)
{
	plant_drop(&s->rig, &IX_SEARCH,
	    ROW(search_row, IX_SEARCH, "person", s->person[0]));
}

static void
search_key_of_nobody(struct scene *s)
{
	struct search_row *row = ROW(search_row, IX_SEARCH, "person",
	    s->person[0]);

	row->key ^= 1;
	plant_put(&s->rig, &IX_SEARCH, row);
}

static void
unique_key_of_nobody(struct scene *s)
{
	struct index_row *row = ROW(index_row, IX_UNIQUE, "person",
	    s->person[0]);

	((char *)row->key.p)[0] ^= 1;
	plant_put(&s->rig, &IX_UNIQUE, row);
}

static void
ref_to_nobody(struct scene *s)
{
	struct source_ref *ref = ROW(source_ref, SOURCE_REF, "person",
	    s->person[0]);

	ref->person = 1;
	plant_put(&s->rig, &SOURCE_REF, ref);
}

static void
wrapped_key_is_gone(struct scene *s)
{
	plant_drop(&s->rig, &PERSON_KEY,
	    ROW(key_row, PERSON_KEY, "person", s->person[0]));
}

static void
wrapped_key_is_destroyed(struct scene *s)
{
	struct key_row *key = ROW(key_row, PERSON_KEY, "person",
	    s->person[0]);

	key->state = KEY_DESTROYED;
	plant_put(&s->rig, &PERSON_KEY, key);
}

static void
entry_is_gone(struct scene *s)
{
	plant_drop(&s->rig, &LOG, ROW(log_row, LOG, "seq", 3));
}

static void
change_entry(struct scene *s, int64_t seq, struct str bytes)
{
	struct log_row *row = ROW(log_row, LOG, "seq", seq);

	plant_drop(&s->rig, &LOG, row);
	row->entry = bytes;
	plant_put(&s->rig, &LOG, row);
}

static void
entry_is_junk(struct scene *s)
{
	change_entry(s, 3, STR("junk"));
}

/* The entry that gave p0 the seat, with another state before. */
static struct entry
first_onboarding(struct scene *s, int64_t *seq)
{
	struct rows rows = plant_rows(&s->rig, &LOG);

	for (size_t i = 0; i < rows.n; i++) {
		const struct log_row *row = &((struct log_row *)rows.row)[i];
		struct entry e;

		assert_true(entry_decode(s->rig.arena, row->entry, &e));
		*seq = row->seq;
		if (e.subject == s->person[0])
			return e;
	}
	print_error("p0 is not in the log\n");
	assert_true(false);
	return (struct entry) { 0 };
}

static void
entry_starts_elsewhere(struct scene *s)
{
	int64_t seq;
	struct entry e = first_onboarding(s, &seq);

	for (size_t i = 0; i < e.nchange; i++)
		((struct change *)e.change)[i].before ^= 1;
	change_entry(s, seq, entry_encode(s->rig.arena, &e));
}

static void
entry_has_another_time(struct scene *s)
{
	int64_t seq;
	struct entry e = first_onboarding(s, &seq);

	e.time_ms++;
	change_entry(s, seq, entry_encode(s->rig.arena, &e));
}

static void
tenant_counts_fewer_entries(struct scene *s)
{
	struct tenant_row *row = ROW(tenant_row, TENANT, "tenant",
	    s->rig.acme);

	row->log_size--;
	plant_put(&s->rig, &TENANT, row);
}

static void
wait_of_another_priority(struct scene *s)
{
	struct wait *wait = ROW(wait, WAIT, "person", s->person[3]);

	wait->priority = 6;
	plant_put(&s->rig, &WAIT, wait);
}

static void
grant_for_another_reason(struct scene *s)
{
	struct grant *grant = ROW(grant, GRANT, "person", s->person[0]);

	plant_drop(&s->rig, &GRANT, grant);
	grant->reason = GRANT_DIRECT;
	plant_put(&s->rig, &GRANT, grant);
}

static void
quota_was_never_changed(struct scene *s)
{
	struct pool *p = pool_named(&s->rig, "all-global");

	p->quota++;
	plant_put(&s->rig, &POOL, p);
}

static void
pool_is_gone(struct scene *s)
{
	plant_drop(&s->rig, &POOL, pool_named(&s->rig, "all-global"));
}

static void
person_left_without_a_word(struct scene *s)
{
	struct person *p = ROW(person, PERSON, "id", s->person[0]);

	p->lifecycle = LIFE_LEFT;
	plant_put(&s->rig, &PERSON, p);
}

static void
seat_of_another_share(struct scene *s)
{
	struct person *p = ROW(person, PERSON, "id", s->person[0]);
	const struct realm *realm;

	assert_int_equal(world_realm(s->rig.world, &s->rig.cx, s->rig.acme,
	    &realm), OK);
	p->organization = realm->catalogue->organisation[0].id;
	plant_put(&s->rig, &PERSON, p);
}

static void
count_of_another_organisation(struct scene *s)
{
	struct wait_count *c = plant_rows(&s->rig, &WAIT_COUNT).row;

	plant_drop(&s->rig, &WAIT_COUNT, c);
	c->organisation = 9;
	plant_put(&s->rig, &WAIT_COUNT, c);
}

static const struct damage {
	void (*plant)(struct scene *);
	enum msg what;
	const char *arg;	/* of the fault; "p0" … "p4", "c": that person's id; NULL: any */
} damages[] = {
	{ pool_counts_one_more, MSG_VERIFY_POOL_COUNT, "all-global" },
	{ pool_is_over_full, MSG_VERIFY_POOL_FULL, "mail-ber" },
	{ pool_is_over_full, MSG_VERIFY_POOL_COUNT, "mail-ber" },
	{ seat_in_a_pool_of_another_product, MSG_VERIFY_SEAT_POOL, "p0" },
	{ seat_in_another_pool, MSG_VERIFY_REPLAY_SEAT, "p0" },
	{ seat_in_another_pool, MSG_VERIFY_POOL_COUNT, "mail-global" },
	{ seat_held_for_nothing, MSG_VERIFY_HELD, "p0" },
	{ seat_assigned_while_checked, MSG_VERIFY_HELD, "c" },
	{ seat_and_wait, MSG_VERIFY_BOTH, "p0" },
	{ seat_without_grant, MSG_VERIFY_NO_GRANT, "p0" },
	{ seat_without_grant, MSG_VERIFY_REPLAY_GRANT, "p0" },
	{ wait_without_grant, MSG_VERIFY_NO_GRANT, "p3" },
	{ seat_is_gone, MSG_VERIFY_BARE_GRANT, "p0" },
	{ seat_is_gone, MSG_VERIFY_REPLAY_SEAT, "p0" },
	{ seat_is_gone, MSG_VERIFY_POOL_COUNT, "mail-ber" },
	{ wait_is_gone, MSG_VERIFY_BARE_GRANT, "p3" },
	{ wait_is_gone, MSG_VERIFY_REPLAY_WAIT, "p3" },
	{ wait_is_gone, MSG_VERIFY_WAIT_STRAY, "p3" },
	{ place_is_gone, MSG_VERIFY_WAIT_PLACE, "p3" },
	{ wait_names_no_pool, MSG_VERIFY_WAIT_PLACE, "p3" },
	{ place_of_another_rank, MSG_VERIFY_WAIT_STRAY, "p3" },
	{ place_of_nobody, MSG_VERIFY_WAIT_STRAY, "p0" },
	{ count_is_wrong, MSG_VERIFY_WAIT_COUNT, "mail" },
	{ count_is_gone, MSG_VERIFY_WAIT_COUNT, "mail" },
	{ present_is_wrong, MSG_VERIFY_PRESENT, NULL },
	{ present_is_gone, MSG_VERIFY_PRESENT, NULL },
	{ pool_has_room_while_they_wait, MSG_VERIFY_UNSERVED, "p3" },
	{ unique_key_is_gone, MSG_VERIFY_INDEX, "p0" },
	{ unique_key_of_somebody_else, MSG_VERIFY_INDEX, "p0" },
	{ search_key_is_gone, MSG_VERIFY_INDEX, "p0" },
	{ search_key_of_nobody, MSG_VERIFY_INDEX_STRAY, "1" },
	{ unique_key_of_nobody, MSG_VERIFY_INDEX_STRAY, "1" },
	{ ref_to_nobody, MSG_VERIFY_REF, NULL },
	{ wrapped_key_is_gone, MSG_VERIFY_KEY, "p0" },
	{ wrapped_key_is_destroyed, MSG_VERIFY_KEY, "p0" },
	{ entry_is_gone, MSG_VERIFY_LOG_GAP, "0/3" },
	{ entry_is_gone, MSG_VERIFY_TREE, NULL },
	{ entry_is_junk, MSG_VERIFY_LOG_ENTRY, "0/3" },
	{ entry_starts_elsewhere, MSG_VERIFY_LOG_STEP, NULL },
	{ entry_has_another_time, MSG_VERIFY_TREE, NULL },
	{ tenant_counts_fewer_entries, MSG_VERIFY_TREE, NULL },
	{ wait_of_another_priority, MSG_VERIFY_REPLAY_WAIT, "p3" },
	{ grant_for_another_reason, MSG_VERIFY_REPLAY_GRANT, "p0" },
	{ quota_was_never_changed, MSG_VERIFY_REPLAY_QUOTA, "all-global" },
	{ pool_is_gone, MSG_VERIFY_REPLAY_QUOTA, "all-global" },
	{ person_left_without_a_word, MSG_VERIFY_REPLAY_PERSON, "p0" },
	{ seat_of_another_share, MSG_VERIFY_SEAT_SHARE, "p0" },
	{ count_of_another_organisation, MSG_VERIFY_WAIT_COUNT, "mail" },
};

static struct str
wanted_arg(struct scene *s, const char *arg)
{
	if (strcmp(arg, "c") == 0)
		return id_text(s->rig.arena, s->checked);
	if (strlen(arg) == 2 && arg[0] == 'p')
		return id_text(s->rig.arena, s->person[arg[1] - '0']);
	return str_of(arg);
}

static bool
is_found(struct scene *s, const struct seats_verdict *v,
    const struct damage *d)
{
	for (size_t i = 0; i < v->nfault; i++)
		if (v->fault[i].what == d->what && (d->arg == NULL
		    || str_eq(v->fault[i].args[0], wanted_arg(s, d->arg))))
			return true;
	return false;
}

static void
every_damage_is_named(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < COUNT(damages); i++) {
		const struct damage *d = &damages[i];
		struct seats_verdict *v;
		struct scene *s;
		void *state;

		assert_int_equal(setup(&state), 0);
		s = state;
		d->plant(s);
		assert_int_equal(rig_long(&s->rig, seats_verify, NULL, &v),
		    OK);
		assert_false(v->is_whole);
		if (!is_found(s, v, d)) {
			for (size_t j = 0; j < v->nfault; j++)
				print_error("%s %.*s\n",
				    msg_name(v->fault[j].what),
				    STR_ARG(v->fault[j].args[0]));
			print_error("damage %zu: %s was not found\n", i,
			    msg_name(d->what));
			assert_true(false);
		}
		teardown(&state);
	}
}

static void
what_was_looked_at_is_told(void **state)
{
	struct scene *s = *state;
	struct seats_verdict *v;

	assert_int_equal(rig_long(&s->rig, seats_verify, NULL, &v), OK);
	assert_true(v->is_whole);
	assert_int_equal(v->nfault, 0);
	assert_int_equal(v->persons, 6);
	assert_int_equal(v->seats, 4);
	assert_int_equal(v->waits, 2);
	assert_int_equal(v->pools, 4);
	/* the tenant, four pools, the catalogue, six persons */
	assert_int_equal(v->entries, 12);
}

static void
damage_of_one_tenant_is_not_the_others(void **state)
{
	struct scene *s = *state;
	struct seats_verdict *v;

	seat_is_gone(s);
	s->rig.actor.tenant = s->rig.other;
	assert_int_equal(rig_long(&s->rig, seats_verify, NULL, &v), OK);
	assert_true(v->is_whole);
	assert_int_equal(v->entries, 1);
}

static void
the_database_itself_refuses_what_must_never_be(void **state)
{
	struct scene *s = *state;
	struct pool *p = pool_named(&s->rig, "mail-ber");
	struct seat *seat = ROW(seat, SEAT, "person", s->person[0]);
	size_t seats = plant_count(&s->rig, &SEAT);

	p->assigned = p->quota + 1;
	assert_int_equal(plant_try(&s->rig, &POOL, p), ERR_CONFLICT);
	seat->person = 1;
	assert_int_equal(plant_try(&s->rig, &SEAT, seat), ERR_CONFLICT);
	/* A second seat of the same product is the first one. */
	seat->person = s->person[0];
	plant_put(&s->rig, &SEAT, seat);
	assert_int_equal(plant_count(&s->rig, &SEAT), seats);
	rig_verify(&s->rig);
}

/* More faults than are told are still counted as not whole; more rows than a page are all looked at. */
static void
a_hundred_faults_are_told(void **state)
{
	struct scene *s = *state;
	struct source_ref ref = *ROW(source_ref, SOURCE_REF, "person",
	    s->person[0]);
	struct seats_verdict *v;
	char key[32] = { 0 };

	ref.person = 1;
	ref.key = (struct str) { key, sizeof(key) };
	for (int i = 0; i < 120; i++) {
		key[0] = (char)i;
		plant_put(&s->rig, &SOURCE_REF, &ref);
	}
	assert_int_equal(rig_long(&s->rig, seats_verify, NULL, &v), OK);
	assert_false(v->is_whole);
	assert_int_equal(v->nfault, 100);
	assert_int_equal(v->fault[99].what, MSG_VERIFY_REF);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		cmocka_unit_test(every_damage_is_named),
		T(what_was_looked_at_is_told),
		T(damage_of_one_tenant_is_not_the_others),
		T(the_database_itself_refuses_what_must_never_be),
		T(a_hundred_faults_are_told),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
