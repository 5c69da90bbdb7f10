/* SPDX-License-Identifier: Apache-2.0 */
/*
 * login_save.c - what signing in stores: the code it used up, the session; and
 * what a person changes of what they sign in with.
 *
 * A code is used up by the condition that it was not yet, in the transaction:
 * of a thousand who bring the same one, one signs in (S-T13).
 */
#include "act/login.h"
#include "act/world_int.h"

#include "base/clock.h"

#define SESSIONS_MAX 50	/* of one person */

static enum err open_one(struct batch *, struct item *, struct tx *,
    struct logbook *);
static enum err make_room(struct batch *, struct item *, struct tx *,
    struct logbook *);
static const struct session_row *longest_unused(struct world *,
    const struct rows *, bool *is_gone);
static enum err load_login(struct tx *, uint32_t tenant, int64_t person,
    struct login_row *);
static enum err use_up(struct item *, struct tx *, struct login_row *);
static enum err use_activation(struct item *, struct tx *);
static enum err wrong(struct item *);
static enum err begin_anew(struct tx *, const struct login *, int64_t now_ms);
static void note(struct item *, struct logbook *, enum action,
    int64_t session, int64_t began);

/* --- a session begins ----------------------------------------------------------------- */

struct session_state {
	struct session_row row;
	int64_t		   before;	/* the one it takes the place of; 0: none */
	int64_t		  *gone;	/* those it is one too many beside */
	size_t		   ngone;
};

static enum err
open_save(struct batch *b, struct tx *tx)
{
	struct logbook book = { .arena = tx_ctx(tx)->arena };

	for (size_t i = 0; i < b->n; i++) {
		struct item *it = b->item[i];
		enum err err = open_one(b, it, tx, &book);

		if (err == ERR_UNAUTHENTICATED)
			it->err = err;
		else
			TRY(err);
	}
	return logbook_save(&book, tx);
}

static enum err
open_one(struct batch *b, struct item *it, struct tx *tx, struct logbook *book)
{
	const struct login *in = it->in;
	struct session_state *s = arena_alloc(it->cx->arena, sizeof(*s));
	struct person key = { .tenant = in->tenant, .id = in->person };
	struct session_row old = { .tenant = in->tenant, .person = in->person,
		.id = it->cx->actor->session };
	struct login_row login;
	struct hash hash;
	struct rows rows;

	it->state = s;
	it->out = it->in;
	TRY(store_load(tx, &PERSON, &key, 1, 2, 0, &rows));
	if (rows.n == 0 || !person_may_login(rows.row))
		return wrong(it);
	TRY(load_login(tx, in->tenant, in->person, &login));
	TRY(store_load(tx, &SESSION, &old, 1, 3, 0, &rows));
	if (in->is_step_up && rows.n == 0)
		return wrong(it);
	/* Replaced since it was checked: whoever knew the old one is out. */
	if (!in->is_activation && (!str_eq(login.verifier, in->was)
	    || !str_eq(login.totp, in->was_totp)))
		return wrong(it);
	if (in->is_activation)
		TRY(use_activation(it, tx));
	if (in->verifier.n > 0)
		TRY(store_drop(tx, &SESSION, &old, 1, 2, NULL));
	TRY(use_up(it, tx, &login));
	sha256(in->secret, &hash);
	s->row = (struct session_row) {
		.tenant = in->tenant,
		.person = in->person,
		.id = in->session,
		.hash = str_copy(it->cx->arena,
		    (struct str) { (char *)hash.bytes, 32 }),
		.factors = in->factors,
		.created_ms = b->cx->now_ms,
		.factor_ms = b->cx->now_ms,
		.seen_ms = b->cx->now_ms,
		.expires_ms = in->expires_ms,
	};
	if (in->is_step_up) {
		const struct session_row *before = rows.row;

		s->before = old.id;
		s->row.factors |= before->factors;
		s->row.expires_ms = before->expires_ms;
		s->row.created_ms = before->created_ms;
		((struct login *)it->out)->expires_ms = before->expires_ms;
		TRY(store_drop(tx, &SESSION, &old, 1, 3, NULL));
		note(it, book, ACTION_LOGIN_STEPPED_UP, old.id, 0);
	}
	TRY(make_room(b, it, tx, book));
	TRY(store_save(tx, &SESSION, &s->row, 1, NULL));
	TRY(begin_anew(tx, in, b->cx->now_ms));
	if (in->used_recovery)
		note(it, book, ACTION_RECOVERY_USED, 0, 0);
	note(it, book, in->is_activation ? ACTION_ACTIVATION_USED
	    : ACTION_LOGIN_DONE, in->session, 1);
	if (in->verifier.n > 0)
		note(it, book, ACTION_PASSWORD_CHANGED, 0, 0);
	return OK;
}

