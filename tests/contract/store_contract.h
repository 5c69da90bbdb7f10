/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_contract.h - what the files of the store's contract suite share.  The
 * suite knows nothing of an engine: it is given a URL below which it may make
 * as many stores as it likes.
 */
#ifndef STORE_CONTRACT_H
#define STORE_CONTRACT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/rows.h"
#include "store/store.h"

/* A new, empty store, open, with its writers and a reader each. */
struct fixture {
	char	      url[256];
	struct arena *arena;
	struct ctx    cx;
	struct store *store;
	struct db    *data, *keys;	/* writers */
	struct db    *reader;		/* of the data */
};

int set_up(void **state);
int tear_down(void **state);
/* The URL of a store nobody has used; what is there is removed. */
void fresh_url(char *url, size_t size);
void remove_url(const char *url);
void open_fixture(struct fixture *);
void close_fixture(struct fixture *);

/* Saves one row in a transaction of its own. */
void save_one(struct fixture *, const struct table *, const void *row);
void save_all(struct fixture *, const struct table *, const void *rows, size_t n);
int64_t count_rows(struct fixture *, const struct table *, const void *key, size_t nprefix);

/* ERR is what came of a save or drop since the savepoint; an engine may tell it later. */
void assert_refused(struct tx *, enum err);

/* --- store_postgres.c --- */
bool is_postgres(const char *base);
void fresh_databases(const char *base, unsigned n, char *url, size_t size);
void remove_databases(const char *url);
/* As if the server had ended them; those of the suite. */
void end_sessions(void);

struct person a_person(int64_t tenant, int64_t id);

/* fail_msg() would be taken for our fail(). */
#define FLUNK(...) (print_error(__VA_ARGS__), _fail(__FILE__, __LINE__))

/* The same numbers in every run. */
uint64_t chance(void);
#define BELOW(n) ((int64_t)(chance() % (uint64_t)(n)))

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int run_transaction_tests(void);
int run_row_tests(void);
int run_list_tests(void);
int run_filter_tests(void);
int run_file_tests(void);	/* of an engine that keeps files */
int run_shared_tests(void);
int run_server_tests(void);	/* of one that has a server */

#endif
