/* SPDX-License-Identifier: Apache-2.0 */
/*
 * raw.c - the baseline: the rows that Usher writes, put into SQLite by prepared
 * statements and nothing else, with the same durability.
 *
 *	bench_raw SAMPLE.db TARGET.db COUNT BATCH TENANT TABLE=ROWS...
 *
 * Puts COUNT persons' rows into TARGET, BATCH persons to a commit; ROWS is how
 * many rows of the table a person has (1, 6.25 ...).  What makes it honest:
 *
 * - TARGET is a copy of a database that Usher made (bench.py), with all its
 *   tables, keys and people; wrapped keys stand in a table of the same file, so
 *   that a batch costs one sync, which is the best that is possible;
 * - how many rows a person has in which table was counted in Usher's database
 *   before and after it stored so many persons;
 * - the rows are Usher's own, the last ones of each table of SAMPLE, column by
 *   column, so they have its sizes.  Only what must be unique is new: ids and
 *   log numbers go up, as Usher's do; keys of indexes are random, as its are;
 * - the tenant's row with the log's frontier and the pools are updated once a
 *   batch, as Usher does;
 * - page cache, sync mode and size of the write-ahead log are those of Usher's
 *   writer.  References are not checked: the baseline knows they are right.
 *
 * Prints one JSON line: persons a second, CPU and KB written for each.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include <sqlite3.h>

#define COLUMNS_MAX 40
#define TABLES_MAX  40
#define SAMPLES	    256
#define TEXT_MAX    4096
#define FIRST_ID    (INT64_C(1) << 62)	/* above all of Usher's */
#define KEY_BITS    UINT64_C(0xffffffffffff)

enum making {
	AS_SAMPLE,
	NEXT_NUMBER,
	RANDOM_NUMBER,
	RANDOM_BYTES
};

struct table {
	const char	*name;
	double		 rows;	/* of a person */
	sqlite3_stmt	*insert;
	sqlite3_value  **sample; /* SAMPLES rows of ncolumn */
	enum making	 making[COLUMNS_MAX];
	int		 ncolumn, nsample;
	long		 put;
};

/* Of a batch; ?1 is the tenant. */
static const char *const updates[] = {
	"UPDATE tenant SET log_size = log_size + 1, frontier = frontier"
	" WHERE tenant = ?1",
	"UPDATE pool SET version = version + 1 WHERE tenant = ?1"
	" AND id IN (SELECT id FROM pool WHERE tenant = ?1 LIMIT 3)",
};
#define UPDATES (sizeof(updates) / sizeof(updates[0]))

static struct table table[TABLES_MAX];
static size_t ntable;
static sqlite3 *sample_db, *db;
static long tenant;

static void read_tables(char **, int);
static void read_columns(struct table *);
static enum making making_of(const char *, const char *, int);
static void read_samples(struct table *, const char *);
static void prepare(struct table *);
static void put_all(long, long);
static void put_row(struct table *);
static void bind(struct table *, int, sqlite3_value *);
static void update(size_t);
static void report(long, double);
static long number_of(const char *);
static double now_ms(void);
static void run(sqlite3 *, const char *);
static void die(sqlite3 *, const char *) __attribute__((noreturn));

int
main(int argc, char **argv)
{
	long count;
	double begun_ms;

	if (argc < 7) {
		fprintf(stderr,
		    "bench_raw SAMPLE.db TARGET.db COUNT BATCH "
		    "TENANT TABLE=ROWS...\n");
		return 2;
	}
	if (sqlite3_open_v2(argv[1], &sample_db, SQLITE_OPEN_READONLY, NULL) !=
	    SQLITE_OK)
		die(sample_db, argv[1]);
	if (sqlite3_open(argv[2], &db) != SQLITE_OK)
		die(db, argv[2]);
	run(db,
	    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
	    "PRAGMA wal_autocheckpoint = 64000; PRAGMA cache_size = -32768;"
	    "PRAGMA foreign_keys = OFF");
	count = number_of(argv[3]);
	tenant = number_of(argv[5]);
	read_tables(argv + 6, argc - 6);
	begun_ms = now_ms();
	put_all(count, number_of(argv[4]));
	report(count, now_ms() - begun_ms);
	return 0;
}

