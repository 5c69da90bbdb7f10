/* SPDX-License-Identifier: Apache-2.0 */
/*
 * raw.c - the baseline: the rows of an onboarding put into SQLite by prepared
 * statements and nothing else, with the same durability, 200 to a commit.
 *
 *	raw SCHEMA.db COUNT
 *
 * SCHEMA.db is a database of Usher's own making that holds FILL persons
 * already (a copy; it is changed).  The wrapped key goes into a table of the
 * same file: one sync a batch.  Prints one JSON line.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BATCH 200

/* What one onboarding stores; ? are filled by kind: i a counter, r a random integer, N bytes. */
static const struct row {
	const char *sql;
	const char *kinds;
	int	    times;
} rows[] = {
	{ "INSERT INTO person VALUES(9,?,1,2,1,0,0,7,?,?,1,1,3,4,5,6,0,0,7,8,0,"
	  "0,1020000,0,?,?)", "ittRK", 1 },
	{ "INSERT INTO contract VALUES(9,?,?,1,7,3,4,5,6,0,0,0,1020000,0,1)",
	  "ir", 1 },
	{ "INSERT INTO ix_unique VALUES(9,1,1,?,?)", "Hi", 1 },
	{ "INSERT INTO ix_search VALUES(9,1,?,?)", "ri", 6 },
	{ "INSERT INTO source_ref VALUES(9,7,?,?,x'',1,?)", "Hii", 1 },
	{ "INSERT INTO seat VALUES(9,11,?,12,2,?,0,0)", "it", 1 },
	{ "INSERT INTO grant_now VALUES(9,?,11,1,?,?,0)", "iit", 1 },
	{ "INSERT INTO onboarding VALUES(9,?,?,7,7,2,5,?,?,?,?,0,?)", "iittttO",
	  1 },
	{ "INSERT INTO idempotency VALUES(9,1,7,?,?,?,201)", "HHi", 1 },
	{ "INSERT INTO log VALUES(9,?,?)", "iL", 1 },
	{ "INSERT INTO bench_key VALUES(9,?,1,1,1,?,?)", "itW", 1 },
};

static unsigned char noise[8192];

static void
die(sqlite3 *db, const char *what)
{
	fprintf(stderr, "%s: %s\n", what, sqlite3_errmsg(db));
	exit(2);
}

static void
run(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		die(db, sql);
}

/* Sizes as Usher's own rows have them (bytes). */
static int
size_of(char kind)
{
	switch (kind) {
	case 'R':
		return 601;	/* sealed record */
	case 'K':
		return 75;	/* packed index keys */
	case 'H':
		return 32;
	case 'O':
		return 26;	/* outcome */
	case 'L':
		return 1100;	/* log entry with sealed inputs */
	default:
		return 157;	/* wrapped key */
	}
}

static void
fill(sqlite3_stmt *st, const char *kinds, sqlite3_int64 id)
{
	for (int i = 0; kinds[i] != '\0'; i++) {
		int at = i + 1;

		if (kinds[i] == 'i') {
			sqlite3_bind_int64(st, at, id);
		} else if (kinds[i] == 't') {
			sqlite3_bind_int64(st, at, 1795000000000 + id % 1000);
		} else if (kinds[i] == 'r') {
			sqlite3_int64 r;

			sqlite3_randomness(sizeof(r), &r);
			sqlite3_bind_int64(st, at, r & 0xffffffffffff);
		} else {
			unsigned char *p = noise + (id % 4096);

			if (size_of(kinds[i]) == 32) {
				static unsigned char fresh[8][32];
				static int turn;

				p = fresh[turn++ & 7];
				sqlite3_randomness(32, p);
			}
			sqlite3_bind_blob(st, at, p, size_of(kinds[i]),
			    SQLITE_STATIC);
		}
	}
}

static double
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

int
main(int argc, char **argv)
{
	sqlite3_stmt *st[sizeof(rows) / sizeof(rows[0])], *count_st;
	sqlite3 *db;
	sqlite3_int64 id = 1LL << 62;
	double begun, took;
	long count;

	if (argc != 3 || (count = strtol(argv[2], NULL, 10)) <= 0) {
		fprintf(stderr, "raw SCHEMA.db COUNT\n");
		return 2;
	}
	if (sqlite3_open(argv[1], &db) != SQLITE_OK)
		die(db, argv[1]);
	sqlite3_randomness(sizeof(noise), noise);
	run(db, "PRAGMA journal_mode=WAL");
	run(db, "PRAGMA synchronous=FULL");
	run(db, "PRAGMA wal_autocheckpoint=64000");
	run(db, "PRAGMA cache_size=-32768");
	run(db, "PRAGMA foreign_keys=OFF");
	run(db, "CREATE TABLE IF NOT EXISTS bench_key(tenant,person,version,"
	    "state,epoch,made,wrapped,PRIMARY KEY(tenant,person,version))"
	    " WITHOUT ROWID");
	run(db, "CREATE TABLE IF NOT EXISTS bench_count(n,tree)");
	run(db, "DELETE FROM bench_count; INSERT INTO bench_count VALUES(0,"
	    "zeroblob(500))");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (sqlite3_prepare_v3(db, rows[i].sql, -1,
		    SQLITE_PREPARE_PERSISTENT, &st[i], NULL) != SQLITE_OK)
			die(db, rows[i].sql);
	/* Pool and tenant rows: two small updates a batch. */
	sqlite3_prepare_v2(db, "UPDATE bench_count SET n = n + 1,"
	    " tree = randomblob(500)", -1, &count_st, NULL);
	begun = now_ms();
	for (long done = 0; done < count; done += BATCH) {
		run(db, "BEGIN IMMEDIATE");
		for (long j = 0; j < BATCH && done + j < count; j++, id++)
			for (size_t i = 0;
			    i < sizeof(rows) / sizeof(rows[0]); i++)
				for (int k = 0; k < rows[i].times; k++) {
					fill(st[i], rows[i].kinds, id);
					if (sqlite3_step(st[i]) != SQLITE_DONE)
						die(db, rows[i].sql);
					sqlite3_reset(st[i]);
				}
		sqlite3_step(count_st);
		sqlite3_reset(count_st);
		run(db, "COMMIT");
	}
	took = now_ms() - begun;
	printf("{\"rate\": %.1f}\n", (double)count / took * 1e3);
	return 0;
}
