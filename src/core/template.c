/* SPDX-License-Identifier: Apache-2.0 */
#include "core/template.h"

#include <stdio.h>
#include <string.h>

#include <utf8proc.h>

#include "base/canon.h"
#include "base/clock.h"

#define FILTERS_MAX 8
/* What one run may make; a name in a record is shorter. */
#define OUTPUT_MAX 65536

enum arg_kind { ARG_NONE, ARG_TEXT, ARG_DATES };

struct filter_info {
	const char   *name;
	enum arg_kind arg;
	enum msg      misfit;
	/* Changes VALUE; false if it does not fit.  ARG is the text after the colon, or the date form. */
	bool (*run)(struct arena *, struct str arg, struct str *value);
};

struct call {
	const struct filter_info *filter;
	struct str		  arg;
};

/* A literal text, {n}, or a name with its filters. */
struct part {
	bool	    is_number;
	int	    name;	/* -1: not a name */
	struct str  text;	/* the literal, or the name as written */
	struct call *call;
	size_t	    ncall;
};

struct template {
	struct part *part;
	size_t	     n;
	bool	     has_number;
};

struct compiler {
	struct ctx *cx;
	int (*resolve)(const void *, struct str);
	const void	*arg;
	struct template *t;
	struct str	 text;	/* the whole, to tell places */
};

static enum err add_part(struct compiler *, struct str *);
static enum err add_braces(struct compiler *, struct str);
static enum err add_name(struct compiler *, struct part *, struct str);
static enum err add_call(struct compiler *, struct part *, struct str);
static size_t literal_length(struct str);
static enum err push(struct compiler *, struct part);
static enum err part_value(struct ctx *, const struct part *,
    const struct template_env *, struct str *);
static struct str join(struct ctx *, const struct template *,
    const struct str *, size_t);
static bool run_trim(struct arena *, struct str, struct str *);
static bool run_lower(struct arena *, struct str, struct str *);
static bool run_upper(struct arena *, struct str, struct str *);
static bool run_first(struct arena *, struct str, struct str *);
static bool run_ascii(struct arena *, struct str, struct str *);
static bool run_date(struct arena *, struct str, struct str *);
static bool run_concat(struct arena *, struct str, struct str *);
static bool map_case(struct arena *, utf8proc_int32_t (*)(utf8proc_int32_t),
    struct str *);
static bool read_date(struct str, struct str, int32_t *);
static bool read_field(struct str *, char, size_t, int *);

static const struct filter_info filters[] = {
	{ "trim", ARG_NONE, MSG_TEMPLATE_TEXT, run_trim },
	{ "lower", ARG_NONE, MSG_TEMPLATE_TEXT, run_lower },
	{ "upper", ARG_NONE, MSG_TEMPLATE_TEXT, run_upper },
	{ "first", ARG_NONE, MSG_TEMPLATE_TEXT, run_first },
	{ "ascii", ARG_NONE, MSG_TEMPLATE_TEXT, run_ascii },
	{ "date", ARG_DATES, MSG_DATE_FORM, run_date },
	{ "concat", ARG_TEXT, MSG_TEMPLATE_TEXT, run_concat },
};

/* "d" one or two digits of the day, "D" two; "m", "M" the month; "Y" the year; the rest stands for itself. */
static const struct {
	const char *name, *pattern;
} date_forms[] = {
	{ "dd.mm.yyyy", "D.M.Y" },
	{ "d.m.yyyy", "d.m.Y" },
	{ "dd/mm/yyyy", "D/M/Y" },
	{ "mm/dd/yyyy", "M/D/Y" },
	{ "yyyy-mm-dd", "Y-M-D" },
	{ "yyyymmdd", "YMD" },
};

enum err
template_compile(struct ctx *cx, struct str text,
    int (*resolve)(const void *, struct str), const void *arg,
    struct template **out)
{
	struct compiler c = { .cx = cx, .resolve = resolve, .arg = arg };

