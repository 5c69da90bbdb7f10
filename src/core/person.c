/* SPDX-License-Identifier: Apache-2.0 */
#include "core/person.h"

#include <stdio.h>

#define CONTRACTS_MAX 50

/* Where a contract stands on a day; the order is that of choosing the primary. */
enum phase { PHASE_RUNNING, PHASE_FUTURE, PHASE_ENDED };

static const char *const lifecycles[] = {
	[LIFE_PENDING] = "pending",
	[LIFE_ACTIVE] = "active",
	[LIFE_LEFT] = "left",
	[LIFE_DELETED] = "deleted",
};

static const char *const certifications[] = {
	[CERT_CERTIFIED] = "certified",
	[CERT_NEW] = "new",
	[CERT_DENIED] = "denied",
};

static const char *const blocks[BLOCK_COUNT] = {
	[BLOCK_NEW] = "new",
	[BLOCK_DENIED] = "denied",
	[BLOCK_INCIDENT] = "incident",
	[BLOCK_MANUAL] = "manual",
	[BLOCK_RISK] = "risk",
};

static const char *const block_reasons[BLOCK_REASON_COUNT] = {
	[BLOCK_BY_HAND] = "by_hand",
	[BLOCK_CHECK_FAILED] = "check_failed",
	[BLOCK_CHECK_EXPIRED] = "check_expired",
};

static enum phase phase_on(const struct contract *, int32_t);
static bool is_called_off(const struct contract *);
static size_t best(const struct contract *, size_t, int32_t);
static bool is_before(const struct contract *, const struct contract *,
    int32_t);
static enum err contract_fail(struct ctx *, size_t, const char *part,
    enum msg);

const char *
lifecycle_name(enum lifecycle life)
{
	must(life >= LIFE_PENDING && life <= LIFE_DELETED);
	return lifecycles[life];
}

const char *
certification_name(enum certification cert)
{
	must(cert >= CERT_CERTIFIED && cert <= CERT_DENIED);
	return certifications[cert];
}

const char *
block_kind_name(enum block_kind kind)
{
	must(kind >= BLOCK_NEW && kind < BLOCK_COUNT);
	return blocks[kind];
}

enum block_kind
block_parse(struct str name)
{
	int k = BLOCK_NEW;

	while (k < BLOCK_COUNT && !str_eq(name, str_of(blocks[k])))
		k++;
	return k < BLOCK_COUNT ? (enum block_kind)k : 0;
}

const char *
block_reason_name(enum block_reason reason)
{
	must(reason >= BLOCK_BY_HAND && reason < BLOCK_REASON_COUNT);
	return block_reasons[reason];
}

void
person_facts(const struct person *p, struct facts *out)
{
	*out = (struct facts) { 0 };
	FACT(out, SITE) = p->site;
	FACT(out, DEPARTMENT) = p->department;
	FACT(out, TITLE) = p->title;
	FACT(out, COST_CENTER) = p->cost_center;
	FACT(out, DIVISION) = p->division;
	FACT(out, ORGANIZATION) = p->organization;
	FACT(out, COUNTRY) = p->country;
	FACT(out, LANGUAGE) = p->language;
	FACT(out, USER_TYPE) = p->user_type;
	FACT(out, MANAGER) = p->manager;
	FACT(out, START) = p->start_day;
	FACT(out, END) = p->end_day;
	FACT(out, SOURCE) = p->source;
	FACT(out, LIFECYCLE) = p->lifecycle;
	FACT(out, CERTIFICATION) = p->certification;
	FACT(out, ACTIVE) = person_is_enabled(p);
	FACT(out, ID) = p->id;
}

void
contract_facts(const struct contract *c, struct facts *out)
{
	*out = (struct facts) { 0 };
	FACT(out, SITE) = c->site;
	FACT(out, DEPARTMENT) = c->department;
	FACT(out, TITLE) = c->title;
	FACT(out, COST_CENTER) = c->cost_center;
	FACT(out, DIVISION) = c->division;
	FACT(out, ORGANIZATION) = c->organization;
	FACT(out, MANAGER) = c->manager;
	FACT(out, START) = c->start_day;
	FACT(out, END) = c->end_day;
	FACT(out, SOURCE) = c->source;
}

