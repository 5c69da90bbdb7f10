/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log_test.c - the log from outside: pages, events, checkpoints; and what
 * happens when an old copy of the databases is put back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/io.h"

#include "act/world_int.h"

#include "plant.h"

#define PATIENCE 600

/* --- pages -------------------------------------------------------------------------- */

/* One origin's entries, gathered LIMIT at a time, with the last page's note. */
struct gathered {
	struct str entry[200];
	size_t	   n;
	struct log_out last;
};

static struct gathered *
gather(struct rig *r, int64_t origin, size_t limit)
{
	struct gathered *g = arena_alloc(r->arena, sizeof(*g));
	struct page_in page = { .after = LOG_SEQ(origin, 0),
		.limit = limit };
	struct log_out *out;

	for (;;) {
		assert_int_equal(rig_query(r, log_page, &page, &out), OK);
		if (out->n == 0 || out->next - (int64_t)out->n
		    >= LOG_SEQ(origin + 1, 0))
			return g;
		assert_int_equal(out->next, page.after + (int64_t)out->n);
		memcpy(g->entry + g->n, out->entry,
		    out->n * sizeof(*out->entry));
		g->n += out->n;
		g->last = *out;
		page.after = out->next;
	}
}

static void
tick(struct rig *r)
{
	lock_take(r->world->mu);
	lock_wake(r->world->mu);
	lock_give(r->world->mu);
	clock_sleep_ms(25);
}

/* What is in the log is signed: the note of all of it. */
static struct gathered *
signed_log(struct rig *r, int64_t origin)
{
	struct gathered *g = NULL;

	for (int i = 0; i < PATIENCE; i++) {
		struct verifier key;
		struct checkpoint c;
		const char *why;

		g = gather(r, origin, 3);
		assert_true(verifier_parse(r->arena, g->last.vkey, &key));
		if (g->last.note.n > 0 && note_check(r->arena, g->last.note,
		    &key, g->last.origin, &c, &why) && c.size == g->n)
			return g;
		tick(r);
	}
	print_error("the log was not signed\n");
	assert_true(false);
	return NULL;
}

static void
assert_verifies(struct rig *r, const struct gathered *g, size_t n)
{
	struct verifier key;
	struct verdict v;

	assert_true(verifier_parse(r->arena, g->last.vkey, &key));
	log_verify(r->arena, g->entry, n, g->last.note, &key, &v);
	if (!v.is_whole)
		print_error("%.*s\n", STR_ARG(v.why));
	assert_true(v.is_whole);
	assert_int_equal(v.size, n);
}

static void
pages_of_the_log_add_up_and_verify(void **state)
{
	struct rig *r = *state;
	struct gathered *g, *whole;

	rig_onboarded(r, rig_onboard(r, "ana", "ber", "mail"));
	rig_onboarded(r, rig_onboard(r, "bo", "ber", "mail"));
	g = signed_log(r, 0);
	/* tenant, four pools, catalogue, ana, bo */
	assert_int_equal(g->n, 8);
	assert_int_equal(g->last.log_size, 8);
	assert_verifies(r, g, g->n);
	whole = gather(r, 0, PAGE_MAX);
	assert_int_equal(whole->n, g->n);
	for (size_t i = 0; i < g->n; i++)
		assert_true(str_eq(whole->entry[i], g->entry[i]));
	assert_true(str_ends(whole->last.origin, STR("/audit/1/0")));
	/* It names no other tenant's. */
	r->actor.tenant = r->other;
	assert_int_equal(gather(r, 0, PAGE_MAX)->n, 1);
	assert_true(str_ends(gather(r, 0, 5)->last.origin,
	    STR("/audit/2/0")));
}

/* A note never speaks of more than was handed out. */
static void
a_note_covers_what_was_delivered_or_less(void **state)
{
	struct rig *r = *state;
	struct page_in page = { .limit = 1 };
	struct verifier key;
	struct gathered *g;
	bool was_given = false;

	for (int i = 0; i < 3; i++) {
		rig_onboarded(r, rig_onboard(r, i == 0 ? "ana" : i == 1
		    ? "bo" : "cy", "ber", "mail"));
		g = signed_log(r, 0);
	}
	assert_true(verifier_parse(r->arena, g->last.vkey, &key));
	for (size_t i = 0; i < g->n; i++) {
		struct log_out *out;
		struct checkpoint c;
		const char *why;

		assert_int_equal(rig_query(r, log_page, &page, &out), OK);
		assert_int_equal(out->n, 1);
		page.after = out->next;
		if (out->note.n == 0) {
			assert_false(was_given);
			continue;
		}
		was_given = true;
		assert_true(note_check(r->arena, out->note, &key, out->origin,
		    &c, &why));
		assert_true(c.size <= i + 1);
	}
	assert_true(was_given);
}

