/* SPDX-License-Identifier: Apache-2.0 */
/*
 * patroni.c - does a cluster keep what it acknowledged (doc/guide/cluster.md)?
 *
 * A client of the database cannot see by what its leader is chosen: that
 * stands in Patroni's own file, and its version nowhere in it.  What the
 * database servers do in the end they say themselves, by our server: also
 * what was set for a role or a database, or changed since the file was read.
 *
 * The file is Patroni's configuration, or what `patronictl show-config` prints:
 * there is only what all members share.
 */
#include "base/yaml.h"

#include "usher/doctor_int.h"
#include "usher/input.h"
#include "usher/member.h"

#define CONF_MAX  (1u << 20)
#define WORDS_MAX 4

/*
 * The first Patroni that takes the lead in etcd's v3 interface only if nobody
 * has it; those before may follow a leader back that lost commits (0018).
 */
static const int64_t version_least[3] = { 3, 0, 3 };

/*
 * PostgreSQL's settings that a cluster depends on, and with which values it
 * keeps what it acknowledged; no value: any but none.
 */
static const struct demand {
	const char *name;
	const char *good[WORDS_MAX];
	enum msg    remedy;
} demands[] = {
	{ "fsync", { "on" }, MSG_DO_LASTING },
	{ "full_page_writes", { "on" }, MSG_DO_LASTING },
	{ "synchronous_commit", { "on", "remote_apply" }, MSG_DO_COMMIT },
	{ "synchronous_standby_names", { NULL }, MSG_DO_STANDBY },
	{ "wal_level", { "replica", "logical", "hot_standby", "archive" },
	  MSG_DO_WAL },
};

/* Who waits for a second host, and never goes on without. */
static const char *const modes[] = {
	"synchronous_mode",
	"synchronous_mode_strict",
};

static void check_version(struct findings *, const struct js *conf);
static bool is_older(struct str version, const int64_t least[3]);
static void check_shared(struct findings *, const struct js *shared);
static void check_parameters(struct findings *, const struct js *of);
static void check(struct findings *, const struct demand *, struct str value,
    struct str where);
static const struct demand *demand_of(struct str name);
static struct str word(struct findings *, const struct js *);

enum err
patroni_check_file(struct findings *f)
{
	struct cli *cli = f->cli;
	const struct js *conf, *shared;
	struct str text;
	bool is_shared;

	if (cli_text(cli, "patroni").n == 0)
		return OK;
	TRY(input_whole(
	    cli, "patroni", cli_z(cli, "patroni"), CONF_MAX, &text));
	TRY(yaml_parse(&cli->cx, text, &conf));
	is_shared = js_get(conf, "scope") == NULL &&
	    js_get(conf, "bootstrap") == NULL &&
	    js_get(conf, "loop_wait") != NULL;
	if (is_shared) {
		check_shared(f, conf);
		return OK;
	}
	check_version(f, conf);
	shared = member_of(member_of(conf, "bootstrap"), "dcs");
	if (shared != NULL)
		check_shared(f, shared);
	check_parameters(f, conf);
	return OK;
}

/* A version that was not told counts as too old. */
static void
check_version(struct findings *f, const struct js *conf)
{
	struct str version = cli_text(f->cli, "patroni-version");
	bool is_v3 = js_get(conf, "etcd3") != NULL;

	findings_add(f, STR("patroni"),
	    !is_v3 || !is_older(version, version_least),
	    str_fmt(f->cli->cx.arena, "%s%.*s", is_v3 ? "etcd3 " : "",
		STR_ARG(version)),
	    findings_text(f, MSG_DO_PATRONI));
}

/* Numbers with dots between; what is no number ends it, and lacks are 0. */
static bool
is_older(struct str version, const int64_t least[3])
{
	size_t at = 0;

	for (size_t i = 0; i < 3; i++) {
		int64_t part = 0;

		for (; at < version.n && version.p[at] >= '0' &&
		     version.p[at] <= '9' && part < 10000;
		     at++)
			part = part * 10 + (version.p[at] - '0');
		if (part != least[i])
			return part < least[i];
		if (at < version.n && version.p[at] == '.')
			at++;
	}
	return false;
}

/* Patroni 4 has a third value, where any of several hosts may be the second. */
static void
check_shared(struct findings *f, const struct js *shared)
{
	for (size_t i = 0; i < COUNT(modes); i++) {
		struct str value = word(f, member_of(shared, modes[i]));

		findings_add(f, str_of(modes[i]),
		    str_eq(value, STR("on")) ||
			(i == 0 && str_eq(value, STR("quorum"))),
		    str_fmt(f->cli->cx.arena, "%.*s (%.*s)", STR_ARG(value),
			STR_ARG(cli_text(f->cli, "patroni"))),
		    findings_text(f, MSG_DO_SYNCHRONOUS));
	}
	check_parameters(f, shared);
}

/* What is not set there is PostgreSQL's own choice, which is well; the names of the standbys are written by Patroni. */
static void
check_parameters(struct findings *f, const struct js *of)
{
	const struct js *set =
	    member_of(member_of(of, "postgresql"), "parameters");

	for (size_t i = 0; i < COUNT(demands); i++) {
		const struct js *value = member_of(set, demands[i].name);

		if (value != NULL && demands[i].good[0] != NULL)
			check(f, &demands[i], word(f, value),
			    cli_text(f->cli, "patroni"));
	}
}

void
patroni_check_settings(struct findings *f, const struct js *answer)
{
	const struct js *settings;
	size_t n = member_items(answer, "settings", &settings);

	if (cli_text(f->cli, "patroni").n == 0)
		return;
	for (size_t i = 0; i < n; i++) {
		const struct js *s = js_at(settings, i);
		const struct demand *d = demand_of(member_text(s, "name"));
		struct str of = member_text(s, "database");

		if (d != NULL)
			check(f, d, member_text(s, "value"),
			    findings_what(f, of));
	}
}

static void
check(struct findings *f, const struct demand *d, struct str value,
    struct str where)
{
	bool is_good = d->good[0] == NULL && value.n > 0;

	for (size_t i = 0; i < WORDS_MAX && d->good[i] != NULL; i++)
		is_good = is_good || str_eq_nocase(value, str_of(d->good[i]));
	findings_add(f, str_of(d->name), is_good,
	    str_fmt(f->cli->cx.arena, "%.*s (%.*s)",
		STR_ARG(value.n > 0 ? value : STR("''")), STR_ARG(where)),
	    findings_text(f, d->remedy));
}

static const struct demand *
demand_of(struct str name)
{
	for (size_t i = 0; i < COUNT(demands); i++)
		if (str_eq(name, str_of(demands[i].name)))
			return &demands[i];
	return NULL;
}

/* As Patroni and PostgreSQL read it, who take several words for on and off. */
static struct str
word(struct findings *f, const struct js *value)
{
	static const char *const on[] = { "on", "true", "yes" };
	struct str text;

	if (value == NULL)
		return STR("off");
	if (js_type(value) == JS_BOOL)
		return js_bool(value) ? STR("on") : STR("off");
	if (js_type(value) == JS_INT)
		return js_int(value) == 1 ? STR("on")
					  : str_fmt(f->cli->cx.arena, "%lld",
						(long long)js_int(value));
	if (js_type(value) != JS_STRING)
		return STR("?");
	text = js_str(value);
	for (size_t i = 0; i < COUNT(on); i++)
		if (str_eq_nocase(text, str_of(on[i])))
			return STR("on");
	return text;
}
