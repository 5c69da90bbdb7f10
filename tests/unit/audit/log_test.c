/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log_test.c - no change to a log or its export stays unseen, and no honest
 * one is blamed.
 */
#include "audit/log_int.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#undef fail	/* the name is ours (base/err.h) */

#include "testlog.h"

#define ENTRIES 100	/* of the log that is tampered with */
#define NONE	ENTRY_UNKNOWN

static struct verdict
in_memory(struct testlog *t, const struct str *entry, size_t n, struct str note)
{
	struct verdict v;

	log_verify(t->arena, entry, n, note, &t->key, &v);
	assert_int_equal(v.is_whole, v.why.n == 0);
	return v;
}

static struct verdict
in_folder(struct testlog *t, const char *dir)
{
	struct verdict v;

	assert_int_equal(
	    log_verify_dir(&t->cx, dir, t->vkey, STR(TEST_ORIGIN), &v), OK);
	assert_int_equal(v.is_whole, v.why.n == 0);
	return v;
}

static void
assert_found(struct testlog *t, struct verdict v, const char *why, uint64_t at)
{
	assert_false(v.is_whole);
	assert_string_equal(str_z(t->arena, v.why), why);
	assert_int_equal(v.at, at);
}

static void
honest_logs_of_every_shape_are_whole(void **state)
{
	static const size_t sizes[] = { 0, 1, 2, 255, 256, 257, 511, 512, 513,
		1000, 5000 };
	struct testlog *t = testlog_open(5000);

	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		size_t n = sizes[i];
		struct str note = testlog_note(t, TEST_ORIGIN, t->entry, n);
		struct verdict v = in_memory(t, t->entry, n, note);

		assert_true(v.is_whole);
		assert_int_equal(v.entries, n);
		v = in_folder(t, testlog_export(t, t->entry, n, note));
		assert_true(v.is_whole);
		assert_int_equal(v.size, n);
		assert_int_equal(v.entries, n);
		assert_int_equal(v.at, ENTRY_UNKNOWN);
	}
	testlog_close(t);
}

/* log_verify() after the checkpoint, which is the same each time. */
static bool
is_whole(struct testlog *t, const struct check *begun, struct arena *scratch)
{
	struct verdict v = *begun->out;
	struct check c = *begun;
	struct hash leaf;

	c.out = &v;
	c.arena = scratch;
	for (size_t i = 0; i < t->n; i++)
		check_leaf(&c, t->entry[i], &leaf);
	for (size_t i = 0; i < t->n; i++)
		check_form(&c, scratch, i, t->entry[i]);
	check_end(&c);
	return v.is_whole;
}

static void
every_flipped_bit_of_every_entry_is_seen(void **state)
{
	struct testlog *t = testlog_open(ENTRIES);
	struct arena *a = arena_open(1 << 24);
	struct verdict v;
	struct check c = { .arena = t->arena, .key = &t->key, .out = &v };

	(void)state;
	assert_true(check_begin(&c, t->note, STR("")));
	assert_true(is_whole(t, &c, a));
	for (size_t i = 0; i < t->n; i++)
		for (size_t bit = 0; bit < 8 * t->entry[i].n; bit++) {
			char *byte = (char *)t->entry[i].p + bit / 8;

			*byte = (char)(*byte ^ 1 << bit % 8);
			arena_reset(a);
			assert_false(is_whole(t, &c, a));
			if (bit % 64 == 0)
				assert_false(
				    in_memory(t, t->entry, t->n, t->note)
					.is_whole);
			*byte = (char)(*byte ^ 1 << bit % 8);
		}
	assert_true(is_whole(t, &c, a));
	arena_close(a);
	testlog_close(t);
}

