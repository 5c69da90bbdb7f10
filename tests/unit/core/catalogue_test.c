/* SPDX-License-Identifier: Apache-2.0 */
/* catalogue_test.c - documents become catalogues, keep their ids, and say where they are wrong. */
#include "seat_try.h"

#include "base/id.h"

static const char small[] =
    "catalogue: 1\n"
    "sites:\n"
    "  muc: { name: \"München\", country: DE, zone: Europe/Berlin }\n"
    "  ber: { name: Berlin, country: DE, zone: Europe/Berlin, failover: [muc, "
    "vie] }\n"
    "  vie: { country: AT, zone: Europe/Vienna, failover: [] }\n"
    "departments: { sales: { name: Vertrieb }, design: { name: \"Gestaltung\" "
    "} }\n"
    "organisations: { acme: { name: ACME } }\n"
    "products:\n"
    "  mail: { name: Mail, grant: 'active eq true' }\n"
    "  cad: { cap: 75, role: auditor }\n"
    "pools:\n"
    "  mail-zz: { product: mail, site: ber, quota: 5, priority: 2 }\n"
    "  mail-ber: { product: mail, site: ber, quota: 800, priority: 5, "
    "eligibility: 'site eq \"ber\"' }\n"
    "  mail-muc: { product: mail, site: muc, quota: 20 }\n"
    "  mail-spare: { product: mail, quota: 1000, reserve: true, priority: 1 }\n"
    "  mail-global: { product: mail, quota: 300, priority: 9 }\n"
    "  mail-first: { product: mail, quota: 3, priority: 1 }\n"
    "  cad-vie: { product: cad, site: vie, quota: 0 }\n"
    "settings: { import.removals_percent: 7, person.email_unique: true }\n";

static void
a_document_becomes_a_catalogue(void **state)
{
	const struct catalogue *c = catalogue_of(small);
	const struct site *ber = catalogue_site_slug(c, STR("ber"));
	const struct product *mail = catalogue_product_slug(c, STR("mail"));
	const struct product *cad = catalogue_product_slug(c, STR("cad"));
	const struct pool_info *pool;

	(void)state;
	assert_int_equal(c->version, 1);
	assert_int_equal(c->nsite, 3);
	assert_str(ber->name, "Berlin");
	assert_str(ber->country, "DE");
	assert_str(ber->zone, "Europe/Berlin");
	assert_int_equal(ber->nfailover, 2);
	assert_int_equal(ber->failover[0], site_id(c, "muc"));
	assert_int_equal(ber->failover[1], site_id(c, "vie"));
	assert_str(catalogue_site_slug(c, STR("vie"))->name, "vie");
	assert_str(filter_text(mail->grant), "active eq true");
	assert_int_equal(mail->cap_percent, 90);
	assert_int_equal(mail->role_required.n, 0);
	assert_null(cad->grant);
	assert_int_equal(cad->cap_percent, 75);
	assert_str(cad->role_required, "auditor");
	pool = catalogue_pool_slug(c, STR("mail-ber"));
	assert_int_equal(pool->product, mail->id);
	assert_int_equal(pool->site, ber->id);
	assert_int_equal(pool->quota, 800);
	assert_int_equal(pool->priority, 5);
	assert_str(filter_text(pool->eligibility), "site eq \"ber\"");
	assert_false(pool->is_reserve);
	assert_true(catalogue_pool_slug(c, STR("mail-spare"))->is_reserve);
	assert_int_equal(catalogue_pool_slug(c, STR("mail-muc"))->priority, 5);
	assert_int_equal(catalogue_pool_slug(c, STR("mail-global"))->site, 0);
	assert_int_equal(c->setting[SETTING_IMPORT_REMOVALS_PERCENT], 7);
	assert_int_equal(c->setting[SETTING_EMAIL_UNIQUE], 1);
	assert_int_equal(c->setting[SETTING_HOLD_MINUTES], 1440);
	assert_str(c->user_name_template,
	    "{givenName|first|ascii|lower}.{familyName|ascii|lower}{n}");
}

