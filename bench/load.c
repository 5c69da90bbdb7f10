/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load.c - requests to Usher's HTTP API; prints drive.h's JSON line.
 *
 *	bench_load PORT TOKEN-FILE CONNECTIONS COUNT FIRST KIND ARGUMENT [RATE]
 *
 * KIND, of the native API or, with "scim-" before it, of SCIM:
 * onboard  a new person and a seat of product ARGUMENT; FIRST numbers the
 *          persons, so that runs against one server do not repeat each other
 * batch    1,000 of them in one request
 * read     one person by userName; the names stand in file ARGUMENT, one a line
 * patch    another title; the ids stand in file ARGUMENT
 * list     pages of ARGUMENT persons, each connection from page to page
 *
 * RATE     requests a second, due whether or not the server keeps up; without
 *          it the next request follows a reply
 */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINES_MAX 1000000

const char *argument;
char **line;
size_t nline;
static char token[256];

static size_t onboard(struct connection *, size_t, char *);
static size_t batch(struct connection *, size_t, char *);
static size_t read_one(struct connection *, size_t, char *);
static size_t patch(struct connection *, size_t, char *);
static size_t list_page(struct connection *, size_t, char *);
static enum reply_state judge_native_page(struct connection *);
static enum reply_state judge_batch(struct connection *);
static void read_token(const char *);
static void read_lines(const char *);

static const struct kind {
	const char	*name;
	int		 has_file;	/* ARGUMENT is one */
	struct protocol	 protocol;
} kinds[] = {
	{ "onboard", 0, { onboard, judge, NULL, 0 } },
	{ "batch", 0, { batch, judge_batch, NULL, 0 } },
	{ "read", 1, { read_one, judge, NULL, 0 } },
	{ "patch", 1, { patch, judge, NULL, 0 } },
	{ "list", 0, { list_page, judge_native_page, NULL, 0 } },
	{ "scim-onboard", 0, { scim_post, judge, NULL, 0 } },
	{ "scim-batch", 0, { scim_bulk, judge_scim_bulk, NULL, 0 } },
	{ "scim-read", 1, { scim_read, judge, NULL, 0 } },
	{ "scim-patch", 1, { scim_patch, judge, NULL, 0 } },
	{ "scim-list", 0, { scim_list, judge_scim_page, NULL, 0 } },
};

int
main(int argc, char **argv)
{
	struct drive d;

	if (argc != 8 && argc != 9) {
		fprintf(stderr,
		    "bench_load PORT TOKEN-FILE CONNECTIONS COUNT "
		    "FIRST KIND ARGUMENT [RATE]\n");
		return 2;
	}
	d = (struct drive) { (int)number_of(argv[1]), number_of(argv[3]),
		number_of(argv[4]), number_of(argv[5]),
		argc > 8 ? number_of(argv[8]) : 0 };
	read_token(argv[2]);
	argument = argv[7];
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(argv[6], kinds[i].name) != 0)
			continue;
		if (kinds[i].has_file)
			read_lines(argument);
		return drive(&kinds[i].protocol, &d);
	}
	die(argv[6]);
}

/* --- what both doors share ------------------------------------------------------ */

/* Names are unique because 5000 and 9973 have no common divisor. */
struct made
made_of(size_t number)
{
	static const char *const sites[] = { "ber", "muc", "lyo" };

	return (struct made) { number, number % 5000, number % 9973,
		sites[number % 3], number % 25 };
}

const char *
line_of(size_t number)
{
	return line[number * 7919 % nline];
}

size_t
request(char *out, const char *method, const char *path, const char *more,
    const char *body)
{
	size_t n = (size_t)snprintf(out, REQUEST_MAX,
	    "%s %s HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer %s\r\n%s",
	    method, path, token, more);

	if (body != NULL)
		n += (size_t)snprintf(out + n, REQUEST_MAX - n,
		    "Content-Length: %zu\r\n\r\n%s", strlen(body), body);
	else
		n += (size_t)snprintf(out + n, REQUEST_MAX - n, "\r\n");
	if (n >= REQUEST_MAX)
		die("request too long");
	return n;
}

enum reply_state
judge(struct connection *c)
{
	const char *end = memmem(c->reply, c->n, "\r\n\r\n", 4);
	const char *length;

	if (end == NULL)
		return REPLY_PARTIAL;
	length =
	    memmem(c->reply, (size_t)(end - c->reply), "Content-Length: ", 16);
	if (length == NULL)
		return REPLY_BAD;
	if ((size_t)(end + 4 - c->reply) + strtoul(length + 16, NULL, 10) >
	    c->n)
		return REPLY_PARTIAL;
	if (memcmp(c->reply + 9, "429", 3) == 0)
		return REPLY_LIMITED;
	return c->reply[9] == '2' ? REPLY_GOOD : REPLY_BAD;
}

/* After the last page comes the first. */
enum reply_state
judge_page(struct connection *c, const char *key)
{
	enum reply_state state = judge(c);
	const char *next, *end;

	if (state != REPLY_GOOD)
		return state;
	c->place[0] = '\0';
	next = memmem(c->reply, c->n, key, strlen(key));
	if (next == NULL)
		return state;
	next += strlen(key);
	end = memchr(next, '"', c->n - (size_t)(next - c->reply));
	if (end == NULL || (size_t)(end - next) >= sizeof(c->place))
		return REPLY_BAD;
	memcpy(c->place, next, (size_t)(end - next));
	c->place[end - next] = '\0';
	return state;
}

