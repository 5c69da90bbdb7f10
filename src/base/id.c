/* SPDX-License-Identifier: Apache-2.0 */
#include "base/id.h"

#include <stdatomic.h>

#include "base/arena.h"
#include "base/clock.h"

#define SEQUENCE_BITS 12
#define NODE_BITS     10
#define WAIT_MS	      10
#define TICK_MAX      ((INT64_C(1) << (41 + SEQUENCE_BITS)) - 1)

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static _Atomic unsigned node;

/*
 * The last id's time and sequence as one number.  When the sequence runs over
 * it carries into the time, which so borrows from the next millisecond; when
 * the clock steps back the number just goes on.
 */
static _Atomic int64_t last_tick;

/* No id reaches this tick. */
static _Atomic int64_t tick_limit = TICK_MAX;

static int digit(char);

void
id_node_set(unsigned number)
{
	must(number < 1u << NODE_BITS);
	atomic_store(&node, number);
}

unsigned
id_node(void)
{
	return atomic_load_explicit(&node, memory_order_relaxed);
}

int64_t
id_new(void)
{
	int64_t ms = clock_now_ms() - ID_EPOCH_MS;
	int64_t now = ms < 0 ? 0 : ms << SEQUENCE_BITS;
	int64_t last = atomic_load(&last_tick), tick;

	do {
		tick = now > last ? now : last + 1;
		while (tick >= atomic_load(&tick_limit)) {
			must(tick < TICK_MAX);
			clock_sleep_ms(WAIT_MS);
		}
	} while (!atomic_compare_exchange_weak(&last_tick, &last, tick));

	return (tick >> SEQUENCE_BITS) << (NODE_BITS + SEQUENCE_BITS) |
	    (int64_t)id_node() << SEQUENCE_BITS |
	    (tick & ((1 << SEQUENCE_BITS) - 1));
}

void
id_raise(int64_t id)
{
	/* Before the epoch it is negative, and may not be shifted to the left. */
	int64_t tick =
	    (id >> (NODE_BITS + SEQUENCE_BITS)) * (1 << SEQUENCE_BITS) |
	    ((1 << SEQUENCE_BITS) - 1);
	int64_t last = atomic_load(&last_tick);

	while (tick > last &&
	    !atomic_compare_exchange_weak(&last_tick, &last, tick))
		;
}

void
id_limit_set(int64_t ms)
{
	atomic_store(&tick_limit, (ms - ID_EPOCH_MS) * (1 << SEQUENCE_BITS));
}

int64_t
id_latest_ms(void)
{
	return (atomic_load(&last_tick) >> SEQUENCE_BITS) + ID_EPOCH_MS;
}

int64_t
id_ms(int64_t id)
{
	return (id >> (NODE_BITS + SEQUENCE_BITS)) + ID_EPOCH_MS;
}

int64_t
id_at(int64_t ms)
{
	return (ms - ID_EPOCH_MS) * (INT64_C(1) << (NODE_BITS + SEQUENCE_BITS));
}

void
id_encode(int64_t id, char text[ID_TEXT])
{
	uint64_t left = (uint64_t)id;

	for (int i = ID_TEXT - 1; i >= 0; i--) {
		text[i] = alphabet[left & 31];
		left >>= 5;
	}
}

struct str
id_text(struct arena *a, int64_t id)
{
	char *text = arena_alloc(a, ID_TEXT);

	id_encode(id, text);
	return (struct str) { text, ID_TEXT };
}

bool
id_decode(struct str text, int64_t *id)
{
	uint64_t value = 0;

	if (text.n != ID_TEXT || text.p[0] < '0' || text.p[0] > '7')
		return false;
	for (size_t i = 0; i < ID_TEXT; i++) {
		int five = digit(text.p[i]);

		if (five < 0)
			return false;
		value = value << 5 | (uint64_t)five;
	}
	if (value == 0)
		return false;
	*id = (int64_t)value;
	return true;
}

static int
digit(char c)
{
	/* One row for 'A' … 'Z'; -1: I, L, O and U, which people misread. */
	static const signed char letters[26] = { 10, 11, 12, 13, 14, 15, 16, 17,
		-1, 18, 19, -1, 20, 21, -1, 22, 23, 24, 25, 26, -1, 27, 28, 29,
		30, 31 };

	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'z')
		c = (char)(c - 'a' + 'A');
	return c >= 'A' && c <= 'Z' ? letters[c - 'A'] : -1;
}
