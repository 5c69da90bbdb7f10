/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pipeline_test.c - who shares a batch, who pays for whom, and that everybody
 * is answered once.
 */
#include "fake.h"

#include <stdio.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/queue.h"

/* N orders behind a shut writer: the first alone in it, the rest as they come. */
static void
submit_together(struct fixture *f, size_t from)
{
	shut(&f->world, &f->world.is_sealer_shut);
	submit(f, &f->order[from]);
	shut_wait(&f->world, 1);
	for (size_t i = from + 1; i < f->n; i++)
		submit(f, &f->order[i]);
	shut_open(&f->world, &f->world.is_sealer_shut);
}

static void
an_item_passes_every_stage_and_is_answered_once(void **state)
{
	struct fixture *f = *state;
	struct order *o = new_order(f, NONE);
	struct pipeline_count c;

	submit(f, o);
	fake_wait(1);
	assert_int_equal(o->item.err, OK);
	assert_ptr_equal(o->item.out, o);
	assert_int_equal(o->item.tries, 1);
	assert_true(is_stored(f, o));
	assert_int_equal(f->world.committed, 1);
	assert_int_equal(f->world.calls, 2);
	c = counts(f);
	assert_int_equal(c.commits, 1);
	assert_int_equal(c.keys_commits, 1);
	assert_int_equal(c.items, 1);
	assert_int_equal(c.batches_replayed, 0);
	assert_int_equal(c.depth, 0);
}

static void
whoever_waits_gets_the_items_own_error(void **state)
{
	struct fixture *f = *state;
	struct order *good = new_order(f, NONE);
	struct order *bad = new_order(f, REFUSED_DECIDE);

	assert_int_equal(
	    pipeline_do(f->pipeline, &good->item, ITEM_INTERACTIVE), OK);
	assert_int_equal(
	    pipeline_do(f->pipeline, &bad->item, ITEM_BULK), ERR_DENIED);
	assert_true(is_stored(f, good));
	assert_false(is_stored(f, bad));
}

/* What came while the sealer was busy is one batch for each use case, and one commit. */
static void
a_batch_forms_while_the_one_before_is_under_way(void **state)
{
	struct fixture *f = *state;
	const struct use_case *now = NULL;
	int64_t last[2] = { 0, 0 };
	size_t changes = 0;

	for (int i = 0; i < 101; i++)
		new_order(f, NONE)->item.use_case =
		    i % 3 == 1 ? &other : &whole;
	submit_together(f, 0);
	fake_wait(101);
	assert_int_equal(f->world.ndecided, 101);
	assert_int_equal(f->world.batches, 3);
	assert_int_equal(counts(f).commits, 2);
	for (size_t i = 0; i < 101; i++) {
		const struct use_case *by = f->world.decided_by[i];

		changes += by != now;
		now = by;
		/* In the order of their arrival. */
		assert_true(f->world.decided[i] > last[by == &other]);
		last[by == &other] = f->world.decided[i];
	}
	assert_in_range(changes, 2, 3);
}

static void
a_batch_has_a_limit(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 2 * BATCH_MAX + 1; i++)
		new_order(f, NONE);
	submit_together(f, 0);
	fake_wait(f->n);
	assert_int_equal(counts(f).commits, 3);
}

/* By enum trouble: what becomes of it, and whether the others had to be tried alone. */
static const struct fate {
	enum err err;
	enum msg msg;
	bool	 is_replayed, is_stored, is_decided;
} fates[TROUBLES] = {
	[NONE] = { OK, MSG_NONE, false, true, true },
	[CULPRIT_SAVE] = { ERR_CONFLICT, MSG_STORE_CHECK, true, false, true },
	[CULPRIT_LOAD] = { ERR_CONFLICT, MSG_STORE_CHECK, true, false, false },
	[CULPRIT_PREPARE] = { ERR_SEALED, MSG_STORE_CHECK, true, false, false },
	[CULPRIT_WANT] = { ERR_SEALED, MSG_STORE_CHECK, true, false, false },
	[CULPRIT_KEEP] = { ERR_SEALED, MSG_STORE_CHECK, true, false, false },
	[REFUSED_PREPARE] = { ERR_DENIED, MSG_NONE, false, false, false },
	[REFUSED_WANT] = { ERR_DENIED, MSG_NONE, false, false, false },
	[REFUSED_KEEP] = { ERR_DENIED, MSG_NONE, false, false, false },
	[REFUSED_DECIDE] = { ERR_DENIED, MSG_NONE, false, false, true },
	[AGAIN_ONCE] = { OK, MSG_NONE, false, true, true },
	[AGAIN_ALWAYS] = { ERR_BUSY, MSG_STORE_BUSY, false, false, true },
};

