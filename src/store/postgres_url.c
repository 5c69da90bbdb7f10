/* SPDX-License-Identifier: Apache-2.0 */
/*
 * postgres_url.c - what a URL says and what it leaves to us: where the keys
 * are, and how soon a peer that is silent counts as gone.
 */
#include "store/postgres_int.h"

#include <string.h>
#include <arpa/inet.h>

#define KEYS_SUFFIX "_keys"

/* What a URL does not say.  A standby is not a database to write to. */
static const struct {
	const char *word, *value;
} defaults[] = {
	{ "connect_timeout", "5" },
	{ "keepalives_idle", "10" },
	{ "keepalives_interval", "5" },
	{ "keepalives_count", "3" },
	{ "tcp_user_timeout", "15000" },
	{ "target_session_attrs", "read-write" },
	{ "gssencmode", "disable" },	/* it loads code, which front may not */
	{ "application_name", "usher" },
};

static enum err read_one(struct ctx *, struct str url, bool is_derived,
    struct pg_place *);
static void keep(struct pg_place *, const PQconninfoOption *,
    const char *suffix);
static bool has_suffix(const char *);
static void add(struct pg_place *, size_t, const char *, const char *,
    const char *);
static char *keep_text(struct str);
static const char *get(const struct pg_place *, const char *);
static char *show(struct arena *, const struct pg_place *);
static bool add_peers(const struct pg_place *, struct store_peers *);
static bool is_address(struct str);

enum err
url_read(struct ctx *cx, const char *url, struct pg_place place[2])
{
	struct str rest = str_of(url);
	struct str data = str_cut(&rest, ' ');
	struct str keys = str_trim(rest);

	TRY(read_one(cx, data, false, &place[DB_DATA]));
	TRY(read_one(
	    cx, keys.n > 0 ? keys : data, keys.n == 0, &place[DB_KEYS]));
	if (strcmp(place[DB_DATA].shown, place[DB_KEYS].shown) == 0)
		return fail(cx, ERR_BAD_INPUT, MSG_STORE_ONE_DATABASE, "store",
		    place[DB_DATA].shown);
	return OK;
}

static enum err
read_one(
    struct ctx *cx, struct str url, bool is_derived, struct pg_place *place)
{
	char *why = NULL;
	PQconninfoOption *o = PQconninfoParse(str_z(cx->arena, url), &why);

	/* It may quote the password. */
	PQfreemem(why);
	if (o == NULL)
		return fail(cx, ERR_BAD_INPUT, MSG_STORE_URL, "store");
	keep(place, o, is_derived ? KEYS_SUFFIX : "");
	PQconninfoFree(o);
	if (get(place, "dbname") == NULL)
		return fail(cx, ERR_BAD_INPUT, MSG_STORE_URL, "store");
	place->shown = show(cx->arena, place);
	return OK;
}

static void
keep(struct pg_place *place, const PQconninfoOption *o, const char *suffix)
{
	size_t n = 0;

	for (const PQconninfoOption *p = o; p->keyword != NULL; p++)
		n++;
	place->word = heap_alloc(n + COUNT(defaults) + 1, sizeof(char *));
	place->value = heap_alloc(n + COUNT(defaults) + 1, sizeof(char *));
	n = 0;
	for (; o->keyword != NULL; o++)
		if (o->val != NULL && o->val[0] != '\0')
			add(place, n++, o->keyword, o->val,
			    has_suffix(o->keyword) ? suffix : "");
	for (size_t i = 0; i < COUNT(defaults); i++)
		if (get(place, defaults[i].word) == NULL)
			add(place, n++, defaults[i].word, defaults[i].value,
			    "");
}

/* Of the keys' database and its role. */
static bool
has_suffix(const char *word)
{
	return strcmp(word, "dbname") == 0 || strcmp(word, "user") == 0;
}

static void
add(struct pg_place *place, size_t i, const char *word, const char *value,
    const char *suffix)
{
	size_t n = strlen(value), more = strlen(suffix);

	place->word[i] = keep_text(str_of(word));
	place->value[i] = heap_alloc(n + more + 1, 1);
	memcpy(place->value[i], value, n);
	memcpy(place->value[i] + n, suffix, more);
}

static char *
keep_text(struct str s)
{
	char *p = heap_alloc(s.n + 1, 1);

	memcpy(p, s.p, s.n);
	return p;
}

static const char *
get(const struct pg_place *place, const char *word)
{
	for (size_t i = 0; place->word[i] != NULL; i++)
		if (strcmp(place->word[i], word) == 0)
			return place->value[i];
	return NULL;
}

/* Never the password. */
static char *
show(struct arena *arena, const struct pg_place *place)
{
	const char *user = get(place, "user"), *host = get(place, "host"),
		   *port = get(place, "port");

	return keep_text(str_fmt(arena, "postgresql://%s%s%s%s%s/%s",
	    user != NULL ? user : "", user != NULL ? "@" : "",
	    host != NULL ? host : "", port != NULL ? ":" : "",
	    port != NULL ? port : "", get(place, "dbname")));
}

enum err
url_peers(struct ctx *cx, const char *url, struct store_peers *out)
{
	struct pg_place place[2] = { { 0 }, { 0 } };
	enum err err = url_read(cx, url, place);

	out->connects = true;
	for (enum db_kind k = DB_DATA; err == OK && k <= DB_KEYS; k++)
		if (!add_peers(&place[k], out))
			err = fail(cx, ERR_BAD_INPUT, MSG_STORE_URL, "store");
	for (enum db_kind k = DB_DATA; k <= DB_KEYS; k++)
		place_free(&place[k]);
	return err;
}

/* Hosts and ports are lists; a host that is a path is a Unix socket's folder. */
static bool
add_peers(const struct pg_place *place, struct store_peers *out)
{
	const char *numeric = get(place, "hostaddr");
	struct str hosts =
	    str_of(numeric != NULL ? numeric : get(place, "host"));
	struct str ports = str_of(get(place, "port"));
	bool is_local = hosts.n == 0;

	while (!is_local && hosts.p != NULL) {
		struct str host = str_cut(&hosts, ',');

		if (host.n == 0 || host.p[0] == '/' || host.p[0] == '@')
			continue;
		out->is_remote = true;
		out->asks_names |= !is_address(host);
	}
	while (ports.p != NULL) {
		struct str text = str_cut(&ports, ',');
		int64_t port = 5432;

		if (text.n > 0 &&
		    (!str_int(text, &port) || port < 1 || port > UINT16_MAX))
			return false;
		if (out->nport < COUNT(out->port))
			out->port[out->nport++] = (uint16_t)port;
	}
	return true;
}

/* One that needs no name server; what comes after a % is a link's. */
static bool
is_address(struct str host)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr at;

	host = str_cut(&host, '%');
	if (host.n >= sizeof(text))
		return false;
	memcpy(text, host.p, host.n);
	text[host.n] = '\0';
	return inet_pton(AF_INET, text, &at) == 1 ||
	    inet_pton(AF_INET6, text, &at) == 1;
}

void
place_free(struct pg_place *place)
{
	for (size_t i = 0; place->word != NULL && place->word[i] != NULL; i++) {
		heap_free(place->word[i]);
		heap_free(place->value[i]);
	}
	heap_free(place->word);
	heap_free(place->value);
	heap_free(place->shown);
}
