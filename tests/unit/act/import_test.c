/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import_test.c - stories of files: who comes, moves and goes by them, what a
 * guard stops, and what happens when a pass breaks off.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

#include "act/import_int.h"
#include "imports.h"

static const char map_with_type[] =
    "source: hr\n"
    "format: { dates: dd.mm.yyyy }\n"
    "ref: '{Nr|trim}'\n"
    "person:\n"
    "  name.familyName: '{Nachname|trim}'\n"
    "  name.givenName: '{Vorname|trim}'\n"
    "  userName: '{Vorname|ascii|lower}.{Nachname|ascii|lower}{n}'\n"
    "  emails[work].value: '{E-Mail|trim|lower}'\n"
    "contracts:\n"
    "  userType: '{Typ|trim}'\n"
    "  start: '{Eintritt|date}'\n";

static const char map_windows[] =
    "source: hr\n"
    "format: { encoding: windows-1252 }\n"
    "ref: '{Nr}'\n"
    "person:\n"
    "  name.familyName: '{Nachname}'\n"
    "  name.givenName: '{Vorname}'\n"
    "  userName: '{Vorname|ascii|lower}.{Nr}'\n";

/* --- stories ----------------------------------------------------------------------- */

static void
people_come_move_and_go_by_their_file(void **state)
{
	struct rig *r = *state;
	struct import_report *rep = import(r, HEADER ANA BO CY);
	struct person_view *ana, *bo;

	assert_int_equal(rep->rows, 3);
	assert_report(rep, 3, 0, 0, 0, 0);
	assert_int_equal(rep->seats_assigned, 1);
	assert_int_equal(rig_assigned(r, "all-global"), 1);
	ana = person_named(r, "ana.muster");
	assert_int_equal(ana->row.lifecycle, LIFE_ACTIVE);
	assert_true(str_eq(ana->site, STR("ber")));
	assert_true(str_eq(ana->source, STR("hr")));
	rig_verify(r);

	rep = import(r, HEADER
	    "1;Muster;Ana;ana@example.org;München;Lager;3;V1;01.02.2020;\n"
	    CY DI);
	assert_report(rep, 1, 1, 1, 1, 0);
	assert_true(str_eq(person_named(r, "ana.muster")->site, STR("muc")));
	assert_int_equal(person_named(r, "ana.muster")->row.id, ana->row.id);
	bo = person_named(r, "bo.lang");
	assert_int_equal(bo->row.lifecycle, LIFE_LEFT);
	assert_int_equal(rig_assigned(r, "all-global"), 1);	/* ana's went, di's came */

	rep = import(r, HEADER ANA BO CY);
	assert_report(rep, 0, 2, 1, 1, 0);
	assert_int_equal(person_named(r, "bo.lang")->row.id, bo->row.id);
	assert_int_equal(person_named(r, "bo.lang")->row.lifecycle,
	    LIFE_ACTIVE);
}

static void
the_same_file_twice_changes_and_writes_nothing(void **state)
{
	struct rig *r = *state;
	struct hash before;

	import(r, HEADER ANA BO CY);
	before = everything(r);
	assert_report(import(r, HEADER ANA BO CY), 0, 0, 3, 0, 0);
	assert_same(everything(r), before);
	assert_report(import(r, HEADER CY BO ANA), 0, 0, 3, 0, 0);
	assert_same(everything(r), before);
	rig_stop(r);
	assert_int_equal(rig_start(r, false), OK);
	assert_report(import(r, HEADER BO CY ANA), 0, 0, 3, 0, 0);
	assert_same(everything(r), before);
}

static void
another_map_makes_every_row_another(void **state)
{
	struct rig *r = *state;
	struct import_open_in in = asked();

	import(r, HEADER ANA BO CY);
	in.map = str_fmt(r->arena, "%.*s", STR_ARG(in.map));
	((char *)in.map.p)[in.map.n - 1] = '\n';
	in.map = str_fmt(r->arena, "%.*s  department: { Lager: Depot }\n",
	    STR_ARG(in.map));
	assert_report(imported(r, &in, HEADER ANA BO CY), 0, 3, 0, 0, 0);
	assert_true(str_eq(person_named(r, "bo.lang")->department,
	    STR("Depot")));
	assert_report(imported(r, &in, HEADER ANA BO CY), 0, 0, 3, 0, 0);
}