static void
rows_are_found_by_id_slug_and_name(void **state)
{
	const struct catalogue *c = catalogue_of(small);

	(void)state;
	for (size_t i = 0; i < c->nsite; i++)
		assert_ptr_equal(catalogue_site(c, c->site[i].id), &c->site[i]);
	for (size_t i = 0; i < c->npool; i++) {
		assert_ptr_equal(catalogue_pool(c, c->pool[i].id), &c->pool[i]);
		assert_ptr_equal(
		    catalogue_pool_slug(c, c->pool[i].slug), &c->pool[i]);
	}
	for (size_t i = 0; i < c->nproduct; i++)
		assert_ptr_equal(
		    catalogue_product(c, c->product[i].id), &c->product[i]);
	assert_ptr_equal(catalogue_site_slug(c, STR("MÜNCHEN ")),
	    catalogue_site_slug(c, STR("muc")));
	assert_ptr_equal(catalogue_department_slug(c, STR("vertrieb")),
	    catalogue_department_slug(c, STR("sales")));
	assert_non_null(catalogue_department_slug(c, STR("sales")));
	assert_str(catalogue_organisation(
		       c, catalogue_organisation_slug(c, STR("acme"))->id)
		       ->name,
	    "ACME");
	assert_null(catalogue_site(c, 99));
	assert_null(catalogue_site(c, 0));
	assert_null(catalogue_site_slug(c, STR("rom")));
	assert_null(catalogue_site_slug(c, STR("")));
	assert_null(catalogue_site_slug(c, STR("\xff")));
	assert_null(catalogue_department_slug(c, STR("Einkauf")));
	assert_null(catalogue_organisation(c, 1000));
	assert_null(catalogue_organisation_slug(c, STR("Acme")));
	assert_null(catalogue_product(c, -1));
	assert_null(catalogue_product_slug(c, STR("Mail")));
	assert_null(catalogue_pool(c, INT64_MAX));
	assert_null(catalogue_pool_slug(c, STR("mail")));
}

static const struct order_case {
	const char *product, *site, *want;
} orders[] = {
	{ "mail", "ber", "mail-zz mail-ber mail-muc mail-first mail-global " },
	{ "mail", "muc", "mail-muc mail-first mail-global " },
	{ "mail", "vie", "mail-first mail-global " },
	{ "mail", "",	 "mail-first mail-global " },
	{ "cad",  "ber", "cad-vie " },
	{ "cad",  "muc", "" },
};

static void
pools_come_own_site_first_then_fail_over_then_global(void **state)
{
	const struct catalogue *c = catalogue_of(small);

	(void)state;
	for (size_t i = 0; i < COUNT(orders); i++) {
		const struct order_case *o = &orders[i];
		char got[200] = "";
		int64_t pool[9];
		struct facts who = { 0 };
		size_t n;

		FACT(&who, SITE) = site_id(c, o->site);
		n = catalogue_pools_for(
		    c, product_id(c, o->product), &who, pool, COUNT(pool));

		for (size_t j = 0; j < n; j++) {
			size_t at = strlen(got);

			(void)snprintf(got + at, sizeof(got) - at, "%s ",
			    pool_slug(c, pool[j]));
		}
		assert_string_equal(got, o->want);
	}
}

static void
no_more_pools_are_told_than_asked_for(void **state)
{
	const struct catalogue *c = catalogue_of(small);
	int64_t pool[3] = { 0, 0, -1 };
	struct facts who = { 0 };

	(void)state;
	FACT(&who, SITE) = site_id(c, "ber");
	assert_int_equal(
	    catalogue_pools_for(c, product_id(c, "mail"), &who, pool, 2), 2);
	assert_int_equal(pool[1], pool_id(c, "mail-ber"));
	assert_int_equal(pool[2], -1);
	assert_int_equal(catalogue_pools_for(c, 12345, &who, pool, 2), 0);
}

static void
a_product_lists_all_its_pools_by_priority(void **state)
{
	static const char *const want[] = { "mail-first", "mail-spare",
		"mail-zz", "mail-ber", "mail-muc", "mail-global" };
	const struct catalogue *c = catalogue_of(small);
	const struct product *mail = catalogue_product_slug(c, STR("mail"));

	(void)state;
	assert_int_equal(mail->npool, COUNT(want));
	for (size_t i = 0; i < COUNT(want); i++)
		assert_int_equal(mail->pool[i], pool_id(c, want[i]));
}

/* A line of the document NUMBER, from 1, put in the place of the small one's. */
static const char *
with_line(int number, const char *line)
{
	struct str rest = str_of(small);
	char *out = arena_alloc(cx.arena, sizeof(small) + strlen(line) + 1);
	size_t at = 0;

	for (int i = 1; rest.n > 0; i++) {
		struct str one = str_cut(&rest, '\n');

		if (i == number)
			one = str_of(line);
		memcpy(out + at, one.p, one.n);
		at += one.n;
		out[at++] = '\n';
	}
	out[at] = '\0';
	return out;
}

/* The same, where a row of a section stands. */
static const char *
with_row(int number, const char *row)
{
	bool is_row = (number >= 3 && number <= 5) ||
	    (number >= 9 && number <= 10) || (number >= 12 && number <= 18);

	return with_line(number,
	    str_z(
		cx.arena, str_fmt(cx.arena, "%s%s", is_row ? "  " : "", row)));
}

