/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order.c - orders about persons, on the sealer's side: what must be opened,
 * indexed and sealed before the transaction.
 *
 * Nothing is decided here but names: the writer checks everything again under
 * the tenant's lock, and sends an order back (`again`) when what was sealed is
 * out of date.
 */
#include "act/act_int.h"

#include <string.h>

#include "base/canon.h"
#include "base/clock.h"
#include "base/id.h"

/* What of a record the log keeps: before and after, whole or what differs. */
struct audit_parts {
	bool	   has_after;
	struct doc doc[2];
};

static enum err prepare(struct batch *, struct tx *data, struct tx *keys,
    struct vault_call *);
static enum err want(struct batch *, struct tx *data, struct vault_call *);
static enum err keep(struct batch *, struct tx *keys);

const struct use_case person_order = {
	.name = "person_order",
	.prepare = prepare,
	.want = want,
	.keep = keep,
	.load = order_load,
	.decide = order_decide,
	.save = order_save,
	.committed = order_committed,
};

static enum err start(struct batch *, struct item *, struct vault_call *);
static bool opens_record(const struct order *);
static bool notes_reason(const struct order *);
static bool reads_person(const struct order *);
static enum err read_persons(struct batch *, struct tx *, struct rows *);
static enum err read_keys(struct batch *, struct tx *, const struct rows *,
    struct rows *);
static void ask_open(struct batch *, const struct rows *, const struct rows *,
    struct vault_call *);
static const struct key_row *find_key(const struct rows *,
    const struct person *);
static enum err choose_user_names(struct batch *, struct tx *);
static struct index_ask candidate_ask(const struct item *, size_t);
static enum err take_user_name(struct item *, struct keyset *,
    const struct index_ask *, const int64_t *owner);
static enum err seal_order(struct item *, struct order_state *,
    struct vault_call *);
static enum err make_document(struct item *, struct order_state *);
static enum err check_user_name(struct item *, struct order_state *);
static enum err settle_extensions(struct item *, struct order_state *);
static void add_extension_values(struct item *, struct order_state *,
    bool is_unique);
static enum err plan_contracts(struct item *, struct order_state *);
static enum err plan_contract(struct item *, struct order_state *,
    const struct contract_in *, struct contract_plan *);
static enum err plan_places(struct item *, struct order_state *,
    const struct contract_in *, struct contract *);
static enum err plan_manager(struct item *, struct order_state *,
    struct str manager, struct contract_plan *);
static enum err plan_day(struct item *, const char *field, struct str,
    int64_t *);
static enum err intern(struct item *, struct order_state *, int64_t *slot,
    struct str, struct vault_call *);
static size_t add_value(struct item *, struct order_state *, enum index_kind,
    struct str);
static void plan_ref(struct item *, struct order_state *);
static size_t add_ref(struct item *, struct order_state *, struct str ref);
static void add_document_values(struct item *, struct order_state *);
static enum err audit_text(struct item *, struct order_state *);
static bool put_audit(struct item *, struct order_state *, struct str salt,
    const struct audit_parts *);
static enum err vault_refused(const struct order_state *);
static struct hash salted(struct arena *, struct str salt, struct str record);

struct order_state *
order_state(const struct item *it)
{
	return it->state;
}

const struct key256 *
order_key(const struct order_state *s, size_t at)
{
	must(at < s->value.n);
	return s->sealed != NULL ? &s->sealed->key[at] : &s->indexed->key[at];
}

/* --- prepare: open what a change starts from ------------------------------- */

static enum err
prepare(struct batch *b, struct tx *data, struct tx *keys,
    struct vault_call *call)
{
	struct rows persons, wrapped;

	for (size_t i = 0; i < b->n; i++)
		if (b->item[i]->err == OK)
			b->item[i]->err = start(b, b->item[i], call);
	TRY(read_persons(b, data, &persons));
	TRY(read_keys(b, keys, &persons, &wrapped));
	ask_open(b, &persons, &wrapped, call);
	return OK;
}

