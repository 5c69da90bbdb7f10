/* SPDX-License-Identifier: Apache-2.0 */
/* frame_test.c - figures of two looks, and the window that they make. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "usher/frame.h"
#include "usher/listing.h"

#define SECOND_NS INT64_C(1000000000)

static struct arena *arena;

static int
open_arena(void **state)
{
	(void)state;
	arena = arena_open(64 << 20);
	return 0;
}

static int
close_arena(void **state)
{
	(void)state;
	arena_close(arena);
	return 0;
}

static struct figures
read_all(const char *text)
{
	struct figures f = { 0 };

	assert_true(figures_read(arena, str_of(text), &f));
	return f;
}

/* Two seconds apart. */
static struct looks
looks_of(const char *before, const char *now)
{
	struct looks l = { read_all(before), read_all(now) };

	l.now.taken_ns = 2 * SECOND_NS;
	return l;
}

/* --- figures ------------------------------------------------------------------- */

static void
samples_are_read_and_summed(void **state)
{
	struct figures f =
	    read_all("# TYPE a gauge\na 1.5\na{k=\"x\",j=\"y z\"} 2\n"
		     "a{k=\"w\"} -4\nab{k=\"x\"} 8\n# EOF\n");

	(void)state;
	assert_int_equal(f.n, 4);
	assert_true(figures_sum(&f, "a", "") == -0.5);
	assert_true(figures_sum(&f, "a", "k=\"x\"") == 2);
	assert_true(figures_sum(&f, "b", "") == 0);
	assert_true(str_eq(figure_label(&f.v[1], "k"), STR("x")));
	assert_true(str_eq(figure_label(&f.v[1], "j"), STR("y z")));
	assert_null(figure_label(&f.v[1], "i").p);
	assert_null(figure_label(&f.v[0], "k").p);
}

static void
what_is_no_exposition_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"# EOF\n",
		"a 1\n",
		"a 1\n# EOF",
		"a x\n# EOF\n",
		"a\n# EOF\n",
		"a{k=\"x\" 1\n# EOF\n",
		" 1\n# EOF\n",
		"a 1 2x\n# EOF\n",
		"{\"ok\":true}",
	};
	struct figures f;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++)
		if (figures_read(arena, str_of(texts[i]), &f))
			print_error("%s\n", texts[i]), assert_true(false);
}

static void
rates_are_growth_by_the_second(void **state)
{
	struct looks l = looks_of("a_total{k=\"x\"} 10\na_total 1\n# EOF\n",
	    "a_total{k=\"x\"} 16\na_total 4\n# EOF\n");

	(void)state;
	assert_true(looks_rate(&l, "a_total", "") == 4.5);
	assert_true(looks_rate(&l, "a_total", "k=\"x\"") == 3);
	assert_true(looks_rate(&l, "b_total", "") == 0);
	/* It was started again meanwhile. */
	l = looks_of("a_total 10\n# EOF\n", "a_total 2\n# EOF\n");
	assert_true(looks_rate(&l, "a_total", "") == 0);
	l.before = l.now;
	assert_true(looks_rate(&l, "a_total", "") == 0);
}

#define BUCKET(le, n) "h_bucket{k=\"x\",le=\"" le "\"} " #n "\n"
#define BUCKETS(a, b, c, d) \
	BUCKET("1.0", a) BUCKET("2.0", b) BUCKET("4.0", c) BUCKET("+Inf", d)