/* In line LINE stands TEXT: refused there, with the first argument of the message. */
static const struct wrong_case {
	int	    line;
	const char *text;
	enum msg    msg;	/* MSG_NONE: whatever filter or template say */
	const char *path, *arg;
} wrongs[] = {
#define W(line, text, msg, path, arg) { line, text, MSG_CATALOGUE_##msg, path, arg },
#define F(line, text, path)	      { line, text, MSG_NONE, path, NULL },
	W(1, "catalogue: 2", FORMAT, "catalogue", "")
	W(1, "catalogue: \"1\"", FORMAT, "catalogue", "")
	W(6, "departements: {}", KEY, "", "departements")
	W(6, "next_id: 5", KEY, "", "next_id")
	W(6, "departments: [ sales ]", OBJECT, "departments", "")
	W(6, "departments: { sales: Vertrieb }", OBJECT, "departments.sales", "")
	W(6, "departments: { Sales: { name: a } }", SLUG, "departments", "Sales")
	W(6, "departments: { -a: { name: a } }", SLUG, "departments", "-a")
	W(6, "departments: { a-: { name: a } }", SLUG, "departments", "a-")
	W(6, "departments: { \"\": { name: a } }", SLUG, "departments", "")
	W(6, "departments: { a: { name: 5 } }", TEXT, "departments.a.name", "256")
	W(6, "departments: { a: { name: \" \" } }", TEXT, "departments.a.name", "256")
	W(6, "departments: { a: { name: \"x\\u202Ey\" } }", TEXT, "departments.a.name", "256")
	W(6, "departments: { a: { title: x } }", KEY, "departments.a", "title")
	W(6, "departments: { a: { id: 5 } }", KEY, "departments.a", "id")
	W(6, "departments: { a: { name: \"Gr\\u00FC\\u00DFe\" }, b: { name: GRÜSSE } }", NAME_TWICE,
	    "departments.b.name", "a")
	W(5, "vie: { name: BERLIN, country: AT, zone: Europe/Vienna }", NAME_TWICE, "sites.vie.name", "ber")
	W(5, "vie: { zone: Europe/Vienna }", MISSING, "sites.vie", "country")
	W(5, "vie: { country: AT }", MISSING, "sites.vie", "zone")
	W(5, "vie: { country: null, zone: UTC }", MISSING, "sites.vie", "country")
	W(5, "vie: { country: at, zone: UTC }", COUNTRY, "sites.vie.country", "at")
	W(5, "vie: { country: AUT, zone: UTC }", COUNTRY, "sites.vie.country", "AUT")
	W(5, "vie: { country: AT, zone: ../etc/passwd }", ZONE, "sites.vie.zone", "../etc/passwd")
	W(5, "vie: { country: AT, zone: /etc }", ZONE, "sites.vie.zone", "/etc")
	W(5, "vie: { country: AT, zone: Europe/ }", ZONE, "sites.vie.zone", "Europe/")
	W(5, "vie: { country: AT, zone: a//b }", ZONE, "sites.vie.zone", "a//b")
	W(4, "ber: { country: DE, zone: UTC, failover: muc }", LIST, "sites.ber.failover", "8")
	W(4, "ber: { country: DE, zone: UTC, failover: [1] }", LIST, "sites.ber.failover", "8")
	W(4, "ber: { country: DE, zone: UTC, failover: [a,a,a,a,a,a,a,a,a] }", LIST, "sites.ber.failover", "8")
	W(4, "ber: { country: DE, zone: UTC, failover: [rom] }", UNKNOWN, "sites.ber.failover", "rom")
	W(4, "ber: { country: DE, zone: UTC, failover: [ber] }", FAILOVER, "sites.ber.failover", "ber")
	W(4, "ber: { country: DE, zone: UTC, failover: [muc, vie, muc] }", FAILOVER, "sites.ber.failover", "muc")
	F(9, "mail: { grant: 'aktive eq true' }", "products.mail.grant")
	F(9, "mail: { grant: 'userName eq \"x\"' }", "products.mail.grant")
	W(9, "mail: { grant: true }", TEXT, "products.mail.grant", "4096")
	W(10, "cad: { cap: 0 }", NUMBER, "products.cad.cap", "1")
	W(10, "cad: { cap: 101 }", NUMBER, "products.cad.cap", "1")
	W(10, "cad: { cap: 90.5 }", NUMBER, "products.cad.cap", "1")
	W(10, "cad: { role: Chief }", SLUG, "products.cad.role", "Chief")
	W(10, "cad: { role: chief }", UNKNOWN, "products.cad.role", "chief")
	W(18, "cad-vie: { site: vie, quota: 0 }", MISSING, "pools.cad-vie", "product")
	W(18, "cad-vie: { product: cad }", MISSING, "pools.cad-vie", "quota")
	W(18, "cad-vie: { product: cat, quota: 0 }", UNKNOWN, "pools.cad-vie.product", "cat")
	W(18, "cad-vie: { product: cad, quota: 0, site: rom }", UNKNOWN, "pools.cad-vie.site", "rom")
	W(18, "cad-vie: { product: cad, quota: -1 }", NUMBER, "pools.cad-vie.quota", "0")
	W(18, "cad-vie: { product: cad, quota: 1000000001 }", NUMBER, "pools.cad-vie.quota", "0")
	W(18, "cad-vie: { product: cad, quota: many }", NUMBER, "pools.cad-vie.quota", "0")
	W(18, "cad-vie: { product: cad, quota: true }", NUMBER, "pools.cad-vie.quota", "0")
	W(18, "cad-vie: { product: cad, quota: 1, priority: 10 }", NUMBER, "pools.cad-vie.priority", "1")
	W(18, "cad-vie: { product: cad, quota: 1, priority: 0 }", NUMBER, "pools.cad-vie.priority", "1")
	W(18, "cad-vie: { product: cad, quota: 1, reserve: 1 }", BOOL, "pools.cad-vie.reserve", "")
	F(18, "cad-vie: { product: cad, quota: 1, eligibility: 'site eq' }", "pools.cad-vie.eligibility")
	W(18, "cad-vie: { product: cad, quota: 1, hold: 1 }", KEY, "pools.cad-vie", "hold")
	W(18, "cad-vie: { product: cad, quota: 1, was: Old }", SLUG, "pools.cad-vie.was", "Old")
	W(19, "settings: { import.removals_percent: 101 }", NUMBER, "settings.import.removals_percent", "0")
	W(19, "settings: { import.percent: 5 }", KEY, "settings", "import.percent")
	W(19, "settings: { person.email_unique: 2 }", NUMBER, "settings.person.email_unique", "0")
	W(19, "settings: []", OBJECT, "settings", "")
	F(19, "settings: { person.user_name: '{vorname}{n}' }", "settings.person.user_name")
	W(19, "settings: { person.user_name: '{givenName}' }", TEMPLATE_NUMBER, "settings.person.user_name", "")
	W(19, "settings: { person.user_name: 5 }", TEXT, "settings.person.user_name", "1024")
#undef W
#undef F
};