/* --- events --------------------------------------------------------------------------- */

static void
events_show_only_what_is_in_scope(void **state)
{
	struct rig *r = *state;
	struct page_in page = { .limit = PAGE_MAX };
	struct events_out *all, *mine;
	struct order_out *ana = rig_onboarded(r,
	    rig_onboard(r, "ana", "ber", "mail"));
	struct order_out *bo = rig_onboarded(r,
	    rig_onboard(r, "bo", "muc", "mail"));
	struct filter *scope;
	bool saw_ana = false;

	assert_int_equal(rig_query(r, events_list, &page, &all), OK);
	assert_int_equal(all->n, 8);
	assert_int_equal(all->next, 8);
	for (size_t i = 0; i < all->n; i++)
		assert_int_equal(all->event[i].seq, i);
	assert_int_equal(all->event[7].entry.subject, bo->person);
	assert_int_equal(all->event[7].entry.action,
	    ACTION_PERSON_ONBOARDED);

	assert_int_equal(filter_compile(&r->cx, STR("site eq \"ber\""),
	    FILTER_RULE, false, &scope), OK);
	r->actor.scope = scope;
	assert_int_equal(rig_query(r, events_list, &page, &mine), OK);
	r->actor.scope = NULL;
	assert_int_equal(mine->n, 5);
	assert_int_equal(mine->next, 8);
	for (size_t i = 0; i < mine->n; i++) {
		/* a catalogue is the whole tenant's */
		assert_true(
		    mine->event[i].entry.subject_kind == SUBJECT_PERSON
		    || mine->event[i].entry.subject_kind == SUBJECT_POOL);
		assert_int_not_equal(mine->event[i].entry.subject,
		    bo->person);
		saw_ana |= mine->event[i].entry.subject == ana->person;
	}
	assert_true(saw_ana);

	page.after = all->next;
	assert_int_equal(rig_query(r, events_list, &page, &all), OK);
	assert_int_equal(all->n, 0);
	assert_int_equal(all->next, page.after);
	page.after = 3;
	page.limit = 2;
	assert_int_equal(rig_query(r, events_list, &page, &all), OK);
	assert_int_equal(all->n, 2);
	assert_int_equal(all->event[0].seq, 3);
	assert_int_equal(all->next, 5);
}

static void
a_damaged_entry_is_an_error_and_no_event(void **state)
{
	struct rig *r = *state;
	struct page_in page = { .limit = PAGE_MAX };
	struct log_row row = ((struct log_row *)plant_rows(r, &LOG).row)[2];
	struct log_row kept = row;
	struct events_out *out;

	plant_drop(r, &LOG, &row);
	row.entry = STR("junk");
	plant_put(r, &LOG, &row);
	assert_int_equal(rig_query(r, events_list, &page, &out),
	    ERR_CONFLICT);
	plant_drop(r, &LOG, &row);
	plant_put(r, &LOG, &kept);
}

/* --- entries of any size ---------------------------------------------------------------- */

static enum err
write_many(struct batch *b, struct tx *tx)
{
	struct logbook book = { .arena = tx_ctx(tx)->arena };
	struct change_list changes = { .arena = book.arena };
	struct entry e = entry_by(b->item[0]->cx, ACTION_PERSON_CHANGED,
	    SUBJECT_PERSON, 1);
	int64_t *seq = b->item[0]->in;

	for (int i = 0; i < 2 * CHANGES_MAX + 1; i++)
		change_add(&changes, CHANGE_CONTRACT, i, 0, 0, 1);
	e.change = changes.change;
	e.nchange = changes.n;
	e.key_version = 1;
	e.sealed = (struct str) { arena_alloc(book.arena, AUDIT_MAX + 256),
		AUDIT_MAX + 256 };
	logbook_add(&book, b->item[0]->tenant, &e, seq);
	return logbook_save(&book, tx);
}

static void
more_changes_than_an_entry_holds_go_into_several(void **state)
{
	static const struct use_case many = { .name = "many",
		.save = write_many };
	struct rig *r = *state;
	struct page_in page = { .limit = PAGE_MAX };
	struct events_out *out;
	int64_t seq = 0, object = 0;
	void *none;

	assert_int_equal(rig_do(r, &many, &seq, &none), OK);
	page.after = seq;
	assert_int_equal(rig_query(r, events_list, &page, &out), OK);
	assert_int_equal(out->n, 3);
	assert_int_equal(out->event[0].entry.sealed.n, AUDIT_MAX + 256);
	assert_int_equal(out->event[1].entry.sealed.n, 0);
	for (size_t i = 0; i < out->n; i++)
		for (size_t j = 0; j < out->event[i].entry.nchange; j++)
			assert_int_equal(
			    out->event[i].entry.change[j].object, object++);
	assert_int_equal(object, 2 * CHANGES_MAX + 1);
	assert_verifies(r, signed_log(r, 0), 9);
}