/*
 * Somebody who signs in again and again would fill memory and table: of too
 * many the one ends that was not used for the longest time, so that nobody is
 * kept out and whoever works goes on.
 */
static enum err
make_room(struct batch *b, struct item *it, struct tx *tx,
    struct logbook *book)
{
	struct session_state *s = it->state;
	struct session_row key = { .tenant = s->row.tenant,
		.person = s->row.person };
	struct rows rows;
	bool *is_gone;

	TRY(store_load(tx, &SESSION, &key, 1, 2, 0, &rows));
	is_gone = arena_array(it->cx->arena, rows.n + 1, sizeof(*is_gone));
	s->gone = arena_array(it->cx->arena, rows.n + 1, sizeof(*s->gone));
	while (rows.n - s->ngone >= SESSIONS_MAX) {
		const struct session_row *row =
		    longest_unused(b->world, &rows, is_gone);

		s->gone[s->ngone++] = row->id;
		TRY(store_drop(tx, &SESSION, row, 1, 3, NULL));
		note(it, book, ACTION_SESSION_ENDED, row->id, 0);
	}
	return OK;
}

/* By memory: the table learns of it once a minute.  The lowest id is the oldest. */
static const struct session_row *
longest_unused(struct world *w, const struct rows *rows, bool *is_gone)
{
	const struct session_row *row = rows->row;
	int64_t least = INT64_MAX;
	size_t at = 0;

	for (size_t i = 0; i < rows->n; i++) {
		int64_t used = world_token_used(
		    w, (uint32_t)row[i].tenant, row[i].id);

		if (used < row[i].seen_ms)
			used = row[i].seen_ms;
		if (!is_gone[i] && used < least) {
			least = used;
			at = i;
		}
	}
	is_gone[at] = true;
	return &row[at];
}

static enum err
wrong(struct item *it)
{
	const struct login *in = it->in;

	if (in->is_activation)
		return fail(it->cx, ERR_UNAUTHENTICATED, MSG_ACTIVATION_WRONG,
		    "token");
	return fail(it->cx, ERR_UNAUTHENTICATED, MSG_LOGIN_WRONG, "");
}

static enum err
load_login(struct tx *tx, uint32_t tenant, int64_t person,
    struct login_row *out)
{
	struct rows rows;

	*out = (struct login_row) { .tenant = tenant, .person = person };
	TRY(store_load(tx, &LOGIN, out, 1, 2, 0, &rows));
	if (rows.n > 0)
		*out = *(struct login_row *)rows.row;
	return OK;
}

/* Each of them once, ever. */
static enum err
use_up(struct item *it, struct tx *tx, struct login_row *login)
{
	const struct login *in = it->in;
	struct recovery_row code = { .tenant = in->tenant,
		.person = in->person,
		.hash = { (const char *)in->recovery.bytes, 32 } };
	int64_t n;

	if (in->used_recovery) {
		TRY(store_drop(tx, &RECOVERY, &code, 1, 3, &n));
		if (n != 1)
			return wrong(it);
	}
	if (in->step != 0 && in->step <= login->last_step)
		return wrong(it);
	if (in->step == 0 && in->verifier.n == 0)
		return OK;
	if (in->step != 0)
		login->last_step = in->step;
	if (in->verifier.n > 0) {
		login->verifier = in->verifier;
		login->password_ms = it->cx->now_ms;
	}
	return store_save(tx, &LOGIN, login, 1, NULL);
}

static enum err
use_activation(struct item *it, struct tx *tx)
{
	const struct login *in = it->in;
	struct activation_row key = { .tenant = in->tenant,
		.person = in->person };
	struct rows rows;

	TRY(store_load(tx, &ACTIVATION, &key, 1, 2, 0, &rows));
	if (rows.n == 0
	    || !str_eq_secret(((struct activation_row *)rows.row)->hash,
	    (struct str) { (const char *)in->activation.bytes, 32 }))
		return wrong(it);
	return store_drop(tx, &ACTIVATION, &key, 1, 2, NULL);
}

