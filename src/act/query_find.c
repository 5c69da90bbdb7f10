/* SPDX-License-Identifier: Apache-2.0 */
/*
 * query_find.c - persons by what is sealed: the blind indexes know who has one
 * value, and whose names have a word that begins like this.
 */
#include "act/query_int.h"

#include <string.h>

#include "base/canon.h"


static enum err find_ref(struct reader *, struct ctx *, const struct realm *,
    const struct page_in *, struct str ref, int64_t *person);
static enum err find_declared(struct reader *, struct ctx *,
    const struct realm *, const struct page_in *, struct finding *,
    struct rows *);
static bool has_words(const struct filter_node *);
static enum err find_one(struct reader *, struct ctx *, const struct realm *,
    const struct page_in *, struct finding *, int64_t person,
    struct rows *);
static enum err find_words(struct reader *, struct ctx *,
    const struct realm *, const struct page_in *, struct finding *,
    struct rows *);
static enum err word_of(struct ctx *, const struct filter_node *,
    struct str *);
static enum err find_all(struct reader *, struct ctx *, const struct realm *,
    const struct page_in *, const struct finding *, const struct index_key *,
    struct rows *);
static enum err keep_rest(struct reader *, struct ctx *,
    const struct realm *, const struct filter *, struct rows *);
static bool is_asked(struct ctx *, const struct finding *,
    const struct doc *, size_t at, struct str wanted);
static bool goes_by(const struct doc *, struct str ref);
static bool is_described(const struct doc *, uint16_t,
    const struct filter_element *);
static bool holds(struct arena *, const struct filter_node *,
    struct str wanted, struct str value);

void
find_open(struct arena *arena, const struct page_in *page,
    const struct filter *filter, struct finding *by)
{
	const struct filter *rest;
	const struct filter_node *node = filter_anchor(arena, filter, &rest);

	if (node == NULL)
		return;
	/* Of a page of unknown length one comparison is answered. */
	if (page->is_counted ? node->op != F_EQ && node->op != F_SW
			     : node->op != F_EQ || rest != NULL)
		return;
	*by = (struct finding) { .node = node, .rest = rest };
}

enum err
find_rows(struct reader *r, struct ctx *cx, const struct realm *realm,
    const struct page_in *page, struct finding *by, struct rows *rows)
{
	const struct filter_node *node = by->node;
	struct index_key key = { 0 };
	struct str value;
	int64_t person = 0;

	if (node->attribute == A_EXTENSIONS)
		return find_declared(r, cx, realm, page, by, rows);
	if (has_words(node))
		return find_words(r, cx, realm, page, by, rows);
	if (!canon_key(cx->arena, node->text, &value))
		value = node->text;
	if (node->attribute == A_USER_NAME) {
		TRY(index_of(r, cx, INDEX_USER_NAME, value, &key));
		TRY(index_find(r->data, realm->tenant, &key, 1, &person));
	} else if (node->attribute == A_EXTERNAL_ID && page->source != 0) {
		TRY(find_ref(r, cx, realm, page, node->text, &person));
	} else {
		return fail(cx, ERR_BAD_INPUT, MSG_QUERY_SEALED, "filter",
		    attr_info(node->attribute)->path);
	}
	return find_one(r, cx, realm, page, by, person, rows);
}

/* What the index of words leads to: addresses and names, but for the one that is somebody's own. */
static bool
has_words(const struct filter_node *node)
{
	return node->op == F_SW || node->attribute == A_EMAIL_VALUE ||
	    (node->attribute != A_USER_NAME &&
		(attr_info(node->attribute)->flags & ATTR_SEARCH) != 0);
}

static enum err
find_one(struct reader *r, struct ctx *cx, const struct realm *realm,
    const struct page_in *page, struct finding *by, int64_t person,
    struct rows *rows)
{
	by->is_one = true;
	if (!page->is_counted && person <= page->after)
		person = 0;
	TRY(load_ids(r, realm, &person, person != 0, rows));
	return keep_rest(r, cx, realm, by->rest, rows);
}

