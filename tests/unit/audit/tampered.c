/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tampered.c - writes honest and tampered exports for second_test.py.
 *
 *	audit_tampered FOLDER N SEED
 *
 * Below FOLDER: `vkey`, an `older` checkpoint of 200 entries, honest exports
 * h0, h1, … and N tampered ones t0, t1, …; prints for each export what the
 * first verifier says, in the form of the second one's output.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "testlog.h"

#define ENTRIES 300

static const size_t honest[] = { 0, 1, 2, 255, 256, 257, 300, 513 };

/* Of an export of 300 entries. */
static const char *const paths[] = {
	"checkpoint", "origin", "vkey", "tile/0/000", "tile/0/001.p/44",
	"tile/1/000.p/1", "tile/entries/000", "tile/entries/001.p/44",
};

static uint64_t seed;

/* A number below N; splitmix64, so that a seed gives the same exports. */
static size_t
draw(size_t n)
{
	uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (size_t)((z ^ z >> 31) % n);
}

static void
say(struct testlog *t, const char *dir)
{
	struct str root;
	struct verdict v;

	must(log_verify_dir(&t->cx, dir, t->vkey, STR(""), &v) == OK);
	if (!v.is_whole) {
		printf("%s: wrong: %.*s\n", dir, STR_ARG(v.why));
		return;
	}
	root =
	    str_hex(t->arena, (struct str) { (const char *)v.root.bytes, 32 });
	printf("%s: whole, %" PRIu64 " entries, root %.*s\n", dir, v.size,
	    STR_ARG(root));
}

/* A file changed, cut, grown, dropped, moved, copied or linked. */
static void
one_file(struct testlog *t, const char *dir)
{
	static const char *const other[] = {
		"tile/0/002",
		"tile/0/000.p/9",
		"tile/2/000.p/1",
		"extra",
		"tile/0/x000/000",
		"tile/entries/001.p/45",
		"tile/entries/001",
	};
	struct tamper how = { FLIP, paths[draw(COUNT(paths))], NULL, 0 };
	size_t n = file_get(t, dir, how.path).n;

	if (draw(3) > 0)
		how.how = (int)draw(LINK + 1);
	how.n = how.how == FLIP ? draw(8 * n) : 1 + draw(n);
	how.to = draw(2) == 0 ? other[draw(COUNT(other))]
			      : paths[draw(COUNT(paths))];
	if (how.how == FOLDER)
		how.path = "tile/3";
	if ((how.how == MOVE || how.how == COPY) &&
	    str_eq(str_of(how.to), str_of(how.path)))
		how.how = DROP;
	tamper(t, dir, &how);
}

/*
 * Entries changed and everything made anew: with the old checkpoint, or with
 * one that is honestly signed over something that is no log.
 */
static const char *
entries(struct testlog *t, struct str *e)
{
	const char *origin = TEST_ORIGIN, *dir;
	size_t at = draw(ENTRIES - 1), n = ENTRIES, how = draw(7);
	struct str was = e[at];

	if (how == 0)
		e[at] = flipped(t->arena, was, draw(8 * was.n));
	else if (how == 1 || how == 2)
		e[at] = e[at + 1];
	else if (how == 3)
		n -= 1 + draw(n - 1);
	else if (how == 4)
		e[at] = str_sub(was, 0, draw(was.n));
	else if (how == 5)
		e[at] = flipped(t->arena, was, draw(8));
	else
		origin = "test/audit/7/1";
	if (how == 2)
		e[at + 1] = was;

	dir = testlog_export(t, e, n, testlog_note(t, origin, e, n));
	if (how < 4)
		file_put(t, dir, "checkpoint", t->note);
	return dir;
}

static const char *
tampered(struct testlog *t)
{
	struct str *e =
	    arena_copy(t->arena, t->entry, ENTRIES * sizeof(*t->entry));
	const char *dir;

	if (draw(4) == 0)
		return entries(t, e);
	dir = testlog_export(t, t->entry, ENTRIES, t->note);
	one_file(t, dir);
	return dir;
}

int
main(int argc, char **argv)
{
	struct testlog *t = testlog_open(513);
	int64_t n;

	must(argc == 4 && str_int(str_of(argv[2]), &n));
	seed = strtoull(argv[3], NULL, 10);
	t->note = testlog_note(t, TEST_ORIGIN, t->entry, ENTRIES);
	testlog_move(t, argv[1]);
	file_put(t, argv[1], "vkey", t->vkey);
	file_put(
	    t, argv[1], "older", testlog_note(t, TEST_ORIGIN, t->entry, 200));
	for (size_t i = 0; i < COUNT(honest); i++)
		say(t,
		    testlog_export(t, t->entry, honest[i],
			testlog_note(t, TEST_ORIGIN, t->entry, honest[i])));
	for (int64_t i = 0; i < n; i++)
		say(t, tampered(t));
	testlog_close(t);
	return 0;
}
