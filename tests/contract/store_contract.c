/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_contract.c - the contract suite of store/store.h: main() and what its
 * parts share.
 *
 *	store_contract FOLDER	runs it on SQLite databases below FOLDER
 *	store_contract postgresql://?host=FOLDER	on that server's
 */
#include "store_contract.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ARENA_MAX ((size_t)1 << 30)

static const char *base_url;

int
main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: store_contract FOLDER|URL\n");
		return 2;
	}
	base_url = argv[1];
	if (!is_postgres(base_url) && mkdir(base_url, 0700) != 0 &&
	    errno != EEXIST) {
		perror(base_url);
		return 2;
	}
	return run_transaction_tests() + run_row_tests() + run_list_tests() +
	    run_filter_tests() +
	    (is_postgres(base_url) ? run_server_tests() + run_shared_tests()
				   : run_file_tests());
}

void
fresh_url(char *url, size_t size)
{
	static unsigned n;

	n++;
	if (is_postgres(base_url)) {
		fresh_databases(base_url, n, url, size);
		return;
	}
	must(snprintf(url, size, "%s/%u", base_url, n) < (int)size);
	remove_url(url);
}

void
remove_url(const char *url)
{
	DIR *dir = opendir(url);
	struct dirent *entry;
	char path[1024];

	if (is_postgres(url))
		remove_databases(url);
	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL) {
		must(snprintf(path, sizeof(path), "%s/%s", url, entry->d_name) <
		    (int)sizeof(path));
		if (entry->d_name[0] != '.')
			must(unlink(path) == 0);
	}
	closedir(dir);
	must(rmdir(url) == 0);
}

int
set_up(void **state)
{
	struct fixture *f = heap_alloc(1, sizeof(*f));

	fresh_url(f->url, sizeof(f->url));
	f->arena = arena_open(ARENA_MAX);
	f->cx.arena = f->arena;
	open_fixture(f);
	*state = f;
	return 0;
}

int
tear_down(void **state)
{
	struct fixture *f = *state;

	if (f->store != NULL)
		close_fixture(f);
	remove_url(f->url);
	arena_close(f->arena);
	heap_free(f);
	return 0;
}

void
open_fixture(struct fixture *f)
{
	assert_int_equal(store_open(&f->cx, f->url, &f->store), OK);
	f->data = db_open_writer(f->store, DB_DATA, 0);
	f->keys = db_open_writer(f->store, DB_KEYS, 0);
	f->reader = db_open_reader(f->store, DB_DATA);
}

void
close_fixture(struct fixture *f)
{
	db_close(f->reader);
	db_close(f->data);
	db_close(f->keys);
	store_close(f->store);
	f->store = NULL;
}

void
save_one(struct fixture *f, const struct table *t, const void *row)
{
	save_all(f, t, row, 1);
}

void
save_all(struct fixture *f, const struct table *t, const void *rows, size_t n)
{
	struct db *db = t->db == DB_DATA ? f->data : f->keys;
	struct tx *tx = tx_begin_all(db, &f->cx);
	bool *stale = arena_array(f->arena, n, sizeof(*stale));

	assert_int_equal(store_save(tx, t, rows, n, stale), OK);
	assert_int_equal(tx_commit(tx), OK);
}

void
assert_refused(struct tx *tx, enum err err)
{
	if (err == OK)
		err = tx_keep(tx);
	assert_int_equal(err, ERR_CONFLICT);
	tx_undo(tx);
}

int64_t
count_rows(
    struct fixture *f, const struct table *t, const void *key, size_t nprefix)
{
	struct tx *tx = tx_begin_all(f->reader, &f->cx);
	int64_t n;

	assert_int_equal(store_count(tx, t, key, nprefix, &n), OK);
	tx_end(tx);
	return n;
}

struct person
a_person(int64_t tenant, int64_t id)
{
	return (struct person) { .tenant = tenant,
		.id = id,
		.lifecycle = LIFE_ACTIVE,
		.certification = CERT_CERTIFIED };
}

uint64_t
chance(void)
{
	static uint64_t x = 88172645463325252U;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x * UINT64_C(2685821657736338717);
}