static enum err
start(struct batch *b, struct item *it, struct vault_call *call)
{
	struct order_state *s = arena_alloc(it->cx->arena, sizeof(*s));
	struct index_value *value;

	it->state = s;
	s->in = it->in;
	s->taken_at = s->ref_at = s->key_at = s->body_at = SIZE_MAX;
	s->old_ref_at = SIZE_MAX;
	TRY(world_realm(b->world, it->cx, it->tenant, &s->realm));
	s->person = s->in->person;
	s->is_new = s->person == 0 && (s->in->kind == ORDER_ONBOARD
	    || s->in->kind == ORDER_CREATE || s->in->kind == ORDER_IMPORT);
	if (s->is_new)
		s->person = id_new();
	order_defaults(it, s);
	TRY(role_check(it, s));
	if (!s->is_new)
		return OK;
	TRY(order_user_names(it, s));
	if (s->nuser_name == 0)
		return OK;
	value = arena_array(it->cx->arena, s->nuser_name, sizeof(*value));
	for (size_t i = 0; i < s->nuser_name; i++) {
		value[i].kind = INDEX_USER_NAME;
		if (!canon_key(it->cx->arena, s->user_name[i],
		    &value[i].value))
			return fail(it->cx, ERR_BAD_INPUT, MSG_ORDER_NAME,
			    "userName");
	}
	call->tenant = it->tenant;
	call->capability = &s->realm->capability;
	s->candidate = vault_index(call, value, s->nuser_name);
	return OK;
}

enum err
order_begin(struct batch *b, struct item *it)
{
	return start(b, it, NULL);
}

/* Orders that lay a new record over the stored one. */
static bool
opens_record(const struct order *in)
{
	return in->person != 0 && (in->kind == ORDER_CHANGE
	    || in->kind == ORDER_IMPORT || order_returns(in));
}

/* Orders whose own words alone are sealed, under the key of the person. */
static bool
notes_reason(const struct order *in)
{
	return in->kind == ORDER_BLOCK || in->kind == ORDER_UNBLOCK;
}

static bool
reads_person(const struct order *in)
{
	return opens_record(in) || notes_reason(in);
}

static enum err
read_persons(struct batch *b, struct tx *data, struct rows *out)
{
	struct person *key = arena_array(b->cx->arena, b->n, sizeof(*key));
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++) {
		const struct item *it = b->item[i];

		if (it->err == OK && reads_person(it->in)) {
			key[n].tenant = it->tenant;
			key[n++].id = order_state(it)->person;
		}
	}
	return store_load(data, &PERSON, key, n, 2, 0, out);
}

static enum err
read_keys(struct batch *b, struct tx *keys, const struct rows *persons,
    struct rows *out)
{
	struct key_row *key =
	    arena_array(b->cx->arena, persons->n + 1, sizeof(*key));

	for (size_t i = 0; i < persons->n; i++) {
		const struct person *p = &((struct person *)persons->row)[i];

		key[i].tenant = p->tenant;
		key[i].person = p->id;
		key[i].version = p->key_version;
	}
	return store_load(keys, &PERSON_KEY, key, persons->n, 3, 0, out);
}

static void
ask_open(struct batch *b, const struct rows *persons,
    const struct rows *wrapped, struct vault_call *call)
{
	size_t asked = 0, at = 0;

	for (size_t i = 0; i < b->n; i++) {
		struct item *it = b->item[i];
		struct order_state *s = order_state(it);
		const struct key_row *key;

		if (it->err != OK || !reads_person(it->in))
			continue;
		if (at < persons->n && persons->key[at] == asked)
			s->old = &((struct person *)persons->row)[at++];
		asked++;
		if (s->old == NULL || s->old->lifecycle == LIFE_DELETED) {
			it->err = fail(it->cx, ERR_NOT_FOUND,
			    MSG_ORDER_NO_PERSON, "person");
			continue;
		}
		key = find_key(wrapped, s->old);
		/* Only where keys were restored that do not fit the data. */
		if (key == NULL) {
			it->err = fail(it->cx, ERR_SEALED, MSG_ORDER_SEALED,
			    "person");
			continue;
		}
		s->old_key = key->wrapped;
		if (!opens_record(it->in))
			continue;
		call->tenant = it->tenant;
		call->capability = &s->realm->capability;
		s->opened = vault_open(call, &(struct open_in) {
		    .person = s->old->id, .version = s->old->record_version,
		    .wrapped_key = key->wrapped, .key_version = key->version,
		    .purpose = PURPOSE_PERSON, .sealed = s->old->sealed });
	}
}

