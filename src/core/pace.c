/* SPDX-License-Identifier: Apache-2.0 */
#include "core/pace.h"

#define MILLI 1000

static int64_t room_at(const struct pace *, const struct pace_limit *, int64_t);
static void count(struct pace *, int64_t);

int64_t
pace_take(struct pace *p, const struct pace_limit *l, int64_t now_ms)
{
	if (l->rate == 0)
		return 0;
	if (p->is_used && now_ms < p->at_ms)
		now_ms = p->at_ms;
	p->milli = room_at(p, l, now_ms);
	p->at_ms = now_ms;
	p->is_used = true;
	if (p->milli < MILLI)
		return (MILLI - p->milli + l->rate - 1) / l->rate;
	p->milli -= MILLI;
	count(p, now_ms / 1000);
	return 0;
}

int64_t
pace_taken(const struct pace *p, const struct pace_limit *l, int64_t now_ms)
{
	if (l->rate == 0)
		return 0;
	return l->burst - room_at(p, l, now_ms) / MILLI;
}

int64_t
pace_came(const struct pace *p, int64_t now_ms)
{
	int64_t ago = now_ms / 1000 - p->second;

	if (ago <= 0)
		return p->last;
	return ago == 1 ? p->came : 0;
}

/* One request a second is one thousandth a millisecond. */
static int64_t
room_at(const struct pace *p, const struct pace_limit *l, int64_t now_ms)
{
	int64_t room = l->burst * MILLI;
	int64_t passed = now_ms - p->at_ms;

	/* Long ago it was full again, whatever the rate. */
	if (!p->is_used || passed > room)
		return room;
	if (passed > 0 && p->milli + passed * l->rate < room)
		return p->milli + passed * l->rate;
	/* A burst that was lowered counts at once. */
	return passed > 0 || p->milli > room ? room : p->milli;
}

static void
count(struct pace *p, int64_t second)
{
	if (second != p->second) {
		p->last = second == p->second + 1 ? p->came : 0;
		p->came = 0;
		p->second = second;
	}
	p->came++;
}
