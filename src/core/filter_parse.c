/* SPDX-License-Identifier: Apache-2.0 */
#include "core/filter.h"

#include <string.h>

#include "base/canon.h"
#include "base/clock.h"
#include "base/id.h"

#include "core/filter_int.h"
#include "core/person.h"

/* now+99999d is 270 years ahead. */
#define DAYS_DIGITS_MAX 5

struct parser {
	struct ctx	   *cx;
	struct str	    text;
	size_t		    at;
	enum filter_dialect dialect;
	bool		    allow_personal, in_contract;
	int		    depth;
	struct filter_node *node;
	size_t		    n;
};

/* A comparison while it is read, with where its parts began. */
struct comparison {
	struct str	name;
	enum attribute	a;
	enum filter_op	op;
	struct str	op_name;
	size_t		name_at, op_at, value_at;
};

enum literal_kind { LIT_TEXT, LIT_TRUE, LIT_FALSE, LIT_NULL, LIT_DAYS, LIT_ME };

struct literal {
	enum literal_kind kind;
	struct str	  text;
	int64_t		  days;	/* from today */
};

#define KIND_ANY (KIND_TEXT | KIND_DATE | KIND_BOOL | KIND_STATE | KIND_PERSON)

/* RFC 7644 table 3, and what each operator may be asked of. */
static const struct {
	const char    *name;
	enum filter_op op;
	unsigned       kinds;
} operators[] = {
	{ "eq", F_EQ, KIND_ANY },
	{ "ne", F_NE, KIND_ANY },
	{ "co", F_CO, KIND_TEXT },
	{ "sw", F_SW, KIND_TEXT },
	{ "ew", F_EW, KIND_TEXT },
	{ "gt", F_GT, KIND_TEXT | KIND_DATE },
	{ "ge", F_GE, KIND_TEXT | KIND_DATE },
	{ "lt", F_LT, KIND_TEXT | KIND_DATE },
	{ "le", F_LE, KIND_TEXT | KIND_DATE },
	{ "pr", F_PR, KIND_ANY },
};

/* RFC 7643 section 4: schemas whose attributes stand in our one table. */
static const char *const urns[] = {
	"urn:ietf:params:scim:schemas:core:2.0:User:",
	"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:",
};

/* RFC 7644 section 3.4.2.2: a complex attribute stands for its value. */
static const struct {
	const char    *name;
	enum attribute a;
} aliases[] = {
	{ "emails", A_EMAIL_VALUE },
	{ "phoneNumbers", A_PHONE_VALUE },
	{ "manager.value", A_MANAGER },
};

/* What a contract says by itself; the rest is said of the person. */
static const enum attribute of_contract[] = { A_SITE, A_DEPARTMENT, A_TITLE,
	A_COST_CENTER, A_DIVISION, A_ORGANIZATION, A_MANAGER, A_START, A_END,
	A_SOURCE };

static enum err parse_or(struct parser *);
static enum err parse_and(struct parser *);
static enum err parse_unit(struct parser *);
static enum err parse_not(struct parser *);
static enum err parse_contract(struct parser *, enum filter_op);
static enum err parse_group(struct parser *);
static enum err parse_comparison(struct parser *);
static enum err check_space(struct parser *, const char *);
static enum err parse_attribute(struct parser *, struct comparison *);
static enum attribute attribute_named(struct str);
static enum err parse_operator(struct parser *, struct comparison *);
static enum err check_attribute(struct parser *, const struct comparison *);
static enum err parse_literal(struct parser *, struct literal *);
static enum err parse_days(struct parser *, struct literal *);
static enum err parse_string(struct parser *, struct str *);
static bool unescape(struct str *, char *, size_t *);
static bool unescape_unicode(struct str *, char *, size_t *);
static bool hex4(struct str *, uint32_t *);
static size_t put_utf8(char *, uint32_t);
static enum err compare(struct parser *, const struct comparison *,
    const struct literal *);