static void
every_entry_removed_doubled_swapped_or_cut_off_is_seen(void **state)
{
	struct testlog *t = testlog_open(ENTRIES);
	const size_t n = t->n;
	struct str *e = arena_array(t->arena, n + 1, sizeof(*e));

	(void)state;
	for (size_t i = 0; i < n; i++) {
		memcpy(e, t->entry, n * sizeof(*e));
		memmove(e + i, e + i + 1, (n - i - 1) * sizeof(*e));
		assert_false(in_memory(t, e, n - 1, t->note).is_whole);
		assert_false(in_memory(t, t->entry, i, t->note).is_whole);

		memcpy(e, t->entry, n * sizeof(*e));
		memmove(e + i + 1, e + i, (n - i) * sizeof(*e));
		assert_false(in_memory(t, e, n + 1, t->note).is_whole);
		/* Doubled over its neighbour, so that the number is right. */
		assert_false(i + 1 < n && in_memory(t, e, n, t->note).is_whole);

		memcpy(e, t->entry, n * sizeof(*e));
		e[i] = t->entry[(i + 1) % n];
		e[(i + 1) % n] = t->entry[i];
		assert_false(in_memory(t, e, n, t->note).is_whole);

		memcpy(e, t->entry, n * sizeof(*e));
		e[i].n--;
		assert_false(in_memory(t, e, n, t->note).is_whole);
	}
	testlog_close(t);
}

static void
every_flipped_bit_of_the_checkpoint_is_seen(void **state)
{
	struct testlog *t = testlog_open(ENTRIES);

	(void)state;
	for (size_t bit = 0; bit < 8 * t->note.n; bit++)
		assert_false(in_memory(
		    t, t->entry, t->n, flipped(t->arena, t->note, bit))
				 .is_whole);
	testlog_close(t);
}

/* Turns one bit on disk, looks, and turns it back. */
static void
flip_on_disk(struct testlog *t, const char *dir, const char *path, size_t bit)
{
	char *file = str_z(t->arena, str_fmt(t->arena, "%s/%s", dir, path));
	int fd = open(file, O_RDWR | O_CLOEXEC);
	char byte, other;

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &byte, 1, (off_t)(bit / 8)), 1);
	other = (char)(byte ^ 1 << bit % 8);
	assert_int_equal(pwrite(fd, &other, 1, (off_t)(bit / 8)), 1);
	assert_false(in_folder(t, dir).is_whole);
	assert_int_equal(pwrite(fd, &byte, 1, (off_t)(bit / 8)), 1);
	close(fd);
}

/* Of the checkpoint every bit, else one of every byte, each time another. */
static void
flips_in_every_file_of_an_export_are_seen(void **state)
{
	static const struct {
		const char *path;
		size_t step;
	} files[] = {
		{ "checkpoint", 1 },
		{ "vkey", 9 },
		{ "origin", 9 },
		{ "tile/0/000.p/100", 9 },
		{ "tile/entries/000.p/100", 9 },
	};
	struct testlog *t = testlog_open(ENTRIES);
	const char *dir = testlog_export(t, t->entry, t->n, t->note);

	(void)state;
	for (size_t i = 0; i < COUNT(files); i++) {
		size_t bits = 8 * file_get(t, dir, files[i].path).n;

		for (size_t bit = 0; bit < bits; bit += files[i].step)
			flip_on_disk(t, dir, files[i].path, bit);
	}
	assert_true(in_folder(t, dir).is_whole);
	testlog_close(t);
}

