/* SPDX-License-Identifier: Apache-2.0 */
/* partner_test.c - organisations: what their people have and may have, their share, and who sees what of it. */
#include "decide_try.h"

#include "core/sight.h"

/* --- the catalogue ------------------------------------------------------------------ */

#define DOCUMENT(organisation, pool) \
	"catalogue: 1\n" \
	"sites: { ber: { country: DE, zone: Europe/Berlin } }\n" \
	"products: { mail: {}, crm: {} }\n" \
	"organisations:\n" \
	"  acme: " organisation "\n" \
	"  blue: {}\n" \
	"pools:\n" \
	"  mail-acme: " pool "\n"

#define ALL \
	"{ name: ACME, overflow: true, products: [crm, mail], defaults: { " \
	"site: ber, department: Sales, title: Agent, division: D1, " \
	"costCenter: C9, country: DE, preferredLanguage: de-DE, " \
	"userType: partner } }"
#define SHARE "{ product: mail, organisation: acme, site: ber, quota: 5 }"

static void
an_organisation_has_defaults_and_a_list(void **state)
{
	static const char *const want[] = { "C9", "DE", "Sales", "D1", "de-DE",
		"ber", "Agent", "partner" };
	const struct catalogue *c = catalogue_of(DOCUMENT(ALL, SHARE));
	const struct organisation *acme =
	    catalogue_organisation_slug(c, STR("acme"));
	const struct organisation *blue =
	    catalogue_organisation_slug(c, STR("blue"));

	(void)state;
	assert_str(acme->name, "ACME");
	assert_true(acme->overflow && acme->lists_products);
	assert_int_equal(acme->nproduct, 2);
	assert_int_equal(acme->product[0], product_id(c, "crm"));
	assert_int_equal(acme->ndef, COUNT(want));
	for (size_t i = 0; i < COUNT(want); i++)
		assert_str(acme->def[i].value, want[i]);
	assert_false(blue->overflow || blue->lists_products);
	assert_int_equal(blue->ndef, 0);
	assert_int_equal(
	    catalogue_pool_slug(c, STR("mail-acme"))->organisation, acme->id);
	assert_true(catalogue_may_have(c, blue->id, product_id(c, "crm")));
	assert_true(catalogue_may_have(c, 0, product_id(c, "crm")));
}

/* Out as people and as the server keep it, and in again: the same. */
static void
an_organisation_goes_out_and_in_again(void **state)
{
	const struct catalogue *a = catalogue_of(DOCUMENT(ALL, SHARE));
	struct catalogue *b;
	const struct js *js;

	(void)state;
	assert_int_equal(
	    yaml_parse(&cx, catalogue_export(cx.arena, a), &js), OK);
	assert_int_equal(catalogue_decode(&cx, js, a, false, &b), OK);
	assert_true(str_eq(a->canonical, b->canonical));
	assert_int_equal(js_parse(&cx, a->canonical, &js), OK);
	assert_int_equal(catalogue_decode(&cx, js, NULL, true, &b), OK);
	assert_true(str_eq(a->canonical, b->canonical));
}

static const struct { const char *organisation, *pool, *what; } touches[] = {
	{ "{ overflow: true }", SHARE, "overflow" },
	{ "{ defaults: { site: ber } }", SHARE, "a default" },
	{ "{ products: [] }", SHARE, "a list" },
	{ "{ products: [crm] }", SHARE, "a list of one" },
	{ "{}", "{ product: mail, organisation: blue, site: ber, quota: 5 }", "whose share" },
	{ "{}", "{ product: mail, site: ber, quota: 5 }", "nobody's share" },
};

static void
every_field_of_an_organisation_counts(void **state)
{
	const struct catalogue *a = catalogue_of(DOCUMENT("{}", SHARE));

	(void)state;
	for (size_t i = 0; i < COUNT(touches); i++) {
		char text[1024];
		struct catalogue_diff d;

		(void)snprintf(text, sizeof(text), DOCUMENT("%s", "%s"),
		    touches[i].organisation, touches[i].pool);
		catalogue_compare(cx.arena, a, catalogue_after(text, a), &d);
		if (d.changed != 1 || d.added + d.removed != 0)
			wrong("%s: %zu", touches[i].what, d.changed);
	}
}