#define BACKLOG 600

static enum err
write_backlog(struct batch *b, struct tx *tx)
{
	struct logbook book = { .arena = tx_ctx(tx)->arena };
	struct entry e = entry_by(b->item[0]->cx, ACTION_PERSON_CHANGED,
	    SUBJECT_PERSON, 1);

	e.key_version = 1;
	e.sealed = (struct str) { arena_alloc(book.arena, AUDIT_MAX + 256),
		AUDIT_MAX + 256 };
	for (int i = 0; i < BACKLOG; i++)
		logbook_add(&book, b->item[0]->tenant, &e, NULL);
	return logbook_save(&book, tx);
}

/* Of a log that nobody signed for long a page is in memory, not all of it. */
static void
a_large_backlog_is_signed_in_pages(void **state)
{
	static const struct use_case large = { .name = "large",
		.save = write_backlog };
	struct rig *r = *state;
	struct page_in page = { .limit = 1 };
	struct log_out *out = NULL;
	struct checkpoint_row want = { 0 };
	struct rows notes = { 0 };
	void *none;

	assert_int_equal(rig_do(r, &large, NULL, &none), OK);
	assert_int_equal(rig_query(r, log_page, &page, &out), OK);
	assert_true(out->log_size > BACKLOG);
	want.seq = LOG_SEQ(0, out->log_size);
	for (int i = 0; i < PATIENCE && (notes.n == 0
	    || ((struct checkpoint_row *)notes.row)[notes.n - 1].seq
	    != want.seq); i++) {
		tick(r);
		notes = plant_rows(r, &CHECKPOINT);
	}
	assert_true(notes.n > 0);
	assert_int_equal(
	    ((struct checkpoint_row *)notes.row)[notes.n - 1].seq, want.seq);
}

/* --- old copies --------------------------------------------------------------------------- */

static const char *const files[] = { "usher.db", "usher.db-wal",
	"usher.db-shm", "keys.db", "keys.db-wal", "keys.db-shm" };

/* The databases of a world that stands still, aside or back; KEYS: also the keys. */
static void
copy_databases(struct rig *r, const char *from, const char *to, bool keys)
{
	for (size_t i = 0; i < COUNT(files); i++) {
		char a[128], b[128];
		struct str bytes;

		if (!keys && strncmp(files[i], "keys", 4) == 0)
			continue;
		snprintf(a, sizeof(a), "%s/%s%s", r->dir, from, files[i]);
		snprintf(b, sizeof(b), "%s/%s%s", r->dir, to, files[i]);
		unlink(b);
		if (file_read(r->arena, a, 64 << 20, &bytes))
			assert_true(file_replace(b, bytes, 0600));
	}
}