/* What is done to the export of a log of 300 entries; what is said of it. */
static const struct {
	struct tamper tamper;
	const char   *why;
	uint64_t      at;
} tampered[] = {
	{ { FLIP, "checkpoint", NULL, 0 }, "checkpoint: its signature is wrong", NONE },
	{ { CUT, "checkpoint", NULL, 1 }, "checkpoint: it has a malformed signature line", NONE },
	{ { CUT, "checkpoint", NULL, 150 },
	  "checkpoint: it is not a checkpoint in the one form that is allowed", NONE },
	{ { GROW, "checkpoint", NULL, 0 }, "checkpoint: it has a malformed signature line", NONE },
	{ { DROP, "checkpoint", NULL, 0 }, "checkpoint: the file is missing", NONE },
	{ { FLIP, "origin", NULL, 1 }, "origin: it is not the origin of the checkpoint", NONE },
	{ { CUT, "origin", NULL, 1 }, "origin: it is not the origin of the checkpoint", NONE },
	{ { DROP, "origin", NULL, 0 }, "origin: the file is missing", NONE },
	{ { FLIP, "vkey", NULL, 1 }, "vkey: it is not the trusted key", NONE },
	{ { GROW, "vkey", NULL, 0 }, "vkey: it is not the trusted key", NONE },
	{ { DROP, "vkey", NULL, 0 }, "vkey: the file is missing", NONE },
	{ { FLIP, "tile/0/000", NULL, 8 * 32 * 9 }, "tile/0/000: hash 9 is not the one that the entries give", 9 },
	{ { CUT, "tile/0/000", NULL, 1 }, "tile/0/000: its length is wrong", NONE },
	{ { GROW, "tile/0/000", NULL, 0 }, "tile/0/000: its length is wrong", NONE },
	{ { DROP, "tile/0/000", NULL, 0 }, "tile/0/000: the file is missing", NONE },
	{ { FLIP, "tile/0/001.p/44", NULL, 8 * 32 * 44 - 1 },
	  "tile/0/001.p/44: hash 43 is not the one that the entries give", 299 },
	{ { CUT, "tile/0/001.p/44", NULL, 32 }, "tile/0/001.p/44: its length is wrong", NONE },
	{ { GROW, "tile/0/001.p/44", NULL, 0 }, "tile/0/001.p/44: its length is wrong", NONE },
	{ { MOVE, "tile/0/001.p/44", "tile/0/001.p/43", 0 },
	  "tile/0/001.p/43: it does not belong to a log of 300 entries", NONE },
	{ { DROP, "tile/0/001.p/44", NULL, 0 }, "tile/0/001.p: the folder is empty", NONE },
	{ { FLIP, "tile/1/000.p/1", NULL, 200 },
	  "tile/1/000.p/1: hash 0 is not the one that the entries give", NONE },
	{ { FLIP, "tile/entries/000", NULL, 16 }, "tile/0/000: hash 0 is not the one that the entries give", 0 },
	{ { CUT, "tile/entries/000", NULL, 1 }, "tile/entries/000: it ends within entry 255", 255 },
	{ { GROW, "tile/entries/000", NULL, 0 }, "tile/entries/000: bytes follow its last entry", 255 },
	{ { DROP, "tile/entries/000", NULL, 0 }, "tile/entries/000: the file is missing", NONE },
	{ { CUT, "tile/entries/001.p/44", NULL, 1 }, "tile/entries/001.p/44: it ends within entry 299", 299 },
	{ { GROW, "tile/entries/001.p/44", NULL, 0 }, "tile/entries/001.p/44: bytes follow its last entry", 299 },
	{ { MOVE, "tile/entries/001.p/44", "tile/entries/001", 0 },
	  "tile/entries/001: it does not belong to a log of 300 entries", NONE },
	{ { COPY, "tile/entries/000", "tile/entries/002", 0 },
	  "tile/entries/002: it does not belong to a log of 300 entries", NONE },
	{ { COPY, "tile/0/000", "tile/0/000.p/255", 0 },
	  "tile/0/000.p/255: it does not belong to a log of 300 entries", NONE },
	{ { COPY, "tile/0/000", "tile/0/x000/000", 0 },
	  "tile/0/x000/000: it does not belong to a log of 300 entries", NONE },
	{ { COPY, "tile/0/000", "tile/2/000.p/1", 0 },
	  "tile/2/000.p/1: it does not belong to a log of 300 entries", NONE },
	{ { COPY, "vkey", "a \x1b[31mname", 0 }, "a??[31mname: it does not belong to a log of 300 entries", NONE },
	{ { COPY, "vkey", "a/b/c/d/e/f/g/h/i/j/k", 0 },
	  "a/b/c/d/e/f/g/h/i: it does not belong to a log of 300 entries", NONE },
	{ { COPY, "tile/entries/000", "tile/entries/001.p/44", 0 },
	  "tile/entries/001.p/44: bytes follow its last entry", 299 },
	{ { COPY, "tile/entries/001.p/44", "tile/entries/000", 0 }, "tile/entries/000: it ends within entry 44", 44 },
	{ { COPY, "tile/entries/001.p/44", "checkpoint", 0 },
	  "checkpoint: it is not a checkpoint in the one form that is allowed", NONE },
	{ { FOLDER, "tile/3", NULL, 0 }, "tile/3: the folder is empty", NONE },
	{ { LINK, "tile/0/000", NULL, 0 }, "tile/0/000: it is not a plain file", NONE },
	{ { LINK, "checkpoint", NULL, 0 }, "checkpoint: it is not a plain file", NONE },
};

