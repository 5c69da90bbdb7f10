/* SPDX-License-Identifier: Apache-2.0 */
/*
 * login_try.c - how often somebody may try: counted by account and by address
 * before a try is looked at, stored, so that neither a thousand tries at once
 * nor a restart give more of them.
 *
 * After so many tries (settings) the next one waits 15 seconds, then twice as
 * long each time, 15 minutes at most.  Who signs in begins anew.
 */
#include "act/login.h"
#include "act/world_int.h"

#include <string.h>

#include "base/canon.h"
#include "base/clock.h"

#include "core/net.h"

#define FIRST_MS  INT64_C(15000)
#define LAST_MS	  INT64_C(900000)
#define FAILS_MAX 1024

struct try_state {
	const struct realm     *realm;
	struct str		canonical;	/* the user name; empty: nobody can have it */
	const struct index_out *name;	/* of it, to find the person by; NULL: of a step-up */
	const struct index_out *by;	/* account, address */
};

static enum err prepare_one(struct batch *, struct item *, struct vault_call *);
static void nowhere(struct world *, struct item *, struct login *);
static enum err want_one(struct batch *, struct item *, struct tx *,
    struct vault_call *);
static struct str account_of(struct arena *, const struct try_state *,
    const struct login *);
static struct str address_of(struct arena *, const struct login *,
    struct str address);
static enum err count(struct item *, struct tx *, int64_t now_ms);
static enum err read_counter(struct tx *, const struct login *,
    const struct key256 *, int64_t now_ms, struct throttle_row *);
static void add_try(struct throttle_row *, int64_t most, int64_t now_ms);
static void note_fails(struct world *, const struct login_fail *);
static void note_again(struct world *, const void *);
static bool waits(const struct throttle_row *, int64_t now_ms, int64_t *s);

static enum err
prepare(struct batch *b, struct tx *data, struct tx *keys,
    struct vault_call *call)
{
	(void)data;
	(void)keys;
	for (size_t i = 0; i < b->n; i++)
		b->item[i]->err = prepare_one(b, b->item[i], call);
	return OK;
}

static enum err
prepare_one(struct batch *b, struct item *it, struct vault_call *call)
{
	struct try_state *s = arena_alloc(it->cx->arena, sizeof(*s));
	struct login *in = it->in;
	struct index_value value = { .kind = INDEX_USER_NAME };

	it->state = s;
	it->out = in;
	if (in->tenant == 0)
		nowhere(b->world, it, in);
	TRY(world_realm(b->world, it->cx, in->tenant, &s->realm));
	if (in->is_step_up)
		return OK;
	if (!canon_key(it->cx->arena, in->in->user_name, &s->canonical))
		s->canonical = STR("");
	value.value = s->canonical;
	call->tenant = in->tenant;
	call->capability = &s->realm->capability;
	s->name = vault_index(call, &value, 1);
	return OK;
}

/* Of no tenant: counted and checked as nobody in one that there is. */
static void
nowhere(struct world *w, struct item *it, struct login *in)
{
	uint32_t *tenant;

	in->is_nowhere = true;
	if (world_tenants(w, it->cx->arena, &tenant) > 0)
		it->tenant = in->tenant = tenant[0];
}

static enum err
want(struct batch *b, struct tx *data, struct vault_call *call)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->item[i]->err == OK)
			b->item[i]->err = want_one(b, b->item[i], data, call);
	return OK;
}

static enum err
want_one(struct batch *b, struct item *it, struct tx *data,
    struct vault_call *call)
{
	struct arena *a = it->cx->arena;
	struct try_state *s = it->state;
	struct login *in = it->in;
	struct index_value *value = arena_array(a, 2, sizeof(*value));
	struct index_key key = { .kind = INDEX_USER_NAME };