	if (text.n > TEMPLATE_TEXT_MAX)
		return fail(cx, ERR_BAD_INPUT, MSG_TEMPLATE_LONG, "template",
		    "1024", "32");
	c.text = str_copy(cx->arena, text);
	c.t = arena_alloc(cx->arena, sizeof(*c.t));
	c.t->part =
	    arena_array(cx->arena, TEMPLATE_PARTS_MAX, sizeof(*c.t->part));
	for (struct str left = c.text; left.n > 0;)
		TRY(add_part(&c, &left));
	*out = c.t;
	return OK;
}

static enum err
add_part(struct compiler *c, struct str *left)
{
	struct part literal = { .name = -1 };
	size_t n = literal_length(*left), end;
	char at[24];

	if (n == 0) {
		end = str_find(*left, '}');
		if (left->p[0] == '}' || end == left->n) {
			snprintf(
			    at, sizeof(at), "%zu", c->text.n - left->n + 1);
			return fail(c->cx, ERR_BAD_INPUT, MSG_TEMPLATE_BRACE,
			    "template", at);
		}
		TRY(add_braces(c, str_sub(*left, 1, end - 1)));
		*left = str_sub(*left, end + 1, left->n);
		return OK;
	}
	literal.text = str_sub(*left, 0, n);
	*left = str_sub(*left, n, left->n);
	/* A doubled brace is one. */
	if (literal.text.p[0] == '{' || literal.text.p[0] == '}')
		literal.text.n = 1;
	return push(c, literal);
}

/* Bytes up to the next brace; a doubled brace is a literal of its own. */
static size_t
literal_length(struct str s)
{
	size_t n = 0;

	if (s.n > 1 && (s.p[0] == '{' || s.p[0] == '}') && s.p[1] == s.p[0])
		return 2;
	while (n < s.n && s.p[n] != '{' && s.p[n] != '}')
		n++;
	return n;
}

static enum err
add_braces(struct compiler *c, struct str inside)
{
	struct str rest = inside, name = str_trim(str_cut(&rest, '|'));
	struct part part = { .name = -1, .text = name };

	if (str_eq(name, STR("n"))) {
		if (rest.p != NULL || c->t->has_number)
			return fail(c->cx, ERR_BAD_INPUT, MSG_TEMPLATE_NUMBER,
			    "template");
		c->t->has_number = part.is_number = true;
		return push(c, part);
	}
	TRY(add_name(c, &part, rest));
	return push(c, part);
}

static enum err
add_name(struct compiler *c, struct part *part, struct str calls)
{
	bool has_calls = calls.p != NULL;

	part->name = part->text.n == 0 ? -1 : c->resolve(c->arg, part->text);
	if (part->name < 0)
		return fail(c->cx, ERR_BAD_INPUT, MSG_TEMPLATE_NAME, "template",
		    str_z(c->cx->arena, part->text));
	if (has_calls)
		part->call =
		    arena_array(c->cx->arena, FILTERS_MAX, sizeof(*part->call));
	while (has_calls) {
		struct str call = str_cut(&calls, '|');

		has_calls = calls.p != NULL;
		TRY(add_call(c, part, call));
	}
	return OK;
}

static enum err
add_call(struct compiler *c, struct part *part, struct str text)
{
	struct str arg = text, name = str_trim(str_cut(&arg, ':'));
	const char *shown = str_z(c->cx->arena, name);

	if (part->ncall == FILTERS_MAX)
		return fail(c->cx, ERR_BAD_INPUT, MSG_TEMPLATE_FILTERS,
		    "template", "8");
	for (size_t i = 0; i < COUNT(filters); i++) {
		if (!str_eq(name, str_of(filters[i].name)))
			continue;
		if (filters[i].arg == ARG_TEXT ? arg.n == 0 : arg.p != NULL)
			return fail(c->cx, ERR_BAD_INPUT, MSG_TEMPLATE_ARGUMENT,
			    "template", shown);
		part->call[part->ncall++] = (struct call) { &filters[i], arg };
		return OK;
	}
	return fail(
	    c->cx, ERR_BAD_INPUT, MSG_TEMPLATE_FILTER, "template", shown);
}

