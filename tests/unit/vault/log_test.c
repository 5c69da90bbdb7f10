/* SPDX-License-Identifier: Apache-2.0 */
/* log_test.c - the vault signs what extends what it signed, and nothing else. */
#include "rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"

#include "audit/note.h"

#define ENTRIES 40

static struct rig rig;
static struct str entry[ENTRIES];
static struct verifier verifier;
static struct str origin_line;

static void
ask_key(void)
{
	struct str vkey;

	assert_int_equal(
	    vault_log_key(rig.vault, &rig.cx, ACME, &vkey, &origin_line), OK);
	assert_true(verifier_parse(rig.arena, vkey, &verifier));
}

static int
start(void **state)
{
	rig_open(&rig);
	rig_start_ready(&rig);
	for (size_t i = 0; i < ENTRIES; i++)
		entry[i] = rig_text(&rig, 100 + 37 * i, (unsigned)i);
	ask_key();
	return 0;
}

static int
stop(void **state)
{
	rig_close(&rig);
	return 0;
}

/* The root of the first N entries. */
static struct hash
root_of(size_t n)
{
	struct frontier f = { 0 };
	struct hash hash;

	for (size_t i = 0; i < n; i++) {
		tree_leaf(entry[i], &hash);
		frontier_append(&f, &hash);
	}
	frontier_root(&f, &hash);
	return hash;
}

/* Asks for a checkpoint of TO entries, after FROM of origin ORIGIN. */
static enum err
sign(uint32_t origin, size_t from, size_t to, struct str *note)
{
	struct log_extension x = { .tenant = ACME, .head = { origin, from },
		.entry = entry + from, .n = to - from };
	struct hash root = root_of(to);

	memcpy(x.root, root.bytes, sizeof(x.root));
	return vault_log_sign(rig.vault, &rig.cx, &x, note);
}

static void
assert_note(struct str note, uint32_t origin, size_t size)
{
	struct hash root = root_of(size);
	struct checkpoint c;
	const char *why;
	struct str line = str_sub(origin_line, 0, origin_line.n - 1);

	line = str_fmt(rig.arena, "%.*s%u", STR_ARG(line), origin);
	assert_true(note_check(rig.arena, note, &verifier, line, &c, &why));
	assert_int_equal(c.size, size);
	assert_memory_equal(c.root.bytes, root.bytes, sizeof(root.bytes));
}

static void
assert_head(uint32_t origin, size_t size)
{
	struct log_head head;

	assert_int_equal(vault_log_head(rig.vault, &rig.cx, ACME, &head), OK);
	assert_int_equal(head.origin, origin);
	assert_int_equal(head.size, size);
}

static void
a_growing_log_is_signed_step_by_step(void **state)
{
	static const size_t steps[] = { 1, 2, 7, 7, 8, 40 };
	struct str note;
	size_t from = 0;

	assert_head(0, 0);
	for (size_t i = 0; i < COUNT(steps); i++) {
		assert_int_equal(sign(0, from, steps[i], &note), OK);
		assert_note(note, 0, steps[i]);
		assert_head(0, steps[i]);
		from = steps[i];
	}
}

static void
the_names_are_made_from_the_deployment(void **state)
{
	struct vault_state st;
	struct str hex, name, line;

	assert_int_equal(vault_status(rig.vault, &rig.cx, &st), OK);
	hex = str_hex(rig.arena, (struct str) { (char *)st.deployment, 16 });
	name = str_fmt(rig.arena, "usher-%.8s", hex.p);
	line = str_fmt(rig.arena, "usher-%.16s/audit/%u/0", hex.p, ACME);
	assert_true(str_eq(verifier.name, name));
	assert_true(str_eq(origin_line, line));
}