static void
a_manager_may_stand_later_in_the_file(void **state)
{
	struct rig *r = *state;
	int64_t cy;

	import(r, HEADER ANA BO CY);
	cy = person_named(r, "cy.chefin")->row.id;
	assert_int_equal(person_named(r, "ana.muster")->row.manager, cy);
	assert_int_equal(person_named(r, "bo.lang")->row.manager, cy);
	assert_int_equal(person_named(r, "cy.chefin")->row.manager, 0);
}

/* One entry for each person: nobody needs a second order. */
static void
managers_go_in_before_those_who_name_them(void **state)
{
	struct rig *r = *state;
	int64_t log = plant_count(r, &LOG);
	static const char di[] =
	    "4;Neu;Di;di@example.org;Berlin HQ;Lager;1;V4;01.02.2020;\n";
	char *text = str_z(r->arena, str_fmt(r->arena, "%s%s%s", HEADER, di,
	    ANA BO CY));

	assert_report(import(r, text), 4, 0, 0, 0, 0);
	assert_int_equal(person_named(r, "di.neu")->row.manager,
	    person_named(r, "ana.muster")->row.id);
	assert_int_equal(person_named(r, "ana.muster")->row.manager,
	    person_named(r, "cy.chefin")->row.id);
	/* The source, the run's beginning and end, four persons. */
	assert_int_equal(plant_count(r, &LOG) - log, 2 + 4);
}

static void
two_may_be_the_manager_of_each_other(void **state)
{
	struct rig *r = *state;
	static const char text[] = HEADER
	    "1;Muster;Ana;ana@example.org;Berlin HQ;Lager;2;V1;01.02.2020;\n"
	    "2;Lang;Bo;bo@example.org;Berlin HQ;Lager;1;V2;01.02.2020;\n"
	    "3;Chefin;Cy;cy@example.org;Berlin HQ;Lager;1;V3;01.02.2020;\n";

	assert_report(import(r, text), 3, 0, 0, 0, 0);
	assert_int_equal(person_named(r, "ana.muster")->row.manager,
	    person_named(r, "bo.lang")->row.id);
	assert_int_equal(person_named(r, "bo.lang")->row.manager,
	    person_named(r, "ana.muster")->row.id);
	assert_int_equal(person_named(r, "cy.chefin")->row.manager,
	    person_named(r, "ana.muster")->row.id);
	assert_report(import(r, text), 0, 0, 3, 0, 0);
}

static void
rows_put_aside_come_back_in_order_and_have_a_bound(void **state)
{
	struct rig *r = *state;
	struct aside_list *list = aside_open();
	struct aside row = { .manager = 1, .person = 10 }, *got;
	const size_t big = (size_t)30 << 20;

	row.raw = (struct str) { arena_alloc(r->arena, big), big };
	assert_true(aside_put(list, &row));
	row.person = 11;
	assert_true(aside_put(list, &row));
	row.person = 12;
	assert_false(aside_put(list, &row));
	row.raw.n = 5;
	row.manager = 1 + 65536;	/* may share a chain */
	assert_true(aside_put(list, &row));
	assert_null(aside_take(list));
	aside_release(list, 1);
	for (uint32_t person = 10; person < 12; person++) {
		got = aside_take(list);
		assert_int_equal(got->person, person);
		heap_free(got);
	}
	assert_null(aside_take(list));
	row.raw.n = big;
	assert_true(aside_put(list, &row));
	aside_release_all(list);
	got = aside_take(list);
	assert_int_equal(got->raw.n, 5);
	heap_free(got);
	aside_close(list);
}