/* Who signed in has no failed tries; the address has one less. */
static enum err
begin_anew(struct tx *tx, const struct login *in, int64_t now_ms)
{
	struct throttle_row account = { .tenant = in->tenant,
		.key = { (const char *)in->account.bytes, 32 } };
	struct throttle_row address = { .tenant = in->tenant,
		.key = { (const char *)in->address.bytes, 32 } };
	struct throttle_row *row;
	struct rows rows;

	if (in->is_activation)
		return OK;
	TRY(store_drop(tx, &THROTTLE, &account, 1, 2, NULL));
	TRY(store_load(tx, &THROTTLE, &address, 1, 2, 0, &rows));
	if (rows.n == 0)
		return OK;
	row = rows.row;
	row->tries -= row->tries > 0;
	row->until_ms = row->tries == 0 ? 0 : row->until_ms;
	row->last_ms = now_ms;
	return store_save(tx, &THROTTLE, row, 1, NULL);
}

/* By the person, of the person; SESSION 0: no session began or ended. */
static void
note(struct item *it, struct logbook *book, enum action action,
    int64_t session, int64_t began)
{
	const struct login *in = it->in;
	struct change *c = arena_alloc(book->arena, sizeof(*c));
	struct entry e =
	    entry_by(it->cx, action, SUBJECT_PERSON, in->person);

	e.actor_kind = ACTOR_PERSON;
	e.actor = in->person;
	e.factors = (uint8_t)in->factors;
	*c = (struct change) { .kind = CHANGE_SESSION, .object = session,
		.before = !began, .after = began };
	if (session != 0) {
		e.change = c;
		e.nchange = 1;
	}
	logbook_add(book, in->tenant, &e, NULL);
}

static void
open_committed(struct batch *b)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct session_state *s = b->item[i]->state;

		if (b->item[i]->err != OK)
			continue;
		if (((const struct login *)b->item[i]->in)->verifier.n > 0)
			world_sessions_end(b->world, (uint32_t)s->row.tenant,
			    s->row.person, 0, 0);
		if (s->before != 0)
			world_sessions_end(b->world, (uint32_t)s->row.tenant,
			    s->row.person, s->before, 0);
		for (size_t j = 0; j < s->ngone; j++)
			world_sessions_end(b->world, (uint32_t)s->row.tenant,
			    s->row.person, s->gone[j], 0);
		world_session_set(b->world, &s->row);
	}
}

const struct use_case session_open = {
	.name = "session_open",
	.save = open_save,
	.committed = open_committed,
};

/* --- and ends --------------------------------------------------------------------------- */

static enum err
end_one(struct item *it, struct tx *tx, struct logbook *book)
{
	const struct session_end_in *in = it->in;
	const struct actor *actor = it->cx->actor;
	struct session_row key = { .tenant = it->tenant,
		.person = actor->person, .id = in->session };
	struct session_row *row;
	struct rows rows;

	TRY(store_load(tx, &SESSION, &key, 1, in->all ? 2 : 3, 0, &rows));
	if (actor->person == 0 || (rows.n == 0 && !in->all))
		return fail(it->cx, ERR_NOT_FOUND, MSG_SESSION_UNKNOWN,
		    "session");
	row = rows.row;
	for (size_t i = 0; i < rows.n; i++) {
		struct change *c = arena_alloc(book->arena, sizeof(*c));
		struct entry e = entry_by(it->cx, ACTION_SESSION_ENDED,
		    SUBJECT_PERSON, actor->person);

		*c = (struct change) { .kind = CHANGE_SESSION,
			.object = row[i].id, .before = 1 };
		e.change = c;
		e.nchange = 1;
		logbook_add(book, it->tenant, &e, NULL);
	}
	return store_drop(tx, &SESSION, &key, 1, in->all ? 2 : 3, NULL);
}

static enum err
end_save(struct batch *b, struct tx *tx)
{
	struct logbook book = { .arena = tx_ctx(tx)->arena };

	for (size_t i = 0; i < b->n; i++) {
		enum err err = end_one(b->item[i], tx, &book);

		if (err == ERR_NOT_FOUND)
			b->item[i]->err = err;
		else
			TRY(err);
	}
	return logbook_save(&book, tx);
}

static void
end_committed(struct batch *b)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct session_end_in *in = b->item[i]->in;

		if (b->item[i]->err == OK)
			world_sessions_end(b->world, b->item[i]->tenant,
			    b->item[i]->cx->actor->person,
			    in->all ? 0 : in->session, 0);
	}
}

const struct use_case session_end = {
	.name = "session_end",
	.save = end_save,
	.committed = end_committed,
};

/* --- what somebody signs in with ----------------------------------------------------------- */