static void
quantiles_lie_where_their_share_is(void **state)
{
	static const struct {
		const char *now;
		double q, want;
	} rows[] = {
		/* before: 5 5 5 5 */
		{ BUCKETS(5, 5, 5, 5), 0.5, -1 },
		{ BUCKETS(15, 15, 15, 15), 0.5, 0.5 },
		{ BUCKETS(5, 15, 15, 15), 0.5, 1.5 },
		{ BUCKETS(5, 10, 15, 15), 0.5, 2 },
		{ BUCKETS(5, 10, 15, 15), 0.75, 3 },
		{ BUCKETS(5, 10, 15, 15), 1, 4 },
		{ BUCKETS(5, 5, 5, 15), 0.5, 4 },
		{ BUCKETS(10, 10, 10, 15), 0.9, 4 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char now[512];
		struct looks l;

		snprintf(now, sizeof(now), "%s# EOF\n", rows[i].now);
		l = looks_of(BUCKETS(5, 5, 5, 5) "# EOF\n", now);
		assert_true(
		    looks_quantile(&l, "h", "", rows[i].q) == rows[i].want);
		assert_true(looks_quantile(&l, "h", "k=\"y\"", 0.5) == -1);
	}
}

/* --- the window ------------------------------------------------------------------ */

#define HTTP "usher_http_request_duration_seconds"
#define GOOD "method=\"GET\",route=\"/x\",status=\"2xx\""
#define POOL "tenant=\"7\",product=\"mail\",pool=\"mail-all\""

static const char before[] = "usher_build_info{version=\"1.2\"} 1\n"
			     "usher_uptime_seconds 93784.5\n" HTTP
			     "_count{" GOOD "} 10\n"
			     "# EOF\n";
static const char now[] =
    "usher_build_info{version=\"1.2\"} 1\n"
    "usher_uptime_seconds 93786.5\n"
    "usher_ready{check=\"store\"} 1\n"
    "usher_ready{check=\"vault\"} 1\n" HTTP "_bucket{" GOOD
    ",le=\"0.001\"} 20\n" HTTP "_bucket{" GOOD ",le=\"+Inf\"} 20\n" HTTP
    "_count{" GOOD "} 30\n" HTTP
    "_count{method=\"GET\",route=\"/x\",status=\"4xx\"} 20\n"
    "usher_http_requests_in_flight 3\n"
    "usher_onboardings_total{result=\"new\"} 40\n"
    "usher_onboardings_total{result=\"repeated\"} 10\n"
    "usher_queue_depth{class=\"bulk\"} 123456\n"
    "usher_seats{" POOL ",state=\"assigned\"} 8\n"
    "usher_seats{tenant=\"7\",product=\"mail\",pool=\"\","
    "state=\"waiting\"} 2\n"
    "usher_pool_quota{" POOL "} 9\n"
    "# EOF\n";

static struct str
window(size_t width, size_t height, enum lang lang)
{
	struct looks l = looks_of(before, now);
	struct frame_view view = { .width = width, .height = height,
		.lang = lang, .address = STR("127.0.0.1:8421") };
	struct buf b;

	buf_init(&b, arena, 1 << 20);
	frame_write(arena, &l, &view, &b);
	return buf_view(&b);
}

static bool
has(struct str text, const char *part)
{
	return memmem(text.p, text.n, part, strlen(part)) != NULL;
}

static void
the_figures_stand_in_their_rows(void **state)
{
	struct str w = window(80, 24, LANG_EN);

	(void)state;
	assert_true(str_starts(w,
	    STR("ready  usher 1.2  up 1d 02:03:06"
		"  127.0.0.1:8421\n")));
	assert_true(has(w,
	    "\nrequests     20/s  p50 0.5 ms  p99 1.0 ms"
	    "  in flight 3  errors 50.0 %\n"));
	assert_true(has(w, "\nonboardings  20/s  repeated 20.0 %"));
	assert_true(has(w, "  bulk 123k  "));
	assert_true(has(w, "\nGET /x "));
	assert_true(has(w, "\nmail-all "));
	/* Nothing for a terminal in it. */
	assert_false(has(w, "\033"));
}

static void
every_window_is_kept_in_every_language(void **state)
{
	(void)state;
	for (enum lang lang = 0; lang < LANG_COUNT; lang++)
		for (size_t width = 1; width < 130; width += 3)
			for (size_t height = 1; height < 40; height += 4) {
				size_t lines = 0;
				struct str w;

				arena_reset(arena);
				w = window(width, height, lang);

				while (w.p != NULL) {
					struct str line = str_cut(&w, '\n');

					lines++;
					assert_true(str_utf8(line));
					assert_true(text_width(line) <= width);
				}
				assert_in_range(lines, 1, height);
			}
}

static void
what_fails_stands_first(void **state)
{
	struct looks l = looks_of(before,
	    "usher_ready{check=\"store\"} 0\nusher_ready{check=\"vault\"} 1\n"
	    "usher_ready{check=\"log\"} 0\n# EOF\n");
	struct frame_view view = { .width = 60, .height = 20,
		.is_terminal = true };
	struct buf b;

	(void)state;
	buf_init(&b, arena, 1 << 20);
	frame_write(arena, &l, &view, &b);
	assert_true(str_starts(
	    buf_view(&b), STR("\033[7mNOT READY: store, log\033[0m")));
	assert_true(str_ends(buf_view(&b), STR("\nq quits, h explains")));
	buf_clear(&b);
	view.lost = STR("gone");
	view.explains = true;
	frame_write(arena, &l, &view, &b);
	assert_true(str_starts(buf_view(&b), STR("\033[7mno answer: gone")));
	assert_true(has(buf_view(&b), "Seats given for good."));
	buf_clear(&b);
	frame_json(arena, &l, &b);
	assert_true(str_starts(buf_view(&b),
	    STR("{\"ready\":false,\"failed\":[\"store\",\"log\"],")));
}

static void
programs_get_the_same_figures(void **state)
{
	struct looks l = looks_of(before, now);
	struct buf b;

	(void)state;
	buf_init(&b, arena, 1 << 20);
	frame_json(arena, &l, &b);
	assert_true(has(buf_view(&b),
	    "\"requests\":{\"per_second\":20.000000,"
	    "\"p50_seconds\":0.000500,\"p99_seconds\":0.000990,"
	    "\"in_flight\":3,\"client_errors\":20,\"server_errors\":0}"));
	assert_true(has(buf_view(&b), "\"repeated\":10"));
	assert_true(has(buf_view(&b),
	    "\"commits\":{\"per_second\":0.000000,"
	    "\"p50_seconds\":null"));
	assert_true(has(buf_view(&b), "\"waiting\":2,\"quota\":9}}"));
}

#define A_TEST(name) \
	cmocka_unit_test_setup_teardown(name, open_arena, close_arena)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		A_TEST(samples_are_read_and_summed),
		A_TEST(what_is_no_exposition_is_refused),
		A_TEST(rates_are_growth_by_the_second),
		A_TEST(quantiles_lie_where_their_share_is),
		A_TEST(the_figures_stand_in_their_rows),
		A_TEST(every_window_is_kept_in_every_language),
		A_TEST(what_fails_stands_first),
		A_TEST(programs_get_the_same_figures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
