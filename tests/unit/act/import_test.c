/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import_test.c - stories of files: who comes, moves and goes by them, what a
 * guard stops, what is rejected, and what happens when a pass breaks off.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/id.h"

#include "plant.h"

#define HEADER "Nr;Nachname;Vorname;E-Mail;Standort;Abteilung;Chef;Vertrag;Eintritt;Austritt\n"

static const char map[] =
    "source: hr\n"
    "format: { separator: ';', encoding: utf-8, dates: dd.mm.yyyy }\n"
    "ref: '{Nr|trim}'\n"
    "contract: '{Vertrag|trim}'\n"
    "person:\n"
    "  name.familyName: '{Nachname|trim}'\n"
    "  name.givenName: '{Vorname|trim}'\n"
    "  userName: '{Vorname|ascii|lower}.{Nachname|ascii|lower}{n}'\n"
    "  emails[work].value: '{E-Mail|trim|lower}'\n"
    "contracts:\n"
    "  site: '{Standort|trim}'\n"
    "  department: '{Abteilung|trim}'\n"
    "  manager: '{Chef|trim}'\n"
    "  start: '{Eintritt|date}'\n"
    "  end: '{Austritt|date}'\n"
    "values:\n"
    "  site: { 'Berlin HQ': ber, 'München': muc }\n";

#define ANA "1;Muster;Ana;ana@example.org;Berlin HQ;Vertrieb;3;V1;01.02.2020;\n"
#define BO  "2;Lang;Bo;bo@example.org;München;Lager;3;V2;01.02.2020;\n"
#define CY  "3;Chefin;Cy;cy@example.org;München;Leitung;;V3;01.02.2015;\n"
#define DI  "4;Neu;Di;di@example.org;Berlin HQ;Vertrieb;3;V4;01.02.2020;\n"

/* A file on its way; broken off after CUT bytes. */
struct file {
	const char *text;
	size_t	    n, at, cut;
};

static ssize_t
file_next(void *arg, void *p, size_t max)
{
	struct file *f = arg;
	size_t n = f->n - f->at;

	/* In small pieces, so that rows are cut anywhere. */
	if (max > 37)
		max = 37;
	if (n > max)
		n = max;
	if (f->at >= f->cut)
		return -1;
	memcpy(p, f->text + f->at, n);
	f->at += n;
	return (ssize_t)n;
}

static int
setup(void **state)
{
	struct rig *r = heap_alloc(1, sizeof(*r));

	rig_open(r);
	*state = r;
	return 0;
}

static int
teardown(void **state)
{
	struct rig *r = *state;

	rig_verify(r);
	rig_close(r);
	heap_free(r);
	return 0;
}

/* --- passes ---------------------------------------------------------------------- */

static struct import_open_in
asked(void)
{
	return (struct import_open_in) { .map = str_of(map),
		.source = STR("hr") };
}

static int64_t
opened(struct rig *r, const struct import_open_in *in)
{
	int64_t *id;

	assert_int_equal(rig_long(r, import_open, in, &id), OK);
	return *id;
}

static enum err
pass(struct rig *r, enum err (*run)(struct reader *, struct ctx *,
    const void *, void **), int64_t id, struct file *f,
    struct import_report **rep)
{
	struct import_in in = { .run = id, .read = file_next,
		.read_arg = f };

	if (*rep != NULL)
		in.digest = (*rep)->digest;
	return rig_long(r, run, &in, rep);
}

static struct file
file_of(const char *text)
{
	return (struct file) { text, strlen(text), 0, SIZE_MAX };
}

static enum err
scanned(struct rig *r, int64_t id, const char *text,
    struct import_report **rep)
{
	struct file f = file_of(text);

	*rep = NULL;
	return pass(r, import_scan, id, &f, rep);
}

static enum err
applied(struct rig *r, int64_t id, const char *text,
    struct import_report **rep)
{
	struct file f = file_of(text);

	return pass(r, import_apply, id, &f, rep);
}

/* Both passes; a stopped run has one. */
static struct import_report *
imported(struct rig *r, const struct import_open_in *in, const char *text)
{
	int64_t id = opened(r, in);
	struct import_report *rep;

	assert_int_equal(scanned(r, id, text, &rep), OK);
	if (!rep->is_stopped && !in->is_dry)
		assert_int_equal(applied(r, id, text, &rep), OK);
	return rep;
}

static struct import_report *
import(struct rig *r, const char *text)
{
	struct import_open_in in = asked();

	return imported(r, &in, text);
}