static const struct key_row *
find_key(const struct rows *wrapped, const struct person *p)
{
	for (size_t i = 0; i < wrapped->n; i++) {
		const struct key_row *key =
		    &((struct key_row *)wrapped->row)[i];

		if (key->person == p->id && key->tenant == p->tenant
		    && key->version == p->key_version)
			return key;
	}
	return NULL;
}

/* --- want: what to seal and index ------------------------------------------ */

static enum err
want(struct batch *b, struct tx *data, struct vault_call *call)
{
	TRY(choose_user_names(b, data));
	for (size_t i = 0; i < b->n; i++) {
		struct item *it = b->item[i];

		if (it->err == OK)
			it->err = seal_order(it, order_state(it), call);
	}
	return OK;
}

/*
 * The first candidate that nobody has, neither in the snapshot nor in this
 * batch.  A loser of the race with the batch before comes again.
 */
static enum err
choose_user_names(struct batch *b, struct tx *data)
{
	struct keyset *taken = keyset_open(b->cx->arena, b->n);
	LIST(struct index_ask) ask = { 0 };
	int64_t *owner;
	size_t at = 0;

	for (size_t i = 0; i < b->n; i++) {
		struct item *it = b->item[i];
		struct order_state *s = order_state(it);

		if (it->err != OK || s->candidate == NULL)
			continue;
		if (s->candidate->err != OK)
			it->err = fail_sealed(it->cx, s->candidate->err,
			    "userName");
		for (size_t j = 0; it->err == OK && j < s->nuser_name; j++)
			list_add(b->cx->arena, &ask, candidate_ask(it, j));
	}
	owner = arena_array(b->cx->arena, ask.n + 1, sizeof(*owner));
	TRY(index_find_all(data, ask.v, ask.n, owner));
	for (size_t i = 0; i < b->n; i++) {
		struct item *it = b->item[i];
		struct order_state *s = order_state(it);

		if (it->err != OK || s->candidate == NULL)
			continue;
		it->err = take_user_name(it, taken, &ask.v[at], &owner[at]);
		at += s->nuser_name;
	}
	return OK;
}

static struct index_ask
candidate_ask(const struct item *it, size_t j)
{
	const struct order_state *s = order_state(it);
	struct index_key *key = arena_alloc(it->cx->arena, sizeof(*key));

	key->kind = INDEX_USER_NAME;
	memcpy(key->bytes, s->candidate->key[j].bytes, 32);
	return (struct index_ask) { it->tenant, key };
}

/* ASK and OWNER: of its candidates. */
static enum err
take_user_name(struct item *it, struct keyset *taken,
    const struct index_ask *ask, const int64_t *owner)
{
	struct order_state *s = order_state(it);
	size_t free = 0;

	while (free < s->nuser_name && (owner[free] != 0
	    || keyset_find(taken, it->tenant, ask[free].key->bytes)))
		free++;
	if (free == s->nuser_name)
		return fail(it->cx, ERR_CONFLICT, MSG_ORDER_NO_NAME_FREE,
		    "userName");
	keyset_put(taken, it->tenant, ask[free].key->bytes, it);
	return doc_set(it->cx, &s->before, STR("userName"),
	    s->user_name[free]);
}