static enum err set_password(struct tx *, const struct session_row *,
    struct login_row *, const struct login_change *);
static enum err set_totp(struct item *, struct tx *, struct login_row *);

/* A session that ended while the vault was at work changes nothing any more. */
static enum err
set_one(struct batch *b, struct item *it, struct tx *tx, struct logbook *book)
{
	const struct login_change *in = it->in;
	const struct actor *actor = it->cx->actor;
	struct session_row key = { .tenant = it->tenant,
		.person = actor->person, .id = actor->session };
	const bool is_password = in->verifier.n > 0;
	const struct session_row *session;
	struct login_row login;
	struct rows rows;
	struct entry e = entry_by(it->cx, is_password
	    ? ACTION_PASSWORD_CHANGED : ACTION_TOTP_SET, SUBJECT_PERSON,
	    actor->person);

	it->out = it->in;
	TRY(store_load(tx, &SESSION, &key, 1, 3, 0, &rows));
	session = rows.row;
	if (rows.n == 0)
		return fail(it->cx, ERR_UNAUTHENTICATED, MSG_WORLD_TOKEN,
		    "Authorization");
	TRY(load_login(tx, it->tenant, actor->person, &login));
	if (!is_password)
		TRY(check_codes(it->cx, &login, (unsigned)session->factors));
	if (in->totp_next.n > 0) {
		login.totp_next = in->totp_next;
		login.totp_ms = b->cx->now_ms;
		return store_save(tx, &LOGIN, &login, 1, NULL);
	}
	if (is_password) {
		login.password_ms = b->cx->now_ms;
		TRY(set_password(tx, session, &login, in));
	} else {
		TRY(set_totp(it, tx, &login));
	}
	logbook_add(book, it->tenant, &e, NULL);
	return store_save(tx, &LOGIN, &login, 1, NULL);
}

/* Whoever knew the old one is out, and whoever has an activation token does not come in by it. */
static enum err
set_password(struct tx *tx, const struct session_row *session,
    struct login_row *login, const struct login_change *in)
{
	struct session_row key = { .tenant = login->tenant,
		.person = login->person };
	struct activation_row activation = { .tenant = login->tenant,
		.person = login->person };
	const struct session_row *row;
	struct rows rows;

	login->verifier = in->verifier;
	TRY(store_load(tx, &SESSION, &key, 1, 2, 0, &rows));
	row = rows.row;
	for (size_t i = 0; i < rows.n; i++)
		if (row[i].id != session->id)
			TRY(store_drop(tx, &SESSION, &row[i], 1, 3, NULL));
	return store_drop(tx, &ACTIVATION, &activation, 1, 2, NULL);
}

static enum err
set_totp(struct item *it, struct tx *tx, struct login_row *login)
{
	const struct login_change *in = it->in;
	struct recovery_row code[RECOVERY_CODES];

	if (!str_eq(login->totp_next, in->confirmed))
		return fail(it->cx, ERR_CONFLICT, MSG_TOTP_NONE, "totp");
	login->totp = login->totp_next;
	login->totp_next = STR("");
	login->last_step = in->confirmed_step;
	code[0] = (struct recovery_row) { .tenant = login->tenant,
		.person = login->person };
	TRY(store_drop(tx, &RECOVERY, code, 1, 2, NULL));
	for (size_t i = 0; i < RECOVERY_CODES; i++)
		code[i] = (struct recovery_row) { login->tenant,
			login->person,
			{ (const char *)in->code_hash[i].bytes, 32 } };
	return store_save(tx, &RECOVERY, code, RECOVERY_CODES, NULL);
}

static enum err
set_save(struct batch *b, struct tx *tx)
{
	struct logbook book = { .arena = tx_ctx(tx)->arena };

	for (size_t i = 0; i < b->n; i++) {
		enum err err = set_one(b, b->item[i], tx, &book);

		if (err == ERR_UNAUTHENTICATED || err == ERR_DENIED
		    || (err == ERR_CONFLICT && b->item[i]->cx->fault.msg
		    == MSG_TOTP_NONE))
			b->item[i]->err = err;
		else
			TRY(err);
	}
	return logbook_save(&book, tx);
}

static void
set_committed(struct batch *b)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct login_change *in = b->item[i]->in;
		const struct actor *actor = b->item[i]->cx->actor;

		if (b->item[i]->err == OK && in->verifier.n > 0)
			world_sessions_end(b->world, b->item[i]->tenant,
			    actor->person, 0, actor->session);
	}
}

