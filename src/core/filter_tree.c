/* SPDX-License-Identifier: Apache-2.0 */
#include "core/filter_tree.h"

#include <string.h>

#include "core/filter_int.h"

/* now+99999d is 270 years ahead. */
#define DAYS_DIGITS_MAX 5
#define NODE_BYTES_MIN	3

struct parser {
	struct ctx	   *cx;
	struct str	    text;
	size_t		    at;
	enum filter_dialect dialect;
	bool		    in_contract, in_element;
	int		    depth;
	struct tree_node   *node;
	size_t		    n, cap;
};

/* RFC 7644 table 3. */
static const struct {
	const char    *name;
	enum filter_op op;
} operators[] = {
	{ "eq", F_EQ },
	{ "ne", F_NE },
	{ "co", F_CO },
	{ "sw", F_SW },
	{ "ew", F_EW },
	{ "gt", F_GT },
	{ "ge", F_GE },
	{ "lt", F_LT },
	{ "le", F_LE },
	{ "pr", F_PR },
};

static enum err parser_open(struct parser *, struct ctx *, struct str,
    enum filter_dialect);
static enum err parse_or(struct parser *);
static enum err parse_and(struct parser *);
static enum err parse_unit(struct parser *);
static enum err parse_not(struct parser *);
static enum err parse_contract(struct parser *, enum filter_op);
static enum err parse_group(struct parser *);
static enum err go_deeper(struct parser *);
static enum err parse_comparison(struct parser *);
static enum err parse_name(struct parser *, struct tree_node *);
static enum err parse_element(struct parser *, const struct tree_node *);
static enum err parse_part(struct parser *);
static enum err parse_rest(struct parser *, struct tree_node *);
static enum err check_space(struct parser *, const char *);
static enum err parse_operator(struct parser *, struct tree_node *);
static enum err parse_literal(struct parser *, struct literal *);
static bool is_number(struct str);
static size_t digits(struct str, size_t);
static enum err parse_days(struct parser *, struct literal *);
static enum err parse_string(struct parser *, struct str *);
static bool unescape(struct str *, char *, size_t *);
static bool unescape_unicode(struct str *, char *, size_t *);
static bool hex4(struct str *, uint32_t *);
static size_t put_utf8(char *, uint32_t);
static enum err push(struct parser *, struct tree_node);
static enum err refuse(struct parser *, size_t, enum msg, struct str);
static void skip_space(struct parser *);
static struct str peek_word(const struct parser *);
static bool is_word_char(char);
static bool take_word(struct parser *, const char *);
static bool take_char(struct parser *, char);

enum err
filter_tree_parse(struct ctx *cx, struct str text, enum filter_dialect dialect,
    struct filter_tree *out)
{
	struct parser p;

	TRY(parser_open(&p, cx, text, dialect));
	TRY(parse_or(&p));
	skip_space(&p);
	if (p.at < text.n)
		return refuse(&p, p.at, MSG_FILTER_END, peek_word(&p));
	*out = (struct filter_tree) { text, p.node, p.n };
	return OK;
}

enum err
filter_path_parse(struct ctx *cx, struct str text, struct filter_path *out)
{
	struct tree_node head = { .op = F_ELEMENT };
	struct parser p;

	text = str_trim(text);
	*out = (struct filter_path) { .has_filter = false };
	TRY(parser_open(&p, cx, text, FILTER_SCIM));
	TRY(parse_name(&p, &head));
	out->name = head.name;
	if (p.at < text.n && text.p[p.at] == '[') {
		TRY(parse_element(&p, &head));
		/* What stands in the brackets, without the node for them. */
		out->has_filter = true;
		out->filter = (struct filter_tree) { text, p.node, p.n - 1 };
		if (take_char(&p, '.')) {
			out->sub = peek_word(&p);
			p.at += out->sub.n;
			if (out->sub.n == 0)
				return refuse(
				    &p, p.at, MSG_FILTER_ATTRIBUTE, STR(""));
		}
	}
	if (p.at < text.n)
		return refuse(&p, p.at, MSG_FILTER_PATH_END, STR(""));
	return OK;
}