static enum err
seal_order(struct item *it, struct order_state *s, struct vault_call *call)
{
	const struct order *in = s->in;
	struct ctx *cx = it->cx;

	call->tenant = it->tenant;
	call->capability = &s->realm->capability;
	TRY(make_document(it, s));
	TRY(plan_contracts(it, s));
	TRY(intern(it, s, &s->org.country, in->country, call));
	TRY(intern(it, s, &s->org.language, in->language, call));
	TRY(intern(it, s, &s->org.user_type, in->user_type, call));
	for (size_t i = 0; i < s->ncontract; i++) {
		const struct contract_in *c = &in->contract[i];
		struct contract *row = &s->contract[i].row;

		TRY(intern(it, s, &row->department, c->department, call));
		TRY(intern(it, s, &row->title, c->title, call));
		TRY(intern(it, s, &row->cost_center, c->cost_center, call));
		TRY(intern(it, s, &row->division, c->division, call));
	}
	if (in->ref.n > 0)
		s->ref_at = add_ref(it, s, in->ref);
	if (in->kind == ORDER_CHANGE || order_returns(in))
		plan_ref(it, s);
	if (in->idempotency_key.n > 0) {
		s->key_at = add_value(it, s, INDEX_IDEMPOTENCY,
		    str_fmt(cx->arena, "%lld/%.*s",
		    (long long)cx->actor->id, STR_ARG(in->idempotency_key)));
		s->body_at = add_value(it, s, INDEX_BODY, in->body);
	}
	s->seal.person = s->person;
	if (notes_reason(in)) {
		s->seal.version = s->old->record_version;
		s->seal.wrapped_key = s->old_key;
		s->seal.key_version = s->old->key_version;
	}
	TRY(audit_text(it, s));
	role_seal(it, s, call);
	s->seal.index = s->value.v;
	s->seal.nindex = s->value.n;
	if (s->seal.audit.n > 0)
		s->sealed = vault_seal(call, &s->seal);
	else if (s->value.n > 0)
		s->indexed = vault_index(call, s->value.v, s->value.n);
	return OK;
}

/* The record to be written: new, or the opened one with the change laid over it. */
static enum err
make_document(struct item *it, struct order_state *s)
{
	const struct order *in = s->in;
	struct doc chosen = s->before;	/* a userName, or nothing */

	if (!s->is_new && !opens_record(in))
		return OK;
	if (s->is_new) {
		s->before = (struct doc) { 0 };
		doc_merge(it->cx, &in->doc, &chosen, NULL, 0,
		    &s->after);
		s->seal.version = 1;
	} else {
		if (s->opened->err != OK)
			return fail_sealed(it->cx, s->opened->err, "person");
		doc_restore(it->cx, s->opened->text, &s->before);
		if (order_returns(in))
			s->after = in->doc;
		else
			doc_merge(it->cx, &s->before, &in->doc,
			    in->removed, in->nremoved, &s->after);
		s->seal.version = s->old->record_version + 1;
		s->seal.wrapped_key = s->old_key;
		s->seal.key_version = s->old->key_version;
	}
	TRY(doc_complete(it->cx, &s->after));
	TRY(check_user_name(it, s));
	TRY(settle_extensions(it, s));
	s->seals = s->is_new || !doc_eq(&s->before, &s->after);
	if (s->seals) {
		s->seal.record = doc_canonical(it->cx->arena, &s->after);
		if (s->seal.record.n > DOC_BYTES_MAX)
			return fail(it->cx, ERR_TOO_LARGE, MSG_ORDER_RECORD,
			    "person");
	}
	add_document_values(it, s);
	return OK;
}

/* Everybody has a user name; one that nobody could see is none. */
static enum err
check_user_name(struct item *it, struct order_state *s)
{
	struct str key;

	if (!canon_key(it->cx->arena, doc_get(&s->after, A_USER_NAME, 0),
	    &key) || key.n == 0)
		return fail(it->cx, ERR_BAD_INPUT, MSG_ORDER_USER_NAME,
		    "userName");
	return OK;
}

/* What came, laid over what was there, is what the catalogue declares. */
static enum err
settle_extensions(struct item *it, struct order_state *s)
{
	struct str before = order_returns(s->in)
	    ? STR("")
	    : doc_get(&s->before, A_EXTENSIONS, 0);
	struct str after = doc_get(&s->after, A_EXTENSIONS, 0);

	TRY(extension_settle(
	    it->cx, s->realm->catalogue, NULL, before, after, &after));
	doc_set_extensions(it->cx->arena, &s->after, after);
	return OK;
}

