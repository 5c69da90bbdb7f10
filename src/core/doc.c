/* SPDX-License-Identifier: Apache-2.0 */
#include "core/attr.h"

#include "base/canon.h"

#include "core/doc_int.h"
#include "core/extension.h"

#define WORDS_OF_VALUE 32
#define PREFIX_LETTERS 3

/* The parts of a name in the order they are spoken. */
static const enum attribute formatted_parts[] = { A_HONORIFIC_PREFIX,
	A_GIVEN_NAME, A_MIDDLE_NAME, A_FAMILY_NAME, A_HONORIFIC_SUFFIX };
static const enum attribute display_parts[] = { A_GIVEN_NAME, A_FAMILY_NAME };

static size_t place_of(const struct doc *, enum attribute, uint16_t);
static void put(struct arena *, struct doc *, struct attr);
static void take_away(struct arena *, struct doc *, size_t);
static enum err set_element(struct ctx *, struct doc *, enum attribute,
    struct str, struct str);
static bool find_element(const struct doc *, enum attribute, struct str,
    uint16_t *);
static uint16_t element_count(const struct doc *, enum attribute);
static void drop_element(struct arena *, struct doc *, enum attribute,
    uint16_t);
static bool is_in_element(const struct attr *, enum attribute, uint16_t);
static bool is_bare(const struct doc *, enum attribute, uint16_t);
static bool differs(const struct doc *, const struct doc *, enum attribute);
static bool goes_with(enum attribute, enum attribute);
static bool is_replaced(const struct attr *, const struct doc *,
    const enum attribute *, size_t);
static void forget_derived(struct arena *, const struct doc *,
    const struct doc *, struct doc *);
static struct str formatted_of(struct arena *, const struct doc *);
static struct str display_of(struct arena *, const struct doc *);
static struct str join(struct arena *, const struct doc *,
    const enum attribute *, size_t);
static enum err complete_elements(struct ctx *, struct doc *);
static enum err refuse_twice(struct ctx *, const struct doc *);
static void complete_primary(struct arena *, struct doc *);
static enum err check_primary(struct ctx *, const struct doc *,
    enum attribute);
static size_t add_word(struct str *, size_t, size_t, struct str);
static struct str prefix_of(struct str);

struct str
doc_get(const struct doc *doc, enum attribute a, uint16_t index)
{
	size_t i = place_of(doc, a, index);

	if (i == doc->n || doc->attr[i].id != a || doc->attr[i].index != index)
		return (struct str) { NULL, 0 };
	return doc->attr[i].value;
}

