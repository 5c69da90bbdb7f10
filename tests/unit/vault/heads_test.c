/* SPDX-License-Identifier: Apache-2.0 */
/* heads_test.c - signed heads survive a restart, a torn tail and spoilt pages. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/io.h"

#include "vault/heads.h"

static const uint8_t key[KEY_BYTES] = { 9 }, other_key[KEY_BYTES] = { 8 };
static struct crypt tools;
static char path[64];

static int
open_file(void **state)
{
	int fd;

	crypt_open(&tools);
	snprintf(path, sizeof(path), "/tmp/usher-heads-XXXXXX");
	fd = mkstemp(path);
	return fd < 0 ? -1 : close(fd);
}

static int
close_file(void **state)
{
	crypt_close(&tools);
	return unlink(path);
}

static struct heads
loaded(const uint8_t k[KEY_BYTES])
{
	struct heads h;

	heads_open(&h, &tools);
	heads_key(&h, k);
	assert_true(heads_load(&h, path));
	return h;
}

/* A head of SIZE leaves that differ by tenant. */
static struct head
head_of(uint32_t tenant, uint32_t origin, uint64_t size)
{
	struct head head = { .tenant = tenant, .origin = origin };
	struct hash leaf;

	for (uint64_t i = 0; i < size; i++) {
		memset(&leaf, (int)(tenant + i), sizeof(leaf));
		frontier_append(&head.frontier, &leaf);
	}
	head.note_n = (size_t)snprintf(head.note, sizeof(head.note),
	    "tenant %u size %u", tenant, (unsigned)size);
	return head;
}

static void
put(struct heads *h, uint32_t tenant, uint32_t origin, uint64_t size)
{
	struct head head = head_of(tenant, origin, size);

	assert_true(heads_put(h, &head));
}

static void
assert_head(
    const struct heads *h, uint32_t tenant, uint32_t origin, uint64_t size)
{
	const struct head want = head_of(tenant, origin, size);
	const struct head *got = heads_find(h, tenant);
	struct hash got_root, want_root;

	assert_non_null(got);
	assert_int_equal(got->origin, origin);
	assert_int_equal(got->frontier.size, size);
	frontier_root(&got->frontier, &got_root);
	frontier_root(&want.frontier, &want_root);
	assert_memory_equal(&got_root, &want_root, sizeof(want_root));
	assert_int_equal(got->note_n, want.note_n);
	assert_memory_equal(got->note, want.note, want.note_n);
}

static void
the_last_head_of_each_tenant_is_there_after_a_restart(void **state)
{
	struct heads h = loaded(key);

	assert_null(heads_find(&h, 5));
	put(&h, 5, 0, 1);
	put(&h, 3, 0, 7);
	put(&h, 5, 0, 11);
	heads_close(&h);

	h = loaded(key);
	assert_int_equal(h.n, 2);
	assert_head(&h, 5, 0, 11);
	assert_head(&h, 3, 0, 7);
	assert_null(heads_find(&h, 4));
	heads_close(&h);
}

static void
the_file_is_synced_within_a_second(void **state)
{
	struct heads h = loaded(key);
	int64_t now;

	assert_int_equal(heads_due_ms(&h, clock_mono_ns()), -1);
	put(&h, 5, 0, 1);
	now = h.dirty_since_ns;
	assert_int_equal(heads_due_ms(&h, now), HEADS_SYNC_MS);
	assert_int_equal(heads_due_ms(&h, now + 400000000), 600);
	assert_int_equal(heads_due_ms(&h, now + INT64_C(5000000000)), 0);
	heads_sync(&h);
	assert_int_equal(heads_due_ms(&h, now), -1);
	heads_close(&h);
}

static off_t
file_size(void)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_size;
}

static void
a_torn_tail_costs_only_the_torn_record(void **state)
{
	struct heads h = loaded(key);
	off_t first, both;

	put(&h, 5, 0, 3);
	first = file_size();
	put(&h, 5, 0, 4);
	both = file_size();
	heads_close(&h);
	for (off_t cut = both - 1; cut >= first; cut--) {
		assert_int_equal(truncate(path, cut), 0);
		h = loaded(key);
		assert_head(&h, 5, 0, 3);
		heads_close(&h);
	}
}