/* What the catalogue declares unique is one person's; what it declares searchable may be several's. */
static enum err
find_declared(struct reader *r, struct ctx *cx, const struct realm *realm,
    const struct page_in *page, struct finding *by, struct rows *rows)
{
	struct str text = by->node->text, name = str_cut(&text, '\n');
	struct index_key key = { 0 };
	struct extension_key asked;
	int64_t person = 0;

	if (!extension_asked(cx, realm->catalogue, name, text, &asked))
		return fail(cx, ERR_BAD_INPUT, MSG_QUERY_SEALED, "filter",
		    str_z(cx->arena, name));
	by->catalogue = realm->catalogue;
	by->key = asked.text;
	text = digest_of(cx->arena, asked.text);
	if (asked.is_unique) {
		TRY(index_of(r, cx, INDEX_ATTRIBUTE, text, &key));
		TRY(index_find(r->data, realm->tenant, &key, 1, &person));
		return find_one(r, cx, realm, page, by, person, rows);
	}
	TRY(index_of(r, cx, INDEX_SEARCH, text, &key));
	key.kind = 0;
	if (!page->is_counted)
		return search_persons(r, realm, page, &key, 1, rows);
	return find_all(r, cx, realm, page, by, &key, rows);
}

/* The key by which a source knows a person; it is nobody else's. */
static enum err
find_ref(struct reader *r, struct ctx *cx, const struct realm *realm,
    const struct page_in *page, struct str ref, int64_t *person)
{
	struct source_ref key = { .tenant = realm->tenant,
		.source = page->source };
	struct index_key found = { 0 };
	struct rows rows;

	TRY(index_of(r, cx, INDEX_SOURCE_REF,
	    str_fmt(
		cx->arena, "%lld/%.*s", (long long)page->source, STR_ARG(ref)),
	    &found));
	key.key = (struct str) { (const char *)found.bytes, 32 };
	TRY(store_load(r->data, &SOURCE_REF, &key, 1, 3, 0, &rows));
	if (rows.n > 0)
		*person = ((const struct source_ref *)rows.row)->person;
	return OK;
}

static enum err
find_words(struct reader *r, struct ctx *cx, const struct realm *realm,
    const struct page_in *page, struct finding *by, struct rows *rows)
{
	struct index_key key = { 0 };
	struct str word;

	TRY(word_of(cx, by->node, &word));
	TRY(index_of(r, cx, INDEX_SEARCH, word, &key));
	key.kind = 0;
	if (!page->is_counted)
		return search_persons(r, realm, page, &key, 1, rows);
	return find_all(r, cx, realm, page, by, &key, rows);
}

/* What the index has of it: an address whole, of a name its first word, or how that begins. */
static enum err
word_of(struct ctx *cx, const struct filter_node *node, struct str *word)
{
	const struct attr_info *info = attr_info(node->attribute);
	struct str plain, found[2];
	size_t n = 0;

	if (node->attribute == A_EMAIL_VALUE) {
		if (!canon_key(cx->arena, node->text, word))
			*word = node->text;
		return OK;
	}
	if ((info->flags & ATTR_SEARCH) != 0
	    && canon_plain(cx->arena, node->text, &plain))
		n = canon_words(plain, found, COUNT(found));
	/* A word that goes on in the name is known by three letters only. */
	if (n == 0 ||
	    (n == 1 && node->op == F_SW && !has_first_letters(found[0])))
		return fail(cx, ERR_BAD_INPUT, MSG_QUERY_SEALED, "filter",
		    info->path);
	*word = node->op == F_EQ ? found[0] : first_letters(found[0]);
	return OK;
}

/*
 * Everybody who is asked for, as far as that shows before they are opened.
 * Others to whom the key leads are passed over where the rows lie, so that
 * neither the answer nor the bound says how many they are; they cost what they
 * cost a filter on what is clear, which looks at everybody.
 */