enum reply_state
judge_many(struct connection *c, const char *status)
{
	enum reply_state state = judge(c);
	const char *at = c->reply;
	size_t found = 0;

	while (state == REPLY_GOOD &&
	    (at = memmem(at, c->n - (size_t)(at - c->reply), status,
		 strlen(status))) != NULL) {
		at += strlen(status);
		found++;
	}
	return state == REPLY_GOOD && found != BULK_COUNT ? REPLY_BAD : state;
}

/* --- the native API ------------------------------------------------------------- */

static size_t
put_onboarding(char *out, size_t max, size_t number, const char *more)
{
	struct made m = made_of(number);

	return (size_t)snprintf(out, max,
	    "{%s\"person\":{\"externalId\":\"B%zu\",\"userName\":\"ana%zu.kova%"
	    "zu\","
	    "\"name\":{\"givenName\":\"Ana%zu\",\"familyName\":\"Kova%zu\"},"
	    "\"emails\":[{\"type\":\"work\",\"primary\":true,"
	    "\"value\":\"ana%zu.kova%zu@bench.example\"}],"
	    "\"phoneNumbers\":[{\"type\":\"work\",\"value\":\"+49 30 %zu\"}],"
	    "\"addresses\":[{\"type\":\"home\",\"streetAddress\":"
	    "\"Lange Strasse %zu\",\"locality\":\"Berlin\","
	    "\"postalCode\":\"10115\",\"country\":\"DE\"}],"
	    "\"userType\":\"bench\",\"site\":\"%s\","
	    "\"department\":\"department %zu\","
	    "\"title\":\"Engineer\",\"start\":\"2026-01-01\"},"
	    "\"products\":[\"%s\"]}",
	    more, number, m.given, m.family, m.given, m.family, m.given,
	    m.family, number, number % 300, m.site, m.department, argument);
}

static size_t
onboard(struct connection *c, size_t number, char *out)
{
	char body[1024], more[128];

	(void)c;
	put_onboarding(body, sizeof(body), number, "");
	snprintf(more, sizeof(more),
	    "Idempotency-Key: bench-%zu\r\nContent-Type: application/json\r\n",
	    number);
	return request(out, "POST", "/api/v1/onboardings", more, body);
}

static size_t
batch(struct connection *c, size_t number, char *out)
{
	static char body[REQUEST_MAX];
	char key[64];
	size_t n = (size_t)snprintf(body, sizeof(body), "{\"items\":[");

	(void)c;
	for (size_t i = 0; i < BULK_COUNT && n < sizeof(body); i++) {
		size_t at = number * BULK_COUNT + i;

		snprintf(key, sizeof(key), "\"key\":\"bench-%zu\",", at);
		n += put_onboarding(body + n, sizeof(body) - n, at, key);
		if (n < sizeof(body) - 2)
			n += (size_t)snprintf(body + n, sizeof(body) - n, "%s",
			    i + 1 < BULK_COUNT ? "," : "]}");
	}
	return request(out, "POST", "/api/v1/onboardings/batch",
	    "Content-Type: application/json\r\n", body);
}

static size_t
read_one(struct connection *c, size_t number, char *out)
{
	char body[2 * LINE_MAX_];

	(void)c;
	snprintf(body, sizeof(body), "{\"filter\":\"userName eq \\\"%s\\\"\"}",
	    line_of(number));
	return request(out, "POST", "/api/v1/persons/.search",
	    "Content-Type: application/json\r\n", body);
}

static size_t
patch(struct connection *c, size_t number, char *out)
{
	char path[2 * LINE_MAX_], body[128];

	(void)c;
	snprintf(path, sizeof(path), "/api/v1/persons/%s", line_of(number));
	snprintf(
	    body, sizeof(body), "{\"title\":\"engineer %zu\"}", number % 1000);
	return request(out, "PATCH", path,
	    "If-Match: *\r\nContent-Type: application/merge-patch+json\r\n",
	    body);
}

static size_t
list_page(struct connection *c, size_t number, char *out)
{
	char path[128];

	(void)number;
	snprintf(path, sizeof(path), "/api/v1/persons?limit=%s%s%s", argument,
	    c->place[0] != '\0' ? "&cursor=" : "", c->place);
	return request(out, "GET", path, "", NULL);
}

static enum reply_state
judge_native_page(struct connection *c)
{
	return judge_page(c, "\"next\":\"");
}

static enum reply_state
judge_batch(struct connection *c)
{
	return judge_many(c, "\"status\":201");
}

/* --- files ---------------------------------------------------------------------- */

static void
read_token(const char *path)
{
	FILE *f = fopen(path, "r");

	if (f == NULL || fscanf(f, "%255s", token) != 1)
		die(path);
	fclose(f);
}

static void
read_lines(const char *path)
{
	FILE *f = fopen(path, "r");
	char text[LINE_MAX_];

	line = calloc(LINES_MAX, sizeof(*line));
	if (f == NULL || line == NULL)
		die(path);
	while (nline < LINES_MAX && fgets(text, sizeof(text), f) != NULL) {
		text[strcspn(text, "\n")] = '\0';
		line[nline++] = strdup(text);
	}
	fclose(f);
	if (nline == 0)
		die(path);
}