static const struct wrong_case {
	const char *organisation, *pool;
	enum msg    msg;
	const char *path;
} wrongs[] = {
#define W(o, p, msg, path) { o, p, MSG_CATALOGUE_##msg, path },
	W("{ overflow: 1 }", SHARE, BOOL, "organisations.acme.overflow (line 5)")
	W("{ defaults: [] }", SHARE, OBJECT, "organisations.acme.defaults (line 5)")
	W("{ defaults: { site: rom } }", SHARE, UNKNOWN, "organisations.acme.defaults (line 5)")
	W("{ defaults: { start: '2026-01-01' } }", SHARE, DEFAULT, "organisations.acme.defaults (line 5)")
	W("{ defaults: { organization: blue } }", SHARE, DEFAULT, "organisations.acme.defaults (line 5)")
	W("{ defaults: { displayName: x } }", SHARE, DEFAULT, "organisations.acme.defaults (line 5)")
	W("{ products: mail }", SHARE, TEXTS, "organisations.acme.products (line 5)")
	W("{ products: [erp] }", SHARE, UNKNOWN, "organisations.acme.products (line 5)")
	W("{ share: 5 }", SHARE, KEY, "organisations.acme (line 5)")
	W("{}", "{ product: mail, organisation: red, quota: 5 }", UNKNOWN, "pools.mail-acme.organisation (line 8)")
#undef W
};

static void
a_wrong_organisation_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(wrongs); i++) {
		char text[1024];
		const struct js *js;
		struct catalogue *c;
		enum err err;

		(void)snprintf(text, sizeof(text), DOCUMENT("%s", "%s"),
		    wrongs[i].organisation, wrongs[i].pool);
		assert_int_equal(yaml_parse(&cx, str_of(text), &js), OK);
		err = catalogue_decode(&cx, js, NULL, false, &c);
		if (err != ERR_BAD_INPUT || cx.fault.msg != wrongs[i].msg ||
		    !str_eq(cx.fault.field, str_of(wrongs[i].path)))
			wrong("%s %s: %s at %.*s", wrongs[i].organisation,
			    wrongs[i].pool, msg_name(cx.fault.msg),
			    STR_ARG(cx.fault.field));
	}
}

static const char shares[] =
    "catalogue: 1\n"
    "sites:\n"
    "  ber: { country: DE, zone: Europe/Berlin, failover: [muc] }\n"
    "  muc: { country: DE, zone: Europe/Berlin }\n"
    "products: { mail: {}, crm: {} }\n"
    "organisations:\n"
    "  acme: { overflow: true, products: [mail] }\n"
    "  blue: {}\n"
    "  red: { overflow: true, products: [crm] }\n"
    "pools:\n"
    "  ber: { product: mail, site: ber, quota: 1 }\n"
    "  all: { product: mail, quota: 1 }\n"
    "  acme-all: { product: mail, organisation: acme, quota: 1 }\n"
    "  acme-muc: { product: mail, organisation: acme, site: muc, quota: 1 }\n"
    "  acme-kept: { product: mail, organisation: acme, quota: 1, reserve: "
    "true }\n"
    "  acme-crm: { product: crm, organisation: acme, quota: 1 }\n"
    "  blue-ber: { product: mail, organisation: blue, site: ber, quota: 1 }\n"
    "  crm: { product: crm, quota: 1 }\n";

static int64_t
organisation_id(const struct catalogue *c, const char *slug)
{
	const struct organisation *o =
	    catalogue_organisation_slug(c, str_of(slug));

	return o != NULL ? o->id : 0;
}