static enum err compare_null(struct parser *, const struct comparison *);
static enum err compare_text(struct parser *, const struct comparison *,
    const struct literal *);
static enum err compare_date(struct parser *, const struct comparison *,
    const struct literal *);
static enum err compare_bool(struct parser *, const struct comparison *,
    const struct literal *);
static enum err compare_state(struct parser *, const struct comparison *,
    const struct literal *);
static enum err compare_person(struct parser *, const struct comparison *,
    const struct literal *);
static int64_t state_named(enum attribute, struct str);
static enum err push(struct parser *, struct filter_node);
static enum err refuse(struct parser *, size_t, enum msg, struct str);
static void skip_space(struct parser *);
static struct str peek_word(const struct parser *);
static bool take_word(struct parser *, const char *);
static bool take_char(struct parser *, char);
static bool is_word_char(char);

enum err
filter_compile(struct ctx *cx, struct str text, enum filter_dialect dialect,
    bool allow_personal, struct filter **out)
{
	struct parser p = { .cx = cx, .text = text, .dialect = dialect,
		.allow_personal = allow_personal };

	if (text.n > FILTER_TEXT_MAX)
		return fail(cx, ERR_BAD_INPUT, MSG_FILTER_LONG, "filter");
	if (!str_utf8(text))
		return fail(cx, ERR_BAD_INPUT, MSG_ATTR_UTF8, "filter");
	p.node = arena_array(cx->arena, FILTER_NODES_MAX, sizeof(*p.node));
	TRY(parse_or(&p));
	skip_space(&p);
	if (p.at < text.n)
		return refuse(&p, p.at, MSG_FILTER_END, peek_word(&p));
	*out = filter_make(cx->arena, text, p.node, p.n);
	return OK;
}

static enum err
parse_or(struct parser *p)
{
	TRY(parse_and(p));
	while (take_word(p, "or")) {
		TRY(parse_and(p));
		TRY(push(p, (struct filter_node) { .op = F_OR }));
	}
	return OK;
}

static enum err
parse_and(struct parser *p)
{
	TRY(parse_unit(p));
	while (take_word(p, "and")) {
		TRY(parse_unit(p));
		TRY(push(p, (struct filter_node) { .op = F_AND }));
	}
	return OK;
}

static enum err
parse_unit(struct parser *p)
{
	skip_space(p);
	if (p->at < p->text.n && p->text.p[p->at] == '(')
		return parse_group(p);
	if (take_word(p, "not"))
		return parse_not(p);
	if (take_word(p, "any"))
		return parse_contract(p, F_ANY_CONTRACT);
	if (take_word(p, "all"))
		return parse_contract(p, F_ALL_CONTRACT);
	return parse_comparison(p);
}

static enum err
parse_not(struct parser *p)
{
	TRY(parse_group(p));
	return push(p, (struct filter_node) { .op = F_NOT });
}

static enum err
parse_contract(struct parser *p, enum filter_op op)
{
	size_t at = p->at - 3, before = p->n;
	struct str word = str_sub(p->text, at, 3);

	if (p->dialect != FILTER_RULE)
		return refuse(p, at, MSG_FILTER_RULE_ONLY, word);
	if (p->in_contract)
		return refuse(p, at, MSG_FILTER_NESTED, word);
	if (!take_word(p, "contract"))
		return refuse(p, p->at, MSG_FILTER_CONTRACT, word);
	p->in_contract = true;
	TRY(parse_group(p));
	p->in_contract = false;
	return push(p,
	    (struct filter_node) {
		.op = op, .nodes = (uint32_t)(p->n - before) });
}

static enum err
parse_group(struct parser *p)
{
	skip_space(p);
	if (!take_char(p, '('))
		return refuse(p, p->at, MSG_FILTER_OPEN, peek_word(p));
	if (++p->depth > FILTER_DEPTH_MAX)
		return refuse(p, p->at - 1, MSG_FILTER_DEEP, STR(""));
	TRY(parse_or(p));
	skip_space(p);
	if (!take_char(p, ')'))
		return refuse(p, p->at, MSG_FILTER_CLOSE, peek_word(p));
	p->depth--;
	return OK;
}

