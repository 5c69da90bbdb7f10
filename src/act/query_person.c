/* SPDX-License-Identifier: Apache-2.0 */
/*
 * query_person.c - reading persons: the rows in scope, then their sealed
 * records, opened for the page shown under the actor's own budget.
 */
#include "act/query_int.h"

#include "act/group_int.h"

#include <string.h>

#include "base/canon.h"

#define SEARCH_WORDS_MAX    8
#define SEARCH_PREFIX_CHARS 3

struct opening {
	struct vault_call	call;
	const struct open_out **doc;
	const struct text_out **source;
};

static enum err show(struct reader *, struct ctx *,
    const struct person_of *, enum msg, void **);
static enum err view(struct reader *, struct ctx *, const struct realm *,
    const struct rows *, struct person_view **);
static enum err open_records(struct reader *, struct ctx *,
    const struct rows *, struct person_view *);
static void keep_asked(const struct page_in *, struct rows *);
static int64_t other_source(const struct person_view *);
static enum err add_contracts(struct reader *, struct ctx *,
    const struct rows *, struct person_view *);
static enum err hide_managers(struct reader *, struct ctx *,
    const struct realm *, struct person_view *, size_t n);
static void add_texts(const struct realm *, struct person_view *);
static void add_rights(struct ctx *, const struct realm *,
    struct person_view *);
static void note_access(struct reader *, struct ctx *,
    const struct page_in *, size_t n);
static enum err list_rows(struct reader *, struct ctx *,
    const struct realm *, const struct page_in *, struct finding *,
    struct persons_out *, struct rows *);
static enum err count_rows(struct reader *, const struct person_query *,
    int64_t *total);
static void end_page(
    const struct page_in *, struct rows *, struct persons_out *);
static void cut(const struct page_in *, struct persons_out *);
static void turn(struct persons_out *);
static enum err check_readable(struct ctx *, const struct filter *);
static enum err forget_unseen(struct reader *, struct ctx *,
    const struct realm *, struct filter **);
static enum err list_by_word(struct reader *, struct ctx *,
    const struct realm *, const struct page_in *, struct rows *);
static enum err load_found(struct reader *, const struct realm *,
    struct rows *);
static size_t search_words(struct ctx *, struct str text, struct str *word);
static size_t keep_found(struct ctx *, struct str text, struct person_view *,
    size_t n);

enum err
person_show(struct reader *r, struct ctx *cx, const void *id, void **out)
{
	return show(r, cx,
	    &(struct person_of) { .id = *(const int64_t *)id },
	    MSG_ORDER_NO_PERSON, out);
}

enum err
person_show_of(struct reader *r, struct ctx *cx, const void *in, void **out)
{
	return show(r, cx, in, MSG_SCIM_NO_RESOURCE, out);
}

/* Whom one may not see is not opened, and nobody notes that they were read. */
static enum err
show(struct reader *r, struct ctx *cx, const struct person_of *of,
    enum msg nobody, void **out)
{
	const struct page_in asked = { .source = of->source,
		.is_present = of->is_present,
		.has_groups = of->has_groups,
		.has_products = of->has_products };
	const struct realm *realm;
	struct person_view *v;
	struct rows rows;

	TRY(world_realm(r->world, cx, cx->actor->tenant, &realm));
	TRY(load_ids(r, realm, &of->id, 1, &rows));
	TRY(scoped(r, cx, realm, &rows));
	keep_asked(&asked, &rows);
	if (rows.n == 0)
		return fail(cx, ERR_NOT_FOUND, nobody, "person");
	TRY(view(r, cx, realm, &rows, &v));
	TRY(groups_add(r, cx, &asked, v, rows.n));
	TRY(products_add(r, cx, realm, &asked, v, rows.n));
	note_access(r, cx, NULL, 1);
	*out = v;
	return OK;
}

enum err
blocks_show(struct reader *r, struct ctx *cx, const void *id, void **result)
{
	struct blocks_out *out = arena_alloc(cx->arena, sizeof(*out));
	struct block key = { .tenant = cx->actor->tenant };
	const struct realm *realm;
	struct rows rows;

	TRY(world_realm(r->world, cx, cx->actor->tenant, &realm));
	TRY(load_ids(r, realm, id, 1, &rows));
	TRY(scoped(r, cx, realm, &rows));
	if (rows.n == 0)
		return fail(cx, ERR_NOT_FOUND, MSG_ORDER_NO_PERSON, "person");
	out->person = key.person = ((struct person *)rows.row)->id;
	out->version = ((struct person *)rows.row)->version;
	TRY(store_load(r->data, &BLOCK, &key, 1, 2, 0, &rows));
	out->block = rows.row;
	out->n = rows.n;
	*result = out;
	return OK;
}