static enum err
parser_open(struct parser *p, struct ctx *cx, struct str text,
    enum filter_dialect dialect)
{
	if (text.n > FILTER_TEXT_MAX)
		return fail(cx, ERR_BAD_INPUT, MSG_FILTER_LONG, "filter");
	if (!str_utf8(text))
		return fail(cx, ERR_BAD_INPUT, MSG_ATTR_UTF8, "filter");
	*p = (struct parser) { .cx = cx, .text = text, .dialect = dialect };
	/* The shortest that makes nodes is `a pr`, and `or` is as long. */
	p->cap = text.n / NODE_BYTES_MIN + 1;
	if (p->cap > FILTER_NODES_MAX)
		p->cap = FILTER_NODES_MAX;
	p->node = arena_array(cx->arena, p->cap, sizeof(*p->node));
	return OK;
}

static enum err
parse_or(struct parser *p)
{
	TRY(parse_and(p));
	while (take_word(p, "or")) {
		TRY(parse_and(p));
		TRY(push(p, (struct tree_node) { .op = F_OR }));
	}
	return OK;
}

static enum err
parse_and(struct parser *p)
{
	TRY(parse_unit(p));
	while (take_word(p, "and")) {
		TRY(parse_unit(p));
		TRY(push(p, (struct tree_node) { .op = F_AND }));
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
	return push(p, (struct tree_node) { .op = F_NOT });
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
	    (struct tree_node) {
		.op = op, .nodes = (uint32_t)(p->n - before) });
}

static enum err
parse_group(struct parser *p)
{
	skip_space(p);
	if (!take_char(p, '('))
		return refuse(p, p->at, MSG_FILTER_OPEN, peek_word(p));
	TRY(go_deeper(p));
	TRY(parse_or(p));
	skip_space(p);
	if (!take_char(p, ')'))
		return refuse(p, p->at, MSG_FILTER_CLOSE, peek_word(p));
	p->depth--;
	return OK;
}

/* The bracket before P->AT was opened. */
static enum err
go_deeper(struct parser *p)
{
	if (++p->depth > FILTER_DEPTH_MAX)
		return refuse(p, p->at - 1, MSG_FILTER_DEEP, STR(""));
	return OK;
}

static enum err
parse_comparison(struct parser *p)
{
	struct tree_node node = { .in_contract = p->in_contract,
		.in_element = p->in_element };

	TRY(parse_name(p, &node));
	if (p->at == p->text.n || p->text.p[p->at] != '[')
		return parse_rest(p, &node);
	TRY(parse_element(p, &node));
	return take_char(p, '.') ? parse_part(p) : OK;
}

/* Operator and literal; the name is in NODE. */
static enum err
parse_rest(struct parser *p, struct tree_node *node)
{
	TRY(parse_operator(p, node));
	if (node->op == F_PR)
		return push(p, *node);
	TRY(check_space(p, " \t\r\n"));
	skip_space(p);
	node->value_at = p->at;
	TRY(parse_literal(p, &node->literal));
	TRY(check_space(p, p->in_element ? " \t\r\n)]" : " \t\r\n)"));
	return push(p, *node);
}

/*
 * `name[a].sub op b`, which the grammar has not, but Entra ID sends, is what
 * the RFC writes `name[a and sub op b]`.  The element was pushed last.
 */
static enum err
parse_part(struct parser *p)
{
	struct tree_node element = p->node[--p->n], node = { 0 };

	node.in_element = true;
	TRY(parse_name(p, &node));
	TRY(parse_rest(p, &node));
	TRY(push(p, (struct tree_node) { .op = F_AND }));
	element.nodes += 2;
	return push(p, element);
}

static enum err
parse_name(struct parser *p, struct tree_node *node)
{
	node->name_at = p->at;
	node->name = peek_word(p);
	if (node->name.n == 0)
		return refuse(p, p->at, MSG_FILTER_ATTRIBUTE, STR(""));
	if (str_eq_nocase(node->name, STR("and")) ||
	    str_eq_nocase(node->name, STR("or")))
		return refuse(p, p->at, MSG_FILTER_UNKNOWN, node->name);
	p->at += node->name.n;
	return OK;
}