static void
each_change_of_an_export_is_told_by_name(void **state)
{
	struct testlog *t = testlog_open(300);
	const char *dir;

	(void)state;
	for (size_t i = 0; i < COUNT(tampered); i++) {
		dir = testlog_export(t, t->entry, t->n, t->note);
		tamper(t, dir, &tampered[i].tamper);
		assert_found(
		    t, in_folder(t, dir), tampered[i].why, tampered[i].at);
	}
	testlog_close(t);
}

static void
a_folder_with_too_many_names_is_refused(void **state)
{
	struct testlog *t = testlog_open(3);
	const char *dir = testlog_export(t, t->entry, t->n, t->note);

	(void)state;
	for (int i = 0; i < 4096; i++)
		file_put(t, dir, str_z(t->arena, str_fmt(t->arena, "%d", i)),
		    STR(""));
	assert_found(t, in_folder(t, dir),
	    ".: the folder cannot be read or holds too many names",
	    ENTRY_UNKNOWN);
	testlog_close(t);
}

/* Somebody who writes every file anew but cannot sign. */
static void
a_rewritten_export_fails_at_the_checkpoint(void **state)
{
	struct testlog *t = testlog_open(ENTRIES);
	struct str note = t->note, other;
	const char *dir;

	(void)state;
	t->entry[50] = t->entry[51];
	other = testlog_note(t, TEST_ORIGIN, t->entry, t->n);
	dir = testlog_export(t, t->entry, t->n, other);
	assert_true(in_folder(t, dir).is_whole);
	file_put(t, dir, "checkpoint", note);
	assert_found(t, in_folder(t, dir),
	    "checkpoint: its root is not the one that the entries give",
	    ENTRY_UNKNOWN);
	assert_found(t, in_memory(t, t->entry, t->n, note),
	    "checkpoint: its root is not the one that the entries give",
	    ENTRY_UNKNOWN);
	assert_found(t, in_memory(t, t->entry, t->n - 1, note),
	    "checkpoint: it is of 100 entries, there are 99", ENTRY_UNKNOWN);

	t->seed[0] ^= 1;
	file_put(
	    t, dir, "checkpoint", testlog_note(t, TEST_ORIGIN, t->entry, t->n));
	assert_found(t, in_folder(t, dir), "checkpoint: its signature is wrong",
	    ENTRY_UNKNOWN);
	testlog_close(t);
}

/* Even what is signed must be a log. */
static void
a_signed_log_of_malformed_entries_is_refused(void **state)
{
	const size_t at = 37;
	struct testlog *t = testlog_open(ENTRIES);
	struct str note, honest = t->entry[at];
	char *p = arena_copy(t->arena, honest.p, honest.n);

	(void)state;
	p[0] = 2;
	t->entry[at].p = p;
	note = testlog_note(t, TEST_ORIGIN, t->entry, t->n);
	assert_found(t, in_memory(t, t->entry, t->n, note),
	    "entry 37: its version is unknown", at);
	assert_found(t, in_folder(t, testlog_export(t, t->entry, t->n, note)),
	    "entry 37: its version is unknown", at);

	t->entry[at] = str_sub(honest, 0, honest.n - 1);
	note = testlog_note(t, TEST_ORIGIN, t->entry, t->n);
	assert_found(t, in_memory(t, t->entry, t->n, note),
	    "entry 37: it is cut short", at);
	testlog_close(t);
}