const struct use_case login_set = {
	.name = "login_set",
	.save = set_save,
	.committed = set_committed,
};

/* --- of somebody else ------------------------------------------------------------------------- */

static enum err roles_in(struct batch *, struct item *, struct tx *,
    struct role_held **, size_t *);
static enum err check_renewal(struct batch *, struct item *, struct tx *,
    const struct realm *);

/* Whoever says how a person signs in can sign in as them: what they hold must be the actor's, too. */
static enum err
check_holder(struct batch *b, struct item *it, struct tx *tx,
    const struct realm **out)
{
	const int64_t person = *(const int64_t *)it->in;
	struct ctx *cx = it->cx;
	struct person key = { .tenant = it->tenant, .id = person };
	struct person_query q = { .tenant = it->tenant,
		.scope = cx->actor->scope };
	const struct realm *realm;
	struct role_held *has;
	struct role role;
	struct rows rows;
	bool is_in = true;
	size_t n;

	TRY(world_realm(b->world, cx, it->tenant, &realm));
	TRY(store_load(tx, &PERSON, &key, 1, 2, 0, &rows));
	q.names = &realm->names;
	q.today = order_today(realm, 0, b->cx->now_ms);
	if (rows.n > 0 && q.scope != NULL)
		TRY(person_in_scope(tx, &q, &person, 1, &is_in));
	if (rows.n == 0 || !is_in)
		return fail(cx, ERR_NOT_FOUND, MSG_ORDER_NO_PERSON, "person");
	TRY(roles_in(b, it, tx, &has, &n));
	if (role_beyond(cx, realm->catalogue, person, has, n, &role))
		return fail(cx, ERR_DENIED, MSG_ORDER_HOLDER, "person",
		    str_z(cx->arena, role.slug));
	*out = realm;
	return OK;
}

/*
 * As the transaction sees them: one that was given earlier in it is not in
 * memory before the commit, and may be over everybody until its scope is known.
 */
static enum err
roles_in(struct batch *b, struct item *it, struct tx *tx,
    struct role_held **out, size_t *n)
{
	struct arena *arena = it->cx->arena;
	struct role_row key = { .tenant = it->tenant,
		.person = *(const int64_t *)it->in };
	struct role_held *known, *has;
	const struct role_row *row;
	struct rows rows;
	size_t nknown = world_roles_of(b->world, arena, it->tenant, key.person,
	    &known);

	TRY(store_load(tx, &ROLE, &key, 1, 2, 0, &rows));
	row = rows.row;
	*out = has = arena_array(arena, rows.n + 1, sizeof(*has));
	*n = rows.n;
	for (size_t i = 0; i < rows.n; i++) {
		has[i] = (struct role_held) { row[i].id, row[i].role,
			(enum role_state)row[i].state, NULL, row[i].since_ms,
			row[i].until_ms, row[i].author };
		for (size_t j = 0; j < nknown; j++)
			if (known[j].id == row[i].id)
				has[i].scope = known[j].scope;
	}
	return OK;
}

/* Who has begun is begun anew by the right to change how they sign in. */
static enum err
check_renewal(struct batch *b, struct item *it, struct tx *tx,
    const struct realm *realm)
{
	const int64_t person = *(const int64_t *)it->in;
	const char *right = right_name(RIGHT_PERSON_LOGIN_WRITE);
	struct ctx *cx = it->cx;
	struct login_row key = { .tenant = it->tenant, .person = person };
	struct person_query q = { .tenant = it->tenant,
		.names = &realm->names,
		.today = order_today(realm, 0, b->cx->now_ms) };
	struct rows rows;
	bool is_in = true;

	TRY(store_load(tx, &LOGIN, &key, 1, 2, 0, &rows));
	if (rows.n == 0)
		return OK;
	is_in = actor_scope(cx->arena, cx->actor, RIGHT_PERSON_LOGIN_WRITE,
	    &q.scope);
	if (is_in && q.scope != NULL)
		TRY(person_in_scope(tx, &q, &person, 1, &is_in));
	if (is_in)
		return OK;
	return fail(cx, ERR_DENIED, MSG_ORDER_FIELD, "activation",
	    "activation", right);
}

static enum err
renew_one(struct batch *b, struct item *it, struct tx *tx,
    struct logbook *book)
{
	const int64_t person = *(const int64_t *)it->in;
	struct activation *a = arena_alloc(it->cx->arena, sizeof(*a));
	const struct realm *realm;
	struct activation_row row;
	struct entry e;