static void
what_is_wrong_is_refused_with_its_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(wrongs); i++) {
		const struct wrong_case *w = &wrongs[i];
		struct str field =
		    str_fmt(cx.arena, "%s (line %d)", w->path, w->line);
		const struct js *js;
		struct catalogue *c;
		enum err err;

		assert_int_equal(
		    yaml_parse(&cx, str_of(with_row(w->line, w->text)), &js),
		    OK);
		cx.fault = (struct fault) { 0 };
		err = catalogue_decode(&cx, js, NULL, false, &c);
		if (err != ERR_BAD_INPUT ||
		    (w->msg != MSG_NONE && cx.fault.msg != w->msg) ||
		    !str_eq(cx.fault.field, field) ||
		    (w->arg != NULL &&
			!str_eq(cx.fault.args[0], str_of(w->arg))))
			wrong("%s\n  %s at %.*s, \"%.*s\"", w->text,
			    err == OK ? "OK" : msg_name(cx.fault.msg),
			    STR_ARG(cx.fault.field), STR_ARG(cx.fault.args[0]));
	}
}

static void
a_document_that_is_no_object_is_refused(void **state)
{
	struct catalogue *c;

	(void)state;
	assert_refused(catalogue_decode(&cx, json("[1]"), NULL, false, &c),
	    CATALOGUE_FORMAT, "");
	assert_refused(catalogue_decode(&cx, json("{}"), NULL, false, &c),
	    CATALOGUE_FORMAT, "catalogue");
}

static void
too_many_rows_are_refused(void **state)
{
	struct catalogue *c;
	struct buf b;

	(void)state;
	buf_init(&b, cx.arena, 1 << 20);
	buf_z(&b, "{\"catalogue\":1,\"products\":{\"p0\":{}");
	for (int i = 1; i < PRODUCTS_MAX; i++)
		buf_fmt(&b, ",\"p%d\":{}", i);
	buf_z(&b, "}}");
	assert_int_equal(
	    catalogue_decode(
		&cx, json(str_z(cx.arena, buf_view(&b))), NULL, false, &c),
	    OK);
	assert_int_equal(c->nproduct, PRODUCTS_MAX);
	b.n -= 2;
	buf_z(&b, ",\"one-more\":{}}}");
	assert_refused(
	    catalogue_decode(
		&cx, json(str_z(cx.arena, buf_view(&b))), NULL, false, &c),
	    CATALOGUE_MANY, "products");
	assert_str(cx.fault.args[0], "1000");
}

static void
a_long_foreign_key_is_told_in_part(void **state)
{
	struct catalogue *c;
	struct buf b;

	(void)state;
	buf_init(&b, cx.arena, 1 << 16);
	buf_z(&b, "{\"catalogue\":1,\"x");
	for (int i = 0; i < 9000; i++)
		buf_z(&b, "ü");
	buf_z(&b, "\":1}");
	assert_refused(
	    catalogue_decode(
		&cx, json(str_z(cx.arena, buf_view(&b))), NULL, false, &c),
	    CATALOGUE_KEY, "");
	assert_int_equal(cx.fault.args[0].n, 99);
	assert_true(str_utf8(cx.fault.args[0]));
}

static void
assert_same(const struct catalogue *a, const struct catalogue *b)
{
	if (!str_eq(a->canonical, b->canonical))
		wrong(
		    "%.*s\n%.*s", STR_ARG(a->canonical), STR_ARG(b->canonical));
}

