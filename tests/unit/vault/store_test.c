/* SPDX-License-Identifier: Apache-2.0 */
/* store_test.c - the vault's folder: what it holds, and what is refused. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/io.h"

#include "vault/store.h"

static struct crypt tools;
static char dir[64];
static const char *const files[] = { "master.key", "kek.store", "heads.log" };

static int
open_dir(void **state)
{
	crypt_open(&tools);
	snprintf(dir, sizeof(dir), "/tmp/usher-store-XXXXXX");
	return mkdtemp(dir) == NULL ? -1 : 0;
}

static const char *
path_of(const char *file)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	return path;
}

static int
close_dir(void **state)
{
	crypt_close(&tools);
	for (size_t i = 0; i < COUNT(files); i++)
		unlink(path_of(files[i]));
	return rmdir(dir);
}

/* Loads the folder; the deployment's first byte, -1 when refused. */
static int
load(const char **why, size_t *tenants)
{
	struct keys k;
	struct heads h;
	int first = -1;

	keys_open(&k, &tools);
	heads_open(&h, &tools);
	if (store_load(&k, &h, dir, why)) {
		first = k.deployment[0];
		*tenants = k.n;
	}
	heads_close(&h);
	keys_close(&k);
	return first;
}

static void
make_with_tenant(uint32_t tenant)
{
	struct keys k;
	struct heads h;
	const char *why;

	keys_open(&k, &tools);
	heads_open(&h, &tools);
	assert_true(store_load(&k, &h, dir, &why));
	assert_true(keys_tenant_make(&k, tenant));
	assert_true(store_save(&k));
	heads_close(&h);
	keys_close(&k);
}

static void
an_empty_folder_becomes_a_deployment_that_stays(void **state)
{
	const char *why;
	size_t tenants;
	int first = load(&why, &tenants);

	assert_true(first >= 0);
	assert_int_equal(tenants, 0);
	make_with_tenant(7);
	assert_int_equal(load(&why, &tenants), first);
	assert_int_equal(tenants, 1);
}

static void
only_its_owner_may_read_the_files(void **state)
{
	struct stat st;

	make_with_tenant(7);
	for (size_t i = 0; i < COUNT(files); i++) {
		assert_int_equal(stat(path_of(files[i]), &st), 0);
		assert_int_equal(st.st_mode & 07777, 0600);
	}
}

static void
no_key_stands_readable_in_the_store(void **state)
{
	struct arena *a = arena_open(1 << 20);
	struct keys k;
	struct heads h;
	struct str blob;
	const char *why;

	make_with_tenant(7);
	keys_open(&k, &tools);
	heads_open(&h, &tools);
	assert_true(store_load(&k, &h, dir, &why));
	assert_true(file_read(a, path_of("kek.store"), 1 << 20, &blob));
	assert_null(memmem(blob.p, blob.n, keys_tenant(&k, 7)->text, 8));
	assert_null(memmem(blob.p, blob.n, k.root->log_seed, 8));
	assert_null(memmem(blob.p, blob.n, k.root->master, 8));
	heads_close(&h);
	keys_close(&k);
	arena_close(a);
}

static void
a_master_key_that_others_can_read_is_refused(void **state)
{
	static const mode_t modes[] = { 0640, 0604, 0660, 0620, 0601 };
	const char *why;
	size_t tenants;

	make_with_tenant(7);
	for (size_t i = 0; i < COUNT(modes); i++) {
		assert_int_equal(chmod(path_of("master.key"), modes[i]), 0);
		assert_int_equal(load(&why, &tenants), -1);
		assert_string_equal(why, "master_exposed");
	}
	assert_int_equal(chmod(path_of("master.key"), 0600), 0);
	assert_true(load(&why, &tenants) >= 0);
}

static void
a_folder_that_others_can_write_is_refused(void **state)
{
	const char *why;
	size_t tenants;

	assert_int_equal(chmod(dir, 0770), 0);
	assert_int_equal(load(&why, &tenants), -1);
	assert_string_equal(why, "folder_is_not_ours");
	assert_int_equal(chmod(dir, 0700), 0);
	assert_true(load(&why, &tenants) >= 0);
}

/* New keys in place of lost ones would make the data unreadable for good. */
static void
a_folder_with_a_file_missing_is_refused(void **state)
{
	static const struct {
		const char *file, *why;
	} cases[] = {
		{ "master.key", "master_missing" },
		{ "heads.log", "heads_missing" },
	};
	struct arena *a = arena_open(1 << 20);
	const char *why;
	size_t tenants;

	make_with_tenant(7);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct str bytes;

		assert_true(
		    file_read(a, path_of(cases[i].file), 1 << 16, &bytes));
		assert_int_equal(unlink(path_of(cases[i].file)), 0);
		assert_int_equal(load(&why, &tenants), -1);
		assert_string_equal(why, cases[i].why);
		assert_true(file_replace(path_of(cases[i].file), bytes, 0600));
	}
	assert_true(load(&why, &tenants) >= 0);
	arena_close(a);
}