/* NAME stands before the bracket.  An element has no elements. */
static enum err
parse_element(struct parser *p, const struct tree_node *name)
{
	struct tree_node node = *name;
	size_t before = p->n;

	if (p->in_element)
		return refuse(p, p->at, MSG_FILTER_ELEMENT, STR(""));
	p->at++;
	TRY(go_deeper(p));
	p->in_element = true;
	TRY(parse_or(p));
	p->in_element = false;
	skip_space(p);
	if (!take_char(p, ']'))
		return refuse(p, p->at, MSG_FILTER_BRACKET, peek_word(p));
	p->depth--;
	node.op = F_ELEMENT;
	node.nodes = (uint32_t)(p->n - before);
	return push(p, node);
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
parse_operator(struct parser *p, struct tree_node *node)
{
	skip_space(p);
	node->op_at = p->at;
	node->op_name = peek_word(p);
	for (size_t i = 0; i < COUNT(operators); i++) {
		if (!str_eq_nocase(node->op_name, str_of(operators[i].name)))
			continue;
		node->op = operators[i].op;
		p->at += node->op_name.n;
		return OK;
	}
	return refuse(p, node->op_at, MSG_FILTER_OPERATOR, node->op_name);
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
	if (str_eq_nocase(str_sub(word, 0, 3), STR("now")))
		return parse_days(p, literal);
	p->at += word.n;
	for (size_t i = 0; i < COUNT(words); i++)
		if (str_eq(word, str_of(words[i].word))) {
			literal->kind = words[i].kind;
			return OK;
		}
	if (is_number(word)) {
		*literal = (struct literal) { LIT_NUMBER, word, 0 };
		return OK;
	}
	if (!str_eq_nocase(word, STR("me")))
		return refuse(p, p->at - word.n, MSG_FILTER_VALUE, word);
	if (p->dialect != FILTER_RULE)
		return refuse(p, p->at - word.n, MSG_FILTER_RULE_ONLY, word);
	literal->kind = LIT_ME;
	return OK;
}

/* RFC 8259 section 6. */
static bool
is_number(struct str s)
{
	size_t at = str_starts(s, STR("-")), n = digits(s, at);

	if (n == 0 || (n > 1 && s.p[at] == '0'))
		return false;
	at += n;
	if (at < s.n && s.p[at] == '.') {
		n = digits(s, at + 1);
		if (n == 0)
			return false;
		at += 1 + n;
	}
	if (at < s.n && (s.p[at] == 'e' || s.p[at] == 'E')) {
		at++;
		at += at < s.n && (s.p[at] == '+' || s.p[at] == '-');
		n = digits(s, at);
		if (n == 0)
			return false;
		at += n;
	}
	return at == s.n;
}

/* How many stand in S from AT on. */
static size_t
digits(struct str s, size_t at)
{
	size_t end = at;

	while (end < s.n && s.p[end] >= '0' && s.p[end] <= '9')
		end++;
	return end - at;
}

/* now, now+5d, now-2w */
static enum err
parse_days(struct parser *p, struct literal *literal)
{
	struct str word = peek_word(p), count;
	int64_t n = 0;

	if (p->dialect != FILTER_RULE)
		return refuse(p, p->at, MSG_FILTER_RULE_ONLY, word);
	literal->kind = LIT_DAYS;
	if (word.n > 3) {
		char unit = word.p[word.n - 1];

		count = str_sub(word, 4, word.n - 5);
		if (word.n < 6 || count.n > DAYS_DIGITS_MAX ||
		    (word.p[3] != '+' && word.p[3] != '-') ||
		    (unit != 'd' && unit != 'w') || count.p[0] < '0' ||
		    !str_int(count, &n))
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
push(struct parser *p, struct tree_node node)
{
	if (p->n == FILTER_NODES_MAX)
		return refuse(p, p->at, MSG_FILTER_NODES, STR(""));
	must(p->n < p->cap);
	p->node[p->n++] = node;
	return OK;
}

static enum err
refuse(struct parser *p, size_t at, enum msg msg, struct str what)
{
	return filter_refuse(p->cx, p->text, at, msg, what);
}

enum err
filter_refuse(
    struct ctx *cx, struct str text, size_t at, enum msg msg, struct str what)
{
	size_t n = 1;

	for (size_t i = 0; i < at; i++)
		n += (text.p[i] & 0xc0) != 0x80;
	if (what.n == 0)
		what = str_sub(text, at, 1);
	return fail(cx, ERR_BAD_INPUT, msg, "filter",
	    str_z(cx->arena, str_fmt(cx->arena, "%zu", n)),
	    str_z(cx->arena, what));
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