static const char strange[] =
    "catalogue: 1\n"
    "sites:\n"
    "  no: { name: \"N\\u00F8rd: #1 \\\"x\\\" \\\\ 'y'\", country: \"NO\", "
    "zone: Etc/GMT+1 }\n"
    "  1e3: { name: \"007\", country: DE, zone: UTC, failover: [\"no\"] }\n"
    "  null: { name: \"~\", country: DE, zone: \"5\" }\n"
    "departments:\n"
    "organisations: { true: { name: \"a: b\" } }\n";

static void
an_export_reads_back_the_same(void **state)
{
	const char *texts[] = { small, strange, "catalogue: 1\n",
		with_line(19, "settings: { person.user_name: '{givenName}{n}', vault.seal_per_minute: 3 }"),
		with_line(9, "  mail: { name: M, grant: \"title eq \\\"it's\\\"\" }"),
		with_line(6, "departments: { 5: { name: \"- a\" }, \"no\": { name: 'x: y' }, \"null\": {} }") };

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		const struct catalogue *c = catalogue_of(texts[i]);
		struct str yaml = catalogue_export(cx.arena, c);
		const struct catalogue *back =
		    catalogue_after(str_z(cx.arena, yaml), c);

		assert_same(c, back);
		assert_int_equal(back->version, c->version + 1);
		assert_same(c, catalogue_of(str_z(cx.arena, yaml)));
	}
}

static void
a_stored_catalogue_carries_its_ids(void **state)
{
	const struct catalogue *c = catalogue_after(
	    with_line(18,
		"  cad-rom: { was: cad-vie, product: cad, quota: 1 }\n"
		"  cad-vie2: { product: cad, quota: 1 }"),
	    catalogue_of(small));
	struct catalogue *back;

	(void)state;
	assert_int_equal(
	    catalogue_decode(
		&cx, json(str_z(cx.arena, c->canonical)), NULL, true, &back),
	    OK);
	assert_same(c, back);
	assert_int_equal(back->next_id, c->next_id);
	assert_int_equal(pool_id(back, "cad-rom"), pool_id(c, "cad-rom"));
	assert_int_equal(back->version, 0);
}

static void
canonical_text_is_sorted_and_has_ids(void **state)
{
	const struct catalogue *c = catalogue_of(
	    "catalogue: 1\n"
	    "products: { b: { name: B, role: r, grant: 'active eq true' }, a: "
	    "{} }\n"
	    "pools: { p: { site: s, product: b, quota: 1, reserve: true, "
	    "eligibility: 'site pr' } }\n"
	    "sites: { s: { zone: UTC, country: DE, failover: [q] }, q: { zone: "
	    "UTC, country: FR } }\n"
	    "roles: { r: { rights: [seat.read, person.read], excludes: "
	    "[auditor], two_persons: true } }\n"
	    "settings: { seat.hold_minutes: 5, person.user_name: 'u{n}', "
	    "import.removals_least: 1 }\n");

	(void)state;
	assert_str(c->canonical,
	    "{\"catalogue\":1,\"departments\":{},\"next_id\":7,\"organisations"
	    "\":{},"
	    "\"pools\":{\"p\":{\"eligibility\":\"site "
	    "pr\",\"id\":6,\"priority\":5,\"product\":\"b\",\"quota\":1,\"reser"
	    "ve\":true,\"site\":\"s\"}},"
	    "\"products\":{\"a\":{\"cap\":90,\"id\":4,\"name\":\"a\"},\"b\":{\""
	    "cap\":90,\"grant\":\"active eq "
	    "true\",\"id\":5,\"name\":\"B\",\"role\":\"r\"}},"
	    "\"roles\":{\"r\":{\"excludes\":[\"auditor\"],\"id\":3,\"name\":"
	    "\"r\",\"rights\":[\"person.read\",\"seat.read\"],"
	    "\"two_persons\":true}},"
	    "\"settings\":{\"import.removals_least\":1,\"person.user_name\":\"u"
	    "{n}\",\"seat.hold_minutes\":5},"
	    "\"sites\":{\"q\":{\"country\":\"FR\",\"id\":1,\"name\":\"q\",\"zon"
	    "e\":\"UTC\"},\"s\":{\"country\":\"DE\",\"failover\":[\"q\"],\"id\""
	    ":2,\"name\":\"s\",\"zone\":\"UTC\"}}}");
}

static const struct stored_case {
	const char *text;
	enum msg    msg;
	const char *field;
} damaged[] = {
	{ "{\"catalogue\":1,\"next_id\":3,\"products\":{\"a\":{\"id\":1},\"b\":{\"id\":1}}}", MSG_CATALOGUE_DAMAGED,
	    "products.b.id" },
	{ "{\"catalogue\":1,\"next_id\":3,\"products\":{\"a\":{}}}", MSG_CATALOGUE_DAMAGED, "products.a.id" },
	{ "{\"catalogue\":1,\"next_id\":3,\"products\":{\"a\":{\"id\":3}}}", MSG_CATALOGUE_NUMBER, "products.a.id" },
	{ "{\"catalogue\":1,\"next_id\":3,\"products\":{\"a\":{\"id\":0}}}", MSG_CATALOGUE_NUMBER, "products.a.id" },
	{ "{\"catalogue\":1,\"products\":{\"a\":{\"id\":1}}}", MSG_CATALOGUE_NUMBER, "products.a.id" },
	{ "{\"catalogue\":1,\"next_id\":\"x\"}", MSG_CATALOGUE_NUMBER, "next_id" },
	{ "{\"catalogue\":1,\"next_id\":3,\"products\":{\"a\":{\"id\":1,\"was\":\"b\"}}}", MSG_CATALOGUE_KEY,
	    "products.a" },
};