static void
add_document_values(struct item *it, struct order_state *s)
{
	struct arena *arena = it->cx->arena;
	struct str word[WORDS_MAX], key;
	size_t n;

	s->unique_at = s->value.n;
	if (canon_key(arena, doc_get(&s->after, A_USER_NAME, 0), &key))
		add_value(it, s, INDEX_USER_NAME, key);
	for (size_t i = 0; i < s->after.n; i++)
		if (s->realm->catalogue->setting[SETTING_EMAIL_UNIQUE]
		    && doc_address(arena, &s->after, i, &key))
			add_value(it, s, INDEX_EMAIL, key);
	add_extension_values(it, s, true);
	s->nunique = s->value.n - s->unique_at;
	s->search_at = s->value.n;
	n = doc_words(arena, &s->after, word, COUNT(word));
	for (size_t i = 0; i < n; i++)
		add_value(it, s, INDEX_SEARCH, word[i]);
	for (size_t i = 0; i < s->after.n; i++)
		if (doc_address(arena, &s->after, i, &key))
			add_value(it, s, INDEX_SEARCH, key);
	add_extension_values(it, s, false);
	s->nsearch = s->value.n - s->search_at;
}

static void
add_extension_values(struct item *it, struct order_state *s, bool is_unique)
{
	struct extension_key key[EXTENSION_KEYS_MAX];
	size_t n = extension_keys(it->cx, s->realm->catalogue,
	    doc_get(&s->after, A_EXTENSIONS, 0), key);

	for (size_t i = 0; i < n; i++)
		if (key[i].is_unique == is_unique)
			add_value(it, s,
			    is_unique ? INDEX_ATTRIBUTE : INDEX_SEARCH,
			    digest_of(it->cx->arena, key[i].text));
}

/* By the record: what is known by the index is what was sealed. */
static void
plan_ref(struct item *it, struct order_state *s)
{
	struct str was = doc_get(&s->before, A_EXTERNAL_ID, 0);
	struct str is = doc_get(&s->after, A_EXTERNAL_ID, 0);

	if (str_eq(was, is))
		return;
	if (was.n > 0)
		s->old_ref_at = add_ref(it, s, was);
	if (is.n > 0 && s->ref_at == SIZE_MAX)
		s->ref_at = add_ref(it, s, is);
}

static size_t
add_ref(struct item *it, struct order_state *s, struct str ref)
{
	return add_value(it, s, INDEX_SOURCE_REF,
	    str_fmt(it->cx->arena, "%lld/%.*s", (long long)s->in->source,
	    STR_ARG(ref)));
}

static size_t
add_value(struct item *it, struct order_state *s, enum index_kind kind,
    struct str value)
{
	struct index_value v = { kind, value };

	list_add(it->cx->arena, &s->value, v);
	return s->value.n - 1;
}

/* --- contracts --------------------------------------------------------------- */

static enum err
plan_contracts(struct item *it, struct order_state *s)
{
	const struct order *in = s->in;

	if (in->ncontract > CONTRACTS_MAX)
		return fail(it->cx, ERR_BAD_INPUT, MSG_ORDER_CONTRACTS,
		    "contracts");
	s->ncontract = in->ncontract;
	s->contract = arena_array(it->cx->arena, in->ncontract + 1,
	    sizeof(*s->contract));
	for (size_t i = 0; i < in->ncontract; i++)
		TRY(plan_contract(it, s, &in->contract[i], &s->contract[i]));
	return OK;
}

static enum err
plan_contract(struct item *it, struct order_state *s,
    const struct contract_in *c, struct contract_plan *plan)
{
	struct contract *row = &plan->row;

	row->tenant = it->tenant;
	row->person = s->person;
	row->source = s->in->source;
	plan->key_at = add_value(it, s, INDEX_SOURCE_REF,
	    str_fmt(it->cx->arena, "%lld/%lld/%.*s", (long long)s->in->source,
	    (long long)s->person, STR_ARG(c->key)));
	TRY(plan_places(it, s, c, row));
	TRY(plan_day(it, "start", c->start, &row->start_day));
	TRY(plan_day(it, "end", c->end, &row->end_day));
	return plan_manager(it, s, c->manager, plan);
}