static enum err
push(struct compiler *c, struct part part)
{
	if (c->t->n == TEMPLATE_PARTS_MAX)
		return fail(c->cx, ERR_BAD_INPUT, MSG_TEMPLATE_LONG, "template",
		    "1024", "32");
	c->t->part[c->t->n++] = part;
	return OK;
}

bool
template_has_number(const struct template *t)
{
	return t->has_number;
}

struct str
template_first_name(const struct template *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->part[i].name >= 0)
			return t->part[i].text;
	return (struct str) { NULL, 0 };
}

enum err
template_run(struct ctx *cx, const struct template *t,
    const struct template_env *env, struct str *out, size_t n)
{
	struct str value[TEMPLATE_PARTS_MAX];
	size_t bytes = 0;

	must(n == 1 || t->has_number);
	for (size_t i = 0; i < t->n; i++) {
		TRY(part_value(cx, &t->part[i], env, &value[i]));
		bytes += value[i].n;
	}
	if (bytes > OUTPUT_MAX)
		return fail(cx, ERR_BAD_INPUT, MSG_TEMPLATE_OUTPUT,
		    str_z(cx->arena, template_first_name(t)));
	for (size_t i = 0; i < n; i++)
		out[i] = join(cx, t, value, i);
	return OK;
}

static enum err
part_value(struct ctx *cx, const struct part *part,
    const struct template_env *env, struct str *value)
{
	*value = part->is_number ? (struct str) { NULL, 0 } : part->text;
	if (part->name < 0)
		return OK;
	*value = env->value(env->arg, part->name);
	for (size_t i = 0; i < part->ncall; i++) {
		const struct filter_info *f = part->call[i].filter;
		struct str arg =
		    f->arg == ARG_DATES ? env->dates : part->call[i].arg;

		if (!f->run(cx->arena, arg, value))
			return fail(cx, ERR_BAD_INPUT, f->misfit,
			    str_z(cx->arena, part->text),
			    str_z(cx->arena, arg));
	}
	return OK;
}

/* The values, with {n} as the WHICH-th number. */
static struct str
join(struct ctx *cx, const struct template *t, const struct str *value,
    size_t which)
{
	struct str number = { NULL, 0 };
	size_t bytes = 0, at = 0;
	char *p;

	if (t->n == 1 && !t->has_number)
		return value[0];
	if (which > 0)
		number = str_fmt(cx->arena, "%zu", which + 1);
	for (size_t i = 0; i < t->n; i++)
		bytes += value[i].n;
	p = arena_alloc(cx->arena, bytes + number.n);
	for (size_t i = 0; i < t->n; i++) {
		struct str s = t->part[i].is_number ? number : value[i];

		if (s.n > 0)
			memcpy(p + at, s.p, s.n);
		at += s.n;
	}
	return (struct str) { p, at };
}

static bool
run_trim(struct arena *arena, struct str arg, struct str *value)
{
	(void)arena;
	(void)arg;
	*value = str_trim(*value);
	return true;
}

static bool
run_lower(struct arena *arena, struct str arg, struct str *value)
{
	(void)arg;
	return map_case(arena, utf8proc_tolower, value);
}

static bool
run_upper(struct arena *arena, struct str arg, struct str *value)
{
	(void)arg;
	return map_case(arena, utf8proc_toupper, value);
}

/* Character by character: no language has a say, and a domain name stays the one it was. */
static bool
map_case(struct arena *arena, utf8proc_int32_t (*map)(utf8proc_int32_t),
    struct str *value)
{
	const utf8proc_uint8_t *p = (const utf8proc_uint8_t *)value->p;
	char *out = arena_array(arena, value->n, 2);
	utf8proc_int32_t c;
	size_t n = 0;