static const struct { const char *organisation, *site, *want; } orders[] = {
	{ "", "ber", "ber all " },
	{ "acme", "ber", "acme-muc acme-all ber all " },
	{ "acme", "", "acme-all all " },
	{ "blue", "ber", "blue-ber " },
	{ "blue", "muc", "" },
	{ "red", "ber", "ber all " },	/* its list is the gate's to ask */
};

static void
a_share_comes_first_and_others_only_with_overflow(void **state)
{
	const struct catalogue *c = catalogue_of(shares);

	(void)state;
	for (size_t i = 0; i < COUNT(orders); i++) {
		char got[200] = "";
		struct facts who = { 0 };
		int64_t pool[9];
		size_t n, at = 0;

		FACT(&who, SITE) = site_id(c, orders[i].site);
		FACT(&who, ORGANIZATION) =
		    organisation_id(c, orders[i].organisation);
		n = catalogue_pools_for(
		    c, product_id(c, "mail"), &who, pool, COUNT(pool));
		for (size_t j = 0; j < n; j++)
			at += (size_t)snprintf(got + at, sizeof(got) - at,
			    "%s ", pool_slug(c, pool[j]));
		assert_string_equal(got, orders[i].want);
	}
}

static void
people_of_an_organisation_that_is_gone_have_no_pools(void **state)
{
	const struct catalogue *c = catalogue_of(shares);
	struct facts who = { 0 };
	int64_t pool[9];

	(void)state;
	FACT(&who, ORGANIZATION) = 99999;
	assert_int_equal(catalogue_pools_for(
			     c, product_id(c, "mail"), &who, pool, COUNT(pool)),
	    0);
	assert_false(catalogue_pool_serves(
	    c, catalogue_pool_slug(c, STR("all")), 99999));
}

/* --- sight --------------------------------------------------------------------------- */

static const struct sight_case {
	const char *scope;	/* NULL: none */
	const char *organisations, *pools, *products, *only;
	const char *counted;	/* pools that are for nobody else */
} sights[] = {
	{ NULL, "acme blue red 0", "acme-all acme-crm acme-kept acme-muc all ber blue-ber crm", "crm mail", NULL,
	    "acme-all acme-crm acme-kept acme-muc all ber blue-ber crm" },
	{ "site eq \"ber\"", "acme blue red 0", "acme-all acme-crm acme-kept acme-muc all ber blue-ber crm",
	    "crm mail", NULL, "ber blue-ber" },
	{ "organization eq \"acme\"", "acme", "acme-all acme-crm acme-kept acme-muc all ber", "crm mail", "acme",
	    "acme-all acme-crm acme-kept acme-muc" },
	{ "organization eq \"acme\" and site eq \"muc\"", "acme", "acme-all acme-crm acme-kept acme-muc all ber",
	    "crm mail", "acme", "" },
	{ "organization eq \"acme\" and (site eq \"muc\" or site eq \"ber\")", "acme",
	    "acme-all acme-crm acme-kept acme-muc all ber", "crm mail", "acme", "acme-muc" },
	{ "organization eq \"blue\" and site eq \"ber\"", "blue", "blue-ber", "mail", "blue",
	    "blue-ber" },
	{ "organization eq \"red\"", "red", "crm", "crm", "red", "" },
	{ "organization eq \"acme\" or organization eq \"blue\"", "acme blue",
	    "acme-all acme-crm acme-kept acme-muc all ber blue-ber", "crm mail", NULL,
	    "acme-all acme-crm acme-kept acme-muc blue-ber" },
	{ "organization pr and organization ne \"acme\" and not (organization eq \"red\")", "blue", "blue-ber",
	    "mail", "blue", "" },	/* blue may come to be another name of acme */
	{ "not (organization pr)", "0", "all ber crm", "crm mail", NULL, "" },
	{ "not (organization pr) or organization eq \"red\"", "red 0", "all ber crm", "crm mail", NULL, "crm" },
	{ "organization eq \"acme\" or site eq \"ber\"", "acme blue red 0",
	    "acme-all acme-crm acme-kept acme-muc all ber blue-ber crm", "crm mail", NULL,
	    "acme-all acme-crm acme-kept acme-muc ber blue-ber" },
	{ "organization eq \"nowhere\"", "", "", "", NULL, "" },
};