static enum err
plan_places(struct item *it, struct order_state *s,
    const struct contract_in *c, struct contract *row)
{
	const struct catalogue *cat = s->realm->catalogue;
	const struct site *site;
	const struct organisation *organisation;

	if (c->site.n > 0) {
		site = catalogue_site_slug(cat, c->site);
		if (site == NULL)
			return fail(it->cx, ERR_BAD_INPUT, MSG_ORDER_SITE,
			    "site", str_z(it->cx->arena, c->site));
		row->site = site->id;
	}
	if (c->organization.n > 0) {
		organisation = order_organisation(it, s, c->organization);
		if (organisation == NULL)
			return fail(it->cx, ERR_BAD_INPUT,
			    MSG_ORDER_ORGANISATION, "organization",
			    str_z(it->cx->arena, c->organization));
		row->organization = organisation->id;
	}
	return OK;
}

/* By the id of a person, or by a ref of the same source. */
static enum err
plan_manager(struct item *it, struct order_state *s, struct str manager,
    struct contract_plan *plan)
{
	plan->manager_at = SIZE_MAX;
	if (manager.n == 0)
		return OK;
	if (s->in->kind != ORDER_IMPORT && s->in->kind != ORDER_MANAGER
	    && id_decode(manager, &plan->manager))
		return OK;
	if (str_eq(manager, s->in->ref))
		return fail(it->cx, ERR_BAD_INPUT, MSG_ORDER_OWN_MANAGER,
		    "manager");
	plan->manager_at = add_ref(it, s, manager);
	return OK;
}

static enum err
plan_day(struct item *it, const char *field, struct str iso, int64_t *out)
{
	int32_t day;

	if (iso.n == 0)
		return OK;
	if (!date_parse(iso, &day))
		return fail(it->cx, ERR_BAD_INPUT, MSG_ORDER_DATE, field,
		    str_z(it->cx->arena, iso));
	*out = day + DAY_BIAS;
	return OK;
}

/*
 * Puts the id of an organisational string into SLOT; an unknown one is sealed
 * and indexed now, and gets its id in the transaction.
 */
static enum err
intern(struct item *it, struct order_state *s, int64_t *slot,
    struct str value, struct vault_call *call)
{
	struct interned in = { .slot = slot };
	struct index_value *key;
	struct str canonical;
	const struct named *department;

	if (value.n == 0)
		return OK;
	department = catalogue_department_slug(s->realm->catalogue, value);
	in.value = department != NULL ? department->slug : value;
	*slot = dictionary_find(s->realm->dictionary, in.value);
	if (*slot != 0)
		return OK;
	if (dictionary_is_full(s->realm->dictionary))
		return fail(it->cx, ERR_FULL, MSG_ORDER_DICTIONARY, "person");
	if (!canon_key(it->cx->arena, in.value, &canonical))
		canonical = in.value;
	key = arena_alloc(it->cx->arena, sizeof(*key));
	*key = (struct index_value) { INDEX_DICTIONARY, canonical };
	in.id = id_new();
	in.sealed = vault_text_seal(call, PURPOSE_DICTIONARY, in.id, in.value);
	in.key = vault_index(call, key, 1);
	list_add(it->cx->arena, &s->intern, in);
	return OK;
}

/* --- the exact inputs, for the log -------------------------------------------- */

/*
 * With the record whole before and after; if that is too long, with what
 * differs in it; if that is too long still, without what became of it, which
 * follows from the rest.  So who can be made can be changed.
 */
