/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine.h - an engine of several lanes in memory, that goes away when it is
 * told to.
 */
#ifndef TEST_STORE_ENGINE_H
#define TEST_STORE_ENGINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/store_int.h"

#define ROWS_MAX 10000

/* Where it fails. */
enum moment {
	AT_NONE,
	AT_READ,		/* a reader of the data begins */
	AT_READ_KEYS,
	AT_BEGIN,		/* a writer of the data */
	AT_BEGIN_KEYS,
	AT_LOAD,
	AT_SAVE,
	AT_SAVE_KEYS,
	AT_COMMIT,
	AT_COMMIT_KEYS,
	MOMENTS
};

/* How, and of whom: at COMMIT the last three are possible, too. */
enum failure {
	GONE,			/* the connection */
	IN_THE_WAY,		/* another transaction */
	UNKNOWN_DONE,		/* no answer, and it stands */
	UNKNOWN_NOT_DONE,
	WARNED			/* it stands, but perhaps not everywhere */
};

struct row {
	int64_t tenant, id;
	size_t	lane;
};

struct engine_store {
	struct store base;
	struct lock *lock;	/* guards what follows */
	enum moment  moment;	/* the next N times, on LANE or (-1) on all */
	enum failure failure;
	unsigned     n;
	int	     lane;
	int64_t	     answer;	/* to every query: a number */
	unsigned     doubt;	/* so often nobody knows yet how a commit ended */
	struct row   row[ROWS_MAX];
	size_t	     nrow;
};

struct engine_store *engine_open(bool spans);
void engine_close(struct engine_store *);
void engine_fails(struct engine_store *, enum moment, enum failure, unsigned n);
/* How often this row was committed. */
size_t engine_rows(struct engine_store *, int64_t tenant, int64_t id);

#endif
