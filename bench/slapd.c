/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slapd.c - asks an LDAP server what load.c asks Usher, for comparison; prints
 * drive.h's JSON line.
 *
 *	bench_slapd PORT CONNECTIONS COUNT FIRST SUFFIX ROOT-DN PASSWORD KIND
 *
 * add      persons, numbered from FIRST
 * read     one of them by uid, with all that it has
 * modify   the title of one of them
 * list     the first hundred there are
 *
 * For read and modify COUNT persons from FIRST on must be there.  Only what is
 * needed of RFC 4511; every length is written in three bytes, which BER allows.
 */
#include <stdio.h>
#include <string.h>

#include "drive.h"

#define TAG_BOOLEAN    0x01
#define TAG_INTEGER    0x02
#define TAG_OCTETS     0x04
#define TAG_ENUMERATED 0x0a
#define TAG_SEQUENCE   0x30
#define TAG_SET	       0x31
#define TAG_BIND       0x60
#define TAG_SEARCH     0x63
#define TAG_ENTRY      0x64
#define TAG_MODIFY     0x66
#define TAG_ADD	       0x68
#define TAG_EQUALITY   0xa3
#define TAG_PRESENT    0x87
#define TAG_SIMPLE     0x80
#define LENGTH_BYTES   3
#define TEXT_MAX       256
#define MESSAGE_NUMBER 2
#define PAGE	       100
#define SIZE_EXCEEDED  4	/* the result of a search for a hundred of more */

/* A message in the making; a part gets its length when it closes. */
struct ber {
	char  *p;
	size_t n;
};

static const char *suffix;

static size_t make_bind(char *, const char *, const char *);
static size_t add(struct connection *, size_t, char *);
static size_t read_one(struct connection *, size_t, char *);
static size_t modify(struct connection *, size_t, char *);
static size_t list(struct connection *, size_t, char *);
static void put_attribute(struct ber *, const char *, const char *);
static enum reply_state judge(struct connection *);

static const struct kind {
	const char *name;
	size_t	  (*request)(struct connection *, size_t, char *);
} kinds[] = { { "add", add }, { "read", read_one }, { "modify", modify },
	{ "list", list } };

int
main(int argc, char **argv)
{
	static char greeting[REQUEST_MAX];
	struct protocol p = { NULL, judge, greeting, 0 };
	struct drive d;

	if (argc != 9) {
		fprintf(stderr,
		    "bench_slapd PORT CONNECTIONS COUNT FIRST "
		    "SUFFIX ROOT-DN PASSWORD add|read|modify|list\n");
		return 2;
	}
	d = (struct drive) { (int)number_of(argv[1]), number_of(argv[2]),
		number_of(argv[3]), number_of(argv[4]), 0 };
	suffix = argv[5];
	p.greeting_n = make_bind(greeting, argv[6], argv[7]);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(argv[8], kinds[i].name) == 0)
			p.request = kinds[i].request;
	if (p.request == NULL)
		die(argv[8]);
	return drive(&p, &d);
}

/* --- writing ---------------------------------------------------------------- */

static void
put(struct ber *b, int tag, const char *text, size_t n)
{
	char *p = b->p + b->n;

	if (b->n + 1 + LENGTH_BYTES + n > REQUEST_MAX)
		die("message too long");
	p[0] = (char)tag;
	p[1] = (char)0x82;
	p[2] = (char)(n >> 8);
	p[3] = (char)n;
	memcpy(p + 1 + LENGTH_BYTES, text, n);
	b->n += 1 + LENGTH_BYTES + n;
}

static size_t
open_part(struct ber *b, int tag)
{
	put(b, tag, "", 0);
	return b->n;
}

static void
close_part(struct ber *b, size_t from)
{
	b->p[from - 2] = (char)((b->n - from) >> 8);
	b->p[from - 1] = (char)(b->n - from);
}

static void
put_text(struct ber *b, int tag, const char *text)
{
	put(b, tag, text, strlen(text));
}

static void
put_number(struct ber *b, int tag, int number)
{
	char byte = (char)number;

	put(b, tag, &byte, 1);
}

static void
put_small(struct ber *b, int number)
{
	put_number(b, TAG_INTEGER, number);
}

static size_t
make_bind(char *out, const char *dn, const char *password)
{
	struct ber b = { out, 0 };
	size_t message = open_part(&b, TAG_SEQUENCE), bind;

	put_small(&b, MESSAGE_NUMBER);
	bind = open_part(&b, TAG_BIND);
	put_small(&b, 3);
	put_text(&b, TAG_OCTETS, dn);
	put_text(&b, TAG_SIMPLE, password);
	close_part(&b, bind);
	close_part(&b, message);
	return b.n;
}

/* The same person that load.c has. */
static size_t
add(struct connection *c, size_t number, char *out)
{
	struct ber b = { out, 0 };
	size_t message = open_part(&b, TAG_SEQUENCE), entry, list;
	char text[TEXT_MAX];

	(void)c;
	put_small(&b, MESSAGE_NUMBER);
	entry = open_part(&b, TAG_ADD);
	snprintf(text, sizeof(text), "uid=ana%zu.kova%zu,%s", number % 5000,
	    number % 9973, suffix);
	put_text(&b, TAG_OCTETS, text);
	list = open_part(&b, TAG_SEQUENCE);
	put_attribute(&b, "objectClass", "inetOrgPerson");
	snprintf(
	    text, sizeof(text), "ana%zu.kova%zu", number % 5000, number % 9973);
	put_attribute(&b, "uid", text);
	snprintf(text, sizeof(text), "B%zu", number);
	put_attribute(&b, "employeeNumber", text);
	snprintf(text, sizeof(text), "Ana%zu", number % 5000);
	put_attribute(&b, "givenName", text);
	snprintf(text, sizeof(text), "Kova%zu", number % 9973);
	put_attribute(&b, "sn", text);
	snprintf(
	    text, sizeof(text), "Ana%zu Kova%zu", number % 5000, number % 9973);
	put_attribute(&b, "cn", text);
	snprintf(text, sizeof(text), "ana%zu.kova%zu@bench.example",
	    number % 5000, number % 9973);
	put_attribute(&b, "mail", text);
	snprintf(text, sizeof(text), "+49 30 %zu", number);
	put_attribute(&b, "telephoneNumber", text);
	snprintf(text, sizeof(text), "Lange Strasse %zu", number % 300);
	put_attribute(&b, "street", text);
	put_attribute(&b, "l", "Berlin");
	put_attribute(&b, "postalCode", "10115");
	snprintf(text, sizeof(text), "department %zu", number % 25);
	put_attribute(&b, "ou", text);
	put_attribute(&b, "title", "Engineer");
	close_part(&b, list);
	close_part(&b, entry);
	close_part(&b, message);
	return b.n;
}