static void
a_damaged_stored_catalogue_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(damaged); i++) {
		struct catalogue *c;
		enum err err = catalogue_decode(
		    &cx, json(damaged[i].text), NULL, true, &c);

		if (err != ERR_BAD_INPUT || cx.fault.msg != damaged[i].msg ||
		    !str_eq(cx.fault.field, str_of(damaged[i].field)))
			wrong("%s: %s at %.*s", damaged[i].text,
			    msg_name(cx.fault.msg), STR_ARG(cx.fault.field));
	}
}

/* --- ids over versions --------------------------------------------------------- */

static void
known_slugs_keep_their_ids_and_new_ones_get_fresh_ones(void **state)
{
	const struct catalogue *a = catalogue_of(small);
	const struct catalogue *b = catalogue_after(
	    with_line(6, "departments: { a0: {}, sales: { name: Vertrieb } }"),
	    a);
	const struct catalogue *c = catalogue_after(small, b);

	(void)state;
	assert_int_equal(catalogue_department_slug(b, STR("sales"))->id,
	    catalogue_department_slug(a, STR("sales"))->id);
	assert_int_equal(
	    catalogue_department_slug(b, STR("a0"))->id, a->next_id);
	assert_int_equal(b->next_id, a->next_id + 1);
	/* what was gone comes back as somebody else */
	assert_int_equal(
	    catalogue_department_slug(c, STR("design"))->id, b->next_id);
	assert_int_equal(c->version, 3);
}

static void
a_renamed_row_keeps_its_id(void **state)
{
	const struct catalogue *a = catalogue_of(small);
	const char *text = with_line(18,
	    "  cad-wien: { product: cad, site: vie, quota: 0, was: cad-vie }");
	const struct catalogue *b = catalogue_after(text, a);
	const struct catalogue *c = catalogue_after(text, b);

	(void)state;
	assert_int_equal(pool_id(b, "cad-wien"), pool_id(a, "cad-vie"));
	assert_null(catalogue_pool_slug(b, STR("cad-vie")));
	assert_int_equal(b->next_id, a->next_id);
	/* the line may stay: applied again, it says nothing new */
	assert_same(b, c);
	/* and a new tenant may start from it */
	assert_non_null(
	    catalogue_pool_slug(catalogue_of(text), STR("cad-wien")));
}

static const struct was_case {
	const char *text;
	enum msg    msg;
	const char *field;
} was[] = {
	{ "  cad-a: { product: cad, quota: 0, was: cad-b }", MSG_CATALOGUE_WAS, "pools.cad-a.was (line 18)" },
	{ "  cad-a: { product: cad, quota: 0, was: mail }", MSG_CATALOGUE_WAS, "pools.cad-a.was (line 18)" },
	{ "  cad-a: { product: cad, quota: 0, was: cad-vie }\n  cad-vie: { product: cad, quota: 0 }",
	    MSG_CATALOGUE_WAS_STANDS, "pools.cad-a.was (line 18)" },
	{ "  cad-a: { product: cad, quota: 0, was: cad-vie }\n  cad-b: { product: cad, quota: 0, was: cad-vie }",
	    MSG_CATALOGUE_WAS_STANDS, "pools.cad-" },
	{ "  cad-vie: { product: mail, quota: 0 }", MSG_CATALOGUE_POOL_PRODUCT, "pools.cad-vie.product (line 18)" },
	{ "  cad-a: { product: mail, quota: 0, was: cad-vie }", MSG_CATALOGUE_POOL_PRODUCT,
	    "pools.cad-a.product (line 18)" },
};

static void
a_renaming_that_cannot_be_is_refused(void **state)
{
	const struct catalogue *a = catalogue_of(small);

	(void)state;
	for (size_t i = 0; i < COUNT(was); i++) {
		const struct js *js;
		struct catalogue *c;
		enum err err;

		assert_int_equal(
		    yaml_parse(&cx, str_of(with_line(18, was[i].text)), &js),
		    OK);
		err = catalogue_decode(&cx, js, a, false, &c);
		if (err != ERR_BAD_INPUT || cx.fault.msg != was[i].msg ||
		    !str_starts(cx.fault.field, str_of(was[i].field)))
			wrong("%s: %s at %.*s", was[i].text,
			    err == OK ? "OK" : msg_name(cx.fault.msg),
			    STR_ARG(cx.fault.field));
	}
	/* a renamed product takes its pools along */
	assert_int_equal(
	    product_id(catalogue_after(
			   "catalogue: 1\n"
			   "products: { cat: { was: cad } }\n"
			   "pools: { cad-vie: { product: cat, quota: 1 } }\n",
			   a),
		"cat"),
	    product_id(a, "cad"));
}

