/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load.c - requests to Usher's HTTP API; prints drive.h's JSON line.
 *
 *	bench_load PORT TOKEN-FILE CONNECTIONS COUNT FIRST onboard PRODUCT
 *	bench_load PORT TOKEN-FILE CONNECTIONS COUNT FIRST read NAMES-FILE
 *	bench_load PORT TOKEN-FILE CONNECTIONS COUNT FIRST list LIMIT
 *	bench_load PORT TOKEN-FILE CONNECTIONS COUNT FIRST onboard PRODUCT RATE
 *
 * onboard  a new person and a seat; FIRST numbers the persons, so that runs
 *          against one server do not repeat each other
 * read     one person by userName; the names stand in a file, one a line
 * list     pages of so many persons, each connection from page to page
 * RATE     requests a second, due whether or not the server keeps up; without
 *          it the next request follows a reply
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drive.h"

#define NAMES_MAX 1000000
#define NAME_MAX_ 256

static char token[256];
static const char *argument;	/* product or limit */
static char **name;
static size_t nname;

static size_t onboard(struct connection *, size_t, char *);
static size_t read_one(struct connection *, size_t, char *);
static size_t list_page(struct connection *, size_t, char *);
static enum reply_state judge(struct connection *);
static enum reply_state judge_page(struct connection *);
static void read_token(const char *);
static void read_names(const char *);

static const struct kind {
	const char	*name;
	struct protocol	 protocol;
} kinds[] = {
	{ "onboard", { onboard, judge, NULL, 0 } },
	{ "read", { read_one, judge, NULL, 0 } },
	{ "list", { list_page, judge_page, NULL, 0 } },
};

int
main(int argc, char **argv)
{
	struct drive d;

	if (argc != 8 && argc != 9) {
		fprintf(stderr,
		    "bench_load PORT TOKEN-FILE CONNECTIONS COUNT "
		    "FIRST onboard|read|list ARGUMENT [RATE]\n");
		return 2;
	}
	d = (struct drive) { (int)number_of(argv[1]), number_of(argv[3]),
		number_of(argv[4]), number_of(argv[5]),
		argc > 8 ? number_of(argv[8]) : 0 };
	read_token(argv[2]);
	argument = argv[7];
	if (strcmp(argv[6], "read") == 0)
		read_names(argument);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(argv[6], kinds[i].name) == 0)
			return drive(&kinds[i].protocol, &d);
	die(argv[6]);
}

static size_t
post(char *out, const char *path, const char *more, const char *body)
{
	return (size_t)snprintf(out, REQUEST_MAX,
	    "POST %s HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer %s\r\n"
	    "%sContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
	    path, token, more, strlen(body), body);
}

/*
 * User name and e-mail are made of the name, as most companies do; they are
 * unique because 5000 and 9973 have no common divisor.
 */
static size_t
onboard(struct connection *c, size_t number, char *out)
{
	static const char *const sites[] = { "ber", "muc", "lyo" };
	char body[1024], key[64];

	(void)c;
	snprintf(body, sizeof(body),
	    "{\"person\":{\"externalId\":\"B%zu\",\"userName\":\"ana%zu.kova%"
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
	    number, number % 5000, number % 9973, number % 5000, number % 9973,
	    number % 5000, number % 9973, number, number % 300,
	    sites[number % 3], number % 25, argument);
	snprintf(key, sizeof(key), "Idempotency-Key: bench-%zu\r\n", number);
	return post(out, "/api/v1/onboardings", key, body);
}

/* Hops: neighbours in the file are not neighbours in time. */
static size_t
read_one(struct connection *c, size_t number, char *out)
{
	char body[2 * NAME_MAX_];

	(void)c;
	snprintf(body, sizeof(body), "{\"filter\":\"userName eq \\\"%s\\\"\"}",
	    name[number * 7919 % nname]);
	return post(out, "/api/v1/persons/.search", "", body);
}

static size_t
list_page(struct connection *c, size_t number, char *out)
{
	(void)number;
	return (size_t)snprintf(out, REQUEST_MAX,
	    "GET /api/v1/persons?limit=%s%s%s HTTP/1.1\r\nHost: bench\r\n"
	    "Authorization: Bearer %s\r\n\r\n",
	    argument, c->place[0] != '\0' ? "&cursor=" : "", c->place, token);
}

static enum reply_state
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
static enum reply_state
judge_page(struct connection *c)
{
	enum reply_state state = judge(c);
	const char *next, *end;

	if (state != REPLY_GOOD)
		return state;
	c->place[0] = '\0';
	next = memmem(c->reply, c->n, "\"next\":\"", 8);
	if (next == NULL)
		return state;
	next += 8;
	end = memchr(next, '"', c->n - (size_t)(next - c->reply));
	if (end == NULL || (size_t)(end - next) >= sizeof(c->place))
		return REPLY_BAD;
	memcpy(c->place, next, (size_t)(end - next));
	c->place[end - next] = '\0';
	return state;
}

static void
read_token(const char *path)
{
	FILE *f = fopen(path, "r");

	if (f == NULL || fscanf(f, "%255s", token) != 1)
		die(path);
	fclose(f);
}

static void
read_names(const char *path)
{
	FILE *f = fopen(path, "r");
	char line[NAME_MAX_];

	name = calloc(NAMES_MAX, sizeof(*name));
	if (f == NULL || name == NULL)
		die(path);
	while (nname < NAMES_MAX && fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		name[nname++] = strdup(line);
	}
	fclose(f);
	if (nname == 0)
		die(path);
}