static enum err
parse_comparison(struct parser *p)
{
	struct comparison c = { .a = A_COUNT };
	struct literal literal = { .kind = LIT_NULL };

	TRY(parse_attribute(p, &c));
	TRY(parse_operator(p, &c));
	TRY(check_attribute(p, &c));
	if (c.op == F_PR)
		return push(
		    p, (struct filter_node) { .op = F_PR, .attribute = c.a });
	TRY(check_space(p, " \t\r\n"));
	skip_space(p);
	c.value_at = p->at;
	TRY(parse_literal(p, &literal));
	TRY(check_space(p, " \t\r\n)"));
	return compare(p, &c, &literal);
}

/* Words end by themselves; a string needs one of AFTER (or the end) on either side. */
static enum err
check_space(struct parser *p, const char *after)
{
	if (p->at == p->text.n || strchr(after, p->text.p[p->at]) != NULL)
		return OK;
	return refuse(p, p->at, MSG_FILTER_SPACE, STR(""));
}

static enum err
parse_attribute(struct parser *p, struct comparison *c)
{
	c->name_at = p->at;
	c->name = peek_word(p);
	if (c->name.n == 0)
		return refuse(p, p->at, MSG_FILTER_ATTRIBUTE, STR(""));
	c->a = attribute_named(c->name);
	if (c->a == A_COUNT)
		return refuse(p, p->at, MSG_FILTER_UNKNOWN, c->name);
	p->at += c->name.n;
	if (p->at < p->text.n && p->text.p[p->at] == '[')
		return refuse(p, c->name_at,
		    attr_info(c->a)->class == ATTR_PERSONAL
			? MSG_FILTER_SEALED
			: MSG_FILTER_VALUE_PATH,
		    c->name);
	return OK;
}

static enum attribute
attribute_named(struct str name)
{
	for (size_t i = 0; i < COUNT(urns); i++) {
		struct str urn = str_of(urns[i]);

		if (str_eq_nocase(str_sub(name, 0, urn.n), urn)) {
			name = str_sub(name, urn.n, name.n);
			break;
		}
	}
	for (size_t i = 0; i < COUNT(aliases); i++)
		if (str_eq_nocase(name, str_of(aliases[i].name)))
			return aliases[i].a;
	return attr_find(name);
}

static enum err
parse_operator(struct parser *p, struct comparison *c)
{
	skip_space(p);
	c->op_at = p->at;
	c->op_name = peek_word(p);
	for (size_t i = 0; i < COUNT(operators); i++) {
		if (!str_eq_nocase(c->op_name, str_of(operators[i].name)))
			continue;
		c->op = operators[i].op;
		p->at += c->op_name.n;
		if (attr_info(c->a)->class == ATTR_ORG &&
		    !(operators[i].kinds & filter_kind(c->a)))
			return refuse(p, c->op_at, MSG_FILTER_MISFIT, c->name);
		return OK;
	}
	return refuse(p, c->op_at, MSG_FILTER_OPERATOR, c->op_name);
}

/*
 * Sealed attributes have no order and no parts that could be looked at: only
 * "is it exactly this" can be asked, and only where a unique index answers.
 */
static enum err
check_attribute(struct parser *p, const struct comparison *c)
{
	const struct attr_info *info = attr_info(c->a);

	if (info->class == ATTR_PERSONAL &&
	    (!p->allow_personal || p->in_contract || c->op != F_EQ ||
		!(info->flags & ATTR_UNIQUE)))
		return refuse(p, c->name_at, MSG_FILTER_SEALED, c->name);
	if (!p->in_contract)
		return OK;
	for (size_t i = 0; i < COUNT(of_contract); i++)
		if (of_contract[i] == c->a)
			return OK;
	return refuse(p, c->name_at, MSG_FILTER_NOT_CONTRACT, c->name);
}