static void
add(char *list, size_t size, struct str word)
{
	size_t n = strlen(list);

	(void)snprintf(
	    list + n, size - n, "%s%.*s", n > 0 ? " " : "", STR_ARG(word));
}

static void
what_is_seen_follows_from_the_scope(void **state)
{
	const struct catalogue *c = catalogue_of(shares);
	const struct names names = { c, w.dictionary };
	const struct filter_names f = names_of(&names);

	(void)state;
	for (size_t i = 0; i < COUNT(sights); i++) {
		const struct sight_case *t = &sights[i];
		char organisations[100] = "", pools[200] = "";
		char products[50] = "", counted[200] = "";
		struct filter *scope = NULL;
		const struct organisation *only;
		struct sight s;

		if (t->scope != NULL)
			assert_int_equal(filter_compile(&cx, str_of(t->scope),
					     FILTER_RULE, false, &scope),
			    OK);
		sight_open(&s, cx.arena, c, &f, scope);
		for (size_t j = 0; j < c->norganisation; j++)
			if (sees_organisation(&s, c->organisation[j].id))
				add(organisations, sizeof(organisations),
				    c->organisation[j].slug);
		if (sees_organisation(&s, 0))
			add(organisations, sizeof(organisations), STR("0"));
		for (size_t j = 0; j < c->npool; j++)
			if (sees_pool(&s, &c->pool[j]))
				add(pools, sizeof(pools), c->pool[j].slug);
		for (size_t j = 0; j < c->npool; j++)
			if (holds_pool(&s, &c->pool[j]))
				add(counted, sizeof(counted), c->pool[j].slug);
		for (size_t j = 0; j < c->nproduct; j++)
			if (sees_product(&s, &c->product[j]))
				add(products, sizeof(products),
				    c->product[j].slug);
		only = sight_only(&s);
		if (strcmp(organisations, t->organisations) != 0 ||
		    strcmp(pools, t->pools) != 0 ||
		    strcmp(products, t->products) != 0 ||
		    strcmp(counted, t->counted) != 0 ||
		    !str_eq(only != NULL ? only->slug : STR(""),
			str_of(t->only != NULL ? t->only : "")))
			wrong("%s: %s; %s; %s; %s",
			    t->scope != NULL ? t->scope : "none", organisations,
			    pools, products, counted);
	}
}

/* More partners and sites than a filter can name, asked of at many pools. */
static void
many_pools_take_little_of_the_request(void **state)
{
	enum { PARTNERS = 400, SITES = 100, POOLS = 500 };
	static const struct {
		const char *scope;
		size_t counted;
	} of[] = {
		{ "not (organization pr) or organization pr", POOLS },
		{ "site pr", POOLS / 5 },
		{ "organization pr", 0 },
		{ "organization eq \"p0\"", 0 },
		{ "site eq \"ber\"", 0 },
		/* Only who is of an organisation and at a site is held for sure. */
		{ "not (organization pr) or (organization pr and site pr)",
		    POOLS / 5 },
	};
	struct buf text;
	const struct catalogue *c;
	struct names names = { .dictionary = w.dictionary };
	const struct filter_names f = names_of(&names);
	struct filter *scope;
	struct sight s;
	size_t before, counted;

	(void)state;
	buf_init(&text, cx.arena, 1 << 20);
	buf_z(&text,
	    "catalogue: 1\n"
	    "sites:\n"
	    "  far: { country: DE, zone: Europe/Berlin }\n"
	    "  ber: { country: DE, zone: Europe/Berlin }\n");
	for (int i = 0; i < SITES; i++)
		buf_fmt(&text,
		    "  b%d: { country: DE, zone: Europe/Berlin, "
		    "failover: [ber] }\n",
		    i);
	buf_z(&text, "organisations:\n");
	for (int i = 0; i < PARTNERS; i++)
		buf_fmt(&text, "  p%d: { overflow: true }\n", i);
	buf_z(&text, "products:\n");
	for (int i = 0; i < POOLS; i++)
		buf_fmt(&text, "  q%d: {}\n", i);
	buf_z(&text, "pools:\n");
	for (int i = 0; i < POOLS; i++)
		buf_fmt(&text, "  q%d: { product: q%d, %squota: 5 }\n", i, i,
		    i % 5 == 0 ? "site: ber, " : "");
	names.catalogue = c = catalogue_of(str_z(cx.arena, buf_view(&text)));
	assert_int_equal(c->npool, POOLS);
	for (size_t t = 0; t < COUNT(of); t++) {
		assert_int_equal(filter_compile(&cx, str_of(of[t].scope),
				     FILTER_RULE, false, &scope),
		    OK);
		sight_open(&s, cx.arena, c, &f, scope);
		before = arena_used(cx.arena);
		counted = 0;
		for (size_t i = 0; i < c->npool; i++)
			counted += holds_pool(&s, &c->pool[i]);
		if (counted != of[t].counted)
			wrong("%s: %zu", of[t].scope, counted);
		assert_in_range(arena_used(cx.arena) - before, 0, 4096);
	}
}