/* --- comparing -------------------------------------------------------------------- */

static void
a_comparison_tells_what_came_changed_and_went(void **state)
{
	const struct catalogue *a = catalogue_of(small);
	const struct catalogue *b = catalogue_after(
	    "catalogue: 1\n"
	    "sites:\n"
	    "  muc: { name: \"München\", country: DE, zone: Europe/Berlin }\n"
	    "  ber: { name: Berlin, country: DE, zone: Europe/Berlin, "
	    "failover: [muc] }\n"
	    "departments: { sales: { name: Vertrieb }, art: { name: "
	    "Gestaltung, was: design } }\n"
	    "organisations: { acme: { name: ACME }, zz: {} }\n"
	    "products:\n"
	    "  mail: { name: Mail, grant: 'active eq false' }\n"
	    "pools:\n"
	    "  mail-zz: { product: mail, site: ber, quota: 6, priority: 2 }\n"
	    "  mail-ber: { product: mail, site: ber, quota: 800, priority: 5, "
	    "eligibility: 'site eq \"ber\"' }\n"
	    "  mail-muc: { product: mail, site: muc, quota: 20, priority: 6 }\n"
	    "  mail-spare: { product: mail, quota: 1000, reserve: true, "
	    "priority: 1 }\n"
	    "  mail-global: { product: mail, quota: 300, priority: 9 }\n"
	    "  mail-new: { product: mail, quota: 3, priority: 1 }\n"
	    "settings: { import.removals_percent: 7 }\n",
	    a);
	struct catalogue_diff d;

	(void)state;
	catalogue_compare(cx.arena, a, b, &d);
	/* zz, mail-new */
	assert_int_equal(d.added, 2);
	/* vie, cad, mail-first, cad-vie */
	assert_int_equal(d.removed, 4);
	assert_true(str_starts(d.removed_text, STR("sites.vie, products.cad")));
	/* ber, art, mail, mail-zz, mail-muc, a setting */
	assert_int_equal(d.changed, 6);
	assert_int_equal(d.npool_new, 1);
	assert_str(d.pool_new[0]->slug, "mail-new");
	assert_int_equal(d.npool_quota, 1);
	assert_int_equal(d.pool_quota[0]->quota, 6);
	assert_int_equal(d.npool_gone, 2);
	assert_int_equal(d.pool_gone[0] + d.pool_gone[1],
	    pool_id(a, "mail-first") + pool_id(a, "cad-vie"));
	assert_int_equal(d.nproduct_gone, 1);
	assert_int_equal(d.product_gone[0], product_id(a, "cad"));
	assert_int_equal(d.nsite_gone, 1);
	assert_int_equal(d.site_gone[0], site_id(a, "vie"));
}

static void
the_same_document_changes_nothing(void **state)
{
	const struct catalogue *a = catalogue_of(small);
	const struct catalogue *empty = catalogue_of("catalogue: 1\n");
	struct catalogue_diff d;

	(void)state;
	catalogue_compare(cx.arena, a, catalogue_after(small, a), &d);
	assert_int_equal(d.added + d.changed + d.removed + d.npool_new, 0);
	assert_int_equal(d.npool_quota + d.npool_gone, 0);
	catalogue_compare(cx.arena, empty, a, &d);
	assert_int_equal(d.added, 3 + 2 + 1 + 2 + 7);
	assert_int_equal(d.npool_new, 7);
	assert_int_equal(d.changed, 2);
	catalogue_compare(cx.arena, a, empty, &d);
	assert_int_equal(d.removed, 3 + 2 + 1 + 2 + 7);
	assert_true(str_ends(d.removed_text, STR(", …")));
}

/* Every field counts. */
static const struct { int line; const char *text; } touches[] = {
	{ 3, "  muc: { name: \"Muenchen\", country: DE, zone: Europe/Berlin }" },
	{ 3, "  muc: { name: \"München\", country: AT, zone: Europe/Berlin }" },
	{ 3, "  muc: { name: \"München\", country: DE, zone: Europe/Vienna }" },
	{ 4, "  ber: { name: Berlin, country: DE, zone: Europe/Berlin, failover: [vie, muc] }" },
	{ 7, "organisations: { acme: { name: Acme } }" },
	{ 9, "  mail: { name: Post, grant: 'active eq true' }" },
	{ 9, "  mail: { name: Mail }" },
	{ 9, "  mail: { name: Mail, grant: 'active eq true', cap: 91 }" },
	{ 10, "  cad: { cap: 75 }" },
	{ 13, "  mail-ber: { product: mail, site: ber, quota: 800, priority: 5 }" },
	{ 13, "  mail-ber: { product: mail, site: muc, quota: 800, priority: 5, eligibility: 'site eq \"ber\"' }" },
	{ 15, "  mail-spare: { product: mail, quota: 1000, priority: 1 }" },
	{ 19, "settings: { import.removals_percent: 7, person.email_unique: true, person.user_name: 'x{n}' }" },
};