enum err
persons_list(struct reader *r, struct ctx *cx, const void *in, void **result)
{
	const struct page_in *page = in;
	const struct realm *realm;
	struct persons_out *out = arena_alloc(cx->arena, sizeof(*out));
	struct finding by = { 0 };
	struct person_view *v;
	struct rows rows;

	TRY(world_realm(r->world, cx, cx->actor->tenant, &realm));
	TRY(list_rows(r, cx, realm, page, &by, out, &rows));
	TRY(scoped(r, cx, realm, &rows));
	keep_asked(page, &rows);
	if (by.node == NULL || !page->is_counted)
		end_page(page, &rows, out);
	TRY(view(r, cx, realm, &rows, &v));
	note_access(r, cx, page, rows.n);
	out->person = v;
	out->n = page->of.n > 0 ? keep_found(cx, page->of, v, rows.n) : rows.n;
	out->n = find_exact(cx, &by, v, out->n);
	if (by.node != NULL && page->is_counted)
		cut(page, out);
	v = (struct person_view *)out->person;
	TRY(groups_add(r, cx, page, v, out->n));
	TRY(products_add(r, cx, realm, page, v, out->n));
	*result = out;
	return OK;
}

/* One more than the page has was read: with it there is a next page. */
static void
end_page(
    const struct page_in *page, struct rows *rows, struct persons_out *out)
{
	if (rows->n <= page->limit)
		return;
	rows->n = page->limit;
	out->next = ((const struct person *)rows->row)[rows->n - 1].id;
}

/* Everybody was found at once, of whom a page is shown. */
static void
cut(const struct page_in *page, struct persons_out *out)
{
	size_t skip = page->first > 1 ? (size_t)page->first - 1 : 0;

	out->total = (int64_t)out->n;
	if (page->is_descending)
		turn(out);
	while (page->after != 0 && skip < out->n &&
	    (page->is_descending ? out->person[skip].row.id >= page->after
				 : out->person[skip].row.id <= page->after))
		skip++;
	if (skip > out->n)
		skip = out->n;
	out->person += skip;
	out->n -= skip;
	out->next = 0;
	if (out->n > page->limit) {
		out->n = page->limit;
		out->next = out->person[out->n - 1].row.id;
	}
}

static void
turn(struct persons_out *out)
{
	struct person_view *v = (struct person_view *)out->person;

	for (size_t i = 0; i < out->n / 2; i++) {
		struct person_view one = v[i];

		v[i] = v[out->n - 1 - i];
		v[out->n - 1 - i] = one;
	}
}

/* --- which rows ------------------------------------------------------------------- */

static enum err
list_rows(struct reader *r, struct ctx *cx, const struct realm *realm,
    const struct page_in *page, struct finding *by, struct persons_out *out,
    struct rows *rows)
{
	struct person_query q = { .tenant = realm->tenant,
		.scope = cx->actor->scope, .names = &realm->names,
		.after = page->after, .limit = page->limit + 1,
		.skip = page->first > 1 ? page->first - 1 : 0,
		.source = page->source, .is_present = page->is_present,
		.is_descending = page->is_descending };
	struct filter *filter = NULL;

	q.today = order_today(realm, 0, cx->now_ms);
	if (page->of.n > 0)
		return list_by_word(r, cx, realm, page, rows);
	if (page->filter.n > 0)
		TRY(filter_compile(
		    cx, page->filter, FILTER_SCIM, true, &filter));
	if (filter != NULL) {
		TRY(check_readable(cx, filter));
		TRY(forget_unseen(r, cx, realm, &filter));
		find_open(cx->arena, page, filter, by);
		if (by->node != NULL)
			return find_rows(r, cx, realm, page, by, rows);
	}
	q.filter = filter;
	if (page->is_counted)
		TRY(count_rows(r, &q, &out->total));
	return person_list(r->data, &q, rows);
}

