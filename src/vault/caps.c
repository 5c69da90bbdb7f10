/* SPDX-License-Identifier: Apache-2.0 */
/* caps.c - see caps.h. */
#include "vault/caps.h"

#include <string.h>

#define MAC_BYTES  28
#define MAC_FROM   (sizeof(struct capability) - MAC_BYTES)
#define MINUTE_NS  (INT64_C(60) * 1000000000)
#define PROBES_MAX 16
#define EVERYBODY  INT64_MIN	/* the actor whose row counts for a whole tenant */

static void mac_of(struct caps *, const struct capability *, uint8_t mac[32]);
static struct budget *budget_find(struct caps *, const struct grant_in *,
    int64_t minute);
static size_t slot(const struct grant_in *);
static uint32_t smaller(uint32_t, uint32_t);
static enum spending spend(uint64_t *spent, uint64_t n, uint64_t limit);

void
caps_open(struct caps *k, struct crypt *c)
{
	uint8_t key[KEY_BYTES];

	*k = (struct caps) { .crypt = c, .open_ceiling = OPEN_CEILING };
	mac_open(&k->mac);
	chance(c, key, sizeof(key));
	mac_key(c, &k->mac, (struct str) { (char *)key, sizeof(key) });
	secret_wipe(key, sizeof(key));
}

void
caps_close(struct caps *k)
{
	mac_close(&k->mac);
}

void
caps_mint(struct caps *k, const struct grant_in *g, int64_t now_ns,
    struct capability *out)
{
	const int64_t expiry = now_ns + CAPABILITY_HOURS * 60 * MINUTE_NS;
	struct buf b = { .p = (char *)out->bytes, .cap = sizeof(*out),
		.max = sizeof(*out) };
	uint8_t mac[32];

	buf_u32(&b, g->tenant);
	buf_u64(&b, (uint64_t)g->actor);
	buf_u32(&b, smaller(g->open_per_minute, k->open_ceiling));
	buf_u32(&b, smaller(g->seal_per_minute, SEAL_CEILING));
	buf_u64(&b, ++k->serial);
	buf_u64(&b, (uint64_t)expiry);
	must(b.n == MAC_FROM);
	mac_of(k, out, mac);
	buf_bytes(&b, mac, MAC_BYTES);
}

static uint32_t
smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static void
mac_of(struct caps *k, const struct capability *c, uint8_t mac[32])
{
	const struct str fields = { (const char *)c->bytes, MAC_FROM };

	mac_make(k->crypt, &k->mac, &fields, 1, mac);
}

bool
caps_is_boot(const struct capability *c)
{
	static const struct capability boot;

	return memcmp(c, &boot, sizeof(boot)) == 0;
}

bool
caps_check(struct caps *k, const struct capability *c, int64_t now_ns,
    struct grant_in *out)
{
	struct cursor in = { .left = { (const char *)c->bytes, sizeof(*c) } };
	uint8_t mac[32];

	mac_of(k, c, mac);
	out->tenant = get_u32(&in);
	out->actor = (int64_t)get_u64(&in);
	out->open_per_minute = get_u32(&in);
	out->seal_per_minute = get_u32(&in);
	get_u64(&in);
	return now_ns < (int64_t)get_u64(&in) &&
	    str_eq_secret(in.left, (struct str) { (char *)mac, MAC_BYTES });
}

enum spending
caps_spend_open(
    struct caps *k, const struct grant_in *g, int64_t now_ns, uint64_t n)
{
	const struct grant_in all = { .tenant = g->tenant, .actor = EVERYBODY };
	const int64_t minute = now_ns / MINUTE_NS + 1;
	struct budget *own = budget_find(k, g, minute);
	struct budget *tenant = budget_find(k, &all, minute);
	enum spending s;

	if (own == NULL || tenant == NULL)
		return SPEND_FIRST_OVER;
	s = spend(&own->opened, n, g->open_per_minute);
	if (s != SPEND_WITHIN)
		return s;
	return spend(&tenant->opened, n, 2 * (uint64_t)k->open_ceiling);
}

enum spending
caps_spend_text(
    struct caps *k, const struct grant_in *g, int64_t now_ns, uint64_t n)
{
	struct budget *b = budget_find(k, g, now_ns / MINUTE_NS + 1);

	if (b == NULL)
		return SPEND_FIRST_OVER;
	return spend(&b->texts, n, TEXT_CEILING);
}

enum spending
caps_spend_seal(
    struct caps *k, const struct grant_in *g, int64_t now_ns, uint64_t n)
{
	struct budget *b = budget_find(k, g, now_ns / MINUTE_NS + 1);

	if (b == NULL)
		return SPEND_FIRST_OVER;
	return spend(&b->sealed, n, g->seal_per_minute);
}

static enum spending
spend(uint64_t *spent, uint64_t n, uint64_t limit)
{
	const uint64_t before = *spent;

	*spent += n;
	if (*spent <= limit)
		return SPEND_WITHIN;
	return before <= limit ? SPEND_FIRST_OVER : SPEND_OVER;
}

/*
 * The actor's row of this minute; rows of minutes gone by are free.  NULL: so
 * many actors share these slots that none is free, which refuses opening
 * rather than letting it go uncounted.
 */
static struct budget *
budget_find(struct caps *k, const struct grant_in *g, int64_t minute)
{
	const size_t from = slot(g);
	struct budget *unused = NULL;

	for (size_t i = 0; i < PROBES_MAX; i++) {
		struct budget *b = &k->budget[(from + i) % BUDGETS_MAX];

		if (b->minute == minute && b->tenant == g->tenant &&
		    b->actor == g->actor)
			return b;
		if (b->minute != minute && unused == NULL)
			unused = b;
	}
	if (unused != NULL)
		*unused = (struct budget) {
			.tenant = g->tenant, .actor = g->actor, .minute = minute
		};
	return unused;
}

/* Spreads ids that differ in few bits (splitmix64). */
static size_t
slot(const struct grant_in *g)
{
	uint64_t x = (uint64_t)g->actor ^ (uint64_t)g->tenant << 32;

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return (size_t)((x ^ x >> 31) % BUDGETS_MAX);
}