/* --- what to put ------------------------------------------------------------ */

static void
read_tables(char **argument, int n)
{
	for (int i = 0; i < n; i++) {
		struct table *t = &table[ntable++];
		char *equals = strchr(argument[i], '=');

		if (equals == NULL || ntable == TABLES_MAX)
			die(db, argument[i]);
		*equals = '\0';
		t->name = argument[i];
		t->rows = strtod(equals + 1, NULL);
		read_columns(t);
		prepare(t);
	}
}

/* Key columns tell their place in it; the samples are the last in its order. */
static void
read_columns(struct table *t)
{
	char text[TEXT_MAX], order[TEXT_MAX] = "";
	sqlite3_stmt *st;
	size_t n = 0;

	snprintf(text, sizeof(text), "PRAGMA table_info(%s)", t->name);
	if (sqlite3_prepare_v2(sample_db, text, -1, &st, NULL) != SQLITE_OK)
		die(sample_db, text);
	while (sqlite3_step(st) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(st, 1);
		const char *type = (const char *)sqlite3_column_text(st, 2);
		int place = sqlite3_column_int(st, 5);

		if (t->ncolumn == COLUMNS_MAX)
			die(sample_db, t->name);
		t->making[t->ncolumn++] = making_of(name, type, place);
		if (place > 0)
			n += (size_t)snprintf(order + n, sizeof(order) - n,
			    "%s%s DESC", n > 0 ? ", " : "", name);
	}
	sqlite3_finalize(st);
	if (t->ncolumn == 0)
		die(sample_db, t->name);
	read_samples(t, order);
}

static enum making
making_of(const char *name, const char *type, int place)
{
	static const char *const numbers[] = { "id", "person", "seq",
		"onboarding" };

	if (strcmp(name, "key") == 0 && place > 0)
		return strcmp(type, "BLOB") == 0 ? RANDOM_BYTES : RANDOM_NUMBER;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (strcmp(name, numbers[i]) == 0)
			return NEXT_NUMBER;
	return AS_SAMPLE;
}

static void
read_samples(struct table *t, const char *order)
{
	char text[2 * TEXT_MAX];
	sqlite3_stmt *st;

	snprintf(text, sizeof(text),
	    "SELECT * FROM %s WHERE tenant = %ld ORDER BY %s LIMIT %d", t->name,
	    tenant, order, SAMPLES);
	if (sqlite3_prepare_v2(sample_db, text, -1, &st, NULL) != SQLITE_OK)
		die(sample_db, text);
	t->sample = calloc((size_t)(SAMPLES * t->ncolumn), sizeof(*t->sample));
	while (sqlite3_step(st) == SQLITE_ROW) {
		for (int i = 0; i < t->ncolumn; i++)
			t->sample[t->nsample * t->ncolumn + i] =
			    sqlite3_value_dup(sqlite3_column_value(st, i));
		t->nsample++;
	}
	sqlite3_finalize(st);
	if (t->nsample == 0)
		die(sample_db, t->name);
}

static void
prepare(struct table *t)
{
	char text[TEXT_MAX];
	size_t n = (size_t)snprintf(
	    text, sizeof(text), "INSERT INTO %s VALUES (", t->name);

	for (int i = 0; i < t->ncolumn; i++)
		n += (size_t)snprintf(
		    text + n, sizeof(text) - n, "%s?", i > 0 ? "," : "");
	snprintf(text + n, sizeof(text) - n, ")");
	if (sqlite3_prepare_v3(db, text, -1, SQLITE_PREPARE_PERSISTENT,
		&t->insert, NULL) != SQLITE_OK)
		die(db, text);
}

/* --- putting it ------------------------------------------------------------- */