/* Up to its filter; LIMIT of entries, 0: none. */
static size_t
open_search(struct ber *b, int limit)
{
	size_t search = open_part(b, TAG_SEARCH);

	put_text(b, TAG_OCTETS, suffix);
	put_number(b, TAG_ENUMERATED, 1); /* one level */
	put_number(b, TAG_ENUMERATED, 0); /* no aliases */
	put_small(b, limit);
	put_small(b, 0);
	put_number(b, TAG_BOOLEAN, 0);
	return search;
}

static size_t
read_one(struct connection *c, size_t number, char *out)
{
	struct ber b = { out, 0 };
	size_t message = open_part(&b, TAG_SEQUENCE), search, filter;
	char text[TEXT_MAX];

	(void)c;
	put_small(&b, MESSAGE_NUMBER);
	search = open_search(&b, 0);
	filter = open_part(&b, TAG_EQUALITY);
	put_text(&b, TAG_OCTETS, "uid");
	snprintf(
	    text, sizeof(text), "ana%zu.kova%zu", number % 5000, number % 9973);
	put_text(&b, TAG_OCTETS, text);
	close_part(&b, filter);
	close_part(&b, open_part(&b, TAG_SEQUENCE));
	close_part(&b, search);
	close_part(&b, message);
	return b.n;
}

static size_t
list(struct connection *c, size_t number, char *out)
{
	struct ber b = { out, 0 };
	size_t message = open_part(&b, TAG_SEQUENCE), search;

	(void)c;
	(void)number;
	put_small(&b, MESSAGE_NUMBER);
	search = open_search(&b, PAGE);
	put_text(&b, TAG_PRESENT, "objectClass");
	close_part(&b, open_part(&b, TAG_SEQUENCE));
	close_part(&b, search);
	close_part(&b, message);
	return b.n;
}

static size_t
modify(struct connection *c, size_t number, char *out)
{
	struct ber b = { out, 0 };
	size_t message = open_part(&b, TAG_SEQUENCE), change, list_, one;
	char text[TEXT_MAX];

	(void)c;
	put_small(&b, MESSAGE_NUMBER);
	change = open_part(&b, TAG_MODIFY);
	snprintf(text, sizeof(text), "uid=ana%zu.kova%zu,%s", number % 5000,
	    number % 9973, suffix);
	put_text(&b, TAG_OCTETS, text);
	list_ = open_part(&b, TAG_SEQUENCE);
	one = open_part(&b, TAG_SEQUENCE);
	put_number(&b, TAG_ENUMERATED, 2); /* replace */
	snprintf(text, sizeof(text), "engineer %zu", number % 1000);
	put_attribute(&b, "title", text);
	close_part(&b, one);
	close_part(&b, list_);
	close_part(&b, change);
	close_part(&b, message);
	return b.n;
}

static void
put_attribute(struct ber *b, const char *type, const char *value)
{
	size_t attribute = open_part(b, TAG_SEQUENCE), values;

	put_text(b, TAG_OCTETS, type);
	values = open_part(b, TAG_SET);
	put_text(b, TAG_OCTETS, value);
	close_part(b, values);
	close_part(b, attribute);
}

/* --- reading ---------------------------------------------------------------- */

/* Steps over tag and length at *AT; false if they are not all there. */
static int
enter(const struct connection *c, size_t *at, size_t *length)
{
	size_t more = 0;

	if (*at + 2 > c->n)
		return 0;
	*length = (unsigned char)c->reply[*at + 1];
	if (*length >= 0x80) {
		more = *length - 0x80;
		*length = 0;
	}
	if (*at + 2 + more > c->n || more > 4)
		return 0;
	for (size_t i = 0; i < more; i++)
		*length = *length << 8 | (unsigned char)c->reply[*at + 2 + i];
	*at += 2 + more;
	return 1;
}

/* Entries, each a message, and then message { number, result { code ... } } */
static enum reply_state
judge(struct connection *c)
{
	size_t at = 0, length, end;
	int tag;

	do {
		if (!enter(c, &at, &length) || at + length > c->n)
			return REPLY_PARTIAL;
		end = at + length;
		if (!enter(c, &at, &length))
			return REPLY_BAD;
		at += length;
		if (at >= end)
			return REPLY_BAD;
		tag = (unsigned char)c->reply[at];
		if (tag == TAG_ENTRY)
			at = end;
	} while (tag == TAG_ENTRY);
	if (end != c->n || !enter(c, &at, &length) || !enter(c, &at, &length) ||
	    length != 1 || at >= end)
		return REPLY_BAD;
	return c->reply[at] == 0 || c->reply[at] == SIZE_EXCEEDED ? REPLY_GOOD
								  : REPLY_BAD;
}