static void
a_log_cut_back_is_not_signed(void **state)
{
	struct vault_state before, after;
	struct str note;

	assert_int_equal(sign(0, 0, 20, &note), OK);
	assert_int_equal(vault_status(rig.vault, &rig.cx, &before), OK);
	assert_int_equal(sign(0, 10, 30, &note), ERR_CONFLICT);
	assert_int_equal(rig.cx.fault.msg, MSG_VAULT_LOG_CHANGED);
	assert_int_equal(sign(0, 0, 10, &note), ERR_CONFLICT);
	assert_int_equal(sign(0, 0, 20, &note), ERR_CONFLICT);
	assert_int_equal(sign(1, 20, 30, &note), ERR_CONFLICT);
	assert_int_equal(vault_status(rig.vault, &rig.cx, &after), OK);
	assert_int_equal(after.alarms - before.alarms, 4);
	assert_int_equal(after.signed_checkpoints, before.signed_checkpoints);
	assert_int_equal(sign(0, 20, 30, &note), OK);
}

static void
a_changed_entry_is_not_signed(void **state)
{
	struct str note;

	assert_int_equal(sign(0, 0, 10, &note), OK);
	/* One before the head: the root is not what the vault computes. */
	((char *)entry[3].p)[5] ^= 1;
	assert_int_equal(sign(0, 10, 20, &note), ERR_CONFLICT);
	((char *)entry[3].p)[5] ^= 1;
	assert_int_equal(sign(0, 10, 20, &note), OK);
	assert_note(note, 0, 20);
}

static void
a_root_of_other_entries_than_were_sent_is_not_signed(void **state)
{
	struct log_extension x = { .tenant = ACME, .entry = entry, .n = 10 };
	struct hash root = root_of(11);
	struct str note;

	memcpy(x.root, root.bytes, sizeof(x.root));
	assert_int_equal(
	    vault_log_sign(rig.vault, &rig.cx, &x, &note), ERR_CONFLICT);
	assert_head(0, 0);
}

/* In pages the note is the one of all at once; a page that is left out is missed. */
static void
a_log_in_pages_is_signed_as_one(void **state)
{
	struct log_extension x = { .tenant = ACME, .entry = entry, .n = 7 };
	struct hash root = root_of(ENTRIES);
	struct str note;

	memcpy(x.root, root.bytes, sizeof(x.root));
	for (size_t from = 0; from < 35; from += 7) {
		x.head.size = from;
		x.entry = entry + from;
		x.goes_on = from > 0;
		assert_int_equal(vault_log_add(rig.vault, &rig.cx, &x), OK);
	}
	assert_head(0, 0);
	x.head.size = 35;
	x.entry = entry + 35;
	x.n = 5;
	assert_int_equal(vault_log_sign(rig.vault, &rig.cx, &x, &note), OK);
	assert_note(note, 0, ENTRIES);

	x.head.size = ENTRIES;
	x.n = 1;
	x.goes_on = true;
	assert_int_equal(vault_log_add(rig.vault, &rig.cx, &x), ERR_CONFLICT);
	x.head.size = 0;
	x.goes_on = false;
	assert_int_equal(vault_log_add(rig.vault, &rig.cx, &x), ERR_CONFLICT);
	assert_head(0, ENTRIES);
}

/* Larger than one frame each, and many frames together. */
static void
the_largest_entries_are_signed(void **state)
{
	struct str note;

	for (size_t i = 0; i < ENTRIES; i++)
		entry[i] = rig_text(&rig, i == 3 ? 0 : 65535 - i, (unsigned)i);
	assert_int_equal(sign(0, 0, ENTRIES, &note), OK);
	assert_note(note, 0, ENTRIES);
}

static void
an_entry_too_large_for_the_log_is_refused(void **state)
{
	struct str note;

	entry[2] = rig_text(&rig, 65536, 1);
	assert_int_equal(sign(0, 0, 4, &note), ERR_TOO_LARGE);
	assert_head(0, 0);
}

static void
two_tenants_have_two_logs(void **state)
{
	struct log_extension x = { .tenant = OTHER, .entry = entry, .n = 5 };
	struct hash root = root_of(5);
	struct str note, line, vkey;
	struct checkpoint c;
	const char *why;

	assert_int_equal(sign(0, 0, 10, &note), OK);
	memcpy(x.root, root.bytes, sizeof(x.root));
	assert_int_equal(vault_log_sign(rig.vault, &rig.cx, &x, &note), OK);
	assert_int_equal(
	    vault_log_key(rig.vault, &rig.cx, OTHER, &vkey, &line), OK);
	assert_false(str_eq(line, origin_line));
	assert_true(note_check(rig.arena, note, &verifier, line, &c, &why));
	assert_head(0, 10);
}