enum lifecycle
lifecycle_on(
    enum lifecycle before, const struct contract *c, size_t n, int32_t today)
{
	enum phase first = PHASE_ENDED;

	if (before == LIFE_DELETED)
		return LIFE_DELETED;
	if (n == 0)
		return before == LIFE_LEFT ? LIFE_LEFT : LIFE_ACTIVE;
	for (size_t i = 0; i < n; i++)
		if (phase_on(&c[i], today) < first)
			first = phase_on(&c[i], today);
	if (first == PHASE_RUNNING)
		return LIFE_ACTIVE;
	return first == PHASE_FUTURE ? LIFE_PENDING : LIFE_LEFT;
}

static enum phase
phase_on(const struct contract *c, int32_t today)
{
	int64_t day = (int64_t)today + DAY_BIAS;

	if (is_called_off(c) || (c->end_day != 0 && c->end_day < day))
		return PHASE_ENDED;
	return c->start_day > day ? PHASE_FUTURE : PHASE_RUNNING;
}

static bool
is_called_off(const struct contract *c)
{
	return c->end_day != 0 && c->end_day < c->start_day;
}

int32_t
lifecycle_next(const struct contract *c, size_t n, int32_t today)
{
	int64_t day = (int64_t)today + DAY_BIAS;
	int64_t next = INT32_MAX;

	for (size_t i = 0; i < n; i++) {
		int64_t turn =
		    c[i].start_day > day ? c[i].start_day : c[i].end_day + 1;

		if (phase_on(&c[i], today) == PHASE_ENDED || turn <= day)
			continue;
		if (turn - DAY_BIAS < next)
			next = turn - DAY_BIAS;
	}
	return (int32_t)next;
}

size_t
contract_primary(struct contract *c, size_t n, int32_t today)
{
	size_t primary = best(c, n, today);

	for (size_t i = 0; i < n; i++)
		c[i].is_primary = i == primary;
	return primary;
}

static size_t
best(const struct contract *c, size_t n, int32_t today)
{
	size_t first = 0;

	for (size_t i = 1; i < n; i++)
		if (is_before(&c[i], &c[first], today))
			first = i;
	return first;
}

static bool
is_before(const struct contract *a, const struct contract *b, int32_t today)
{
	if (phase_on(a, today) != phase_on(b, today))
		return phase_on(a, today) < phase_on(b, today);
	if (a->start_day != b->start_day)
		return a->start_day > b->start_day;
	return a->id < b->id;
}

void
person_take_primary(
    struct person *p, const struct contract *c, size_t n, int32_t today)
{
	static const struct contract none;
	const struct contract *from = n > 0 ? &c[best(c, n, today)] : &none;

	p->site = from->site;
	p->department = from->department;
	p->title = from->title;
	p->cost_center = from->cost_center;
	p->division = from->division;
	p->organization = from->organization;
	p->manager = from->manager;
	p->start_day = from->start_day;
	p->end_day = from->end_day;
}

enum err
contracts_check(struct ctx *cx, const struct contract *c, size_t n)
{
	if (n > CONTRACTS_MAX)
		return fail(
		    cx, ERR_BAD_INPUT, MSG_CONTRACT_MANY, "contracts", "50");
	for (size_t i = 0; i < n; i++) {
		if (is_called_off(&c[i]))
			return contract_fail(cx, i, ".end", MSG_CONTRACT_END);
		for (size_t j = 0; j < i; j++)
			if (c[i].id == c[j].id)
				return contract_fail(cx, i, "",
				    MSG_CONTRACT_TWICE);
	}
	return OK;
}

static enum err
contract_fail(struct ctx *cx, size_t i, const char *part, enum msg msg)
{
	char field[32];

	(void)snprintf(field, sizeof(field), "contracts[%zu]%s", i, part);
	return fail(cx, ERR_BAD_INPUT, msg, field);
}

bool
person_is_enabled(const struct person *p)
{
	return p->lifecycle == LIFE_ACTIVE && p->blocks == 0;
}

bool
person_is_barred(const struct person *p, bool has_open_checks)
{
	unsigned no_bar = has_open_checks ? 1u << BLOCK_NEW : 0;

	return (p->blocks & ~no_bar) != 0;
}

bool
person_may_login(const struct person *p)
{
	return person_is_enabled(p) && p->certification != CERT_DENIED;
}