static void
one_culprit_among_fifty_is_found_and_the_others_succeed(void **state)
{
	struct fixture *f = *state;
	size_t total = 0;

	for (enum trouble t = NONE; t < TROUBLES; t++) {
		const struct fate *fate = &fates[t];
		size_t first = f->n;
		uint64_t before = counts(f).batches_replayed;

		for (int i = 0; i < 51; i++) {
			struct order *o = new_order(f, i == 30 ? t : NONE);

			/* A neighbour of another kind is not harmed either. */
			if (i % 5 == 4)
				o->item.use_case = &other;
		}
		submit_together(f, first);
		fake_wait(total += 51);
		assert_int_equal(
		    counts(f).batches_replayed - before, fate->is_replayed);
		for (size_t i = first; i < f->n; i++) {
			struct order *o = &f->order[i];
			const struct fate *own = i == first + 30 ? fate : fates;

			assert_int_equal(o->done, 1);
			assert_int_equal(o->item.err, own->err);
			assert_int_equal(o->cx.fault.msg, own->msg);
			assert_int_equal(is_stored(f, o), own->is_stored);
			assert_int_equal(o->decided > 0, own->is_decided);
		}
	}
	assert_int_equal(f->world.committed, 50 * TROUBLES + 2);
}

static void
the_culprit_keeps_the_reason_after_the_batch_is_gone(void **state)
{
	struct fixture *f = *state;
	struct order *bad = new_order(f, CULPRIT_LOAD);

	assert_int_equal(pipeline_do(f->pipeline, &bad->item, ITEM_INTERACTIVE),
	    ERR_CONFLICT);
	/* Batches of many sizes overwrite what those before left. */
	for (size_t size = 2; size <= 40; size++) {
		size_t first = f->n;

		while (f->n < first + size)
			new_order(f, NONE);
		submit_together(f, first);
		fake_wait(f->n - 1);
	}
	assert_true(str_eq(bad->cx.fault.field, STR("load")));
	assert_true(str_eq(bad->cx.fault.args[0], STR("culprit")));
}

static void
an_item_is_tried_three_times_at_most(void **state)
{
	struct fixture *f = *state;
	struct order *once = new_order(f, AGAIN_ONCE);
	struct order *always = new_order(f, AGAIN_ALWAYS);

	assert_int_equal(
	    pipeline_do(f->pipeline, &once->item, ITEM_INTERACTIVE), OK);
	assert_int_equal(once->decided, 2);
	assert_int_equal(once->item.tries, 2);
	assert_int_equal(
	    pipeline_do(f->pipeline, &always->item, ITEM_INTERACTIVE),
	    ERR_BUSY);
	assert_int_equal(always->decided, 3);
	assert_int_equal(counts(f).again, 3);
	/* A second life begins anew. */
	assert_int_equal(
	    pipeline_do(f->pipeline, &once->item, ITEM_INTERACTIVE), OK);
	assert_int_equal(once->item.tries, 2);
}

static void
a_vault_without_keys_refuses_everybody(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 20; i++)
		new_order(f, NONE);
	f->world.call_err = ERR_SEALED;
	submit_together(f, 0);
	fake_wait(20);
	for (size_t i = 0; i < 20; i++) {
		assert_int_equal(f->order[i].item.err, ERR_SEALED);
		assert_int_equal(f->order[i].cx.fault.msg, MSG_STORE_BUSY);
		assert_int_equal(f->order[i].decided, 0);
	}
	assert_int_equal(counts(f).batches_replayed, 0);
	assert_int_equal(counts(f).commits, 0);
}