	for (size_t i = 0; i < value->n;) {
		utf8proc_ssize_t step = utf8proc_iterate(
		    p + i, (utf8proc_ssize_t)(value->n - i), &c);

		if (step <= 0)
			return false;
		i += (size_t)step;
		n += (size_t)utf8proc_encode_char(
		    map(c), (utf8proc_uint8_t *)out + n);
	}
	*value = (struct str) { out, n };
	return true;
}

/* What a reader sees as one character, marks included. */
static bool
run_first(struct arena *arena, struct str arg, struct str *value)
{
	const utf8proc_uint8_t *p = (const utf8proc_uint8_t *)value->p;
	utf8proc_int32_t last = 0, c, state = 0;
	size_t n = 0;

	(void)arena;
	(void)arg;
	while (n < value->n) {
		utf8proc_ssize_t step = utf8proc_iterate(
		    p + n, (utf8proc_ssize_t)(value->n - n), &c);

		if (step <= 0)
			return false;
		if (n > 0 && utf8proc_grapheme_break_stateful(last, c, &state))
			break;
		last = c;
		n += (size_t)step;
	}
	*value = str_sub(*value, 0, n);
	return true;
}

static bool
run_ascii(struct arena *arena, struct str arg, struct str *value)
{
	(void)arg;
	return canon_ascii(arena, *value, value);
}

static bool
run_date(struct arena *arena, struct str dates, struct str *value)
{
	int32_t day;

	*value = str_trim(*value);
	if (value->n == 0)
		return true;
	if (!read_date(dates, *value, &day))
		return false;
	*value = date_text(arena, day);
	return true;
}

static bool
run_concat(struct arena *arena, struct str text, struct str *value)
{
	if (value->n > 0)
		*value =
		    str_fmt(arena, "%.*s%.*s", STR_ARG(*value), STR_ARG(text));
	return true;
}

bool
date_form_is_known(struct str form)
{
	for (size_t i = 0; i < COUNT(date_forms); i++)
		if (str_eq_nocase(form, str_of(date_forms[i].name)))
			return true;
	return false;
}

enum err
date_in_form(struct ctx *cx, struct str form, struct str text, int32_t *day)
{
	if (!read_date(form, text, day))
		return fail(cx, ERR_BAD_INPUT, MSG_DATE_FORM, "",
		    str_z(cx->arena, form));
	return OK;
}

static bool
read_date(struct str form, struct str text, int32_t *day)
{
	int year = 0, month = 0, day_of_month = 0;
	const char *pattern = "";
	bool is_good = true;

	for (size_t i = 0; i < COUNT(date_forms); i++)
		if (str_eq_nocase(form, str_of(date_forms[i].name)))
			pattern = date_forms[i].pattern;
	for (const char *p = pattern; *p != '\0'; p++) {
		if (*p == 'Y')
			is_good &= read_field(&text, *p, 4, &year);
		else if (*p == 'M' || *p == 'm')
			is_good &= read_field(&text, *p, 2, &month);
		else if (*p == 'D' || *p == 'd')
			is_good &= read_field(&text, *p, 2, &day_of_month);
		else if (text.n == 0 || text.p[0] != *p)
			is_good = false;
		else
			text = str_sub(text, 1, text.n);
	}
	return is_good && text.n == 0 &&
	    date_make(year, month, day_of_month, day);
}

/* Exactly N digits, or for a small letter one to N. */
static bool
read_field(struct str *text, char letter, size_t n, int *out)
{
	bool is_loose = letter == 'd' || letter == 'm';
	size_t i = 0;

	for (; i < n && i < text->n; i++) {
		char c = text->p[i];

		if (c < '0' || c > '9')
			break;
		*out = *out * 10 + (c - '0');
	}
	*text = str_sub(*text, i, text->n);
	return i == n || (is_loose && i > 0);
}
