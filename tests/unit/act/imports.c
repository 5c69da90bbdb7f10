/* SPDX-License-Identifier: Apache-2.0 */
#include "imports.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

const char import_map_text[] =
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

ssize_t
file_piece(void *arg, void *p, size_t max)
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

struct import_open_in
asked(void)
{
	return (struct import_open_in) { .map = str_of(import_map_text),
		.source = STR("hr") };
}

int64_t
opened(struct rig *r, const struct import_open_in *in)
{
	int64_t *id;

	assert_int_equal(rig_long(r, import_open, in, &id), OK);
	return *id;
}

enum err
pass(struct rig *r, enum err (*run)(struct reader *, struct ctx *,
    const void *, void **), int64_t id, struct file *f,
    struct import_report **rep)
{
	struct import_in in = { .run = id, .read = file_piece,
		.read_arg = f };

	if (*rep != NULL)
		in.digest = (*rep)->digest;
	return rig_long(r, run, &in, rep);
}

struct file
file_of(const char *text)
{
	return (struct file) { text, strlen(text), 0, SIZE_MAX };
}

enum err
scanned(struct rig *r, int64_t id, const char *text,
    struct import_report **rep)
{
	struct file f = file_of(text);

	*rep = NULL;
	return pass(r, import_scan, id, &f, rep);
}

enum err
applied(struct rig *r, int64_t id, const char *text,
    struct import_report **rep)
{
	struct file f = file_of(text);

	return pass(r, import_apply, id, &f, rep);
}

struct import_report *
imported(struct rig *r, const struct import_open_in *in, const char *text)
{
	int64_t id = opened(r, in);
	struct import_report *rep;

	assert_int_equal(scanned(r, id, text, &rep), OK);
	if (!rep->is_stopped && !in->is_dry)
		assert_int_equal(applied(r, id, text, &rep), OK);
	return rep;
}

struct import_report *
import(struct rig *r, const char *text)
{
	struct import_open_in in = asked();

	return imported(r, &in, text);
}

void
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

struct person_view *
person_named(struct rig *r, const char *user_name)
{
	struct page_in page = { .limit = 10, .filter = str_fmt(r->arena,
	    "userName eq \"%s\"", user_name) };
	struct persons_out *out;

	assert_int_equal(rig_query(r, persons_list, &page, &out), OK);
	assert_int_equal(out->n, 1);
	return (struct person_view *)out->person;
}

struct hash
everything(struct rig *r)
{
	static const struct table *const tables[] = { &TENANT, &PERSON,
		&CONTRACT, &CONTRACT_PAST, &BLOCK, &POOL, &SEAT, &SEAT_PAST,
		&WAIT, &WAIT_POOL, &WAIT_COUNT, &GRANT, &GRANT_PAST,
		&IX_UNIQUE, &IX_SEARCH, &SOURCE, &SOURCE_REF, &PRESENT,
		&ONBOARDING,
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