static void
several_rows_are_the_contracts_of_one_person(void **state)
{
	struct rig *r = *state;
	static const char second[] =
	    "1;Muster;Ana;ana@example.org;München;Lager;3;V1b;01.02.2021;\n";
	char *text = str_z(r->arena, str_fmt(r->arena, "%s%s",
	    HEADER ANA BO CY, second));
	struct import_report *rep = import(r, text);
	struct person_view *ana;

	assert_int_equal(rep->rows, 4);
	assert_int_equal(rep->persons, 3);
	assert_report(rep, 3, 0, 0, 0, 0);
	ana = person_named(r, "ana.muster");
	assert_int_equal(ana->ncontract, 2);
	assert_true(str_eq(ana->site, STR("muc")));	/* the later start */
	text = str_z(r->arena, str_fmt(r->arena, "%s%s%s", HEADER CY, second,
	    BO ANA));
	assert_report(import(r, text), 0, 0, 3, 0, 0);
	assert_report(import(r, HEADER ANA BO CY), 0, 1, 2, 0, 0);
	assert_int_equal(person_named(r, "ana.muster")->ncontract, 1);
	assert_int_equal(plant_count(r, &CONTRACT_PAST), 1);
}

/* The first of two rows went in before, and is read less closely for it. */
static void
a_row_beside_one_that_is_known_is_a_change(void **state)
{
	struct rig *r = *state;
	static const char second[] =
	    "1;Muster;Ana;neu@example.org;München;Lager;3;V1b;01.02.2021;\n";
	const char *both = str_z(r->arena, str_fmt(r->arena, "%s%s",
	    HEADER ANA BO CY, second));
	const char *behind = str_z(r->arena, str_fmt(r->arena, "%s%s%s",
	    HEADER, second, BO CY));
	struct person_view *ana;

	import(r, HEADER ANA BO CY);
	assert_report(import(r, both), 0, 1, 2, 0, 0);
	ana = person_named(r, "ana.muster");
	assert_int_equal(ana->ncontract, 2);
	assert_true(str_eq(doc_get(&ana->doc, A_EMAIL_VALUE, 0),
	    STR("ana@example.org")));	/* the first row's */
	assert_report(import(r, both), 0, 0, 3, 0, 0);
	assert_report(import(r, behind), 0, 1, 2, 0, 0);
	assert_int_equal(person_named(r, "ana.muster")->ncontract, 1);
	assert_report(import(r, HEADER ANA ANA BO CY), 0, 0, 2, 0, 2);
}

static void
a_known_row_is_rejected_when_its_site_is_gone(void **state)
{
	struct rig *r = *state;
	struct catalogue_in cat = {
		.text = STR("catalogue: 1\n"
			    "sites: { ber: { name: Berlin, country: DE,"
			    "  zone: Europe/Berlin } }\n"
			    "departments: { sales: { name: Vertrieb } }\n"
			    "products: { all: { name: For all } }\n"
			    "pools: { all-global: { product: all,"
			    "  quota: 5 } }\n"),
		.allow_removals = true,
		.reason = STR("Munich is closed"),
	};
	struct catalogue_out *out;
	struct import_open_in in = asked();

	import(r, HEADER ANA BO CY);
	assert_int_equal(rig_long(r, catalogue_put, &cat, &out), OK);
	assert_report(imported(r, &in, HEADER ANA BO CY), 0, 0, 1, 0, 2);
}

/* Fifty persons, of whom the first GONE are missing or have ended. */
static const char *
fifty(struct rig *r, int missing, int ended)
{
	struct buf b;

	buf_init(&b, r->arena, 1 << 20);
	buf_z(&b, HEADER);
	for (int i = missing; i < 50; i++)
		buf_fmt(&b, "P%d;Name%d;Ana;p%d@example.org;Berlin HQ;Lager;;"
		    "W%d;01.02.2020;%s\n", i, i, i, i,
		    i < missing + ended ? "31.12.2021" : "");
	buf_u8(&b, 0);
	return b.p;
}

