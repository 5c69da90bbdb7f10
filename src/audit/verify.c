/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify.c - the checks of a log that need no files.  The texts of findings
 * are English and stable: the second verifier (tool/verify-log.py) gives the
 * same ones, and a test holds the two together.
 */
#include "audit/log_int.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define BACKWARDS_MS 5000

static void check_older(struct check *);
static bool origin_before(struct arena *, struct str origin,
    struct str *before);
static void check_continued(struct check *, struct arena *scratch,
    struct str before, struct str entry);
static bool hash_eq(const struct hash *, const struct hash *);

void
log_verify(struct arena *a, const struct str *entry, size_t n, struct str note,
    const struct verifier *key, struct verdict *out)
{
	struct check c = { .arena = a, .key = key, .out = out };
	struct hash leaf;

	if (!check_begin(&c, note, STR("")))
		return;
	for (size_t i = 0; i < n; i++)
		check_leaf(&c, entry[i], &leaf);
	for (size_t i = 0; i < n; i++)
		check_form(&c, a, i, entry[i]);
	check_end(&c);
}

bool
check_begin(struct check *c, struct str note, struct str origin)
{
	const char *why;

	*c->out = (struct verdict) { .at = ENTRY_UNKNOWN };
	c->latest_ms = INT64_MIN + BACKWARDS_MS;
	if (!note_check(c->arena, note, c->key, origin, &c->now, &why)) {
		finding(c, ENTRY_UNKNOWN, "checkpoint: %s", why);
		return false;
	}
	c->out->size = c->now.size;
	c->out->root = c->now.root;
	return true;
}

bool
check_begin_older(struct check *c, struct str note, struct checkpoint *older)
{
	const char *why;

	if (!note_check(c->arena, note, c->key, c->now.origin, older, &why)) {
		finding(c, ENTRY_UNKNOWN, "older checkpoint: %s", why);
		return false;
	}
	if (older->size > c->now.size)
		finding(c, ENTRY_UNKNOWN,
		    "older checkpoint: it is of %" PRIu64
		    " entries, this log has only %" PRIu64
		    ": it was rolled back",
		    older->size, c->now.size);
	c->older = older;
	check_older(c);
	return !check_failed(c);
}

void
check_leaf(struct check *c, struct str entry, struct hash *leaf)
{
	tree_leaf(entry, leaf);
	frontier_append(&c->frontier, leaf);
	c->out->entries++;
	check_older(c);
}

void
check_form(struct check *c, struct arena *scratch, uint64_t i, struct str entry)
{
	struct str before;
	struct entry e;
	const char *why;

	if (i == 0 && origin_before(scratch, c->now.origin, &before)) {
		check_continued(c, scratch, before, entry);
		return;
	}
	why = entry_read(scratch, entry, &e);
	if (why != NULL) {
		finding(c, i, "entry %" PRIu64 ": %s", i, why);
		return;
	}
	if (e.time_ms < c->latest_ms - BACKWARDS_MS)
		finding(c, i,
		    "entry %" PRIu64
		    ": its time is more than 5 s before that of an earlier one",
		    i);
	if (e.time_ms > c->latest_ms)
		c->latest_ms = e.time_ms;
}

void
check_end(struct check *c)
{
	struct hash root;

	if (c->frontier.size != c->now.size)
		finding(c, ENTRY_UNKNOWN,
		    "checkpoint: it is of %" PRIu64
		    " entries, there are %" PRIu64,
		    c->now.size, c->frontier.size);
	frontier_root(&c->frontier, &root);
	if (!hash_eq(&root, &c->now.root))
		finding(c, ENTRY_UNKNOWN,
		    "checkpoint: its root is not the one "
		    "that the entries give");
	c->out->is_whole = !check_failed(c);
}

bool
check_failed(const struct check *c)
{
	return c->out->why.n > 0;
}

void
finding(struct check *c, uint64_t at, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	if (check_failed(c))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	c->out->why = str_copy(c->arena, str_of(text));
	c->out->at = at;
}

/* When as many entries as the older checkpoint has were hashed. */
static void
check_older(struct check *c)
{
	struct hash root;

	if (c->older == NULL || c->older->size != c->frontier.size)
		return;
	frontier_root(&c->frontier, &root);
	if (!hash_eq(&root, &c->older->root))
		finding(c, ENTRY_UNKNOWN,
		    "older checkpoint: its root is not the one that the first "
		    "%" PRIu64 " entries give: the log shows two faces",
		    c->older->size);
}

/* "usher/audit/7/3" continues "usher/audit/7/2"; number 0 continues nothing. */
static bool
origin_before(struct arena *a, struct str origin, struct str *before)
{
	size_t n = origin.n;
	int64_t number;

	while (n > 0 && origin.p[n - 1] >= '0' && origin.p[n - 1] <= '9')
		n--;
	if (n == 0 || origin.p[n - 1] != '/' || n == origin.n ||
	    origin.p[n] == '0' ||
	    !str_int(str_sub(origin, n, origin.n - n), &number))
		return false;
	*before = str_fmt(a, "%.*s%" PRId64, (int)n, origin.p, number - 1);
	return true;
}

static void
check_continued(
    struct check *c, struct arena *scratch, struct str before, struct str entry)
{
	struct checkpoint last;
	const char *why;

	if (!note_check(scratch, entry, c->key, before, &last, &why))
		finding(c, 0,
		    "entry 0: the last checkpoint of the origin "
		    "before must stand here: %s",
		    why);
}

static bool
hash_eq(const struct hash *a, const struct hash *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}