static void
time_may_run_backwards_by_five_seconds_and_no_more(void **state)
{
	static const struct {
		int64_t ms[4];
		const char *why;
		uint64_t at;
	} cases[] = {
		{ { 10000, 5000, 5000, 10000 }, "", ENTRY_UNKNOWN },
		{ { 10000, 4999, 9999, 9999 },
		    "entry 1: its time is more than 5 s before that of an "
		    "earlier one",
		    1 },
		/* In small steps too. */
		{ { 10000, 7000, 4000, 4000 },
		    "entry 2: its time is more than 5 s before that of an "
		    "earlier one",
		    2 },
		{ { INT64_MIN, INT64_MIN, 0, INT64_MAX }, "", ENTRY_UNKNOWN },
		{ { INT64_MAX, INT64_MAX, 0, 0 },
		    "entry 2: its time is more than 5 s before that of an "
		    "earlier one",
		    2 },
	};
	struct testlog *t = testlog_open(4);
	struct verdict v;
	struct entry e;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		for (size_t k = 0; k < 4; k++) {
			assert_true(entry_decode(t->arena, t->entry[k], &e));
			e.time_ms = cases[i].ms[k];
			t->entry[k] = entry_encode(t->arena, &e);
		}
		v = in_memory(
		    t, t->entry, 4, testlog_note(t, TEST_ORIGIN, t->entry, 4));
		assert_string_equal(str_z(t->arena, v.why), cases[i].why);
		assert_int_equal(v.at, cases[i].at);
	}
	testlog_close(t);
}

static void
a_continued_log_begins_with_the_last_checkpoint_before(void **state)
{
	static const char not_last[] = "entry 0: the last checkpoint of the "
				       "origin before must stand here: ";
	const struct {
		const char *origin, *before, *why;
	} cases[] = {
		{ "test/audit/7/1", "test/audit/7/0", NULL },
		{ "test/audit/7/10", "test/audit/7/9", NULL },
		{ "test/audit/7/2", "test/audit/7/0",
		    "it is the checkpoint of another log" },
		{ "test/audit/7/1", "test/audit/7/1",
		    "it is the checkpoint of another log" },
		{ "test/audit/7/1", "test/audit/8/0",
		    "it is the checkpoint of another log" },
		{ "test/audit/7/1", NULL,
		    "it is not a checkpoint in the one form that is allowed" },
	};
	struct testlog *t = testlog_open(20);
	struct str first = t->entry[0];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct str note;
		struct verdict v;
		const char *dir;

		t->entry[0] = cases[i].before == NULL
		    ? first
		    : testlog_note(t, cases[i].before, t->entry + 1, 9);
		note = testlog_note(t, cases[i].origin, t->entry, t->n);
		dir = testlog_export(t, t->entry, t->n, note);
		assert_int_equal(log_verify_dir(&t->cx, dir, t->vkey,
				     str_of(cases[i].origin), &v),
		    OK);
		if (cases[i].why == NULL)
			assert_true(v.is_whole);
		else
			assert_found(t, v,
			    str_z(t->arena,
				str_fmt(
				    t->arena, "%s%s", not_last, cases[i].why)),
			    0);
	}

	/* Where nothing is continued, a checkpoint is no entry. */
	assert_found(t, in_memory(t, t->entry + 1, 0, t->note),
	    "checkpoint: it is of 20 entries, there are 0", ENTRY_UNKNOWN);
	t->entry[0] = t->note;
	assert_found(t,
	    in_memory(t, t->entry, t->n,
		testlog_note(t, TEST_ORIGIN, t->entry, t->n)),
	    "entry 0: its version is unknown", 0);
	testlog_close(t);
}

static void
only_a_number_after_the_last_slash_continues_a_log(void **state)
{
	static const char *const origins[] = {
		"alone",
		"7",
		"test/audit/",
		"test/audit/0",
		"test/audit/01",
		"test/audit/7a",
		"test/audit/x7",
		"test/audit/-1",
		"test/audit/99999999999999999999",
	};
	struct testlog *t = testlog_open(3);

	(void)state;
	for (size_t i = 0; i < COUNT(origins); i++)
		assert_true(in_memory(t, t->entry, t->n,
		    testlog_note(t, origins[i], t->entry, t->n))
				.is_whole);
	testlog_close(t);
}