/* Table by table within a batch, as Usher saves. */
static void
put_all(long count, long batch)
{
	for (long done = 0; done < count;) {
		long upto = done + batch < count ? done + batch : count;

		run(db, "BEGIN IMMEDIATE");
		for (size_t i = 0; i < ntable; i++)
			while (
			    table[i].put < (long)((double)upto * table[i].rows))
				put_row(&table[i]);
		for (size_t i = 0; i < UPDATES; i++)
			update(i);
		run(db, "COMMIT");
		done = upto;
	}
}

static void
put_row(struct table *t)
{
	sqlite3_value **row = t->sample + t->put % t->nsample * t->ncolumn;

	for (int i = 0; i < t->ncolumn; i++)
		bind(t, i, row[i]);
	if (sqlite3_step(t->insert) != SQLITE_DONE)
		die(db, t->name);
	sqlite3_reset(t->insert);
	t->put++;
}

static void
bind(struct table *t, int i, sqlite3_value *sample)
{
	static sqlite3_int64 started;
	static unsigned char fresh[COLUMNS_MAX][64];
	uint64_t number;

	if (started == 0)
		started = FIRST_ID + ((sqlite3_int64)now_ms() << 20);
	switch (t->making[i]) {
	case NEXT_NUMBER:
		/* "None" stays none. */
		if (sqlite3_value_int64(sample) == 0)
			sqlite3_bind_int64(t->insert, i + 1, 0);
		else
			sqlite3_bind_int64(t->insert, i + 1, started + t->put);
		return;
	case RANDOM_NUMBER:
		sqlite3_randomness(sizeof(number), &number);
		sqlite3_bind_int64(
		    t->insert, i + 1, (sqlite3_int64)(number & KEY_BITS));
		return;
	case RANDOM_BYTES:
		if (sqlite3_value_bytes(sample) > (int)sizeof(fresh[i]))
			die(db, t->name);
		sqlite3_randomness(sizeof(fresh[i]), fresh[i]);
		sqlite3_bind_blob(t->insert, i + 1, fresh[i],
		    sqlite3_value_bytes(sample), SQLITE_STATIC);
		return;
	default:
		sqlite3_bind_value(t->insert, i + 1, sample);
	}
}

static void
update(size_t i)
{
	static sqlite3_stmt *st[UPDATES];

	if (st[i] == NULL &&
	    sqlite3_prepare_v3(db, updates[i], -1, SQLITE_PREPARE_PERSISTENT,
		&st[i], NULL) != SQLITE_OK)
		die(db, updates[i]);
	sqlite3_bind_int64(st[i], 1, tenant);
	if (sqlite3_step(st[i]) != SQLITE_DONE)
		die(db, updates[i]);
	sqlite3_reset(st[i]);
}

/* --- the rest --------------------------------------------------------------- */

static void
report(long count, double took_ms)
{
	FILE *f = fopen("/proc/self/io", "r");
	char line[128];
	long long written = 0;
	struct rusage used;

	if (f == NULL || getrusage(RUSAGE_SELF, &used) != 0)
		die(db, "/proc/self/io");
	while (fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, "write_bytes: ", 13) == 0)
			written = strtoll(line + 13, NULL, 10);
	fclose(f);
	printf("{\"rate\": %.1f, \"cpu_us\": %.1f, \"written_kb\": %.2f}\n",
	    (double)count / took_ms * 1e3,
	    ((double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e6 +
		(double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec)) /
		(double)count,
	    (double)written / 1024.0 / (double)count);
}

static long
number_of(const char *argument)
{
	char *end;
	long n = strtol(argument, &end, 10);

	if (*end != '\0' || n <= 0)
		die(db, argument);
	return n;
}

static double
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void
run(sqlite3 *in, const char *sql)
{
	if (sqlite3_exec(in, sql, NULL, NULL, NULL) != SQLITE_OK)
		die(in, sql);
}

static void
die(sqlite3 *in, const char *what)
{
	fprintf(stderr, "%s: %s\n", what, sqlite3_errmsg(in));
	exit(2);
}
