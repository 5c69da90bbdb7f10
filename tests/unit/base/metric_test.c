/* SPDX-License-Identifier: Apache-2.0 */
/* metric_test.c - what is counted is told, exactly and in the right form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/metric_text.h"
#include "base/queue.h"

#include "openmetrics.h"

#define THREADS	 12	/* more than there are shards */
#define EACH	 20000
#define TEXT_MAX (1 << 20)

static struct samples samples;

static struct buf
tell(enum metric m, const struct str *label, size_t series, bool is_open)
{
	struct exposition x;
	struct buf b;

	buf_init(&b, NULL, TEXT_MAX);
	exposition_begin(&x, &b, is_open);
	exposition_metric(&x, m);
	exposition_series(&x, label, series);
	exposition_end(&x);
	assert_false(b.over);
	return b;
}

/* --- counting ------------------------------------------------------------------- */

static void
count(void *arg)
{
	(void)arg;
	for (int i = 0; i < EACH; i++) {
		metric_add(METRIC_COMMITS, DATABASE_KEYS, 1);
		metric_add(METRIC_IN_FLIGHT, 0, i % 2 == 0 ? 3 : -3);
		metric_observe(METRIC_COMMIT_SECONDS, 0, 1000000);
	}
}

static void
threads_lose_nothing(void **state)
{
	struct thread *thread[THREADS];
	struct histogram h;

	(void)state;
	for (size_t i = 0; i < THREADS; i++)
		thread[i] = thread_start("counter", count, NULL);
	for (size_t i = 0; i < THREADS; i++)
		thread_join(thread[i]);
	assert_int_equal(
	    metric_read(METRIC_COMMITS, DATABASE_KEYS), THREADS * EACH);
	assert_int_equal(metric_read(METRIC_COMMITS, DATABASE_DATA), 0);
	assert_int_equal(metric_read(METRIC_IN_FLIGHT, 0), 0);
	metric_read_histogram(METRIC_COMMIT_SECONDS, 0, &h);
	assert_int_equal(h.below[h.n], THREADS * EACH);
	assert_int_equal(h.sum, (int64_t)THREADS * EACH * 1000000);
}

static void
a_value_is_in_the_buckets_that_it_is_not_above(void **state)
{
	/* of 0.0001, 0.00025, … 10.0 seconds */
	static const struct {
		uint64_t ns;
		size_t first; /* bucket that has it */
	} values[] = {
		{ 0, 0 },
		{ 100000, 0 },
		{ 100001, 1 },
		{ 250000, 1 },
		{ 999999999, 12 },
		{ 1000000000, 12 },
		{ 1000000001, 13 },
		{ 10000000000, 15 },
		{ 10000000001, 16 },
		{ UINT64_C(1) << 50, 16 },
	};
	struct histogram before, after;

	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		metric_read_histogram(METRIC_VAULT_SECONDS, 0, &before);
		metric_observe(METRIC_VAULT_SECONDS, 0, values[i].ns);
		metric_read_histogram(METRIC_VAULT_SECONDS, 0, &after);
		assert_int_equal(after.n, 16);
		for (size_t b = 0; b <= after.n; b++)
			assert_int_equal(after.below[b] - before.below[b],
			    b >= values[i].first);
		assert_int_equal(after.sum - before.sum, values[i].ns);
	}
}

static void
series_do_not_touch_each_other(void **state)
{
	const size_t last = metric_info(METRIC_REQUEST_SECONDS)->series - 1;
	struct histogram h;

	(void)state;
	for (size_t s = 0; s <= last; s++)
		for (size_t n = 0; n <= s % 3; n++)
			metric_observe(METRIC_REQUEST_SECONDS, s, s);
	for (size_t s = 0; s <= last; s++) {
		metric_read_histogram(METRIC_REQUEST_SECONDS, s, &h);
		assert_int_equal(h.below[h.n], s % 3 + 1);
		assert_int_equal(h.sum, s * (s % 3 + 1));
	}
	assert_int_equal(metric_read(METRIC_CONTENTION, CONTENTION_BUSY), 0);
	assert_int_equal(metric_read(METRIC_ERRORS, 0), 0);
}

/* --- the table ------------------------------------------------------------------ */

static void
the_table_keeps_the_rules_of_openmetrics(void **state)
{
	(void)state;
	for (enum metric m = 0; m < METRIC_COUNT; m++) {
		const struct metric_info *info = metric_info(m);
		struct exposition x = { .metric = m };
		struct str name = str_of(info->name), unit = str_of(info->unit);

		assert_true(str_starts(name, STR("usher_")));
		assert_true(unit.n == 0 || str_ends(name, unit));
		assert_false(str_ends(name, STR("_total")));
		assert_true(strlen(info->help) > 5);
		assert_null(strchr(info->help, '\\'));
		for (enum metric n = 0; n < m; n++)
			assert_string_not_equal(
			    info->name, metric_info(n)->name);
		/* Values that are listed are as many as are counted. */
		if (strchr(info->labels, '=') == NULL)
			continue;
		for (size_t i = 0; i < info->series; i++)
			assert_true(exposition_label(&x, i).n > 0);
		if (info->series > 0)
			assert_null(exposition_label(&x, info->series).p);
	}
}