/* How many were added, changed, unchanged, removed; how many rows rejected. */
static void
assert_report(const struct import_report *rep, int added, int changed,
    int unchanged, int removed, int rejected)
{
	assert_int_equal(rep->added, added);
	assert_int_equal(rep->changed, changed);
	assert_int_equal(rep->unchanged, unchanged);
	assert_int_equal(rep->removed, removed);
	assert_int_equal(rep->rejected, rejected);
}

/* --- what is there --------------------------------------------------------------- */

static struct person_view *
person_named(struct rig *r, const char *user_name)
{
	struct page_in page = { .limit = 10, .filter = str_fmt(r->arena,
	    "userName eq \"%s\"", user_name) };
	struct persons_out *out;

	assert_int_equal(rig_query(r, persons_list, &page, &out), OK);
	assert_int_equal(out->n, 1);
	return (struct person_view *)out->person;
}

/* Every row of every table that a use case writes, in one digest. */
static struct hash
everything(struct rig *r)
{
	static const struct table *const tables[] = { &TENANT, &PERSON,
		&CONTRACT, &CONTRACT_PAST, &BLOCK, &POOL, &SEAT, &SEAT_PAST,
		&WAIT, &WAIT_POOL, &WAIT_COUNT, &GRANT, &GRANT_PAST,
		&IX_UNIQUE, &IX_SEARCH, &SOURCE, &SOURCE_REF, &ONBOARDING,
		&CHECK_ROW, &IDEMPOTENCY, &DICTIONARY, &CATALOGUE, &TOKEN,
		&LOG, &DUE, &IMPORT, &PERSON_KEY };
	struct hash hash;
	struct buf b;

	buf_init(&b, NULL, 64 << 20);
	for (size_t i = 0; i < COUNT(tables); i++) {
		const struct table *t = tables[i];
		struct rows rows = plant_rows(r, t);

		buf_z(&b, t->name);
		for (size_t j = 0; j < rows.n * t->ncolumn; j++) {
			const struct column *c = &t->column[j % t->ncolumn];
			const char *at = (char *)rows.row
			    + j / t->ncolumn * t->row_size + c->offset;

			if (c->is_bytes)
				buf_lp(&b, *(const struct str *)(const void *)
				    at);
			else
				buf_bytes(&b, at, c->size);
		}
	}
	assert_false(b.over);
	sha256(buf_view(&b), &hash);
	buf_fini(&b);
	return hash;
}

#define assert_same(a, b) assert_memory_equal((a).bytes, (b).bytes, 32)

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

static void
a_manager_who_is_nowhere_is_a_reason(void **state)
{
	struct rig *r = *state;
	struct import_report *rep = import(r, HEADER ANA BO);

	assert_report(rep, 0, 0, 0, 0, 2);
	assert_int_equal(rep->reject[0].line, 2);
	assert_int_equal(rep->reject[0].fault.msg, MSG_ORDER_MANAGER);
	assert_true(str_eq(rep->reject[0].column, STR("Chef")));
	rep = import(r, HEADER
	    "9;Selbst;Si;si@example.org;München;Lager;9;V9;01.02.2020;\n");
	assert_report(rep, 0, 0, 0, 0, 1);
	assert_int_equal(rep->reject[0].fault.msg, MSG_ORDER_OWN_MANAGER);
	assert_int_equal(plant_count(r, &PERSON), 0);
}