static struct verdict
extends(struct testlog *t, const char *dir, struct str older)
{
	struct verdict v;

	assert_int_equal(
	    log_verify_extends(&t->cx, dir, t->vkey, older, &v), OK);
	return v;
}

static void
a_grown_log_extends_every_checkpoint_it_ever_had(void **state)
{
	static const size_t sizes[] = { 0, 1, 2, 100, 255, 256, 257, 299, 300 };
	struct testlog *t = testlog_open(300);
	const char *dir = testlog_export(t, t->entry, t->n, t->note);

	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++)
		assert_true(extends(
		    t, dir, testlog_note(t, TEST_ORIGIN, t->entry, sizes[i]))
				.is_whole);
	testlog_close(t);
}

static void
a_rolled_back_log_and_a_log_with_two_faces_are_told(void **state)
{
	struct testlog *t = testlog_open(300);
	struct str older = testlog_note(t, TEST_ORIGIN, t->entry, 200);
	const char *dir = testlog_export(
	    t, t->entry, 199, testlog_note(t, TEST_ORIGIN, t->entry, 199));

	(void)state;
	assert_found(t, extends(t, dir, older),
	    "older checkpoint: it is of 200"
	    " entries, this log has only 199: it was rolled back",
	    ENTRY_UNKNOWN);

	t->entry[7] = t->entry[8];
	dir = testlog_export(
	    t, t->entry, t->n, testlog_note(t, TEST_ORIGIN, t->entry, t->n));
	assert_true(in_folder(t, dir).is_whole);
	assert_found(t, extends(t, dir, older),
	    "older checkpoint: its root is "
	    "not the one that the first 200 entries give: the log shows two "
	    "faces",
	    ENTRY_UNKNOWN);
	assert_true(extends(t, dir, testlog_note(t, TEST_ORIGIN, t->entry, 200))
			.is_whole);
	assert_true(extends(t, dir, testlog_note(t, TEST_ORIGIN, t->entry, 7))
			.is_whole);

	assert_found(t,
	    extends(t, dir, testlog_note(t, "test/audit/8/0", t->entry, 200)),
	    "older checkpoint: it is the checkpoint of another"
	    " log",
	    ENTRY_UNKNOWN);
	assert_found(t, extends(t, dir, str_sub(older, 0, 50)),
	    "older "
	    "checkpoint: it is not a checkpoint in the one form that is "
	    "allowed",
	    ENTRY_UNKNOWN);
	/* An empty log has one root, too. */
	older = testlog_sign(t,
	    STR(TEST_ORIGIN
		"\n0\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"));
	assert_found(t, extends(t, dir, older),
	    "older checkpoint: its root is "
	    "not the one that the first 0 entries give: the log shows two "
	    "faces",
	    ENTRY_UNKNOWN);
	testlog_close(t);
}

static void
what_cannot_be_verified_at_all_is_an_error(void **state)
{
	struct testlog *t = testlog_open(3);
	const char *dir = testlog_export(t, t->entry, t->n, t->note);
	struct verdict v;

	(void)state;
	assert_int_equal(
	    log_verify_dir(&t->cx, dir, STR("no key"), STR(""), &v),
	    ERR_BAD_INPUT);
	assert_int_equal(t->cx.fault.msg, MSG_AUDIT_VKEY);
	assert_int_equal(
	    log_verify_dir(&t->cx, testlog_folder(t), t->vkey, STR(""), &v),
	    ERR_NOT_FOUND);
	assert_int_equal(t->cx.fault.msg, MSG_AUDIT_FOLDER);
	assert_int_equal(
	    log_verify_extends(&t->cx, dir, STR("no key"), t->note, &v),
	    ERR_BAD_INPUT);

	assert_int_equal(log_verify_dir(&t->cx, dir, t->vkey, STR(""), &v), OK);
	assert_true(v.is_whole);
	assert_int_equal(
	    log_verify_dir(&t->cx, dir, t->vkey, STR("test/audit/8/0"), &v),
	    OK);
	assert_found(t, v, "checkpoint: it is the checkpoint of another log",
	    ENTRY_UNKNOWN);
	testlog_close(t);
}