/* --- telling -------------------------------------------------------------------- */

static void
a_histogram_is_told_to_the_last_byte(void **state)
{
	static const char want[] =
	    "# TYPE usher_batch_items histogram\n"
	    "# HELP usher_batch_items items that shared a commit\n"
	    "usher_batch_items_bucket{le=\"1.0\"} 1\n"
	    "usher_batch_items_bucket{le=\"2.0\"} 1\n"
	    "usher_batch_items_bucket{le=\"5.0\"} 2\n"
	    "usher_batch_items_bucket{le=\"10.0\"} 2\n"
	    "usher_batch_items_bucket{le=\"20.0\"} 2\n"
	    "usher_batch_items_bucket{le=\"50.0\"} 2\n"
	    "usher_batch_items_bucket{le=\"100.0\"} 2\n"
	    "usher_batch_items_bucket{le=\"150.0\"} 2\n"
	    "usher_batch_items_bucket{le=\"200.0\"} 3\n"
	    "usher_batch_items_bucket{le=\"+Inf\"} 3\n"
	    "usher_batch_items_count 3\n"
	    "usher_batch_items_sum 204\n"
	    "# EOF\n";
	struct buf b;

	(void)state;
	metric_observe(METRIC_BATCH, 0, 1);
	metric_observe(METRIC_BATCH, 0, 3);
	metric_observe(METRIC_BATCH, 0, 200);
	b = tell(METRIC_BATCH, NULL, 0, true);
	assert_int_equal(b.n, sizeof(want) - 1);
	assert_memory_equal(b.p, want, b.n);
	openmetrics_read(buf_view(&b), &samples);
	assert_int_equal(samples.families, 1);
	buf_fini(&b);
}

static void
a_label_is_escaped_and_seconds_are_exact(void **state)
{
	const struct str label[] = { STR("GET"), STR("a\\b\"c\nd"),
		STR("2xx") };
	const char *route = "method=\"GET\",route=\"a\\\\b\\\"c\\nd\","
			    "status=\"2xx\"";
	struct exposition x;
	struct buf b;

	(void)state;
	buf_init(&b, NULL, TEXT_MAX);
	exposition_begin(&x, &b, true);
	exposition_metric(&x, METRIC_REQUEST_SECONDS);
	exposition_series(&x, label, 2);
	exposition_metric(&x, METRIC_UPTIME);
	exposition_seconds(&x, NULL, INT64_C(12000000034));
	exposition_end(&x);
	openmetrics_read(buf_view(&b), &samples);
	assert_true(openmetrics_value(&samples, "usher_uptime_seconds", "") ==
	    12.000000034);
	assert_true(
	    openmetrics_value(&samples,
		"usher_http_request_duration_seconds_count", route) == 3);
	buf_fini(&b);
}

/* Who asks for the older format reads names that end in _total, and no end. */
static void
the_older_format_is_told_to_who_does_not_ask(void **state)
{
	static const char want[] =
	    "# TYPE usher_batches_replayed_total counter\n"
	    "# HELP usher_batches_replayed_total "
	    "batches of which each item was tried alone\n"
	    "usher_batches_replayed_total 2\n";
	struct buf b;

	(void)state;
	metric_add(METRIC_REPLAYS, 0, 2);
	b = tell(METRIC_REPLAYS, NULL, 0, false);
	assert_int_equal(b.n, sizeof(want) - 1);
	assert_memory_equal(b.p, want, b.n);
	buf_fini(&b);
}

static void
the_accept_header_chooses(void **state)
{
	static const struct {
		const char *accept;
		bool is_open;
	} headers[] = {
		{ "application/openmetrics-text", true },
		{ "text/plain;q=0.5, application/OpenMetrics-Text ; "
		  "version=1.0.0;q=0.9",
		    true },
		{ "text/plain", false },
		{ "application/openmetrics-texts", false },
		{ "*/*", false },
		{ "", false },
	};

	(void)state;
	assert_false(exposition_wants_open_metrics((struct str) { NULL, 0 }));
	for (size_t i = 0; i < COUNT(headers); i++)
		assert_int_equal(
		    exposition_wants_open_metrics(str_of(headers[i].accept)),
		    headers[i].is_open);
	assert_non_null(strstr(exposition_content_type(true), "openmetrics"));
	assert_non_null(strstr(exposition_content_type(false), "0.0.4"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads_lose_nothing),
		cmocka_unit_test(
		    a_value_is_in_the_buckets_that_it_is_not_above),
		cmocka_unit_test(series_do_not_touch_each_other),
		cmocka_unit_test(the_table_keeps_the_rules_of_openmetrics),
		cmocka_unit_test(a_histogram_is_told_to_the_last_byte),
		cmocka_unit_test(a_label_is_escaped_and_seconds_are_exact),
		cmocka_unit_test(the_older_format_is_told_to_who_does_not_ask),
		cmocka_unit_test(the_accept_header_chooses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