/* Cy's row is wrong: her people go in without her, and get her when she comes. */
static void
a_rejected_manager_is_set_when_she_comes(void **state)
{
	static const char wrong[] = HEADER ANA BO
	    "3;Chefin;Cy;cy@example.org;Atlantis;Leitung;;V3;01.02.2015;\n";
	struct rig *r = *state;
	struct import_open_in part = asked();
	struct import_report *rep = import(r, wrong);
	struct hash before;
	int64_t cy;

	assert_report(rep, 2, 0, 0, 0, 1);
	assert_true(str_eq(rep->reject[0].column, STR("Standort")));
	assert_int_equal(rep->reject[0].line, 4);
	assert_int_equal(person_named(r, "bo.lang")->row.manager, 0);
	before = everything(r);
	assert_report(import(r, wrong), 0, 0, 2, 0, 1);
	assert_same(everything(r), before);

	part.is_partial = true;
	assert_report(imported(r, &part, HEADER CY), 1, 0, 0, 0, 0);
	cy = person_named(r, "cy.chefin")->row.id;
	assert_report(import(r, HEADER ANA BO CY), 0, 2, 1, 0, 0);
	assert_int_equal(person_named(r, "bo.lang")->row.manager, cy);
	assert_report(import(r, HEADER ANA BO CY), 0, 0, 3, 0, 0);
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

static void
a_bad_row_takes_its_siblings_along_and_nobody_else(void **state)
{
	struct rig *r = *state;
	struct import_open_in part = asked();
	struct import_report *rep = import(r, HEADER BO CY ANA
	    "1;Muster;Ana;ana@example.org;München;Lager;3;V1b;31.02.2021;\n"
	    "5;;;ed@example.org;München;Lager;3;V5;01.01.2021;\n"
	    "6;Zwei;Em;em@example.org;München;Lager;3;V2;01.01.2021;\n"
	    "7;Kurz;El\n"
	    "8;Rück;Wärts;rw@example.org;München;;3;V8;01.01.2021;01.01.2020\n");
	static const struct {
		int64_t line;
		const char *column;
		enum msg msg;
	} wanted[] = {
		{ 5, "Eintritt", MSG_NONE },
		{ 6, "", MSG_NONE },
		{ 8, "", MSG_NONE },
		{ 9, "Austritt", MSG_CONTRACT_END },
		{ 7, "Vertrag", MSG_CONTRACT_TWICE },
		{ 4, "", MSG_IMPORT_SIBLING },
	};

	assert_report(rep, 2, 0, 0, 0, 6);
	assert_int_equal(rep->nreject, COUNT(wanted));
	for (size_t i = 0; i < COUNT(wanted); i++) {
		const struct reject *found = NULL;

		for (size_t j = 0; j < rep->nreject; j++)
			if (rep->reject[j].line == wanted[i].line)
				found = &rep->reject[j];
		assert_non_null(found);
		if (wanted[i].column[0] != '\0')
			assert_true(str_eq(found->column,
			    str_of(wanted[i].column)));
		if (wanted[i].msg != MSG_NONE)
			assert_int_equal(found->fault.msg, wanted[i].msg);
	}
	assert_int_equal(plant_count(r, &PERSON), 2);

	/* Corrected, and only those: nobody is gone. */
	part.is_partial = true;
	rep = imported(r, &part, HEADER ANA
	    "1;Muster;Ana;ana@example.org;München;Lager;3;V1b;01.02.2021;\n");
	assert_report(rep, 1, 0, 0, 0, 0);
	assert_int_equal(person_named(r, "ana.muster")->ncontract, 2);
	assert_int_equal(person_named(r, "bo.lang")->row.lifecycle,
	    LIFE_ACTIVE);
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

/* Only pass 2 can know: the name is somebody else's. */
static void
what_pass_two_refuses_is_not_counted_as_done(void **state)
{
	struct rig *r = *state;
	struct order *o = rig_onboard(r, "1", "ber", "");
	struct import_open_in in = asked();
	struct import_report *rep;
	struct str text = str_of(map);
	size_t at = 0;

	while (!str_starts(str_sub(text, at, text.n), STR("{n}")))
		at++;
	in.map = str_fmt(r->arena, "%.*s%.*s", (int)at, text.p,
	    (int)(text.n - at - 3), text.p + at + 3);
	assert_int_equal(doc_set(&r->cx, &o->doc, STR("userName"),
	    STR("bo.lang")), OK);
	rig_onboarded(r, o);
	rep = imported(r, &in, HEADER CY BO
	    "2;Lang;Bo;bo@example.org;Berlin HQ;Lager;3;V2b;01.02.2020;\n");
	assert_report(rep, 1, 0, 0, 0, 2);
	assert_int_equal(rep->persons, 1);
	assert_int_equal(rep->reject[0].fault.msg, MSG_ORDER_TAKEN);
	assert_int_equal(rep->reject[0].line, 3);
	assert_int_equal(rep->reject[1].fault.msg, MSG_IMPORT_SIBLING);
	assert_int_equal(rep->reject[1].line, 4);
	/* It is not forgotten. */
	rep = imported(r, &in, HEADER CY BO);
	assert_report(rep, 0, 0, 1, 0, 1);
}

static void
too_much_of_one_person_is_rejected(void **state)
{
	struct rig *r = *state;
	struct import_report *rep;
	struct buf b;

	buf_init(&b, r->arena, 1 << 20);
	buf_z(&b, HEADER CY);
	for (int i = 0; i < 51; i++)
		buf_fmt(&b, "1;Muster;Ana;a@example.org;Berlin HQ;Lager;3;"
		    "V1-%d;01.02.2020;\n", i);
	buf_z(&b, "2;Lang;");
	for (int i = 0; i < 62000; i++)
		buf_u8(&b, 'b');
	buf_z(&b, ";;Berlin HQ;Lager;3;V2;01.02.2020;\n" DI);
	buf_u8(&b, 0);
	rep = import(r, b.p);
	assert_report(rep, 2, 0, 0, 0, 52);
	assert_int_equal(rep->reject[1].fault.msg, MSG_ORDER_CONTRACTS);
	assert_int_equal(rep->reject[1].line, 53);
}

/* A column that no rule reads is still in the log's exact inputs: too long for it is too long. */
static void
a_row_too_long_to_be_sealed_is_rejected(void **state)
{
	struct rig *r = *state;
	struct import_report *rep;
	struct buf b;

	buf_init(&b, r->arena, 1 << 20);
	buf_z(&b, "Notiz;" HEADER);
	for (int i = 0; i < 65000; i++)
		buf_u8(&b, 'x');
	buf_z(&b, ";" BO);
	for (int i = 0; i < 48000; i++)
		buf_u8(&b, 'y');
	buf_z(&b, ";" ANA);
	buf_z(&b, "kurz;" CY);
	buf_u8(&b, 0);
	rep = import(r, b.p);
	assert_report(rep, 2, 0, 0, 0, 1);
	assert_int_equal(rep->reject[0].line, 2);
	assert_int_equal(rep->reject[0].fault.msg, MSG_ORDER_RECORD);
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
	struct import_row_state *row;
	struct import_report *rep;

	assert_int_equal(rig_query(r, import_show, &id, &row),
	    ERR_NOT_FOUND);
	assert_int_equal(scanned(r, id, HEADER ANA BO CY, &rep), OK);
	assert_int_equal(rig_query(r, import_show, &id, &row), OK);
	assert_int_equal(row->state, IMPORT_SCANNED);
	assert_int_equal(row->ended_ms, 0);
	assert_int_equal(applied(r, id, HEADER ANA BO CY, &rep), OK);
	assert_int_equal(rig_query(r, import_show, &id, &row), OK);
	assert_int_equal(row->state, IMPORT_DONE);
	assert_int_equal(row->added, 3);
	assert_true(row->ended_ms > 0);
	r->actor.tenant = r->other;
	assert_int_equal(rig_query(r, import_show, &id, &row),
	    ERR_NOT_FOUND);
	r->actor.tenant = r->acme;
}

static void
a_map_must_be_of_the_source_and_sources_run_once(void **state)
{
	struct rig *r = *state;
	struct import_open_in in = asked();
	int64_t *id;

	in.source = STR("crm");
	assert_int_equal(rig_long(r, import_open, &in, &id), ERR_BAD_INPUT);
	assert_int_equal(r->cx.fault.msg, MSG_IMPORT_WRONG_SOURCE);
	in.map = STR("source: [");
	assert_int_equal(rig_long(r, import_open, &in, &id), ERR_BAD_INPUT);
	in = asked();
	opened(r, &in);
	opened(r, &in);		/* nobody continued the first: it makes room */
	assert_int_equal(plant_count(r, &SOURCE), 1);
}

static void
an_empty_file_and_a_wrong_header_are_refused(void **state)
{
	static const struct {
		const char *text;
		enum msg msg;
	} files[] = {
		{ "", MSG_IMPORT_EMPTY },
		{ "Nr;Nachname\n1;2\n", MSG_IMPORT_NO_COLUMN },
	};
	struct rig *r = *state;

	import(r, HEADER CY);
	for (size_t i = 0; i < COUNT(files); i++) {
		struct import_open_in in = asked();
		struct import_report *rep;

		assert_int_equal(scanned(r, opened(r, &in), files[i].text,
		    &rep), ERR_BAD_INPUT);
		assert_int_equal(r->cx.fault.msg, files[i].msg);
	}
	assert_int_equal(person_named(r, "cy.chefin")->row.lifecycle,
	    LIFE_ACTIVE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(people_come_move_and_go_by_their_file),
		T(the_same_file_twice_changes_and_writes_nothing),
		T(another_map_makes_every_row_another),
		T(a_manager_may_stand_later_in_the_file),
		T(a_manager_who_is_nowhere_is_a_reason),
		T(a_rejected_manager_is_set_when_she_comes),
		T(several_rows_are_the_contracts_of_one_person),
		T(a_bad_row_takes_its_siblings_along_and_nobody_else),
		T(a_guard_stops_what_would_empty_the_house),
		T(a_few_may_go_without_a_word),
		T(a_dry_run_touches_nothing),
		T(a_broken_pass_is_made_good_by_the_next),
		T(a_pass_wants_its_own_file_digest_and_order),
		T(a_file_that_changed_in_between_ends_the_run),
		T(names_are_made_until_one_is_free),
		T(what_pass_two_refuses_is_not_counted_as_done),
		T(too_much_of_one_person_is_rejected),
		T(a_row_too_long_to_be_sealed_is_rejected),
		T(a_leaver_gives_the_seat_to_who_waits),
		T(what_a_run_did_is_on_record),
		T(a_map_must_be_of_the_source_and_sources_run_once),
		T(an_empty_file_and_a_wrong_header_are_refused),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