static void
any_field_makes_a_row_changed(void **state)
{
	const struct catalogue *a = catalogue_of(small);

	(void)state;
	for (size_t i = 0; i < COUNT(touches); i++) {
		struct catalogue_diff d;

		catalogue_compare(cx.arena, a,
		    catalogue_after(
			with_line(touches[i].line, touches[i].text), a),
		    &d);
		if (d.changed != 1 || d.added + d.removed != 0)
			wrong("%s: %zu", touches[i].text, d.changed);
	}
}

/* --- names and settings -------------------------------------------------------------- */

static void
filters_find_names_in_catalogue_and_dictionary(void **state)
{
	const struct catalogue *c = catalogue_of(small);
	struct dictionary *d = dictionary_open();
	struct names names = { c, d };
	struct filter_names f = names_of(&names);
	int64_t acme = catalogue_organisation_slug(c, STR("acme"))->id;

	(void)state;
	(void)dictionary_add(d, 501, STR("sales"));
	(void)dictionary_add(d, 502, STR("Leiter"));
	assert_int_equal(f.find(f.arg, A_SITE, STR("muc")), site_id(c, "muc"));
	assert_int_equal(
	    f.find(f.arg, A_SITE, STR("münchen")), site_id(c, "muc"));
	assert_int_equal(f.find(f.arg, A_SITE, STR("sales")), 0);
	assert_int_equal(f.find(f.arg, A_ORGANIZATION, STR("acme")), acme);
	assert_int_equal(f.find(f.arg, A_ORGANIZATION, STR("muc")), 0);
	assert_int_equal(f.find(f.arg, A_DEPARTMENT, STR("sales")), 501);
	assert_int_equal(f.find(f.arg, A_DEPARTMENT, STR("Vertrieb")), 501);
	assert_int_equal(f.find(f.arg, A_DEPARTMENT, STR("design")), 0);
	assert_int_equal(f.find(f.arg, A_TITLE, STR("LEITER")), 502);
	assert_str(f.text(f.arg, A_SITE, site_id(c, "vie")), "vie");
	assert_str(f.text(f.arg, A_SITE, 501), "");
	assert_str(f.text(f.arg, A_ORGANIZATION, acme), "acme");
	assert_str(f.text(f.arg, A_ORGANIZATION, 501), "");
	assert_str(f.text(f.arg, A_DEPARTMENT, 501), "sales");
	assert_str(f.text(f.arg, A_TITLE, 77), "");
	dictionary_close(d);
}

static void
settings_are_sorted_and_within_their_bounds(void **state)
{
	(void)state;
	for (int s = 0; s < SETTING_COUNT; s++) {
		const struct setting_info *i = setting_info((enum setting)s);

		assert_false(i->is_text);
		assert_true(i->min <= i->fallback && i->fallback <= i->max);
		assert_true(strlen(i->help) > 0);
		if (s > 0)
			assert_true(
			    strcmp(setting_info((enum setting)(s - 1))->name,
				i->name) < 0);
	}
	assert_true(setting_info(SETTING_USER_NAME)->is_text);
	assert_string_equal(
	    setting_info(SETTING_USER_NAME)->name, "person.user_name");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_document_becomes_a_catalogue),
		cmocka_unit_test(rows_are_found_by_id_slug_and_name),
		cmocka_unit_test(
		    pools_come_own_site_first_then_fail_over_then_global),
		cmocka_unit_test(no_more_pools_are_told_than_asked_for),
		cmocka_unit_test(a_product_lists_all_its_pools_by_priority),
		cmocka_unit_test(what_is_wrong_is_refused_with_its_line),
		cmocka_unit_test(a_document_that_is_no_object_is_refused),
		cmocka_unit_test(too_many_rows_are_refused),
		cmocka_unit_test(a_long_foreign_key_is_told_in_part),
		cmocka_unit_test(an_export_reads_back_the_same),
		cmocka_unit_test(a_stored_catalogue_carries_its_ids),
		cmocka_unit_test(canonical_text_is_sorted_and_has_ids),
		cmocka_unit_test(a_damaged_stored_catalogue_is_refused),
		cmocka_unit_test(
		    known_slugs_keep_their_ids_and_new_ones_get_fresh_ones),
		cmocka_unit_test(a_renamed_row_keeps_its_id),
		cmocka_unit_test(a_renaming_that_cannot_be_is_refused),
		cmocka_unit_test(a_comparison_tells_what_came_changed_and_went),
		cmocka_unit_test(the_same_document_changes_nothing),
		cmocka_unit_test(any_field_makes_a_row_changed),
		cmocka_unit_test(
		    filters_find_names_in_catalogue_and_dictionary),
		cmocka_unit_test(settings_are_sorted_and_within_their_bounds),
	};

	return cmocka_run_group_tests(tests, open_ctx, close_ctx);
}