/* A start that is refused ends its process, so it has one of its own. */
static void
assert_start_is_refused(struct rig *r, enum msg why)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		enum err err = rig_start(r, false);

		_exit(err == ERR_CONFLICT && r->cx.fault.msg == why ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* Ana is in the old copy, bo came after it. */
static void
roll_back(struct rig *r, bool keys, struct order_out **ana)
{
	*ana = rig_onboarded(r, rig_onboard(r, "ana", "ber", "mail"));
	rig_stop(r);
	copy_databases(r, "", "old-", true);
	assert_int_equal(rig_start(r, false), OK);
	rig_onboarded(r, rig_onboard(r, "bo", "ber", "mail"));
	signed_log(r, 0);
	rig_stop(r);
	copy_databases(r, "old-", "", keys);
}

static void
a_world_that_was_rolled_back_does_not_start(void **state)
{
	struct rig *r = *state;
	struct order_out *ana;
	struct page_in page = { .limit = PAGE_MAX };
	struct events_out *events;
	struct log_out *key;
	struct gathered *g;

	roll_back(r, true, &ana);
	assert_start_is_refused(r, MSG_WORLD_ROLLED_BACK);
	assert_start_is_refused(r, MSG_WORLD_ROLLED_BACK);

	assert_int_equal(rig_start(r, true), OK);
	rig_verify(r);
	assert_int_equal(plant_count(r, &PERSON), 1);
	rig_onboarded(r, rig_onboard(r, "cy", "ber", "mail"));
	rig_verify(r);
	g = signed_log(r, 1);
	assert_true(str_ends(g->last.origin, STR("/audit/1/1")));
	assert_verifies(r, g, g->n);
	assert_int_equal(rig_query(r, log_key, NULL, &key), OK);
	assert_true(str_eq(key->origin, g->last.origin));
	assert_true(str_eq(key->vkey, g->last.vkey));
	/* It begins with what the vault signed last: eight entries of origin 0, of which seven are left. */
	assert_int_equal(g->n, 2);
	assert_true(str_starts(str_sub(g->entry[0], str_find(g->entry[0],
	    '\n') + 1, 99), STR("8\n")));
	g = gather(r, 0, 3);
	assert_int_equal(g->n, 7);
	assert_true(str_ends(g->last.origin, STR("/audit/1/0")));
	assert_verifies(r, g, 7);

	/* Who follows the feed is led on; the note is no event. */
	assert_int_equal(rig_query(r, events_list, &page, &events), OK);
	assert_int_equal(events->n, 7);
	page.after = events->next;
	assert_int_equal(rig_query(r, events_list, &page, &events), OK);
	assert_int_equal(events->n, 1);
	assert_int_equal(events->event[0].seq, LOG_SEQ(1, 1));
	page.after = events->next;
	assert_int_equal(rig_query(r, events_list, &page, &events), OK);
	assert_int_equal(events->n, 0);

	rig_stop(r);
	assert_int_equal(rig_start(r, false), OK);
	assert_int_equal(rig_onboarded(r, rig_onboard(r, "ana", "ber",
	    "mail"))->person, ana->person);
}

static void
rolled_back_again_it_goes_on_in_another_origin(void **state)
{
	struct rig *r = *state;
	struct order_out *ana;
	struct gathered *g;

	roll_back(r, true, &ana);
	assert_int_equal(rig_start(r, true), OK);
	rig_onboarded(r, rig_onboard(r, "cy", "ber", "mail"));
	signed_log(r, 1);
	rig_stop(r);
	copy_databases(r, "old-", "", true);
	assert_start_is_refused(r, MSG_WORLD_ROLLED_BACK);
	assert_int_equal(rig_start(r, true), OK);
	rig_onboarded(r, rig_onboard(r, "di", "ber", "mail"));
	g = signed_log(r, 2);
	assert_verifies(r, g, 2);
	assert_true(str_ends(g->last.origin, STR("/audit/1/2")));
}

/* Of a commit without an answer nobody knows: the next try finds it done. */
static void
a_log_goes_on_once_however_often_it_is_told(void **state)
{
	struct rig *r = *state;
	struct continued_in in = { .tenant = 1,
		.origin = 1,
		.note = STR("a note of before") };
	struct order_out *ana;
	void *none;

	roll_back(r, true, &ana);
	assert_int_equal(rig_start(r, true), OK);
	rig_onboarded(r, rig_onboard(r, "cy", "ber", "mail"));
	assert_int_equal(rig_do(r, &log_continue, &in, &none), OK);
	assert_verifies(r, signed_log(r, 1), 2);
}

/* The data is older than the keys: bo's key stays, for a later backup may bring bo back. */
static void
nothing_is_swept_after_a_log_was_continued(void **state)
{
	struct rig *r = *state;
	struct order_out *ana;
	struct housekeeping_in in = { 0 };
	struct housekeeping_out *out;

	roll_back(r, false, &ana);
	assert_int_equal(rig_start(r, true), OK);
	assert_int_equal(plant_count(r, &PERSON), 1);
	assert_int_equal(plant_count(r, &PERSON_KEY), 2);
	clock_set(clock_now_ms() + INT64_C(86400000) * 30);
	in.now_ms = clock_now_ms();
	assert_int_equal(rig_do(r, &housekeeping, &in, &out), OK);
	assert_int_equal(out->keys, 0);
	assert_int_equal(out->next, 0);
	assert_int_equal(plant_count(r, &PERSON_KEY), 2);
	clock_set(0);
}

/* The tenant that was not rolled back goes on where it was. */
static void
what_was_not_lost_needs_no_new_origin(void **state)
{
	struct rig *r = *state;

	rig_stop(r);
	assert_int_equal(rig_start(r, true), OK);
	rig_onboarded(r, rig_onboard(r, "ana", "ber", "mail"));
	assert_verifies(r, signed_log(r, 0), 7);
	assert_int_equal(gather(r, 1, 5)->n, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, rig_set_up, rig_verify_tear_down)
		T(pages_of_the_log_add_up_and_verify),
		T(a_note_covers_what_was_delivered_or_less),
		T(events_show_only_what_is_in_scope),
		T(a_damaged_entry_is_an_error_and_no_event),
		T(more_changes_than_an_entry_holds_go_into_several),
		T(a_large_backlog_is_signed_in_pages),
		T(a_world_that_was_rolled_back_does_not_start),
		T(rolled_back_again_it_goes_on_in_another_origin),
		T(a_log_goes_on_once_however_often_it_is_told),
		T(nothing_is_swept_after_a_log_was_continued),
		T(what_was_not_lost_needs_no_new_origin),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