	(void)b;
	if (s->name != NULL) {
		TRY(s->name->err);
		memcpy(key.bytes, s->name->key->bytes, sizeof(key.bytes));
		TRY(index_find(data, in->tenant, &key, 1, &in->person));
	}
	if (in->is_nowhere)
		in->person = 0;
	value[0] = (struct index_value) { INDEX_THROTTLE,
		account_of(a, s, in) };
	value[1] = (struct index_value) { INDEX_THROTTLE,
		address_of(a, in, it->cx->actor->address) };
	call->tenant = in->tenant;
	call->capability = &s->realm->capability;
	s->by = vault_index(call, value, 2);
	return OK;
}

/*
 * Somebody and nobody are counted by the same: by who it is, spellings of one
 * name would be one for who is there and many for who is not.  What is tried at
 * no tenant is counted beside what is tried at those that there are.
 */
static struct str
account_of(
    struct arena *a, const struct try_state *s, const struct login *in)
{
	if (in->is_step_up)
		return str_fmt(a, "person/%lld", (long long)in->person);
	if (in->is_nowhere)
		return str_fmt(a, "nobody/%.*s/%.*s",
		    STR_ARG(in->tenant_name), STR_ARG(s->canonical));
	return str_fmt(a, "name/%.*s", STR_ARG(s->canonical));
}

static struct str
address_of(struct arena *a, const struct login *in, struct str address)
{
	struct net net;

	net_counted(address, &net);
	return str_fmt(a, in->is_nowhere ? "nowhere/%.*s" : "address/%.*s",
	    STR_ARG(net_text(a, &net)));
}

static enum err
save(struct batch *b, struct tx *tx)
{
	for (size_t i = 0; i < b->n; i++) {
		struct item *it = b->item[i];
		enum err err;

		if (it->err != OK)
			continue;
		err = count(it, tx, b->cx->now_ms);
		if (err == ERR_LIMITED)
			it->err = err;
		else
			TRY(err);
	}
	return OK;
}

static enum err
count(struct item *it, struct tx *tx, int64_t now_ms)
{
	const struct try_state *s = it->state;
	const int64_t *setting = s->realm->catalogue->setting;
	struct login *in = it->in;
	struct throttle_row row[2];
	int64_t left_s = 0;

	TRY(s->by->err);
	in->account = s->by->key[0];
	in->address = s->by->key[1];
	TRY(read_counter(tx, in, &in->account, now_ms, &row[0]));
	TRY(read_counter(tx, in, &in->address, now_ms, &row[1]));
	if (waits(&row[0], now_ms, &left_s)
	    || waits(&row[1], now_ms, &left_s)) {
		struct str text =
		    str_fmt(it->cx->arena, "%lld", (long long)left_s);

		return fail(it->cx, ERR_LIMITED, MSG_LOGIN_WAIT, "",
		    str_z(it->cx->arena, text));
	}
	add_try(&row[0], setting[SETTING_LOGIN_TRIES], now_ms);
	add_try(&row[1], setting[SETTING_LOGIN_ADDRESS_TRIES], now_ms);
	return store_save(tx, &THROTTLE, row, 2, NULL);
}

static enum err
read_counter(struct tx *tx, const struct login *in, const struct key256 *key,
    int64_t now_ms, struct throttle_row *out)
{
	struct rows rows;

	*out = (struct throttle_row) { .tenant = in->tenant,
		.key = { (const char *)key->bytes, sizeof(key->bytes) } };
	TRY(store_load(tx, &THROTTLE, out, 1, 2, 0, &rows));
	if (rows.n == 0)
		return OK;
	*out = *(struct throttle_row *)rows.row;
	if (now_ms - out->last_ms > TRIES_KEPT_MS)
		out->tries = out->until_ms = 0;
	return OK;
}

static void
add_try(struct throttle_row *row, int64_t most, int64_t now_ms)
{
	int64_t wait = FIRST_MS;

	row->tries++;
	row->last_ms = now_ms;
	if (row->tries < most)
		return;
	for (int64_t i = most; i < row->tries && wait < LAST_MS; i++)
		wait *= 2;
	row->until_ms = now_ms + (wait < LAST_MS ? wait : LAST_MS);
}

static bool
waits(const struct throttle_row *row, int64_t now_ms, int64_t *s)
{
	if (row->until_ms <= now_ms)
		return false;
	*s = (row->until_ms - now_ms + 999) / 1000;
	return true;
}