static void
a_full_disk_refuses_the_group_and_no_more(void **state)
{
	struct fixture *f = *state;
	struct order *o[4];

	for (int i = 0; i < 4; i++) {
		o[i] = new_order(f, NONE);
		o[i]->item.use_case = i < 2 ? &plain : &whole;
	}
	disk_set_full(true);
	assert_int_equal(
	    pipeline_do(f->pipeline, &o[0]->item, ITEM_INTERACTIVE), ERR_FULL);
	/* This one does not get past its key. */
	assert_int_equal(
	    pipeline_do(f->pipeline, &o[2]->item, ITEM_INTERACTIVE), ERR_FULL);
	disk_set_full(false);
	assert_int_equal(o[0]->cx.fault.msg, MSG_STORE_FULL);
	assert_int_equal(o[2]->cx.fault.msg, MSG_STORE_FULL);
	assert_int_equal(o[2]->decided, 0);
	assert_int_equal(
	    pipeline_do(f->pipeline, &o[1]->item, ITEM_INTERACTIVE), OK);
	assert_int_equal(
	    pipeline_do(f->pipeline, &o[3]->item, ITEM_INTERACTIVE), OK);
	for (int i = 0; i < 4; i++)
		assert_int_equal(is_stored(f, o[i]), i % 2);
}

struct doer {
	struct fixture *f;
	struct order   *order;
	enum err	err;
};

static void
run_do(void *arg)
{
	struct doer *d = arg;

	d->err = pipeline_do(d->f->pipeline, &d->order->item, ITEM_INTERACTIVE);
}

static void
a_full_queue_refuses_at_once_and_lets_others_wait(void **state)
{
	struct fixture *f = *state;
	static const struct actor second = { .kind = ACTOR_CLIENT, .id = 2 };
	struct doer d = { .f = f };
	struct order *o;
	struct thread *thread;

	pipeline_close(f->pipeline);
	fake_open(f, 5, 5);
	shut(&f->world, &f->world.is_sealer_shut);
	submit(f, new_order(f, NONE));
	shut_wait(&f->world, 1);
	for (int i = 0; i < 5; i++)
		submit(f, new_order(f, NONE));
	assert_int_equal(counts(f).depth, 5);
	o = new_order(f, NONE);
	assert_int_equal(
	    pipeline_submit(f->pipeline, &o->item, ITEM_INTERACTIVE),
	    ERR_LIMITED);
	assert_int_equal(o->cx.fault.msg, MSG_STORE_QUEUE_CLIENT);
	assert_true(str_eq(o->cx.fault.args[0], STR("c")));
	assert_true(str_eq(o->cx.fault.args[1], STR("5")));
	assert_true(str_eq(o->cx.fault.args[2], STR("5")));
	assert_int_equal(o->done, 0);
	/* Another client is not at its bound, but the tenant is. */
	o->cx.actor = &second;
	assert_int_equal(
	    pipeline_submit(f->pipeline, &o->item, ITEM_INTERACTIVE),
	    ERR_LIMITED);
	assert_int_equal(o->cx.fault.msg, MSG_STORE_QUEUE);
	assert_true(str_eq(o->cx.fault.args[0], STR("t")));
	assert_int_equal(counts(f).refused_client, 1);
	assert_int_equal(counts(f).refused_tenant, 1);
	o->item.tenant = 2;
	submit(f, o);
	d.order = new_order(f, NONE);
	thread = thread_start("do", run_do, &d);
	shut_open(&f->world, &f->world.is_sealer_shut);
	thread_join(thread);
	assert_int_equal(d.err, OK);
	fake_wait(7);
}

static void
closing_finishes_what_is_queued(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 900; i++)
		submit(f,
		    new_order(f,
			i % 7 == 0	   ? AGAIN_ONCE
			    : i % 100 == 5 ? CULPRIT_SAVE
					   : NONE));
	pipeline_close(f->pipeline);
	f->pipeline = NULL;
	assert_int_equal(fake_answered(), 900);
	for (size_t i = 0; i < f->n; i++) {
		struct order *o = &f->order[i];

		assert_int_equal(o->done, 1);
		assert_int_equal(is_stored(f, o), o->item.err == OK);
	}
}

static void
run_close(void *arg)
{
	struct fixture *f = arg;

	pipeline_close(f->pipeline);
}