static void
a_guard_stops_what_would_empty_the_house(void **state)
{
	struct rig *r = *state;
	struct import_open_in in = asked();
	struct import_report *rep;
	struct hash before;
	int64_t id, *run;

	import(r, fifty(r, 0, 0));
	before = everything(r);
	rep = import(r, fifty(r, 21, 0));
	assert_true(rep->is_stopped);
	assert_int_equal(rep->removed, 21);
	assert_int_equal(rep->removals_allowed, 20);
	rep = import(r, fifty(r, 0, 21));
	assert_true(rep->is_stopped);
	assert_int_equal(rep->disabled, 21);
	rep = import(r, fifty(r, 10, 11));
	assert_true(rep->is_stopped);
	/* Only that it was stopped is on record. */
	assert_int_equal(plant_count(r, &IMPORT), 4);
	assert_int_equal(person_named(r, "ana.name0")->row.lifecycle,
	    LIFE_ACTIVE);
	(void)before;

	in.allow_removals = 21;
	assert_int_equal(rig_long(r, import_open, &in, &run), ERR_BAD_INPUT);
	assert_int_equal(r->cx.fault.msg, MSG_IMPORT_REASON);
	in.reason = STR("Werk geschlossen");
	r->actor.rights &= ~RIGHT_BIT(RIGHT_GUARD_OVERRIDE);
	assert_int_equal(rig_long(r, import_open, &in, &run), ERR_DENIED);
	r->actor.rights |= RIGHT_BIT(RIGHT_GUARD_OVERRIDE);
	in.allow_removals = 20;
	assert_true(imported(r, &in, fifty(r, 21, 0))->is_stopped);
	in.allow_removals = 21;
	id = (int64_t)plant_count(r, &LOG);
	rep = imported(r, &in, fifty(r, 21, 0));
	assert_false(rep->is_stopped);
	assert_int_equal(rep->removed, 21);
	/* started, overridden, 21 who left, ended */
	assert_int_equal(plant_count(r, &LOG), id + 24);
	assert_int_equal(person_named(r, "ana.name20")->row.lifecycle,
	    LIFE_LEFT);
	assert_int_equal(person_named(r, "ana.name21")->row.lifecycle,
	    LIFE_ACTIVE);
	/* Once: the next run is guarded again. */
	assert_true(import(r, fifty(r, 43, 0))->is_stopped);
}

static void
a_few_may_go_without_a_word(void **state)
{
	struct rig *r = *state;
	struct import_report *rep;

	import(r, fifty(r, 0, 0));
	rep = import(r, fifty(r, 20, 0));
	assert_false(rep->is_stopped);
	assert_report(rep, 0, 0, 30, 20, 0);
}

static void
a_dry_run_touches_nothing(void **state)
{
	struct rig *r = *state;
	struct import_open_in in = asked();
	struct import_report *rep;
	struct hash before;

	import(r, HEADER BO CY);
	before = everything(r);
	in.is_dry = true;
	rep = imported(r, &in, HEADER ANA CY);
	assert_report(rep, 1, 0, 1, 1, 0);
	assert_same(everything(r), before);
}

static void
a_broken_pass_is_made_good_by_the_next(void **state)
{
	struct rig *r = *state;
	const char *text = fifty(r, 0, 0);

	for (size_t cut = 0; cut < strlen(text); cut += 700) {
		struct import_open_in in = asked();
		struct file f = file_of(text);
		struct import_report *rep = NULL;
		int64_t id = opened(r, &in);

		f.cut = cut;
		assert_int_equal(pass(r, import_scan, id, &f, &rep),
		    ERR_BAD_INPUT);
		assert_int_equal(r->cx.fault.msg, MSG_IMPORT_CUT);
		id = opened(r, &in);
		assert_int_equal(scanned(r, id, text, &rep), OK);
		f.at = 0;
		assert_int_equal(pass(r, import_apply, id, &f, &rep),
		    ERR_BAD_INPUT);
		assert_int_equal(r->cx.fault.msg, MSG_IMPORT_CUT);
		rig_verify(r);
	}
	assert_int_equal(import(r, text)->rejected, 0);
	assert_int_equal(plant_count(r, &PERSON), 50);
	assert_report(import(r, text), 0, 0, 50, 0, 0);
}

static void
a_pass_wants_its_own_file_digest_and_order(void **state)
{
	struct rig *r = *state;
	struct import_open_in in = asked();
	struct import_report *rep, wrong = { .digest = STR("00") };
	struct import_report *other = &wrong;
	int64_t id = opened(r, &in);

	rep = NULL;
	assert_int_equal(applied(r, id, HEADER CY, &rep), ERR_CONFLICT);
	assert_int_equal(r->cx.fault.msg, MSG_IMPORT_ORDER);
	assert_int_equal(scanned(r, id, HEADER BO CY, &rep), OK);
	assert_int_equal(scanned(r, id, HEADER BO CY, &other), ERR_CONFLICT);
	other = &wrong;
	assert_int_equal(applied(r, id, HEADER BO CY, &other), ERR_CONFLICT);
	assert_int_equal(r->cx.fault.msg, MSG_IMPORT_DIGEST);
	r->actor.tenant = r->other;
	other = rep;
	assert_int_equal(applied(r, id, HEADER BO CY, &other), ERR_NOT_FOUND);
	r->actor.tenant = r->acme;
	other = rep;
	assert_int_equal(applied(r, id, HEADER BO CY, &other), OK);
	other = rep;
	assert_int_equal(applied(r, id, HEADER BO CY, &other), ERR_NOT_FOUND);
	assert_int_equal(plant_count(r, &PERSON), 2);
}