/* All who are present are counted as they come and go; of others each is looked at. */
static enum err
count_rows(struct reader *r, const struct person_query *q, int64_t *total)
{
	const struct present_row key = { q->tenant, q->source, 0 };
	const struct present_row *row;
	struct rows rows;

	if (q->filter != NULL || q->scope != NULL || !q->is_present)
		return person_count(r->data, q, total);
	TRY(store_load(
	    r->data, &PRESENT, &key, 1, q->source == 0 ? 1 : 2, 0, &rows));
	row = rows.row;
	for (size_t i = 0; i < rows.n; i++)
		*total += row[i].persons;
	return OK;
}

/* Of those that an index found. */
static void
keep_asked(const struct page_in *page, struct rows *rows)
{
	struct person *p = rows->row;
	size_t kept = 0;

	for (size_t i = 0; i < rows->n; i++)
		if ((page->source == 0 || p[i].source == page->source) &&
		    (!page->is_present || p[i].lifecycle < LIFE_LEFT))
			p[kept++] = p[i];
	rows->n = kept;
}

/*
 * What one may not read of everybody who may be listed is not filtered by: the
 * answer would tell it.
 */
static enum err
check_readable(struct ctx *cx, const struct filter *filter)
{
	uint64_t reads = 0;
	enum attribute hidden;

	while ((hidden = filter_hidden(filter, reads)) != A_COUNT) {
		const struct held all = { RIGHT_BIT(attr_info(hidden)->read),
			cx->actor->scope };

		if (!actor_covers(cx->arena, cx->actor, &all))
			break;
		reads |= all.rights;
	}
	if (hidden == A_COUNT)
		return OK;
	return fail(cx, ERR_DENIED, MSG_QUERY_HIDDEN, "filter",
	    attr_info(hidden)->path, right_name(attr_info(hidden)->read));
}

/* A manager who is not named to the actor is not found by their id either. */
static enum err
forget_unseen(struct reader *r, struct ctx *cx, const struct realm *realm,
    struct filter **filter)
{
	size_t n, nid = 0, nhidden = 0;
	const struct filter_node *node = filter_nodes(*filter, &n);
	int64_t *id;
	bool *in;

	if (cx->actor->scope == NULL)
		return OK;
	id = arena_array(cx->arena, n, sizeof(*id));
	in = arena_array(cx->arena, n, sizeof(*in));
	for (size_t i = 0; i < n; i++)
		if (node[i].op <= F_NE && node[i].attribute == A_MANAGER)
			id[nid++] = node[i].number;
	TRY(persons_seen(r, cx, realm, id, nid, in));
	for (size_t i = 0; i < nid; i++)
		if (!in[i] && !may_name_manager(cx->actor, id[i]))
			id[nhidden++] = id[i];
	*filter = filter_without(cx->arena, *filter, A_MANAGER, id, nhidden);
	return OK;
}

/*
 * Candidates by the first three letters of every word (or a shorter word
 * whole); keep_found() looks at the rest when they are open.
 */
static enum err
list_by_word(struct reader *r, struct ctx *cx, const struct realm *realm,
    const struct page_in *page, struct rows *rows)
{
	struct str word[SEARCH_WORDS_MAX];
	struct index_key key[SEARCH_WORDS_MAX] = { { 0 } };
	size_t n = search_words(cx, page->of, word);

	if (n == 0)
		return fail(cx, ERR_BAD_INPUT, MSG_QUERY_WORD, "search");
	for (size_t i = 0; i < n; i++) {
		TRY(index_of(
		    r, cx, INDEX_SEARCH, first_letters(word[i]), &key[i]));
		key[i].kind = 0;
	}
	return search_persons(r, realm, page, key, n, rows);
}

static size_t
search_words(struct ctx *cx, struct str text, struct str *word)
{
	struct str plain;

	if (!canon_plain(cx->arena, text, &plain))
		return 0;
	return canon_words(plain, word, SEARCH_WORDS_MAX);
}

/* The first three characters, as doc_words() indexes them. */
struct str
first_letters(struct str word)
{
	size_t chars = 0, at = 0;

	while (at < word.n && chars < SEARCH_PREFIX_CHARS) {
		at++;
		while (
		    at < word.n && ((unsigned char)word.p[at] & 0xc0) == 0x80)
			at++;
		chars++;
	}
	return str_sub(word, 0, at);
}