static enum err
parse_literal(struct parser *p, struct literal *literal)
{
	static const struct {
		const char *word;
		enum literal_kind kind;
	} words[] = {
		{ "true", LIT_TRUE },
		{ "false", LIT_FALSE },
		{ "null", LIT_NULL },
	};
	struct str word = peek_word(p);

	if (p->at < p->text.n && p->text.p[p->at] == '"') {
		literal->kind = LIT_TEXT;
		return parse_string(p, &literal->text);
	}
	for (size_t i = 0; i < COUNT(words); i++)
		if (str_eq(word, str_of(words[i].word))) {
			literal->kind = words[i].kind;
			p->at += word.n;
			return OK;
		}
	if (str_eq_nocase(str_sub(word, 0, 3), STR("now")))
		return parse_days(p, literal);
	if (str_eq_nocase(word, STR("me"))) {
		if (p->dialect != FILTER_RULE)
			return refuse(p, p->at, MSG_FILTER_RULE_ONLY, word);
		literal->kind = LIT_ME;
		p->at += word.n;
		return OK;
	}
	return refuse(p, p->at, MSG_FILTER_VALUE, word);
}

/* now, now+5d, now-2w */
static enum err
parse_days(struct parser *p, struct literal *literal)
{
	struct str word = peek_word(p), digits;
	int64_t n = 0;

	if (p->dialect != FILTER_RULE)
		return refuse(p, p->at, MSG_FILTER_RULE_ONLY, word);
	literal->kind = LIT_DAYS;
	if (word.n > 3) {
		char unit = word.p[word.n - 1];

		digits = str_sub(word, 4, word.n - 5);
		if (word.n < 6 || digits.n > DAYS_DIGITS_MAX ||
		    (word.p[3] != '+' && word.p[3] != '-') ||
		    (unit != 'd' && unit != 'w') || digits.p[0] < '0' ||
		    !str_int(digits, &n))
			return refuse(p, p->at, MSG_FILTER_NOW, word);
		n *= unit == 'w' ? 7 : 1;
		literal->days = word.p[3] == '-' ? -n : n;
	}
	p->at += word.n;
	return OK;
}

/* A JSON string (RFC 8259 section 7). */
static enum err
parse_string(struct parser *p, struct str *out)
{
	struct str left = str_sub(p->text, p->at + 1, p->text.n);
	char *text = arena_alloc(p->cx->arena, left.n);
	size_t n = 0;

	while (left.n > 0 && left.p[0] != '"') {
		if ((unsigned char)left.p[0] < 0x20)
			break;
		if (left.p[0] == '\\') {
			if (!unescape(&left, text, &n))
				break;
			continue;
		}
		text[n++] = left.p[0];
		left = str_sub(left, 1, left.n);
	}
	if (left.n == 0 || left.p[0] != '"')
		return refuse(
		    p, p->text.n - left.n, MSG_FILTER_STRING, STR(""));
	*out = (struct str) { text, n };
	p->at = p->text.n - left.n + 1;
	return OK;
}

static bool
unescape(struct str *left, char *text, size_t *n)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *which;

	if (left->n < 2)
		return false;
	if (left->p[1] == 'u')
		return unescape_unicode(left, text, n);
	which = memchr(from, left->p[1], sizeof(from) - 1);
	if (which == NULL)
		return false;
	text[(*n)++] = to[which - from];
	*left = str_sub(*left, 2, left->n);
	return true;
}

/* Takes nothing unless the whole is right, so that the place of the error is known. */
static bool
unescape_unicode(struct str *left, char *text, size_t *n)
{
	struct str rest = *left;
	uint32_t c, low;

	if (!hex4(&rest, &c) || c == 0 || (c >= 0xdc00 && c <= 0xdfff))
		return false;
	if (c >= 0xd800 && c <= 0xdbff) {
		if (!hex4(&rest, &low) || low < 0xdc00 || low > 0xdfff)
			return false;
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
	}
	*n += put_utf8(text + *n, c);
	*left = rest;
	return true;
}