/* What pass 2 brings is what pass 1 saw, or the run ends. */
static void
a_file_that_changed_in_between_ends_the_run(void **state)
{
	static const char twice[] = HEADER CY ANA
	    "1;Muster;Ana;ana@example.org;München;Lager;3;V1b;01.02.2021;\n";
	static const char *const others[] = {
		HEADER CY ANA,
		HEADER CY ANA ANA,
		HEADER CY ANA "1;Muster;Ana;ana@example.org;München;Leitung;3;V1b;01.02.2021;\n",
		HEADER CY DI,
		HEADER,
	};
	struct rig *r = *state;

	import(r, HEADER CY BO);
	for (size_t i = 0; i < COUNT(others); i++) {
		struct import_open_in in = asked();
		struct import_report *rep;
		int64_t id = opened(r, &in);

		assert_int_equal(scanned(r, id, twice, &rep), OK);
		assert_int_equal(rep->removed, 1);
		assert_int_equal(applied(r, id, others[i], &rep),
		    ERR_CONFLICT);
		assert_int_equal(r->cx.fault.msg, MSG_IMPORT_OTHER_FILE);
		assert_int_equal(person_named(r, "bo.lang")->row.lifecycle,
		    LIFE_ACTIVE);
	}
	assert_report(import(r, twice), 1, 0, 1, 1, 0);
}

/* What the file no longer says of a person is no longer known; the name that was made stays. */
static void
what_a_row_leaves_empty_is_gone(void **state)
{
	struct rig *r = *state;
	struct import_open_in in = asked();
	struct person_view *v;

	in.map = str_of(map_with_type);
	imported(r, &in, "Typ;" HEADER "intern;" CY);
	v = person_named(r, "cy.chefin");
	assert_true(str_eq(doc_get(&v->doc, A_EMAIL_VALUE, 0),
	    STR("cy@example.org")));
	assert_true(str_eq(v->user_type, STR("intern")));
	assert_report(imported(r, &in, "Typ;" HEADER
	    ";3;Chefin;Cynthia;;München;Leitung;;V3;01.02.2015;\n"),
	    0, 1, 0, 0, 0);
	v = person_named(r, "cy.chefin");
	assert_int_equal(doc_get(&v->doc, A_EMAIL_VALUE, 0).n, 0);
	assert_true(str_eq(doc_get(&v->doc, A_GIVEN_NAME, 0),
	    STR("Cynthia")));
	assert_int_equal(v->user_type.n, 0);
}

/* Old exports: another encoding, another separator than expected, commas in names. */
static void
a_file_of_another_time_is_read_alike_in_both_passes(void **state)
{
	struct rig *r = *state;
	struct import_open_in in = asked();
	struct person_view *v;

	in.map = str_of(map_windows);
	assert_report(imported(r, &in,
	    "Nr;Nachname;Vorname\n"
	    "1;\"M\xfcller, Dr., LL.M., Dipl.-Ing.\";J\xf6rg\n"),
	    1, 0, 0, 0, 0);
	v = person_named(r, "joerg.1");
	assert_true(str_eq(doc_get(&v->doc, A_FAMILY_NAME, 0),
	    STR("Müller, Dr., LL.M., Dipl.-Ing.")));
	assert_true(str_eq(doc_get(&v->doc, A_GIVEN_NAME, 0), STR("Jörg")));
}