bool
has_first_letters(struct str word)
{
	size_t chars = 0;

	for (size_t i = 0; i < word.n; i++)
		chars += ((unsigned char)word.p[i] & 0xc0) != 0x80;
	return chars >= SEARCH_PREFIX_CHARS;
}

/* Persons of whom every word searched for begins a word; how many. */
static size_t
keep_found(struct ctx *cx, struct str text, struct person_view *v, size_t n)
{
	struct str word[SEARCH_WORDS_MAX], own[WORDS_MAX];
	size_t nword = search_words(cx, text, word), kept = 0;

	for (size_t i = 0; i < n; i++) {
		size_t nown = doc_words(cx->arena, &v[i].doc, own, WORDS_MAX);
		size_t found = 0;

		for (size_t j = 0; j < nword; j++)
			for (size_t k = 0; k < nown; k++)
				if (str_starts(own[k], word[j])) {
					found++;
					break;
				}
		if (found == nword)
			v[kept++] = v[i];
	}
	return kept;
}

/*
 * A page of those who are found and seen, and one more: the next one begins
 * after somebody who is seen, whoever else was found in between.
 */
enum err
search_persons(struct reader *r, const struct realm *realm,
    const struct page_in *page, const struct index_key *key, size_t n,
    struct rows *out)
{
	struct ctx *cx = tx_ctx(r->data);
	const size_t most = page->limit + 1;
	const size_t chunk = cx->actor->scope != NULL ? SEARCH_WALK : most;
	struct person *kept =
	    arena_array(cx->arena, most + chunk, sizeof(*kept));
	int64_t after = page->after;
	size_t found;

	*out = (struct rows) { .row = kept };
	do {
		struct rows rows;

		TRY(index_search(
		    r->data, realm->tenant, key, n, after, chunk, &rows));
		found = rows.n;
		if (found > 0)
			after =
			    ((struct search_row *)rows.row)[found - 1].person;
		TRY(load_found(r, realm, &rows));
		TRY(scoped(r, cx, realm, &rows));
		for (size_t i = 0; i < rows.n; i++)
			kept[out->n++] = ((struct person *)rows.row)[i];
	} while (found == chunk && out->n < most);
	if (out->n > most)
		out->n = most;
	return OK;
}

static enum err
load_found(struct reader *r, const struct realm *realm, struct rows *rows)
{
	int64_t *id =
	    arena_array(tx_ctx(r->data)->arena, rows->n + 1, sizeof(*id));
	size_t n = rows->n;

	for (size_t i = 0; i < n; i++)
		id[i] = ((struct search_row *)rows->row)[i].person;
	return load_ids(r, realm, id, n, rows);
}

enum err
index_of(struct reader *r, struct ctx *cx, enum index_kind kind,
    struct str value, struct index_key *out)
{
	struct index_value in = { kind, value };
	const struct index_out *key;
	struct capability capability;
	struct vault_call call;

	TRY(world_capability(r->world, r->vault, cx, cx->actor, &capability));
	vault_call_init(&call, cx->arena);
	call.tenant = cx->actor->tenant;
	call.capability = &capability;
	key = vault_index(&call, &in, 1);
	TRY(vault_run(r->vault, cx, &call));
	if (key->err != OK)
		return fail_sealed(cx, key->err, "filter");
	out->kind = (uint8_t)kind;
	memcpy(out->bytes, key->key->bytes, sizeof(out->bytes));
	return OK;
}

enum err
load_ids(struct reader *r, const struct realm *realm, const int64_t *id,
    size_t n, struct rows *rows)
{
	struct person *key =
	    arena_array(tx_ctx(r->data)->arena, n + 1, sizeof(*key));

	for (size_t i = 0; i < n; i++) {
		key[i].tenant = realm->tenant;
		key[i].id = id[i];
	}
	return store_load(r->data, &PERSON, key, n, 2, 0, rows);
}

/* Keeps the rows that the actor may see; others do not exist for it. */
enum err
scoped(struct reader *r, struct ctx *cx, const struct realm *realm,
    struct rows *rows)
{
	struct person_query q = { .tenant = realm->tenant,
		.scope = cx->actor->scope, .names = &realm->names };
	struct person *p = rows->row;
	int64_t *id = arena_array(cx->arena, rows->n + 1, sizeof(*id));
	bool *in = arena_array(cx->arena, rows->n + 1, sizeof(*in));
	size_t kept = 0;