static void
a_closing_pipeline_takes_nothing_new(void **state)
{
	struct fixture *f = *state;
	size_t accepted = 1;
	struct thread *thread;
	struct order *o;

	shut(&f->world, &f->world.is_shut);
	submit(f, new_order(f, NONE));
	shut_wait(&f->world, 1);
	thread = thread_start("close", run_close, f);
	for (;;) {
		o = new_order(f, NONE);
		if (pipeline_submit(f->pipeline, &o->item, ITEM_BULK) != OK)
			break;
		accepted++;
		clock_sleep_ms(1);
	}
	assert_int_equal(o->cx.fault.err, ERR_LIMITED);
	assert_int_equal(o->cx.fault.msg, MSG_STORE_CLOSING);
	assert_int_equal(
	    pipeline_do(f->pipeline, &o->item, ITEM_BULK), ERR_LIMITED);
	shut_open(&f->world, &f->world.is_shut);
	thread_join(thread);
	f->pipeline = NULL;
	assert_int_equal(fake_answered(), accepted);
}

/* The schema alone is more than one page; until the log is copied back it is only there. */
static void
an_idle_pipeline_copies_its_logs_back(void **state)
{
	static const char *const files[] = { "usher.db", "keys.db" };
	struct fixture *f = *state;
	struct stat st = { 0 };
	char path[128];

	assert_int_equal(pipeline_do(f->pipeline, &new_order(f, NONE)->item,
			     ITEM_INTERACTIVE),
	    OK);
	for (size_t i = 0; i < COUNT(files); i++) {
		place_path(&f->place, files[i], path);
		for (int tries = 0; tries < 1000; tries++) {
			assert_int_equal(stat(path, &st), 0);
			if (st.st_size > 4096)
				break;
			clock_sleep_ms(10);
		}
		assert_true(st.st_size > 4096);
	}
}

/* --- many threads --------------------------------------------------------------- */

#define THREADS 8
#define EACH	2000

struct storm {
	struct fixture *f;
	uint32_t	tenant;
	size_t		ok, refused;
};

static void
answer_and_free(struct item *item)
{
	struct order *o = item->in;
	struct storm *s = item->owner;
	bool is_ok = item->err == OK;

	arena_close(o->cx.arena);
	heap_free(o);
	fake_count_answer(is_ok ? &s->ok : &s->refused);
}

static void
run_storm(void *arg)
{
	struct storm *s = arg;

	for (size_t i = 0; i < EACH; i++) {
		struct order *o = heap_alloc(1, sizeof(*o));

		o->id = (int64_t)i + 1;
		o->cx.arena = arena_open(1 << 16);
		o->item = (struct item) { .cx = &o->cx,
			.use_case = &plain,
			.tenant = s->tenant,
			.in = o,
			.done = answer_and_free,
			.owner = s };
		if (i % 2 == 0)
			o->id = -o->id;
		/* A little of everything, and now and then somebody who waits. */
		if (i % 500 == 499) {
			must(pipeline_do(s->f->pipeline, &o->item, ITEM_BULK) ==
			    OK);
			o->item.owner = s;
			answer_and_free(&o->item);
			continue;
		}
		while (pipeline_submit(s->f->pipeline, &o->item,
			   i % 3 == 0 ? ITEM_BULK : ITEM_INTERACTIVE) != OK)
			clock_sleep_ms(1);
	}
}

static void
eight_threads_are_answered_item_by_item(void **state)
{
	struct fixture *f = *state;
	struct storm storm[THREADS];
	struct thread *thread[THREADS];
	struct db *reader = db_open_reader(f->store, DB_DATA);
	struct tx *tx;

	for (size_t i = 0; i < THREADS; i++) {
		storm[i] = (struct storm) { f, 1 + (uint32_t)i, 0, 0 };
		thread[i] = thread_start("storm", run_storm, &storm[i]);
	}
	for (size_t i = 0; i < THREADS; i++)
		thread_join(thread[i]);
	fake_wait(THREADS * EACH);
	tx = tx_begin(reader, &f->cx);
	for (size_t i = 0; i < THREADS; i++) {
		struct pool key = { .tenant = 1 + (int64_t)i };
		int64_t n;

		assert_int_equal(storm[i].ok, EACH);
		assert_int_equal(storm[i].refused, 0);
		assert_int_equal(store_count(tx, &POOL, &key, 1, &n), OK);
		assert_int_equal(n, EACH);
	}
	tx_end(tx);
	db_close(reader);
	assert_int_equal(counts(f).items, THREADS * EACH);
	assert_true(counts(f).commits >= THREADS * EACH / BATCH_MAX);
}