static enum err
audit_text(struct item *it, struct order_state *s)
{
	struct arena *arena = it->cx->arena;
	struct audit_parts whole = { .has_after = true, .doc = { s->before,
		s->after } }, part;
	struct str salt = { arena_alloc(arena, 16), 16 };

	if (!s->seals && !notes_reason(s->in))
		return OK;
	random_bytes((void *)salt.p, salt.n);
	if (notes_reason(s->in)) {
		whole.has_after = false;
		if (put_audit(it, s, salt, &whole))
			return OK;
		return fail(it->cx, ERR_TOO_LARGE, MSG_ORDER_RECORD, "person");
	}
	s->digest_after = salted(arena, salt, s->seal.record);
	if (s->is_new) {
		whole.has_after = false;
		if (put_audit(it, s, salt, &whole)
		    && s->seal.audit.n + s->seal.record.n <= AUDIT_MAX)
			return OK;
		return fail(it->cx, ERR_TOO_LARGE, MSG_ORDER_RECORD, "person");
	}
	s->digest_before = salted(arena, salt,
	    doc_canonical(arena, &s->before));
	part = whole;
	doc_differing(arena, &s->before, &s->after, &part.doc[0]);
	doc_differing(arena, &s->after, &s->before, &part.doc[1]);
	if (put_audit(it, s, salt, &whole) || put_audit(it, s, salt, &part))
		return OK;
	part.has_after = false;
	if (put_audit(it, s, salt, &part))
		return OK;
	return fail(it->cx, ERR_TOO_LARGE, MSG_ORDER_RECORD, "person");
}

/* false: it is more than an entry takes. */
static bool
put_audit(struct item *it, struct order_state *s, struct str salt,
    const struct audit_parts *parts)
{
	struct arena *arena = it->cx->arena;
	struct js_out js;
	struct buf b;

	buf_init(&b, arena, AUDIT_MAX);
	js_begin(&js, &b);
	js_open_object(&js);
	if (parts->has_after) {
		js_key(&js, "after");
		js_put_raw(&js, doc_canonical(arena, &parts->doc[1]));
	}
	if (s->seals && !s->is_new) {
		js_key(&js, "before");
		js_put_raw(&js, doc_canonical(arena, &parts->doc[0]));
	}
	js_key(&js, "inputs");
	js_put_str(&js, s->in->body);
	js_key(&js, "salt");
	js_put_str(&js, str_base64url(arena, salt));
	js_close_object(&js);
	s->seal.audit = buf_view(&b);
	return !b.over;
}

/* What stands in clear for a record: useless without the salt, which is sealed. */
static struct hash
salted(struct arena *arena, struct str salt, struct str record)
{
	struct buf b;
	struct hash out;

	buf_init(&b, arena, salt.n + record.n);
	buf_str(&b, salt);
	buf_str(&b, record);
	sha256(buf_view(&b), &out);
	return out;
}

/* --- keep: wrapped keys, before the data ------------------------------------------ */

static enum err
vault_refused(const struct order_state *s)
{
	for (size_t i = 0; i < s->intern.n; i++)
		if (s->intern.v[i].sealed->err != OK)
			return s->intern.v[i].sealed->err;
	TRY(role_refused(s));
	if (s->sealed != NULL)
		return s->sealed->err;
	return s->indexed != NULL ? s->indexed->err : OK;
}

static enum err
keep(struct batch *b, struct tx *keys)
{
	struct key_row *row = arena_array(b->cx->arena, b->n, sizeof(*row));
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++) {
		struct item *it = b->item[i];
		struct order_state *s = order_state(it);

		if (it->err == OK && vault_refused(s) != OK)
			it->err = fail_sealed(it->cx, vault_refused(s),
			    "person");
		s->sealed_ms = clock_now_ms();
		if (it->err != OK || !s->is_new || s->sealed == NULL)
			continue;
		row[n++] = (struct key_row) {
			.tenant = it->tenant,
			.person = s->person,
			.version = s->sealed->key_version,
			.state = KEY_ACTIVE,
			.kek_epoch = s->sealed->kek_epoch,
			.created_ms = b->cx->now_ms,
			.wrapped = s->sealed->wrapped_key,
		};
	}
	return store_save(keys, &PERSON_KEY, row, n, NULL);
}