/* --- people ------------------------------------------------------------------------------ */

static struct life *
partner(const char *organisation, int64_t department)
{
	struct life *p = person("ber", department);

	p->contract[0].organization = organisation_id(w.c, organisation);
	return p;
}

static void
asks(struct life *p, const char *product)
{
	wants(p, 0, product);
	assert_int_equal(move(p), OK);
}

static void
a_full_share_is_full_though_others_have_seats(void **state)
{
	struct life *a = partner("acme", SALES), *b = partner("acme", SALES);
	struct life *c = partner("blue", SALES), *d = partner("blue", SALES);
	struct life *own = person("ber", SALES);

	(void)state;
	asks(a, "wiki");
	asks(b, "wiki");
	assert_outcome(a, 0, "wiki", OUTCOME_ASSIGNED, MSG_NONE);
	assert_outcome(b, 0, "wiki", OUTCOME_QUEUED, MSG_SEAT_QUEUED);
	assert_int_equal(
	    of(b, "wiki")->wait.organisation, organisation_id(w.c, "acme"));
	asks(c, "wiki");
	asks(d, "wiki");
	assert_int_equal(used("wiki-acme"), 1);
	assert_int_equal(used("wiki-blue"), 1);
	assert_int_equal(used("wiki"), 1);
	asks(own, "wiki");
	assert_int_equal(used("wiki"), 2);

	/* what comes free goes to its own */
	own->contract[0].end_day = DAY(-1);
	assert_int_equal(move(own), OK);
	assert_string_equal(holds(b, "wiki"), "Q wait");
	a->contract[0].end_day = DAY(-1);
	assert_int_equal(move(a), OK);
	assert_string_equal(holds(b, "wiki"), "Q seat");
	assert_int_equal(used("wiki-acme"), 1);
	assert_int_equal(used("wiki"), 1);
}

static void
who_changes_organisation_changes_the_share(void **state)
{
	struct life *a = partner("acme", SALES), *b = partner("acme", SALES);

	(void)state;
	asks(a, "wiki");
	asks(b, "wiki");
	a->contract[0].organization = organisation_id(w.c, "blue");
	assert_int_equal(move(a), OK);
	assert_string_equal(holds(a, "wiki"), "Q seat");
	assert_string_equal(holds(b, "wiki"), "Q seat");
	assert_int_equal(used("wiki-blue"), 1);
	assert_int_equal(used("wiki-acme"), 1);
	assert_int_equal(w.nserved, 1);

	/* into one whose share is full: it waits there */
	a->contract[0].organization = organisation_id(w.c, "acme");
	assert_int_equal(move(a), OK);
	assert_string_equal(holds(a, "wiki"), "Q wait");
	assert_int_equal(used("wiki-blue"), 0);

	/* a site is no organisation: the seat stays */
	b->contract[0].site = site_id(w.c, "vie");
	assert_int_equal(move(b), OK);
	assert_int_equal(changes(b, CHANGE_SEAT), 0);
}

