/* SPDX-License-Identifier: Apache-2.0 */
#include "base/metric.h"

#include <stdatomic.h>

/* A thread writes to one of these; they are added up when somebody reads. */
#define SHARDS 8

/* Bounds of histograms, by what is measured; in the values' own unit. */
static const struct scale {
	size_t	    n;
	uint64_t    bound[BUCKETS_MAX];
	const char *text[BUCKETS_MAX];
} times = { 16,
	{ 100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000, 25000000, 50000000, 100000000, 250000000,
	    500000000, 1000000000, 2500000000, 5000000000, 10000000000 },
	{ "0.0001", "0.00025", "0.0005", "0.001", "0.0025", "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5",
	    "1.0", "2.5", "5.0", "10.0" } },
  things = { 9,
	{ 1, 2, 5, 10, 20, 50, 100, 150, 200 },
	{ "1.0", "2.0", "5.0", "10.0", "20.0", "50.0", "100.0", "150.0", "200.0" } };

static const struct metric_info infos[METRIC_COUNT] = {
#define X(id, type, name, unit, labels, series, help) \
	[METRIC_##id] = { name, unit, labels, help, METRIC_##type, series },
	METRICS(X)
#undef X
};

/* Cells of a series: a histogram has its buckets, what is above them, and the sum. */
#define WIDTH_INFO	0
#define WIDTH_GAUGE	1
#define WIDTH_COUNTER	1
#define WIDTH_HISTOGRAM (BUCKETS_MAX + 2)

/* Where the cells of each metric begin. */
enum {
#define X(id, type, name, unit, labels, series, help) \
	AT_##id, LAST_##id = AT_##id + WIDTH_##type * series - 1,
	METRICS(X)
#undef X
	CELLS
};

static const struct place {
	size_t at, width;
} places[METRIC_COUNT] = {
#define X(id, type, name, unit, labels, series, help) \
	[METRIC_##id] = { AT_##id, WIDTH_##type },
	METRICS(X)
#undef X
};

/* No two shards share a cache line. */
static struct {
	_Atomic uint64_t cell[CELLS] __attribute__((aligned(64)));
} shards[SHARDS];

static _Atomic unsigned threads;
static _Thread_local _Atomic uint64_t *mine;

static _Atomic uint64_t *cell_of(enum metric, size_t series);
static const struct scale *scale_of(enum metric);
static uint64_t sum(size_t cell);

const struct metric_info *
metric_info(enum metric m)
{
	must(m < METRIC_COUNT);
	return &infos[m];
}

void
metric_add(enum metric m, size_t series, int64_t n)
{
	atomic_fetch_add_explicit(
	    cell_of(m, series), (uint64_t)n, memory_order_relaxed);
}

void
metric_observe(enum metric m, size_t series, uint64_t value)
{
	const struct scale *scale = scale_of(m);
	_Atomic uint64_t *cell = cell_of(m, series);
	size_t i = 0;

	while (i < scale->n && value > scale->bound[i])
		i++;
	atomic_fetch_add_explicit(&cell[i], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(
	    &cell[BUCKETS_MAX + 1], value, memory_order_relaxed);
}

static _Atomic uint64_t *
cell_of(enum metric m, size_t series)
{
	must(series < infos[m].series);
	if (mine == NULL)
		mine = shards[atomic_fetch_add(&threads, 1) % SHARDS].cell;
	return mine + places[m].at + series * places[m].width;
}

static const struct scale *
scale_of(enum metric m)
{
	must(infos[m].type == METRIC_HISTOGRAM);
	return infos[m].unit[0] != '\0' ? &times : &things;
}

int64_t
metric_read(enum metric m, size_t series)
{
	must(series < infos[m].series && places[m].width == 1);
	return (int64_t)sum(places[m].at + series);
}

static uint64_t
sum(size_t cell)
{
	uint64_t n = 0;

	for (size_t i = 0; i < SHARDS; i++)
		n += atomic_load_explicit(
		    &shards[i].cell[cell], memory_order_relaxed);
	return n;
}

/* The count is that of the buckets, so that they agree whatever is being added. */
void
metric_read_histogram(enum metric m, size_t series, struct histogram *out)
{
	const struct scale *scale = scale_of(m);
	size_t at = places[m].at + series * places[m].width;
	uint64_t below = 0;

	must(series < infos[m].series);
	*out = (struct histogram) {
		.n = scale->n, .bound = scale->text, .is_time = scale == &times
	};
	for (size_t i = 0; i <= scale->n; i++) {
		below += sum(at + i);
		out->below[i] = below;
	}
	out->sum = sum(at + BUCKETS_MAX + 1);
}