/* --- what a crash leaves ----------------------------------------------------- */

static const char *const crash_files[] = { "usher.db", "usher.db-wal",
	"keys.db", "keys.db-wal" };

static struct str
file_take(struct fixture *f, const char *file)
{
	char path[128], *bytes;
	struct stat st;
	FILE *from;

	place_path(&f->place, file, path);
	assert_int_equal(stat(path, &st), 0);
	bytes = arena_alloc(f->cx.arena, (size_t)st.st_size);
	from = fopen(path, "r");
	assert_non_null(from);
	assert_int_equal(
	    fread(bytes, 1, (size_t)st.st_size, from), st.st_size);
	assert_int_equal(fclose(from), 0);
	return (struct str) { bytes, (size_t)st.st_size };
}

static void
file_put(struct fixture *f, const char *file, struct str bytes)
{
	char path[128];
	FILE *to;

	place_path(&f->place, file, path);
	to = fopen(path, "w");
	assert_non_null(to);
	assert_int_equal(fwrite(bytes.p, 1, bytes.n, to), bytes.n);
	assert_int_equal(fclose(to), 0);
}

/* As they stand while the server runs: whoever is killed now leaves these. */
static void
a_log_that_a_crash_left_is_emptied_at_the_start(void **state)
{
	struct fixture *f = *state;
	struct order *o = new_order(f, NONE);
	struct str left[COUNT(crash_files)];

	submit(f, o);
	fake_wait(1);
	for (size_t i = 0; i < COUNT(crash_files); i++)
		left[i] = file_take(f, crash_files[i]);
	assert_true(left[1].n > 0 && left[3].n > 0);
	pipeline_close(f->pipeline);
	db_close(f->world.keys);
	store_close(f->store);
	for (size_t i = 0; i < COUNT(crash_files); i++)
		file_put(f, crash_files[i], left[i]);
	assert_int_equal(store_open(&f->cx, f->place.url, &f->store), OK);
	f->world.keys = db_open_reader(f->store, DB_KEYS);
	fake_open(f, 4000, 4000);
	assert_true(is_stored(f, o));
	assert_int_equal(file_take(f, "usher.db-wal").n, 0);
	assert_int_equal(file_take(f, "keys.db-wal").n, 0);
}

/* A reader was in the way at the start: it is tried again. */
static void
a_log_is_emptied_when_its_reader_has_gone(void **state)
{
	struct fixture *f = *state;
	struct db *reader;
	struct tx *tx;

	submit(f, new_order(f, NONE));
	fake_wait(1);
	reader = db_open_reader(f->store, DB_DATA);
	tx = tx_begin(reader, &f->cx);
	pipeline_close(f->pipeline);
	assert_true(file_take(f, "usher.db-wal").n > 0);
	fake_open(f, 4000, 4000);
	assert_true(file_take(f, "usher.db-wal").n > 0);
	tx_end(tx);
	db_close(reader);
	submit(f, new_order(f, NONE));
	fake_wait(2);
	while (file_take(f, "usher.db-wal").n > 0)
		clock_sleep_ms(1);
}

#define CASE(name) \
	cmocka_unit_test_setup_teardown(name, fake_set_up, fake_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(an_item_passes_every_stage_and_is_answered_once),
		CASE(whoever_waits_gets_the_items_own_error),
		CASE(a_batch_forms_while_the_one_before_is_under_way),
		CASE(a_batch_has_a_limit),
		CASE(one_culprit_among_fifty_is_found_and_the_others_succeed),
		CASE(the_culprit_keeps_the_reason_after_the_batch_is_gone),
		CASE(an_item_is_tried_three_times_at_most),
		CASE(a_vault_without_keys_refuses_everybody),
		CASE(a_full_disk_refuses_the_group_and_no_more),
		CASE(a_full_queue_refuses_at_once_and_lets_others_wait),
		CASE(closing_finishes_what_is_queued),
		CASE(a_closing_pipeline_takes_nothing_new),
		CASE(an_idle_pipeline_copies_its_logs_back),
		CASE(a_log_that_a_crash_left_is_emptied_at_the_start),
		CASE(a_log_is_emptied_when_its_reader_has_gone),
		CASE(eight_threads_are_answered_item_by_item),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
