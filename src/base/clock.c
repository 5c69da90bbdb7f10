/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S  INT64_C(1000000000)

static _Atomic int64_t fixed_ms; /* 0: the real clock */

static void read_environment(void) __attribute__((constructor));
static int64_t now_ns(clockid_t);

static void
read_environment(void)
{
	const char *text = secure_getenv("USHER_NOW");
	int64_t ms;

	if (text == NULL)
		return;
	if (!str_int(str_of(text), &ms))
		fatal("USHER_NOW is not a number of milliseconds");
	clock_set(ms);
}

void
clock_set(int64_t now_ms)
{
	atomic_store(&fixed_ms, now_ms);
}

int64_t
clock_now_ms(void)
{
	int64_t fixed = atomic_load_explicit(&fixed_ms, memory_order_relaxed);

	return fixed != 0 ? fixed : now_ns(CLOCK_REALTIME) / NS_PER_MS;
}

int64_t
clock_mono_ns(void)
{
	return now_ns(CLOCK_MONOTONIC);
}

static int64_t
now_ns(clockid_t which)
{
	struct timespec t;

	if (clock_gettime(which, &t) != 0)
		fatal("no clock");
	return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

void
clock_sleep_ms(int64_t ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * NS_PER_MS };

	while (ms > 0 && nanosleep(&t, &t) != 0)
		must(errno == EINTR);
}

void
random_bytes(void *p, size_t n)
{
	char *at = p;

	while (n > 0) {
		ssize_t got = getrandom(at, n, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			fatal("no random bytes");
		at += got;
		n -= (size_t)got;
	}
}