static void
an_accepted_rollback_begins_an_origin_with_the_last_note(void **state)
{
	struct log_head head;
	struct str note, last, again;

	assert_int_equal(sign(0, 0, 20, &note), OK);
	assert_int_equal(
	    vault_log_accept_rollback(rig.vault, &rig.cx, ACME, &head, &last),
	    OK);
	assert_int_equal(head.origin, 1);
	assert_int_equal(head.size, 0);
	assert_true(str_eq(last, note));
	/* Asked again before anything was signed: the same. */
	assert_int_equal(
	    vault_log_accept_rollback(rig.vault, &rig.cx, ACME, &head, &again),
	    OK);
	assert_int_equal(head.origin, 1);
	assert_true(str_eq(again, note));

	assert_int_equal(sign(0, 20, 30, &note), ERR_CONFLICT);
	assert_int_equal(sign(1, 0, 12, &note), OK);
	assert_note(note, 1, 12);
}

static void
an_accepted_rollback_is_durable_when_it_is_answered(void **state)
{
	struct log_head head;
	struct str note, last;
	int status;

	assert_int_equal(sign(0, 0, 20, &note), OK);
	assert_int_equal(
	    vault_log_accept_rollback(rig.vault, &rig.cx, ACME, &head, &last),
	    OK);
	assert_int_equal(kill(rig.pid, SIGKILL), 0);
	assert_int_equal(waitpid(rig.pid, &status, 0), rig.pid);
	rig.pid = 0;
	vault_close(rig.vault);
	close(rig.fd[1]);
	rig_start_ready(&rig);
	assert_head(1, 0);
}

static void
the_head_survives_a_restart(void **state)
{
	struct str note;

	assert_int_equal(sign(0, 0, 20, &note), OK);
	assert_int_equal(rig_stop(&rig), 0);
	rig_start_ready(&rig);
	assert_head(0, 20);
	assert_int_equal(sign(0, 10, 30, &note), ERR_CONFLICT);
	assert_int_equal(sign(0, 20, 30, &note), OK);
	assert_note(note, 0, 30);
}

static void
after_a_torn_tail_the_vault_goes_on_from_the_record_before(void **state)
{
	struct str note, path = rig_path(&rig, "heads.log");
	struct stat st;

	assert_int_equal(sign(0, 0, 20, &note), OK);
	assert_int_equal(sign(0, 20, 30, &note), OK);
	assert_int_equal(rig_stop(&rig), 0);
	assert_int_equal(stat(path.p, &st), 0);
	assert_int_equal(truncate(path.p, st.st_size - 7), 0);
	rig_start_ready(&rig);
	assert_head(0, 20);
	assert_int_equal(sign(0, 20, 40, &note), OK);
	assert_int_equal(rig_stop(&rig), 0);
	rig_start_ready(&rig);
	assert_head(0, 40);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, start, stop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FRESH(a_growing_log_is_signed_step_by_step),
		FRESH(the_names_are_made_from_the_deployment),
		FRESH(a_log_cut_back_is_not_signed),
		FRESH(a_changed_entry_is_not_signed),
		FRESH(a_root_of_other_entries_than_were_sent_is_not_signed),
		FRESH(a_log_in_pages_is_signed_as_one),
		FRESH(the_largest_entries_are_signed),
		FRESH(an_entry_too_large_for_the_log_is_refused),
		FRESH(two_tenants_have_two_logs),
		FRESH(an_accepted_rollback_begins_an_origin_with_the_last_note),
		FRESH(an_accepted_rollback_is_durable_when_it_is_answered),
		FRESH(the_head_survives_a_restart),
		FRESH(
		    after_a_torn_tail_the_vault_goes_on_from_the_record_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