const struct use_case login_try = {
	.name = "login_try",
	.prepare = prepare,
	.want = want,
	.save = save,
};

/* --- a try that nobody looked at ------------------------------------------------------- */

static enum err
give_back(struct tx *tx, const struct login *in, const struct key256 *key,
    int64_t now_ms)
{
	struct throttle_row row;

	TRY(read_counter(tx, in, key, now_ms, &row));
	if (row.tries == 0)
		return OK;
	row.tries--;
	/* Its wait goes, too, though another may have reached the bound: without this one it was not reached. */
	row.until_ms = 0;
	return store_save(tx, &THROTTLE, &row, 1, NULL);
}

static enum err
back_save(struct batch *b, struct tx *tx)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct login *in = b->item[i]->in;

		TRY(give_back(tx, in, &in->account, b->cx->now_ms));
		TRY(give_back(tx, in, &in->address, b->cx->now_ms));
	}
	return OK;
}

const struct use_case login_back = {
	.name = "login_back",
	.save = back_save,
};

/* --- failures, for the log ------------------------------------------------------------ */

void
login_fail_note(struct world *w, uint32_t tenant, int64_t person)
{
	note_fails(w, &(struct login_fail) { tenant, person, 1 });
}

/* More different ones than there is room for are counted into the tenant's last, or dropped. */
static void
note_fails(struct world *w, const struct login_fail *fail)
{
	struct login_fail *at = NULL;

	lock_take(w->mu);
	if (w->fail == NULL)
		w->fail = heap_alloc(FAILS_MAX, sizeof(*w->fail));
	for (size_t i = w->nfail; i-- > 0 && at == NULL;)
		if (w->fail[i].tenant == fail->tenant
		    && (w->fail[i].person == fail->person
		    || w->nfail == FAILS_MAX))
			at = &w->fail[i];
	if (at != NULL)
		at->count += fail->count;
	else if (w->nfail < FAILS_MAX)
		w->fail[w->nfail++] = *fail;
	else
		w->dropped[NOTE_LOGIN] += (uint64_t)fail->count;
	lock_give(w->mu);
}

/* The database was away.  Of a tenant that is no more nobody asks. */
static void
note_again(struct world *w, const void *row)
{
	const struct login_fail *fail = row;

	if (world_state_of(w, (uint32_t)fail->tenant) != 0)
		note_fails(w, fail);
}

static enum err
fails_save(struct batch *b, struct tx *tx)
{
	struct logbook book = { .arena = tx_ctx(tx)->arena };

	for (size_t i = 0; i < b->n; i++) {
		const struct share *in = b->item[i]->in;

		for (size_t j = 0; j < in->n; j++) {
			const struct login_fail *f =
			    (const struct login_fail *)in->row + j;
			struct change *c =
			    arena_alloc(book.arena, sizeof(*c));
			struct entry e = entry_by(b->item[i]->cx,
			    ACTION_LOGIN_FAILED, f->person != 0
			    ? SUBJECT_PERSON : SUBJECT_TENANT,
			    f->person != 0 ? f->person : f->tenant);

			*c = (struct change) { .kind = CHANGE_TRIES,
				.after = f->count };
			e.change = c;
			e.nchange = 1;
			logbook_add(&book, in->tenant, &e, NULL);
		}
	}
	return logbook_save(&book, tx);
}

static const struct use_case login_fails = { .name = "login_fails",
	.save = fails_save };

void
login_fails_write(struct world *w)
{
	static const struct actor node = { .kind = ACTOR_NODE,
		.factors = FACTOR_SOCKET };
	struct arena *arena = arena_open(16 << 20);
	struct login_fail *fail = NULL;
	size_t n;

	lock_take(w->mu);
	n = w->nfail;
	if (n > 0)
		fail = arena_copy(arena, w->fail, n * sizeof(*fail));
	w->nfail = 0;
	lock_give(w->mu);
	(void)shares_write(w, &login_fails, &node,
	    &(struct row_list) { fail, n, sizeof(*fail), 0, note_again });
	arena_close(arena);
}