static void
an_export_goes_into_an_empty_folder_only(void **state)
{
	struct testlog *t = testlog_open(3);
	const char *dir = testlog_export(t, t->entry, t->n, t->note);
	struct tile_writer *w;

	(void)state;
	assert_int_equal(tile_writer_open(&t->cx, dir, &w), ERR_CONFLICT);
	assert_int_equal(t->cx.fault.msg, MSG_AUDIT_NOT_EMPTY);
	dir = str_z(t->arena, str_fmt(t->arena, "%s/a/b", testlog_folder(t)));
	assert_int_equal(tile_writer_open(&t->cx, dir, &w), ERR_NOT_FOUND);
	assert_int_equal(t->cx.fault.msg, MSG_AUDIT_WRITE);
	dir = testlog_folder(t);
	file_put(t, str_z(t->arena, t->folder), strrchr(dir, '/') + 1, STR(""));
	assert_int_equal(tile_writer_open(&t->cx, dir, &w), ERR_NOT_FOUND);
	testlog_close(t);
}

static void
an_export_ends_only_with_the_checkpoint_of_its_entries(void **state)
{
	struct testlog *t = testlog_open(3);
	const struct {
		struct str note, vkey;
		enum err err;
		enum msg msg;
	} cases[] = {
		{ t->note, STR("no key"), ERR_BAD_INPUT, MSG_AUDIT_VKEY },
		{ STR("no note"), t->vkey, ERR_CONFLICT, MSG_AUDIT_NOTE },
		{ testlog_note(t, TEST_ORIGIN, t->entry, 2), t->vkey,
		    ERR_CONFLICT, MSG_AUDIT_NOTE },
		{ testlog_note(t, TEST_ORIGIN, t->entry + 1, 3), t->vkey,
		    ERR_CONFLICT, MSG_AUDIT_NOTE },
		{ t->note, t->vkey, OK, MSG_NONE },
	};
	const char *dir = testlog_folder(t);
	struct tile_writer *w;

	(void)state;
	assert_int_equal(tile_writer_open(&t->cx, dir, &w), OK);
	assert_int_equal(tile_writer_add(&t->cx, w, (struct str) { "", 65536 }),
	    ERR_TOO_LARGE);
	for (size_t i = 0; i < t->n; i++)
		assert_int_equal(tile_writer_add(&t->cx, w, t->entry[i]), OK);
	for (size_t i = 0; i < COUNT(cases); i++) {
		t->cx.fault.msg = MSG_NONE;
		assert_int_equal(
		    tile_writer_close(&t->cx, w, cases[i].note, cases[i].vkey),
		    cases[i].err);
		assert_int_equal(t->cx.fault.msg, cases[i].msg);
	}
	assert_true(in_folder(t, dir).is_whole);
	testlog_close(t);
}

static void
something_in_the_way_of_an_export_is_named(void **state)
{
	static const struct {
		const char *path; /* a file or, with a slash, a folder */
		enum err err;
		const char *named;
	} cases[] = {
		{ "vkey/", ERR_CONFLICT, "vkey" },
		{ "origin/", ERR_CONFLICT, "origin" },
		{ "checkpoint/", ERR_DENIED, "checkpoint" },
		{ "tile", ERR_NOT_FOUND, "tile/entries/000.p/3" },
		{ "tile/0", ERR_NOT_FOUND, "tile/0/000.p/3" },
		{ "tile/0/000.p/3/", ERR_CONFLICT, "tile/0/000.p/3" },
	};
	struct testlog *t = testlog_open(3);

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *dir = testlog_folder(t);
		const char *in_way =
		    str_z(t->arena, str_fmt(t->arena, "%sx", cases[i].path));
		struct tile_writer *w;
		size_t n = strlen(cases[i].path);

		assert_int_equal(tile_writer_open(&t->cx, dir, &w), OK);
		file_put(t, dir,
		    cases[i].path[n - 1] == '/' ? in_way : cases[i].path,
		    STR(""));
		for (size_t k = 0; k < t->n; k++)
			assert_int_equal(
			    tile_writer_add(&t->cx, w, t->entry[k]), OK);
		assert_int_equal(tile_writer_close(&t->cx, w, t->note, t->vkey),
		    cases[i].err);
		assert_int_equal(t->cx.fault.msg, MSG_AUDIT_WRITE);
		assert_string_equal(
		    str_z(t->arena, t->cx.fault.args[0]), cases[i].named);
	}
	testlog_close(t);
}