static void
a_store_lost_after_signing_is_refused(void **state)
{
	const char *why;
	size_t tenants;

	make_with_tenant(7);
	assert_true(file_replace(path_of("heads.log"), STR("x"), 0600));
	assert_int_equal(unlink(path_of("kek.store")), 0);
	assert_int_equal(load(&why, &tenants), -1);
	assert_string_equal(why, "store_missing");
}

static void
a_first_start_that_was_cut_short_is_finished(void **state)
{
	const char *why;
	size_t tenants;

	make_with_tenant(7);
	assert_true(file_replace(path_of("heads.log"), STR(""), 0600));
	assert_int_equal(unlink(path_of("kek.store")), 0);
	assert_true(load(&why, &tenants) >= 0);
	assert_int_equal(tenants, 0);
}

static void
an_altered_store_is_refused(void **state)
{
	const char *why;
	size_t tenants;
	struct stat st;
	int fd;

	make_with_tenant(7);
	fd = open(path_of("kek.store"), O_RDWR);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	for (off_t at = 0; at < st.st_size; at += 7) {
		char byte, flipped;

		assert_int_equal(pread(fd, &byte, 1, at), 1);
		flipped = (char)(byte ^ 1);
		assert_int_equal(pwrite(fd, &flipped, 1, at), 1);
		assert_int_equal(load(&why, &tenants), -1);
		assert_string_equal(why, "store_altered");
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	}
	close(fd);
	assert_true(load(&why, &tenants) >= 0);
}

static void
a_short_master_key_is_refused(void **state)
{
	const char *why;
	size_t tenants;

	make_with_tenant(7);
	assert_int_equal(truncate(path_of("master.key"), KEY_BYTES - 1), 0);
	assert_int_equal(load(&why, &tenants), -1);
	assert_string_equal(why, "master_altered");
}

static void
a_folder_that_takes_no_file_keeps_the_tenant_out(void **state)
{
	struct keys k;
	struct heads h;
	const char *why;

	keys_open(&k, &tools);
	heads_open(&h, &tools);
	assert_true(store_load(&k, &h, dir, &why));
	assert_true(keys_tenant_make(&k, 7));
	k.dir[strlen(k.dir) - 1] ^= 1;
	assert_false(store_save(&k));
	heads_close(&h);
	keys_close(&k);
}

/* Not even in what is left of the file that was replaced: a second name keeps it. */
static void
keys_that_are_forgotten_are_on_no_disk(void **state)
{
	struct arena *a = arena_open(1 << 20);
	char old[160];
	struct keys k;
	struct heads h;
	const char *why;
	struct str bytes;
	size_t tenants, kept = 0;

	make_with_tenant(7);
	make_with_tenant(8);
	snprintf(old, sizeof(old), "%s.old", dir);
	assert_int_equal(link(path_of("kek.store"), old), 0);
	keys_open(&k, &tools);
	heads_open(&h, &tools);
	assert_true(store_load(&k, &h, dir, &why));
	assert_true(store_forget(&k, 7));
	assert_null(keys_tenant(&k, 7));
	assert_non_null(keys_tenant(&k, 8));
	heads_close(&h);
	keys_close(&k);
	assert_true(file_read(a, old, 1 << 16, &bytes));
	assert_true(bytes.n > 100);
	for (size_t i = 0; i < bytes.n; i++)
		kept += bytes.p[i] != 0;
	assert_int_equal(kept, 0);
	assert_int_equal(unlink(old), 0);
	assert_true(load(&why, &tenants) >= 0);
	assert_int_equal(tenants, 1);
	arena_close(a);
}

static void
keys_stay_when_the_folder_takes_no_file(void **state)
{
	struct keys k;
	struct heads h;
	const char *why;
	size_t tenants;

	make_with_tenant(7);
	keys_open(&k, &tools);
	heads_open(&h, &tools);
	assert_true(store_load(&k, &h, dir, &why));
	k.dir[strlen(k.dir) - 1] ^= 1;
	assert_false(store_forget(&k, 7));
	assert_non_null(keys_tenant(&k, 7));
	heads_close(&h);
	keys_close(&k);
	assert_true(load(&why, &tenants) >= 0);
	assert_int_equal(tenants, 1);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, open_dir, close_dir)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FRESH(an_empty_folder_becomes_a_deployment_that_stays),
		FRESH(only_its_owner_may_read_the_files),
		FRESH(no_key_stands_readable_in_the_store),
		FRESH(a_master_key_that_others_can_read_is_refused),
		FRESH(a_folder_that_others_can_write_is_refused),
		FRESH(a_folder_with_a_file_missing_is_refused),
		FRESH(a_store_lost_after_signing_is_refused),
		FRESH(a_first_start_that_was_cut_short_is_finished),
		FRESH(an_altered_store_is_refused),
		FRESH(a_short_master_key_is_refused),
		FRESH(a_folder_that_takes_no_file_keeps_the_tenant_out),
		FRESH(keys_that_are_forgotten_are_on_no_disk),
		FRESH(keys_stay_when_the_folder_takes_no_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