static bool
hex4(struct str *left, uint32_t *out)
{
	static const char digits[] = "0123456789abcdef";

	*out = 0;
	if (left->n < 6 || left->p[0] != '\\' || left->p[1] != 'u')
		return false;
	for (size_t i = 2; i < 6; i++) {
		char c = left->p[i];
		const char *digit;

		if (c >= 'A' && c <= 'F')
			c = (char)(c | 0x20);
		digit = memchr(digits, c, sizeof(digits) - 1);
		if (digit == NULL)
			return false;
		*out = *out << 4 | (uint32_t)(digit - digits);
	}
	*left = str_sub(*left, 6, left->n);
	return true;
}

static size_t
put_utf8(char *p, uint32_t c)
{
	if (c < 0x80) {
		p[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		p[0] = (char)(0xc0 | c >> 6);
		p[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		p[0] = (char)(0xe0 | c >> 12);
		p[1] = (char)(0x80 | (c >> 6 & 0x3f));
		p[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	p[0] = (char)(0xf0 | c >> 18);
	p[1] = (char)(0x80 | (c >> 12 & 0x3f));
	p[2] = (char)(0x80 | (c >> 6 & 0x3f));
	p[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

static enum err
compare(
    struct parser *p, const struct comparison *c, const struct literal *literal)
{
	if (attr_info(c->a)->class == ATTR_PERSONAL)
		return compare_text(p, c, literal);
	if (literal->kind == LIT_NULL)
		return compare_null(p, c);
	switch (filter_kind(c->a)) {
	case KIND_DATE:
		return compare_date(p, c, literal);
	case KIND_BOOL:
		return compare_bool(p, c, literal);
	case KIND_STATE:
		return compare_state(p, c, literal);
	case KIND_PERSON:
		return compare_person(p, c, literal);
	case KIND_TEXT:
		break;
	}
	return compare_text(p, c, literal);
}

/* RFC 7643 section 2.5: null is being absent. */
static enum err
compare_null(struct parser *p, const struct comparison *c)
{
	if (c->op != F_EQ && c->op != F_NE)
		return refuse(p, c->op_at, MSG_FILTER_NULL, c->op_name);
	TRY(push(p, (struct filter_node) { .op = F_PR, .attribute = c->a }));
	if (c->op == F_NE)
		return OK;
	return push(p, (struct filter_node) { .op = F_NOT });
}

static enum err
compare_text(
    struct parser *p, const struct comparison *c, const struct literal *literal)
{
	struct str key;

	if (literal->kind != LIT_TEXT)
		return refuse(p, c->value_at, MSG_FILTER_NOT_TEXT, c->name);
	if (!canon_key(p->cx->arena, literal->text, &key))
		return refuse(p, c->value_at, MSG_FILTER_NO_NAME, c->name);
	return push(p,
	    (struct filter_node) { .op = c->op,
		.attribute = c->a,
		.type = ATTR_STRING,
		.text = literal->text });
}

static enum err
compare_date(
    struct parser *p, const struct comparison *c, const struct literal *literal)
{
	struct filter_node node = { .op = c->op, .attribute = c->a,
		.type = ATTR_DATE };
	int32_t day;

	node.is_relative = literal->kind == LIT_DAYS;
	if (node.is_relative)
		node.number = literal->days + DAY_BIAS;
	else if (literal->kind == LIT_TEXT && date_parse(literal->text, &day))
		node.number = day + DAY_BIAS;
	else
		return refuse(p, c->value_at, MSG_FILTER_NOT_DATE, c->name);
	return push(p, node);
}

static enum err
compare_bool(
    struct parser *p, const struct comparison *c, const struct literal *literal)
{
	if (literal->kind != LIT_TRUE && literal->kind != LIT_FALSE)
		return refuse(p, c->value_at, MSG_FILTER_NOT_BOOL, c->name);
	return push(p,
	    (struct filter_node) { .op = c->op,
		.attribute = c->a,
		.type = ATTR_BOOL,
		.number = literal->kind == LIT_TRUE });
}

static enum err
compare_state(
    struct parser *p, const struct comparison *c, const struct literal *literal)
{
	int64_t state = 0;

	if (literal->kind == LIT_TEXT)
		state = state_named(c->a, literal->text);
	if (state == 0)
		return refuse(p, c->value_at,
		    c->a == A_LIFECYCLE ? MSG_FILTER_LIFECYCLE
					: MSG_FILTER_CERTIFICATION,
		    c->name);
	return push(p,
	    (struct filter_node) { .op = c->op,
		.attribute = c->a,
		.type = ATTR_INT,
		.text = literal->text,
		.number = state });
}

static int64_t
state_named(enum attribute a, struct str name)
{
	if (a == A_LIFECYCLE) {
		for (int i = LIFE_PENDING; i <= LIFE_DELETED; i++)
			if (str_eq_nocase(name,
				str_of(lifecycle_name((enum lifecycle)i))))
				return i;
		return 0;
	}
	for (int i = CERT_CERTIFIED; i <= CERT_DENIED; i++)
		if (str_eq_nocase(name,
			str_of(certification_name((enum certification)i))))
			return i;
	return 0;
}

static enum err
compare_person(
    struct parser *p, const struct comparison *c, const struct literal *literal)
{
	struct filter_node node = { .op = c->op, .attribute = c->a,
		.type = ATTR_INT, .text = literal->text, .number = FILTER_ME };

	if (literal->kind != LIT_ME && (literal->kind != LIT_TEXT
	    || !id_decode(literal->text, &node.number)))
		return refuse(p, c->value_at, MSG_FILTER_NOT_PERSON, c->name);
	return push(p, node);
}

static enum err
push(struct parser *p, struct filter_node node)
{
	if (p->n == FILTER_NODES_MAX)
		return refuse(p, p->at, MSG_FILTER_NODES, STR(""));
	p->node[p->n++] = node;
	return OK;
}

/* {0} is the character the trouble begins at, from 1; {1} what stands there. */
static enum err
refuse(struct parser *p, size_t at, enum msg msg, struct str what)
{
	struct arena *arena = p->cx->arena;
	size_t n = 1;

	for (size_t i = 0; i < at; i++)
		n += (p->text.p[i] & 0xc0) != 0x80;
	if (what.n == 0)
		what = str_sub(p->text, at, 1);
	return fail(p->cx, ERR_BAD_INPUT, msg, "filter",
	    str_z(arena, str_fmt(arena, "%zu", n)), str_z(arena, what));
}

static void
skip_space(struct parser *p)
{
	while (
	    p->at < p->text.n && memchr(" \t\r\n", p->text.p[p->at], 4) != NULL)
		p->at++;
}

static struct str
peek_word(const struct parser *p)
{
	size_t end = p->at;

	while (end < p->text.n && is_word_char(p->text.p[end]))
		end++;
	return str_sub(p->text, p->at, end - p->at);
}

/* Letters beyond ASCII too, so that errors show whole words. */
static bool
is_word_char(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	    (c >= 'A' && c <= 'Z') || (c & 0x80) != 0 ||
	    (c != '\0' && memchr("_$:.+-", c, 6) != NULL);
}

static bool
take_word(struct parser *p, const char *word)
{
	struct str next;

	skip_space(p);
	next = peek_word(p);
	if (!str_eq_nocase(next, str_of(word)))
		return false;
	p->at += next.n;
	return true;
}

static bool
take_char(struct parser *p, char c)
{
	if (p->at == p->text.n || p->text.p[p->at] != c)
		return false;
	p->at++;
	return true;
}