	if (q.scope == NULL || rows->n == 0)
		return OK;
	q.today = order_today(realm, 0, cx->now_ms);
	for (size_t i = 0; i < rows->n; i++)
		id[i] = p[i].id;
	TRY(person_in_scope(r->data, &q, id, rows->n, in));
	for (size_t i = 0; i < rows->n; i++)
		if (in[i])
			p[kept++] = p[i];
	rows->n = kept;
	return OK;
}

/* --- what they look like ----------------------------------------------------------- */

static enum err
view(struct reader *r, struct ctx *cx, const struct realm *realm,
    const struct rows *rows, struct person_view **out)
{
	struct person_view *v = arena_array(cx->arena, rows->n + 1, sizeof(*v));

	for (size_t i = 0; i < rows->n; i++) {
		v[i].row = ((struct person *)rows->row)[i];
		add_texts(realm, &v[i]);
	}
	*out = v;
	if (rows->n == 0)
		return OK;
	TRY(add_contracts(r, cx, rows, v));
	TRY(open_records(r, cx, rows, v));
	TRY(hide_managers(r, cx, realm, v, rows->n));
	for (size_t i = 0; i < rows->n; i++)
		add_rights(cx, realm, &v[i]);
	return OK;
}

/* One query for the page; a person's own manager is no secret to them. */
static enum err
hide_managers(struct reader *r, struct ctx *cx, const struct realm *realm,
    struct person_view *v, size_t n)
{
	size_t most = n, nid = 0, nhidden = 0;
	int64_t *id;
	bool *in;

	if (cx->actor->scope == NULL)
		return OK;
	for (size_t i = 0; i < n; i++)
		most += v[i].ncontract;
	id = arena_array(cx->arena, most, sizeof(*id));
	in = arena_array(cx->arena, most, sizeof(*in));
	for (size_t i = 0; i < n; i++) {
		id[nid++] = v[i].row.manager;
		for (size_t j = 0; j < v[i].ncontract; j++)
			id[nid++] = v[i].contract[j].manager;
	}
	TRY(persons_seen(r, cx, realm, id, nid, in));
	for (size_t i = 0; i < nid; i++)
		if (id[i] != 0 && !in[i] && !may_name_manager(cx->actor, id[i]))
			id[nhidden++] = id[i];
	for (size_t i = 0; i < n; i++) {
		v[i].hidden = id;
		v[i].nhidden = v[i].row.id != cx->actor->person ? nhidden : 0;
	}
	return OK;
}

/* Rights have scopes of their own: who lists may read more of some than of others. */
static void
add_rights(struct ctx *cx, const struct realm *realm, struct person_view *v)
{
	struct facts *facts =
	    arena_array(cx->arena, v->ncontract + 1, sizeof(*facts));
	const struct filter_subject who = { &facts[v->ncontract], facts,
		v->ncontract, cx->now_ms,
		order_today(realm, 0, cx->now_ms) };

	person_facts(&v->row, &facts[v->ncontract]);
	for (size_t i = 0; i < v->ncontract; i++)
		contract_facts(&v->contract[i], &facts[i]);
	v->rights = actor_sees(cx->actor, &realm->names, &who);
}

static enum err
open_records(struct reader *r, struct ctx *cx, const struct rows *rows,
    struct person_view *v)
{
	struct key_row *key = arena_array(cx->arena, rows->n, sizeof(*key));
	const size_t n = rows->n;
	struct source_row *source =
	    arena_array(cx->arena, 2 * n, sizeof(*source));
	struct opening o;
	struct capability capability;
	struct rows keys, sources;

