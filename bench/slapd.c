/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slapd.c - adds persons to an LDAP server, for comparison; prints drive.h's
 * JSON line.
 *
 *	bench_slapd PORT CONNECTIONS COUNT FIRST SUFFIX ROOT-DN PASSWORD
 *
 * Only what is needed of RFC 4511: bind, add, and the result code of a reply.
 * Every length is written in three bytes, which BER allows.
 */
#include <stdio.h>
#include <string.h>

#include "drive.h"

#define TAG_INTEGER    0x02
#define TAG_OCTETS     0x04
#define TAG_SEQUENCE   0x30
#define TAG_SET	       0x31
#define TAG_BIND       0x60
#define TAG_ADD	       0x68
#define TAG_SIMPLE     0x80
#define LENGTH_BYTES   3
#define TEXT_MAX       256
#define MESSAGE_NUMBER 2

/* A message in the making; a part gets its length when it closes. */
struct ber {
	char  *p;
	size_t n;
};

static const char *suffix;

static size_t make_bind(char *, const char *, const char *);
static size_t add(struct connection *, size_t, char *);
static void put_attribute(struct ber *, const char *, const char *);
static enum reply_state judge(struct connection *);

int
main(int argc, char **argv)
{
	static char greeting[REQUEST_MAX];
	struct protocol p = { add, judge, greeting, 0 };
	struct drive d;

	if (argc != 8) {
		fprintf(stderr,
		    "bench_slapd PORT CONNECTIONS COUNT FIRST "
		    "SUFFIX ROOT-DN PASSWORD\n");
		return 2;
	}
	d = (struct drive) { (int)number_of(argv[1]), number_of(argv[2]),
		number_of(argv[3]), number_of(argv[4]), 0 };
	suffix = argv[5];
	p.greeting_n = make_bind(greeting, argv[6], argv[7]);
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
put_small(struct ber *b, int number)
{
	char byte = (char)number;

	put(b, TAG_INTEGER, &byte, 1);
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

/* message { number, result { code ... } } */
static enum reply_state
judge(struct connection *c)
{
	size_t at = 0, length, end;

	if (!enter(c, &at, &length) || at + length > c->n)
		return REPLY_PARTIAL;
	end = at + length;
	if (end != c->n || !enter(c, &at, &length))
		return REPLY_BAD;
	at += length;
	if (!enter(c, &at, &length) || !enter(c, &at, &length) || length != 1 ||
	    at >= end)
		return REPLY_BAD;
	return c->reply[at] == 0 ? REPLY_GOOD : REPLY_BAD;
}