static void
names_are_made_until_one_is_free(void **state)
{
	struct rig *r = *state;

	import(r, HEADER CY
	    "1;Muster;Ana;a1@example.org;Berlin HQ;Lager;3;V1;01.02.2020;\n"
	    "2;Muster;Ana;a2@example.org;Berlin HQ;Lager;3;V2;01.02.2020;\n"
	    "5;Müster;Ana;a3@example.org;Berlin HQ;Lager;3;V5;01.02.2020;\n"
	    "4;Muster;Ana;a4@example.org;Berlin HQ;Lager;3;V4;01.02.2020;\n");
	person_named(r, "ana.muster");
	person_named(r, "ana.muster2");
	person_named(r, "ana.muster3");
	person_named(r, "ana.muester");
}

static void
a_leaver_gives_the_seat_to_who_waits(void **state)
{
	struct rig *r = *state;
	struct import_report *rep;
	const struct wait *waits;
	int64_t first;
	struct buf b;

	buf_init(&b, r->arena, 1 << 20);
	buf_z(&b, HEADER CY);
	for (int i = 0; i < 7; i++)
		buf_fmt(&b, "S%d;Sales%d;Ana;s%d@example.org;Berlin HQ;"
		    "Vertrieb;3;S%d;01.02.2020;\n", i, i, i, i);
	buf_u8(&b, 0);
	rep = import(r, b.p);
	assert_int_equal(rep->seats_assigned, 5);
	assert_int_equal(rep->seats_queued, 2);
	assert_int_equal(plant_count(r, &WAIT), 2);
	waits = plant_rows(r, &WAIT).row;
	first = waits[0].since < waits[1].since ? waits[0].person
	    : waits[1].person;
	*strstr(b.p, "S0;Sales0") = 'T';	/* S0 is gone, T0 is new */
	assert_report(import(r, b.p), 1, 0, 7, 1, 0);
	assert_int_equal(plant_count(r, &WAIT), 2);
	waits = plant_rows(r, &WAIT).row;
	assert_true(waits[0].person != first && waits[1].person != first);
	assert_int_equal(rig_assigned(r, "all-global"), 5);
}

static void
what_a_run_did_is_on_record(void **state)
{
	struct rig *r = *state;
	struct import_open_in in = asked();
	int64_t id = opened(r, &in);
	struct import_view *v;
	struct import_report *rep;

	assert_int_equal(scanned(r, id, HEADER ANA BO CY, &rep), OK);
	assert_int_equal(rig_query(r, import_show, &id, &v), OK);
	assert_int_equal(v->row.state, IMPORT_SCANNED);
	assert_int_equal(v->row.ended_ms, 0);
	assert_int_equal(applied(r, id, HEADER ANA BO CY, &rep), OK);
	assert_int_equal(rig_query(r, import_show, &id, &v), OK);
	assert_int_equal(v->row.state, IMPORT_DONE);
	assert_int_equal(v->row.added, 3);
	assert_true(v->row.ended_ms > 0);
	r->actor.tenant = r->other;
	assert_int_equal(rig_query(r, import_show, &id, &v), ERR_NOT_FOUND);
	r->actor.tenant = r->acme;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, rig_set_up, rig_verify_tear_down)
		T(people_come_move_and_go_by_their_file),
		T(the_same_file_twice_changes_and_writes_nothing),
		T(another_map_makes_every_row_another),
		T(a_manager_may_stand_later_in_the_file),
		T(managers_go_in_before_those_who_name_them),
		T(two_may_be_the_manager_of_each_other),
		T(rows_put_aside_come_back_in_order_and_have_a_bound),
		T(several_rows_are_the_contracts_of_one_person),
		T(a_row_beside_one_that_is_known_is_a_change),
		T(a_known_row_is_rejected_when_its_site_is_gone),
		T(a_guard_stops_what_would_empty_the_house),
		T(a_few_may_go_without_a_word),
		T(a_dry_run_touches_nothing),
		T(a_broken_pass_is_made_good_by_the_next),
		T(a_pass_wants_its_own_file_digest_and_order),
		T(a_file_that_changed_in_between_ends_the_run),
		T(what_a_row_leaves_empty_is_gone),
		T(a_file_of_another_time_is_read_alike_in_both_passes),
		T(names_are_made_until_one_is_free),
		T(a_leaver_gives_the_seat_to_who_waits),
		T(what_a_run_did_is_on_record),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