static void
a_held_seat_is_held_on_in_the_new_share(void **state)
{
	struct life *a = partner("acme", SALES);

	(void)state;
	a->m.has_open_checks = true;
	asks(a, "wiki");
	assert_string_equal(holds(a, "wiki"), "Q held");
	a->m.has_open_checks = false;
	a->m.onboarding = 0;
	a->contract[0].organization = organisation_id(w.c, "blue");
	assert_int_equal(move(a), OK);
	assert_string_equal(holds(a, "wiki"), "Q held");
	assert_int_equal(of(a, "wiki")->seat.onboarding, 900);
	assert_int_equal(used("wiki-blue"), 1);
	assert_int_equal(used("wiki-acme"), 0);
}

static void
what_is_not_on_the_list_is_refused_by_its_reason(void **state)
{
	struct life *a = partner("acme", SALES), *b = partner("blue", SALES);

	(void)state;
	asks(a, "tele");
	assert_outcome(a, 0, "tele", OUTCOME_REFUSED, MSG_SEAT_ORGANISATION);
	assert_string_equal(holds(a, "tele"), "");
	asks(b, "sec");
	assert_outcome(b, 0, "sec", OUTCOME_REFUSED, MSG_SEAT_ROLE);
	asks(b, "mail");
	assert_outcome(b, 0, "mail", OUTCOME_REFUSED, MSG_SEAT_ORGANISATION);
}

/* Else the outcomes of an onboarding would name products that a partner cannot see. */
static void
rules_give_partners_only_what_a_pool_may_give_them(void **state)
{
	struct life *a = partner("acme", DESIGN), *b = partner("blue", SALES);

	(void)state;
	/* on the list, and asked for by a rule, but only the company has pools */
	assert_int_equal(move(a), OK);
	assert_int_equal(a->m.noutcome, 0);
	/* overflow: tele is on the list and the company's pool serves */
	assert_int_equal(move(b), OK);
	assert_int_equal(b->m.noutcome, 1);
	assert_outcome(b, 0, "tele", OUTCOME_ASSIGNED, MSG_NONE);
	b->contract[0].organization = organisation_id(w.c, "acme");
	assert_int_equal(move(b), OK);
	assert_string_equal(holds(b, "tele"), "");
	assert_int_equal(used("tele"), 0);
}

static void
all_or_nothing_counts_the_new_share(void **state)
{
	struct life *a = partner("acme", SALES), *b = partner("blue", SALES);

	(void)state;
	asks(a, "wiki");
	asks(b, "wiki");
	b->contract[0].organization = organisation_id(w.c, "acme");
	b->m.all_or_nothing = true;
	wants(b, 0, "wiki");
	assert_int_equal(move(b), ERR_CONFLICT);
	assert_int_equal(cx.fault.msg, MSG_ONBOARD_ALL_OR_NOTHING);
	assert_string_equal(holds(b, "wiki"), "Q seat");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_organisation_has_defaults_and_a_list),
		TEST(an_organisation_goes_out_and_in_again),
		TEST(every_field_of_an_organisation_counts),
		TEST(a_wrong_organisation_is_refused),
		TEST(a_share_comes_first_and_others_only_with_overflow),
		TEST(people_of_an_organisation_that_is_gone_have_no_pools),
		TEST(what_is_seen_follows_from_the_scope),
		TEST(many_pools_take_little_of_the_request),
		TEST(a_full_share_is_full_though_others_have_seats),
		TEST(who_changes_organisation_changes_the_share),
		TEST(a_held_seat_is_held_on_in_the_new_share),
		TEST(what_is_not_on_the_list_is_refused_by_its_reason),
		TEST(rules_give_partners_only_what_a_pool_may_give_them),
		TEST(all_or_nothing_counts_the_new_share),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
