/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import_table.c - the persons and rows of a file, by keyed hash.
 */
#include "act/import_int.h"

#include <string.h>

#define SLOTS_FIRST 4096

static size_t place(const struct import_run *, const void *key, size_t n);
static void widen(struct import_run *);

void
key_sum(struct key256 *sum, const struct key256 *term)
{
	for (size_t i = 0; i < sizeof(sum->bytes); i += 8) {
		uint64_t a, b;

		memcpy(&a, sum->bytes + i, 8);
		memcpy(&b, term->bytes + i, 8);
		a += b;
		memcpy(sum->bytes + i, &a, 8);
	}
}

struct found_person *
found_find(const struct import_run *run, const struct key256 *ref)
{
	size_t at;

	if (run->nslot == 0)
		return NULL;
	at = place(run, ref->bytes, sizeof(ref->bytes));
	return run->slot[at] == 0 ? NULL : &run->person[run->slot[at] - 1];
}

struct found_person *
found_prefix(const struct import_run *run, const uint8_t prefix[16])
{
	size_t at;

	if (run->nslot == 0)
		return NULL;
	at = place(run, prefix, 16);
	return run->slot[at] == 0 ? NULL : &run->person[run->slot[at] - 1];
}

struct found_person *
found_add(struct import_run *run, const struct key256 *ref)
{
	struct found_person *p;

	if (run->nslot < 2 * (run->nperson + 1))
		widen(run);
	if (run->nperson == run->capperson) {
		run->capperson = run->capperson == 0 ? 1024
		    : run->capperson * 2;
		run->person = heap_grow(run->person, run->capperson,
		    sizeof(*run->person));
	}
	p = &run->person[run->nperson++];
	memset(p, 0, sizeof(*p));
	p->ref = *ref;
	run->slot[place(run, ref->bytes, sizeof(ref->bytes))] =
	    (uint32_t)run->nperson;
	return p;
}

/* The slot of the key whose first N bytes are given, or the free one where it belongs. */
static size_t
place(const struct import_run *run, const void *key, size_t n)
{
	uint64_t start;
	size_t at;

	memcpy(&start, key, sizeof(start));
	for (at = start % run->nslot; run->slot[at] != 0;
	    at = (at + 1) % run->nslot)
		if (memcmp(run->person[run->slot[at] - 1].ref.bytes, key, n)
		    == 0)
			break;
	return at;
}

static void
widen(struct import_run *run)
{
	heap_free(run->slot);
	run->nslot = run->nslot == 0 ? SLOTS_FIRST : run->nslot * 2;
	run->slot = heap_alloc(run->nslot, sizeof(*run->slot));
	for (size_t i = 0; i < run->nperson; i++)
		run->slot[place(run, run->person[i].ref.bytes, 32)] =
		    (uint32_t)i + 1;
}

void
found_row_add(struct import_run *run, const struct found_row *row)
{
	if (run->nrow == run->caprow) {
		run->caprow = run->caprow == 0 ? 1024 : run->caprow * 2;
		run->row = heap_grow(run->row, run->caprow,
		    sizeof(*run->row));
	}
	run->row[run->nrow++] = *row;
}

/* --- rejects ---------------------------------------------------------------------- */

void
run_reject(struct import_run *run, int64_t line, struct str column,
    const struct fault *fault)
{
	struct reject *r;

	run->report.rejected++;
	if (run->nreject == IMPORT_REJECTS_MAX)
		return;
	if (run->nreject == run->capreject) {
		run->capreject = run->capreject == 0 ? 64
		    : run->capreject * 2;
		run->reject = heap_grow(run->reject, run->capreject,
		    sizeof(*run->reject));
	}
	r = &run->reject[run->nreject++];
	r->line = line;
	r->column = str_copy(run->arena, column);
	r->fault = *fault;
	r->fault.field = str_copy(run->arena, fault->field);
	for (size_t i = 0; i < COUNT(fault->args); i++)
		r->fault.args[i] = str_copy(run->arena, fault->args[i]);
}

/* A copy that outlives the run. */
struct import_report *
run_report(struct ctx *cx, const struct import_run *run)
{
	struct import_report *out = arena_copy(cx->arena, &run->report,
	    sizeof(*out));
	struct reject *r = arena_array(cx->arena, run->nreject + 1,
	    sizeof(*r));

	for (size_t i = 0; i < run->nreject; i++) {
		r[i] = run->reject[i];
		r[i].column = str_copy(cx->arena, r[i].column);
		r[i].fault.field = str_copy(cx->arena, r[i].fault.field);
		for (size_t j = 0; j < COUNT(r[i].fault.args); j++)
			r[i].fault.args[j] = str_copy(cx->arena,
			    r[i].fault.args[j]);
	}
	out->run = run->id;
	out->reject = r;
	out->nreject = run->nreject;
	out->digest = str_copy(cx->arena, run->report.digest);
	return out;
}