static void
what_is_put_after_a_torn_tail_is_found_again(void **state)
{
	struct heads h = loaded(key);

	put(&h, 5, 0, 3);
	heads_close(&h);
	assert_int_equal(truncate(path, file_size() - 5), 0);
	h = loaded(key);
	assert_null(heads_find(&h, 5));
	put(&h, 5, 0, 4);
	heads_close(&h);
	h = loaded(key);
	assert_head(&h, 5, 0, 4);
	heads_close(&h);
}

static void
a_record_with_any_changed_bit_does_not_count(void **state)
{
	struct heads h = loaded(key);
	int fd = open(path, O_RDWR);
	off_t size;

	assert_true(fd >= 0);
	put(&h, 5, 0, 3);
	size = file_size();
	heads_close(&h);
	for (off_t at = 0; at < size; at++) {
		char byte, flipped;

		assert_int_equal(pread(fd, &byte, 1, at), 1);
		flipped = (char)(byte ^ 1 << at % 8);
		assert_int_equal(pwrite(fd, &flipped, 1, at), 1);
		h = loaded(key);
		assert_null(heads_find(&h, 5));
		heads_close(&h);
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	}
	close(fd);
}

static void
heads_of_another_master_key_do_not_count(void **state)
{
	struct heads h = loaded(other_key);

	put(&h, 5, 0, 3);
	heads_close(&h);
	h = loaded(key);
	assert_null(heads_find(&h, 5));
	heads_close(&h);
}

static void
an_old_record_appended_again_does_not_turn_the_log_back(void **state)
{
	struct heads h = loaded(key);
	static char old[4096];
	off_t first;
	int fd;

	put(&h, 5, 0, 3);
	first = file_size();
	put(&h, 5, 0, 9);
	put(&h, 5, 1, 0);
	heads_close(&h);
	fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, old, (size_t)first, 0), first);
	assert_int_equal(pwrite(fd, old, (size_t)first, file_size()), first);
	close(fd);
	h = loaded(key);
	assert_head(&h, 5, 1, 0);
	heads_close(&h);
}

static void
a_large_file_is_written_anew_with_the_same_heads(void **state)
{
	struct heads h = loaded(key);
	off_t before;

	for (uint64_t size = 1; size <= 200; size++)
		put(&h, 5, 0, size);
	put(&h, 3, 2, 1);
	before = file_size();
	h.compact_at = (uint64_t)before + 1;
	put(&h, 3, 2, 5);
	assert_true(file_size() < before / 20);
	put(&h, 3, 2, 6);
	heads_close(&h);

	h = loaded(key);
	assert_int_equal(h.n, 2);
	assert_head(&h, 5, 0, 200);
	assert_head(&h, 3, 2, 6);
	heads_close(&h);
}

static void
a_missing_file_is_no_empty_log(void **state)
{
	struct heads h;

	heads_open(&h, &tools);
	heads_key(&h, key);
	assert_false(heads_load(&h, "/tmp/usher-no-such-folder/heads.log"));
	heads_close(&h);
}

static void
heads_pass_through_their_archive_form(void **state)
{
	struct heads from, to;
	struct buf b;

	heads_open(&from, &tools);
	heads_open(&to, &tools);
	buf_init(&b, NULL, 1 << 20);
	put(&from, 5, 0, 11);
	put(&from, 3, 1, 7);
	heads_encode(&from, &b);
	assert_true(heads_decode(&to, buf_view(&b)));
	assert_head(&to, 5, 0, 11);
	assert_head(&to, 3, 1, 7);
	for (size_t n = 0; n < b.n; n++)
		assert_false(heads_decode(&to, str_sub(buf_view(&b), 0, n)));
	buf_fini(&b);
	heads_close(&from);
	heads_close(&to);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, open_file, close_file)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FRESH(the_last_head_of_each_tenant_is_there_after_a_restart),
		FRESH(the_file_is_synced_within_a_second),
		FRESH(a_torn_tail_costs_only_the_torn_record),
		FRESH(what_is_put_after_a_torn_tail_is_found_again),
		FRESH(a_record_with_any_changed_bit_does_not_count),
		FRESH(heads_of_another_master_key_do_not_count),
		FRESH(an_old_record_appended_again_does_not_turn_the_log_back),
		FRESH(a_large_file_is_written_anew_with_the_same_heads),
		FRESH(a_missing_file_is_no_empty_log),
		FRESH(heads_pass_through_their_archive_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