/* Files may not grow beyond LIMIT bytes while this runs. */
static enum err
export_with_limit(struct testlog *t, const char *dir, rlim_t limit)
{
	struct rlimit old, now;
	struct tile_writer *w;
	enum err err = OK;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	now = (struct rlimit) { limit, old.rlim_max };
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(tile_writer_open(&t->cx, dir, &w), OK);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &now), 0);
	for (size_t i = 0; i < t->n && err == OK; i++)
		err = tile_writer_add(&t->cx, w, t->entry[i]);
	if (err == OK)
		err = tile_writer_close(&t->cx, w, t->note, t->vkey);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	return err;
}

static void
an_export_that_cannot_be_written_fails_and_has_no_checkpoint(void **state)
{
	struct testlog *t = testlog_open(300);
	const size_t largest = file_get(
	    t, testlog_export(t, t->entry, t->n, t->note), "tile/entries/000")
				   .n;
	const char *dir;

	(void)state;
	for (rlim_t limit = 0; limit < largest; limit += 37) {
		dir = testlog_folder(t);
		assert_int_not_equal(export_with_limit(t, dir, limit), OK);
		assert_int_equal(t->cx.fault.msg, MSG_AUDIT_WRITE);
		assert_found(t, in_folder(t, dir),
		    "checkpoint: the file is missing", ENTRY_UNKNOWN);
	}
	dir = testlog_folder(t);
	assert_int_equal(export_with_limit(t, dir, largest), OK);
	assert_true(in_folder(t, dir).is_whole);
	testlog_close(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(honest_logs_of_every_shape_are_whole),
		cmocka_unit_test(every_flipped_bit_of_every_entry_is_seen),
		cmocka_unit_test(
		    every_entry_removed_doubled_swapped_or_cut_off_is_seen),
		cmocka_unit_test(every_flipped_bit_of_the_checkpoint_is_seen),
		cmocka_unit_test(flips_in_every_file_of_an_export_are_seen),
		cmocka_unit_test(each_change_of_an_export_is_told_by_name),
		cmocka_unit_test(a_folder_with_too_many_names_is_refused),
		cmocka_unit_test(a_rewritten_export_fails_at_the_checkpoint),
		cmocka_unit_test(a_signed_log_of_malformed_entries_is_refused),
		cmocka_unit_test(
		    time_may_run_backwards_by_five_seconds_and_no_more),
		cmocka_unit_test(
		    a_continued_log_begins_with_the_last_checkpoint_before),
		cmocka_unit_test(
		    only_a_number_after_the_last_slash_continues_a_log),
		cmocka_unit_test(
		    a_grown_log_extends_every_checkpoint_it_ever_had),
		cmocka_unit_test(
		    a_rolled_back_log_and_a_log_with_two_faces_are_told),
		cmocka_unit_test(what_cannot_be_verified_at_all_is_an_error),
		cmocka_unit_test(an_export_goes_into_an_empty_folder_only),
		cmocka_unit_test(
		    an_export_ends_only_with_the_checkpoint_of_its_entries),
		cmocka_unit_test(something_in_the_way_of_an_export_is_named),
		cmocka_unit_test(
		    an_export_that_cannot_be_written_fails_and_has_no_checkpoint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