	TRY(check_fresh(it->cx));
	TRY(check_holder(b, it, tx, &realm));
	TRY(check_renewal(b, it, tx, realm));
	activation_make(it->cx->arena, realm, person, b->cx->now_ms, a);
	row = activation_row(it->tenant, a, it->cx);
	TRY(store_save(tx, &ACTIVATION, &row, 1, NULL));
	e = entry_by(it->cx, ACTION_ACTIVATION_MADE, SUBJECT_PERSON, person);
	logbook_add(book, it->tenant, &e, NULL);
	it->out = a;
	return OK;
}

static enum err
each_save(struct batch *b, struct tx *tx, enum err (*one)(struct batch *,
    struct item *, struct tx *, struct logbook *))
{
	struct logbook book = { .arena = tx_ctx(tx)->arena };

	for (size_t i = 0; i < b->n; i++) {
		enum err err = one(b, b->item[i], tx, &book);

		if (err == ERR_NOT_FOUND || err == ERR_DENIED)
			b->item[i]->err = err;
		else
			TRY(err);
	}
	return logbook_save(&book, tx);
}

static enum err
renew_save(struct batch *b, struct tx *tx)
{
	return each_save(b, tx, renew_one);
}

const struct use_case activation_renew = {
	.name = "activation_renew",
	.save = renew_save,
};

static enum err drop_codes(struct item *, struct tx *, int64_t person);
static enum err drop_sessions(struct item *, struct tx *, struct totp_reset *,
    struct entry *);

static enum err
reset_one(struct batch *b, struct item *it, struct tx *tx,
    struct logbook *book)
{
	struct totp_reset *out = arena_alloc(it->cx->arena, sizeof(*out));
	const struct realm *realm;
	struct activation_row activation = { .tenant = it->tenant };
	struct entry e;

	out->person = *(const int64_t *)it->in;
	activation.person = out->person;
	e = entry_by(it->cx, ACTION_TOTP_RESET, SUBJECT_PERSON, out->person);
	TRY(check_holder(b, it, tx, &realm));
	TRY(drop_codes(it, tx, out->person));
	TRY(drop_sessions(it, tx, out, &e));
	TRY(store_drop(tx, &ACTIVATION, &activation, 1, 2, NULL));
	logbook_add(book, it->tenant, &e, NULL);
	it->out = out;
	return OK;
}

static enum err
drop_codes(struct item *it, struct tx *tx, int64_t person)
{
	const struct actor *actor = it->cx->actor;
	struct recovery_row code = { .tenant = it->tenant, .person = person };
	struct login_row login;
	int64_t ncode;

	TRY(check_fresh(it->cx));
	TRY(load_login(tx, it->tenant, person, &login));
	/* Else a session that found no codes would be a way around them. */
	if (actor->person == person)
		TRY(check_codes(it->cx, &login, actor->factors));
	TRY(store_drop(tx, &RECOVERY, &code, 1, 2, &ncode));
	if (login.totp.n == 0 && login.totp_next.n == 0 && ncode == 0)
		return fail(it->cx, ERR_NOT_FOUND, MSG_TOTP_NO_CODES, "person");
	login.totp = STR("");
	login.totp_next = STR("");
	login.totp_ms = 0;
	login.last_step = 0;
	return store_save(tx, &LOGIN, &login, 1, NULL);
}

static enum err
drop_sessions(struct item *it, struct tx *tx, struct totp_reset *out,
    struct entry *e)
{
	struct session_row key = { .tenant = it->tenant,
		.person = out->person };
	const struct session_row *row;
	struct change *c;
	struct rows rows;

	TRY(store_load(tx, &SESSION, &key, 1, 2, 0, &rows));
	row = rows.row;
	out->sessions = rows.n;
	c = arena_array(tx_ctx(tx)->arena, rows.n + 1, sizeof(*c));
	for (size_t i = 0; i < rows.n; i++)
		c[i] = (struct change) { .kind = CHANGE_SESSION,
			.object = row[i].id, .before = 1 };
	e->change = c;
	e->nchange = rows.n;
	return store_drop(tx, &SESSION, &key, 1, 2, NULL);
}

static enum err
reset_save(struct batch *b, struct tx *tx)
{
	return each_save(b, tx, reset_one);
}

static void
reset_committed(struct batch *b)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->item[i]->err == OK)
			world_sessions_end(b->world, b->item[i]->tenant,
			    *(const int64_t *)b->item[i]->in, 0, 0);
}

const struct use_case totp_reset = {
	.name = "totp_reset",
	.save = reset_save,
	.committed = reset_committed,
};