/* Where (A, INDEX) stands, or would stand. */
static size_t
place_of(const struct doc *doc, enum attribute a, uint16_t index)
{
	const struct attr key = { .id = a, .index = index };
	size_t low = 0, high = doc->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (attr_cmp(&doc->attr[mid], &key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

enum err
doc_path(
    struct ctx *cx, struct str path, enum attribute *a, struct str *selector)
{
	const char *name = str_z(cx->arena, path);
	struct str tail = path, head = str_cut(&tail, '['), plain = path;
	bool has_selector = tail.p != NULL;

	*a = A_EXTENSIONS;
	*selector = path;
	if (extension_is_path(path))
		return OK;
	*selector = (struct str) { NULL, 0 };
	if (has_selector) {
		*selector = str_trim(str_cut(&tail, ']'));
		plain = str_fmt(
		    cx->arena, "%.*s%.*s", STR_ARG(head), STR_ARG(tail));
	}
	*a = attr_find(plain);
	if (*a == A_COUNT || (has_selector && !attr_is_multi(*a)) ||
	    attr_info(*a)->type == ATTR_JSON ||
	    str_eq(attr_split(*a).sub, STR("type")))
		return fail(cx, ERR_BAD_INPUT, MSG_ATTR_UNKNOWN, name, name);
	if (attr_is_multi(*a) && selector->n == 0)
		return fail(cx, ERR_BAD_INPUT, MSG_ATTR_NEEDS_TYPE, name, name);
	return OK;
}

enum err
doc_set(struct ctx *cx, struct doc *doc, struct str path, struct str value)
{
	struct doc_place place = { .path = path };

	TRY(doc_path(cx, path, &place.a, &place.selector));
	return doc_set_at(cx, doc, &place, value);
}

enum err
doc_set_at(struct ctx *cx, struct doc *doc, const struct doc_place *place,
    struct str value)
{
	enum attribute a = place->a;
	struct str stored;

	if (a == A_EXTENSIONS) {
		TRY(attr_text(
		    cx, place->path, value, VALUE_CHARS_MAX, &stored));
		doc_set_extensions(cx->arena, doc,
		    extension_set(cx, doc_get(doc, a, 0), place->selector,
			stored));
		return doc_check(cx, doc);
	}
	TRY(attr_value(cx, a, place->path, value, &stored));
	if (attr_is_multi(a))
		TRY(set_element(cx, doc, a, place->selector, stored));
	else if (stored.n > 0)
		put(cx->arena, doc, (struct attr) { a, 0, stored });
	else if (doc_get(doc, a, 0).n > 0)
		take_away(cx->arena, doc, place_of(doc, a, 0));
	return doc_check(cx, doc);
}

enum err
doc_declare(struct ctx *cx, struct value **all, const struct doc_place *place,
    struct str value)
{
	struct str stored;

	TRY(attr_text(cx, place->path, value, VALUE_CHARS_MAX, &stored));
	extension_add(cx->arena, all, place->selector, stored);
	return OK;
}

void
doc_set_extensions(struct arena *arena, struct doc *doc, struct str json)
{
	if (json.n > 0)
		put(arena, doc, (struct attr) { A_EXTENSIONS, 0, json });
	else if (doc_get(doc, A_EXTENSIONS, 0).n > 0)
		take_away(arena, doc, place_of(doc, A_EXTENSIONS, 0));
}

static enum err
set_element(struct ctx *cx, struct doc *doc, enum attribute a,
    struct str selector, struct str value)
{
	enum attribute type = attr_sibling(a, STR("type"));
	bool is_off =
	    attr_info(a)->type == ATTR_BOOL && str_eq(value, STR("false"));
	uint16_t i;

	if (!find_element(doc, type, selector, &i)) {
		if (value.n == 0 || is_off)
			return OK;
		TRY(attr_value(cx, type, str_of(attr_info(type)->path),
		    selector, &selector));
		i = element_count(doc, a);
		put(cx->arena, doc, (struct attr) { type, i, selector });
	}
	if (value.n > 0 && !is_off) {
		put(cx->arena, doc, (struct attr) { a, i, value });
		return OK;
	}
	if (doc_get(doc, a, i).n > 0)
		take_away(cx->arena, doc, place_of(doc, a, i));
	if (is_bare(doc, a, i))
		drop_element(cx->arena, doc, a, i);
	return OK;
}

/* Copies on write: documents are values, and their arrays may be shared. */
static void
put(struct arena *arena, struct doc *doc, struct attr attr)
{
	size_t i = place_of(doc, attr.id, attr.index);
	size_t same = i < doc->n && attr_cmp(&doc->attr[i], &attr) == 0;
	struct attr *copy = arena_array(arena, doc->n + 1, sizeof(*copy));

	for (size_t j = 0; j < i; j++)
		copy[j] = doc->attr[j];
	copy[i] = attr;
	for (size_t j = i + same; j < doc->n; j++)
		copy[j + 1 - same] = doc->attr[j];
	doc->attr = copy;
	doc->n += 1 - same;
}

static void
take_away(struct arena *arena, struct doc *doc, size_t i)
{
	struct attr *copy = arena_array(arena, doc->n, sizeof(*copy));

	for (size_t j = 0, to = 0; j < doc->n; j++)
		if (j != i)
			copy[to++] = doc->attr[j];
	doc->attr = copy;
	doc->n--;
}

static bool
find_element(const struct doc *doc, enum attribute type, struct str selector,
    uint16_t *index)
{
	for (size_t i = 0; i < doc->n; i++) {
		if (doc->attr[i].id != type ||
		    !str_eq_nocase(doc->attr[i].value, selector))
			continue;
		*index = doc->attr[i].index;
		return true;
	}
	return false;
}

/* Elements are numbered without gaps. */
static uint16_t
element_count(const struct doc *doc, enum attribute a)
{
	uint16_t n = 0;

	for (size_t i = 0; i < doc->n; i++)
		if (attr_is_sibling(doc->attr[i].id, a) &&
		    doc->attr[i].index >= n)
			n = (uint16_t)(doc->attr[i].index + 1);
	return n;
}

static bool
is_in_element(const struct attr *attr, enum attribute a, uint16_t index)
{
	return attr->index == index && attr_is_sibling(attr->id, a);
}

/* Nothing is left of the element but what describes it. */
static bool
is_bare(const struct doc *doc, enum attribute a, uint16_t index)
{
	for (size_t i = 0; i < doc->n; i++) {
		struct str sub = attr_split(doc->attr[i].id).sub;

		if (is_in_element(&doc->attr[i], a, index) &&
		    !str_eq(sub, STR("type")) && !str_eq(sub, STR("primary")))
			return false;
	}
	return true;
}

static void
drop_element(
    struct arena *arena, struct doc *doc, enum attribute a, uint16_t index)
{
	struct attr *copy = arena_array(arena, doc->n, sizeof(*copy));
	size_t n = 0;

	for (size_t i = 0; i < doc->n; i++) {
		struct attr attr = doc->attr[i];

		if (is_in_element(&attr, a, index))
			continue;
		if (attr_is_sibling(attr.id, a) && attr.index > index)
			attr.index--;
		copy[n++] = attr;
	}
	doc->attr = copy;
	doc->n = n;
}

void
doc_readable(struct arena *arena, const struct doc *doc, uint64_t rights,
    struct doc *out)
{
	struct attr *attr = arena_array(arena, doc->n + 1, sizeof(*attr));
	size_t n = 0;

	for (size_t i = 0; i < doc->n; i++)
		if ((rights & RIGHT_BIT(attr_info(doc->attr[i].id)->read)) != 0)
			attr[n++] = doc->attr[i];
	*out = (struct doc) { attr, n };
}

void
doc_differing(struct arena *arena, const struct doc *doc,
    const struct doc *other, struct doc *out)
{
	struct attr *attr = arena_array(arena, doc->n, sizeof(*attr));
	size_t n = 0;

	for (size_t i = 0; i < doc->n; i++)
		if (differs(doc, other, doc->attr[i].id))
			attr[n++] = doc->attr[i];
	*out = (struct doc) { attr, n };
}

/* Whether A, with its siblings if it is of a list, is not the same in both. */
static bool
differs(const struct doc *a, const struct doc *b, enum attribute id)
{
	size_t i = 0, j = 0;

	for (;; i++, j++) {
		while (i < a->n && !goes_with(a->attr[i].id, id))
			i++;
		while (j < b->n && !goes_with(b->attr[j].id, id))
			j++;
		if (i == a->n || j == b->n)
			return i < a->n || j < b->n;
		if (attr_cmp(&a->attr[i], &b->attr[j]) != 0 ||
		    !str_eq(a->attr[i].value, b->attr[j].value))
			return true;
	}
}

static bool
goes_with(enum attribute a, enum attribute b)
{
	return a == b || (attr_is_multi(a) && attr_is_sibling(a, b));
}

bool
doc_eq(const struct doc *x, const struct doc *y)
{
	if (x->n != y->n)
		return false;
	for (size_t i = 0; i < x->n; i++)
		if (attr_cmp(&x->attr[i], &y->attr[i]) != 0 ||
		    !str_eq(x->attr[i].value, y->attr[i].value))
			return false;
	return true;
}

void
doc_merge(struct ctx *cx, const struct doc *before, const struct doc *after,
    const enum attribute *removed, size_t nremoved, struct doc *out)
{
	const struct str patch = doc_get(after, A_EXTENSIONS, 0);
	struct doc all = { .n = 0 };
	size_t i = 0, j = 0;

	all.attr = arena_array(
	    cx->arena, before->n + after->n, sizeof(*all.attr));
	while (i < before->n || j < after->n) {
		bool is_before = j == after->n ||
		    (i < before->n &&
			attr_cmp(&before->attr[i], &after->attr[j]) < 0);
		const struct attr *attr =
		    is_before ? &before->attr[i++] : &after->attr[j++];

		if (!is_before || !is_replaced(attr, after, removed, nremoved))
			all.attr[all.n++] = *attr;
	}
	if (patch.n > 0)
		doc_set_extensions(cx->arena, &all,
		    extension_merge(
			cx, doc_get(before, A_EXTENSIONS, 0), patch));
	forget_derived(cx->arena, before, after, &all);
	*out = all;
}

/* A multi-valued attribute goes as a whole. */
static bool
is_replaced(const struct attr *attr, const struct doc *after,
    const enum attribute *removed, size_t nremoved)
{
	bool is_multi = attr_is_multi(attr->id);

	for (size_t i = 0; i < nremoved; i++)
		if (removed[i] == attr->id ||
		    (is_multi && attr_is_sibling(removed[i], attr->id)))
			return true;
	for (size_t i = 0; i < after->n; i++)
		if (after->attr[i].id == attr->id ||
		    (is_multi && attr_is_sibling(after->attr[i].id, attr->id)))
			return true;
	return false;
}

/*
 * A formatted or display name that was made from the parts is made anew when
 * they change, or a married person would keep the old name on the screen.
 */
static void
forget_derived(struct arena *arena, const struct doc *before,
    const struct doc *after, struct doc *all)
{
	static const struct {
		enum attribute a;
		struct str (*derive)(struct arena *, const struct doc *);
	} derived[] = {
		{ A_FORMATTED_NAME, formatted_of },
		{ A_DISPLAY_NAME, display_of },
	};

	for (size_t i = 0; i < COUNT(derived); i++) {
		struct str old = doc_get(before, derived[i].a, 0);

		if (old.n > 0 && doc_get(after, derived[i].a, 0).n == 0 &&
		    doc_get(all, derived[i].a, 0).n > 0 &&
		    str_eq(old, derived[i].derive(arena, before)))
			take_away(arena, all, place_of(all, derived[i].a, 0));
	}
}

enum err
doc_complete(struct ctx *cx, struct doc *doc)
{
	struct str formatted, display;

	TRY(complete_elements(cx, doc));
	complete_primary(cx->arena, doc);
	formatted = formatted_of(cx->arena, doc);
	if (formatted.n > 0 && doc_get(doc, A_FORMATTED_NAME, 0).n == 0)
		TRY(doc_set(cx, doc, STR("name.formatted"), formatted));
	display = display_of(cx->arena, doc);
	if (display.n > 0 && doc_get(doc, A_DISPLAY_NAME, 0).n == 0)
		TRY(doc_set(cx, doc, STR("displayName"), display));
	if (doc_get(doc, A_USER_NAME, 0).n == 0 &&
	    doc_get(doc, A_FORMATTED_NAME, 0).n == 0 &&
	    doc_get(doc, A_DISPLAY_NAME, 0).n == 0)
		return fail(cx, ERR_BAD_INPUT, MSG_DOC_NO_NAME, "userName");
	return doc_check(cx, doc);
}

static struct str
formatted_of(struct arena *arena, const struct doc *doc)
{
	return join(arena, doc, formatted_parts, COUNT(formatted_parts));
}

/* Who has no parts is shown as the source writes the whole. */
static struct str
display_of(struct arena *arena, const struct doc *doc)
{
	struct str display;

	display = join(arena, doc, display_parts, COUNT(display_parts));
	return display.n > 0 ? display : doc_get(doc, A_FORMATTED_NAME, 0);
}

/* Longer than a name may be, parts are left out at the end: they stand in the document by themselves. */
static struct str
join(struct arena *arena, const struct doc *doc, const enum attribute *part,
    size_t n)
{
	struct str all = { NULL, 0 }, kept;

	for (size_t i = 0; i < n; i++) {
		struct str value = doc_get(doc, part[i], 0), longer;

		if (value.n == 0)
			continue;
		longer = all.n == 0
		    ? value
		    : str_fmt(arena, "%.*s %.*s", STR_ARG(all), STR_ARG(value));
		if (canon_store(arena, longer, NAME_MAX_CHARS, &kept))
			all = kept;
	}
	return all;
}

/* Elements that an import left without their value are none; the rest must differ. */
static enum err
complete_elements(struct ctx *cx, struct doc *doc)
{
	static const enum attribute lists[] = { A_EMAIL_VALUE, A_PHONE_VALUE,
		A_ADDRESS_TYPE };

	for (size_t i = 0; i < COUNT(lists); i++)
		for (uint16_t e = element_count(doc, lists[i]); e-- > 0;)
			if (is_bare(doc, lists[i], e))
				drop_element(cx->arena, doc, lists[i], e);
	return refuse_twice(cx, doc);
}

/* An address may serve as the private one, too. */
static enum err
refuse_twice(struct ctx *cx, const struct doc *doc)
{
	uint16_t n = element_count(doc, A_EMAIL_VALUE);
	struct str *key = arena_array(cx->arena, n, sizeof(*key));

	for (uint16_t i = 0; i < n; i++) {
		struct str type = doc_get(doc, A_EMAIL_TYPE, i);

		/* Stored values are clean and short: they have a key. */
		must(canon_key(
		    cx->arena, doc_get(doc, A_EMAIL_VALUE, i), &key[i]));
		for (uint16_t j = 0; j < i; j++) {
			struct str at =
			    attr_path_text(cx->arena, A_EMAIL_VALUE, i);

			if (str_eq(key[i], key[j]) &&
			    str_eq_nocase(type, doc_get(doc, A_EMAIL_TYPE, j)))
				return fail(cx, ERR_BAD_INPUT,
				    MSG_DOC_EMAIL_TWICE, str_z(cx->arena, at));
		}
	}
	return OK;
}

bool
doc_address(
    struct arena *arena, const struct doc *doc, size_t i, struct str *key)
{
	struct str before;

	if (doc->attr[i].id != A_EMAIL_VALUE ||
	    !canon_key(arena, doc->attr[i].value, key))
		return false;
	for (size_t j = 0; j < i; j++)
		if (doc->attr[j].id == A_EMAIL_VALUE &&
		    canon_key(arena, doc->attr[j].value, &before) &&
		    str_eq(before, *key))
			return false;
	return true;
}

static void
complete_primary(struct arena *arena, struct doc *doc)
{
	uint16_t n = element_count(doc, A_EMAIL_VALUE);

	if (n == 0)
		return;
	for (uint16_t i = 0; i < n; i++)
		if (doc_get(doc, A_EMAIL_PRIMARY, i).n > 0)
			return;
	put(arena, doc, (struct attr) { A_EMAIL_PRIMARY, 0, STR("true") });
}

enum err
doc_check(struct ctx *cx, const struct doc *doc)
{
	size_t bytes = 0;

	for (size_t i = 0; i < doc->n; i++)
		bytes += doc->attr[i].value.n;
	if (doc->n > DOC_ATTRS_MAX || bytes > DOC_BYTES_MAX)
		return fail(cx, ERR_BAD_INPUT, MSG_DOC_LARGE, "");
	TRY(check_primary(cx, doc, A_EMAIL_PRIMARY));
	return check_primary(cx, doc, A_PHONE_PRIMARY);
}

static enum err
check_primary(struct ctx *cx, const struct doc *doc, enum attribute primary)
{
	size_t first = place_of(doc, primary, 0);

	if (first + 1 < doc->n && doc->attr[first].id == primary &&
	    doc->attr[first + 1].id == primary)
		return fail(cx, ERR_BAD_INPUT, MSG_DOC_PRIMARY,
		    attr_info(primary)->path);
	return OK;
}

size_t
doc_words(
    struct arena *arena, const struct doc *doc, struct str *word, size_t max)
{
	struct str plain, found[WORDS_OF_VALUE];
	size_t n = 0;

	for (size_t i = 0; i < doc->n; i++) {
		size_t nfound;

		if (!(attr_info(doc->attr[i].id)->flags & ATTR_SEARCH))
			continue;
		must(canon_plain(arena, doc->attr[i].value, &plain));
		nfound = canon_words(plain, found, WORDS_OF_VALUE);
		for (size_t j = 0; j < nfound; j++) {
			n = add_word(word, n, max, found[j]);
			n = add_word(word, n, max, prefix_of(found[j]));
		}
	}
	return n;
}

static size_t
add_word(struct str *word, size_t n, size_t max, struct str one)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(word[i], one))
			return n;
	if (n < max)
		word[n++] = one;
	return n;
}

static struct str
prefix_of(struct str word)
{
	size_t i = 0;

	for (int letters = 0; i < word.n; i++)
		if ((word.p[i] & 0xc0) != 0x80 && letters++ == PREFIX_LETTERS)
			break;
	return str_sub(word, 0, i);
}