	for (size_t i = 0; i < rows->n; i++) {
		key[i].tenant = source[i].tenant = source[n + i].tenant =
		    v[i].row.tenant;
		key[i].person = v[i].row.id;
		key[i].version = v[i].row.key_version;
		source[i].id = v[i].row.source;
		source[n + i].id = other_source(&v[i]);
	}
	TRY(store_load(r->keys, &PERSON_KEY, key, rows->n, 3, 0, &keys));
	TRY(store_load(r->data, &SOURCE, source, 2 * n, 2, 0, &sources));
	TRY(world_capability(r->world, r->vault, cx, cx->actor, &capability));
	vault_call_init(&o.call, cx->arena);
	o.call.tenant = cx->actor->tenant;
	o.call.capability = &capability;
	o.doc = arena_array(cx->arena, rows->n, sizeof(*o.doc));
	o.source = arena_array(cx->arena, sources.n + 1, sizeof(*o.source));
	for (size_t j = 0; j < keys.n; j++) {
		const struct key_row *k = &((struct key_row *)keys.row)[j];
		size_t i = keys.key[j];

		o.doc[i] = vault_open(&o.call,
		    &(struct open_in) { .person = v[i].row.id,
			.version = v[i].row.record_version,
			.wrapped_key = k->wrapped,
			.key_version = k->version,
			.purpose = PURPOSE_PERSON,
			.sealed = v[i].row.sealed });
	}
	for (size_t i = 0; i < sources.n; i++) {
		const struct source_row *s =
		    &((struct source_row *)sources.row)[i];

		o.source[i] =
		    vault_text_open(&o.call, PURPOSE_NAME, s->id, s->name);
	}
	TRY(vault_run(r->vault, cx, &o.call));
	/* Whose key is gone has nothing left to show but the row. */
	for (size_t i = 0; i < rows->n; i++) {
		if (o.doc[i] == NULL)
			continue;
		if (o.doc[i]->err != OK)
			return fail_sealed(cx, o.doc[i]->err, "person");
		doc_restore(cx, o.doc[i]->text, &v[i].doc);
	}
	for (size_t i = 0; i < sources.n; i++)
		if (sources.key[i] < n)
			v[sources.key[i]].source = o.source[i]->text;
		else
			v[sources.key[i] - n].other_source = o.source[i]->text;
	return OK;
}

/* Of the first contract that somebody else than the person's own source brought; 0: of none. */
static int64_t
other_source(const struct person_view *v)
{
	for (size_t i = 0; i < v->ncontract; i++)
		if (v->contract[i].source != v->row.source)
			return v->contract[i].source;
	return 0;
}

static enum err
add_contracts(struct reader *r, struct ctx *cx, const struct rows *rows,
    struct person_view *v)
{
	struct contract *key = arena_array(cx->arena, rows->n, sizeof(*key));
	struct rows contracts;

	for (size_t i = 0; i < rows->n; i++) {
		key[i].tenant = v[i].row.tenant;
		key[i].person = v[i].row.id;
	}
	TRY(store_load(r->data, &CONTRACT, key, rows->n, 2, 0, &contracts));
	for (size_t i = 0; i < contracts.n; i++) {
		struct person_view *p = &v[contracts.key[i]];

		if (p->ncontract++ == 0)
			p->contract = &((struct contract *)contracts.row)[i];
	}
	return OK;
}

static void
add_texts(const struct realm *realm, struct person_view *v)
{
	const struct site *site = catalogue_site(realm->catalogue, v->row.site);
	const struct organisation *organisation =
	    catalogue_organisation(realm->catalogue, v->row.organization);
	struct {
		struct str *to;
		int64_t id;
	} words[] = {
		{ &v->department, v->row.department },
		{ &v->title, v->row.title },
		{ &v->cost_center, v->row.cost_center },
		{ &v->division, v->row.division },
		{ &v->country, v->row.country },
		{ &v->language, v->row.language },
		{ &v->user_type, v->row.user_type },
	};

	if (site != NULL)
		v->site = site->slug;
	if (organisation != NULL)
		v->organization = organisation->slug;
	for (size_t i = 0; i < COUNT(words); i++)
		if (words[i].id != 0)
			*words[i].to =
			    dictionary_text(realm->dictionary, words[i].id);
}

/*
 * Reads of personal data are noted with who, how many and a digest of the
 * query; the rows are written by the clock, many at a time (MODEL.md 7).
 */
static void
note_access(
    struct reader *r, struct ctx *cx, const struct page_in *page, size_t n)
{
	struct access_row row = {
		.tenant = cx->actor->tenant,
		.actor = cx->actor->id,
		.actor_kind = (int64_t)cx->actor->kind,
		.count = (int64_t)n,
		.at_ms = cx->now_ms,
	};
	struct hash digest = { { 0 } };

	if (page != NULL)
		sha256(str_fmt(cx->arena, "%.*s|%.*s", STR_ARG(page->filter),
			   STR_ARG(page->of)),
		    &digest);
	if (n > 0)
		access_note(r->world, &row, digest.bytes);
}
