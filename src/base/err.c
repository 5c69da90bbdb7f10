/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <stdarg.h>
#include <string.h>

#include "base/buf.h"

#define TEXT_MAX 8192
#define KEPT_MAX 500	/* of what a fault quotes: anybody's words, of any length */

struct text {
	const char *text, *remedy;
};

static const struct err_info infos[ERR_COUNT] = {
	[OK] = { "ok", 200, 0, false },
#define X(name, http, cli, retry, code) [ERR_##name] = { code, http, cli, retry },
	ERRORS(X)
#undef X
};

static const struct message {
	const char *name;
	struct text in[LANG_COUNT];
} messages[MSG_COUNT] = {
	[MSG_NONE] = { "NONE", { { "", "" }, { "", "" }, { "", "" }, { "", "" } } },
#define EN(text, remedy) { text, remedy }
#define DE(text, remedy) { text, remedy }
#define FR(text, remedy) { text, remedy }
#define NL(text, remedy) { text, remedy }
#define M(id, en, de, fr, nl) [MSG_##id] = { #id, { [LANG_EN] = en, [LANG_DE] = de, [LANG_FR] = fr, [LANG_NL] = nl } },
#include "base/messages/all.def"
#undef M
};

static const char *const lang_codes[LANG_COUNT] = {
	[LANG_EN] = "en", [LANG_DE] = "de", [LANG_FR] = "fr", [LANG_NL] = "nl"
};

static enum lang lang_of(struct str);
static int quality(struct str);
static struct str fill(struct arena *, const char *, enum lang,
    const struct str[4]);
static const char *place(struct buf *, const char *, enum lang,
    const struct str[4]);
static bool is_one(struct str number, enum lang);
static struct str keep(struct ctx *, const char *);

const struct err_info *
err_info(enum err err)
{
	must(err < ERR_COUNT);
	return &infos[err];
}

enum lang
lang_pick(struct str header)
{
	enum lang best = LANG_EN;
	int best_quality = 0;

	while (header.p != NULL) {
		struct str params = str_cut(&header, ',');
		enum lang lang = lang_of(str_trim(str_cut(&params, ';')));
		int q = quality(params);

		if (lang != LANG_COUNT && q > best_quality) {
			best = lang;
			best_quality = q;
		}
	}
	return best;
}

struct str
lang_tag(struct str header)
{
	struct str best = STR("");
	int best_quality = 0;

	while (header.p != NULL) {
		struct str params = str_cut(&header, ',');
		struct str tag = str_trim(str_cut(&params, ';'));
		int q = quality(params);

		if (tag.n > 0 && !str_eq(tag, STR("*")) && q > best_quality) {
			best = tag;
			best_quality = q;
		}
	}
	return best;
}

/* The language of "de", "de-CH" or "de_DE.UTF-8"; LANG_COUNT: not ours. */
static enum lang
lang_of(struct str tag)
{
	enum lang lang = LANG_EN;

	if (tag.n > 2 && strchr("-_.@", tag.p[2]) != NULL)
		tag.n = 2;
	/* "*" takes what we like best. */
	if (str_eq(tag, STR("*")))
		return LANG_EN;
	while (
	    lang < LANG_COUNT && !str_eq_nocase(tag, str_of(lang_codes[lang])))
		lang++;
	return lang;
}

/* The weight in thousandths; what is not a weight counts as none. */
static int
quality(struct str params)
{
	int q = 0, unit = 1000;
	struct str param = str_trim(str_cut(&params, ';'));

	if (param.n == 0)
		return 1000;
	if (!str_starts(param, STR("q=")) && !str_starts(param, STR("Q=")))
		return 1000;
	for (size_t i = 2; i < param.n && i < 7; i++) {
		if (i == 3 && param.p[i] == '.')
			continue;
		if (param.p[i] < '0' || param.p[i] > '9')
			return 0;
		q += (param.p[i] - '0') * unit;
		unit /= 10;
	}
	return q > 1000 ? 0 : q;
}

const char *
lang_code(enum lang lang)
{
	must(lang < LANG_COUNT);
	return lang_codes[lang];
}

struct str
msg_text(
    struct arena *a, enum msg msg, enum lang lang, const struct str args[4])
{
	must(msg < MSG_COUNT && lang < LANG_COUNT);
	return fill(a, messages[msg].in[lang].text, lang, args);
}

struct str
msg_remedy(
    struct arena *a, enum msg msg, enum lang lang, const struct str args[4])
{
	must(msg < MSG_COUNT && lang < LANG_COUNT);
	return fill(a, messages[msg].in[lang].remedy, lang, args);
}

static struct str
fill(
    struct arena *a, const char *text, enum lang lang, const struct str args[4])
{
	struct buf b;

	buf_init(&b, a, TEXT_MAX);
	for (const char *p = text; *p != '\0';) {
		size_t plain = strcspn(p, "{");

		buf_bytes(&b, p, plain);
		p += plain;
		if (p[0] != '\0')
			p = place(&b, p, lang, args);
	}
	return buf_view(&b);
}

/* Writes what stands for the "{0}" or "{0|one|many}" at P, and is what follows. */
static const char *
place(struct buf *b, const char *p, enum lang lang, const struct str args[4])
{
	bool is_place = p[1] >= '0' && p[1] <= '3';
	size_t one = is_place && p[2] == '|' ? strcspn(p + 3, "|}") : 0;
	size_t many =
	    one > 0 && p[3 + one] == '|' ? strcspn(p + 4 + one, "}") : 0;
	struct str arg = is_place ? args[p[1] - '0'] : STR("");

	if (is_place && p[2] == '}') {
		buf_str(b, arg);
		return p + 3;
	}
	if (many > 0 && p[4 + one + many] == '}') {
		if (is_one(arg, lang))
			buf_bytes(b, p + 3, one);
		else
			buf_bytes(b, p + 4 + one, many);
		return p + 5 + one + many;
	}
	buf_bytes(b, p, 1);
	return p + 1;
}

/* French counts nothing as one. */
static bool
is_one(struct str number, enum lang lang)
{
	return str_eq(number, STR("1")) ||
	    (lang == LANG_FR && str_eq(number, STR("0")));
}

const char *
msg_name(enum msg msg)
{
	must(msg < MSG_COUNT);
	return messages[msg].name;
}

enum err
fail_args(struct ctx *cx, enum err err, enum msg msg, const char *field, ...)
{
	struct fault *f = &cx->fault;
	const char *arg;
	va_list ap;

	must(err != OK && err < ERR_COUNT && msg < MSG_COUNT);
	*f = (struct fault) { .err = err, .msg = msg };
	f->field = keep(cx, field);

	va_start(ap, field);
	for (size_t i = 0; (arg = va_arg(ap, const char *)) != NULL; i++) {
		must(i < COUNT(f->args));
		f->args[i] = keep(cx, arg);
	}
	va_end(ap);
	return err;
}

/* Tests of pure rules have no arena; what they look at is the code. */
static struct str
keep(struct ctx *cx, const char *z)
{
	struct str s = str_of(z);

	if (cx->arena == NULL)
		return STR("");
	if (s.n > KEPT_MAX) {
		s.n = KEPT_MAX;
		while (s.n > 0 && ((unsigned char)s.p[s.n] & 0xc0) == 0x80)
			s.n--;
	}
	return str_copy(cx->arena, s);
}
