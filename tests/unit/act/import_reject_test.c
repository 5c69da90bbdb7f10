/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import_reject_test.c - rows that cannot go in, each with its reason, while
 * the others do.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

#include "imports.h"

/* --- reasons ---------------------------------------------------------------------- */

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
a_bad_row_takes_its_siblings_along_and_nobody_else(void **state)
{
	struct rig *r = *state;
	struct import_open_in part = asked();
	struct import_report *rep = import(r, HEADER BO CY ANA
	    "1;Muster;Ana;ana@example.org;München;Lager;3;V1b;31.02.2021;\n"
	    "5;;;ed@example.org;München;Lager;3;V5;01.01.2021;\n"
	    "6;Zwei;Em;em@example.org;München;Lager;3;V2;01.01.2021;\n"
	    "7;Kurz;El\n"
	    "8;Rück;Wärts;rw@example.org;München;;3;V8;01.01.2021;"
	    "01.01.2020\n");
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

/* Only pass 2 can know: the name is somebody else's. */
static void
what_pass_two_refuses_is_not_counted_as_done(void **state)
{
	struct rig *r = *state;
	struct order *o = rig_onboard(r, "1", "ber", "");
	struct import_open_in in = asked();
	struct import_report *rep;
	struct str text = str_of(import_map_text);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, rig_set_up, rig_verify_tear_down)
		T(a_manager_who_is_nowhere_is_a_reason),
		T(a_rejected_manager_is_set_when_she_comes),
		T(a_bad_row_takes_its_siblings_along_and_nobody_else),
		T(what_pass_two_refuses_is_not_counted_as_done),
		T(too_much_of_one_person_is_rejected),
		T(a_row_too_long_to_be_sealed_is_rejected),
		T(an_empty_file_and_a_wrong_header_are_refused),
		T(a_map_must_be_of_the_source_and_sources_run_once),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