static enum err
find_all(struct reader *r, struct ctx *cx, const struct realm *realm,
    const struct page_in *page, const struct finding *by,
    const struct index_key *key, struct rows *out)
{
	const struct person_query q = { .tenant = realm->tenant,
		.filter = by->rest,
		.scope = cx->actor->scope,
		.names = &realm->names,
		.today = order_today(realm, 0, cx->now_ms),
		.limit = PAGE_MAX + 1,
		.source = page->source,
		.is_present = page->is_present,
		.word = key };

	TRY(person_list(r->data, &q, out));
	if (out->n <= PAGE_MAX)
		return OK;
	return fail(cx, ERR_BAD_INPUT, MSG_QUERY_TOO_MANY, "filter",
	    attr_info(by->node->attribute)->path, LIMIT_TEXT(PAGE_MAX));
}

static enum err
keep_rest(struct reader *r, struct ctx *cx, const struct realm *realm,
    const struct filter *rest, struct rows *rows)
{
	struct person_query q = { .tenant = realm->tenant, .scope = rest,
		.names = &realm->names };
	struct person *p = rows->row;
	int64_t *id;
	bool *in;
	size_t n = 0;

	if (rest == NULL || rows->n == 0)
		return OK;
	q.today = order_today(realm, 0, cx->now_ms);
	id = arena_array(cx->arena, rows->n, sizeof(*id));
	in = arena_array(cx->arena, rows->n, sizeof(*in));
	for (size_t i = 0; i < rows->n; i++)
		id[i] = p[i].id;
	TRY(person_in_scope(r->data, &q, id, rows->n, in));
	for (size_t i = 0; i < rows->n; i++)
		if (in[i])
			p[n++] = p[i];
	rows->n = n;
	return OK;
}

size_t
find_exact(struct ctx *cx, const struct finding *by, struct person_view *v,
    size_t n)
{
	struct str wanted;
	size_t kept = 0;

	if (by->node == NULL)
		return n;
	if (by->is_one && n == 1 && by->node->attribute == A_EXTERNAL_ID)
		return goes_by(&v->doc, by->node->text) ? 1 : 0;
	if (by->is_one)
		return n;
	if (!canon_key(cx->arena, by->node->text, &wanted))
		wanted = by->node->text;
	for (size_t i = 0; i < n; i++) {
		const struct doc *doc = &v[i].doc;
		bool has = false;

		for (size_t j = 0; j < doc->n && !has; j++)
			has = is_asked(cx, by, doc, j, wanted);
		if (has)
			v[kept++] = v[i];
	}
	return kept;
}

static bool
is_asked(struct ctx *cx, const struct finding *by, const struct doc *doc,
    size_t at, struct str wanted)
{
	const struct attr *a = &doc->attr[at];

	if (a->id != by->node->attribute)
		return false;
	if (by->catalogue != NULL)
		return extension_has_key(
		    cx, by->catalogue, a->value, by->key);
	return is_described(doc, a->index, by->node->element) &&
	    holds(cx->arena, by->node, wanted, a->value);
}

/* A file's reference leads to whom it brought for ever, whatever they are called since. */
static bool
goes_by(const struct doc *doc, struct str ref)
{
	struct str is = doc_get(doc, A_EXTERNAL_ID, 0);

	return is.n == 0 || str_eq(is, ref);
}

/* An address may be asked for by its type, and by being the primary one. */
static bool
is_described(
    const struct doc *doc, uint16_t i, const struct filter_element *what)
{
	if (what == NULL)
		return true;
	if (what->is_primary && doc_get(doc, A_EMAIL_PRIMARY, i).n == 0)
		return false;
	return what->type.n == 0 ||
	    str_eq_nocase(doc_get(doc, A_EMAIL_TYPE, i), what->type);
}

static bool
holds(struct arena *arena, const struct filter_node *node, struct str wanted,
    struct str value)
{
	struct str own;

	if (!canon_key(arena, value, &own))
		own = value;
	return node->op == F_SW ? str_starts(own, wanted)
				: str_eq(own, wanted);
}
