/* SPDX-License-Identifier: Apache-2.0 */
/* serve.c - who may ask what, and sealing, opening and indexing. */
#include "vault/serve.h"
#include "vault/serve_int.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/process.h"
#include "base/queue.h"

#include "vault/store.h"

#define FIRST_KEY_VERSION 1
#define ALARM_EVERY_NS	  1000000000

/* What a person's wrapped key holds. */
struct person_key {
	uint8_t record[KEY_BYTES], audit[KEY_BYTES];
};

/* A person, and which of their keys. */
struct whose {
	int64_t person, version, key_version;
};

enum who {
	BOOT,		/* the capability that comes with the channel */
	GRANTED		/* a minted one, for the frame's tenant */
};

typedef enum frame_status operation(struct request *);

static operation status_get, grant, tenant_new, tenant_keys, tenant_end, seal,
    open_sealed, index_values, text_seal, text_open;

#define NOTHING	 1u	/* bit 0: no purpose */
#define BIT(x)	 (1u << (x))
#define PERSONAL (BIT(PURPOSE_PERSON) | BIT(PURPOSE_AUDIT))
#define GUESSED	 (BIT(PURPOSE_PASSWORD) | BIT(PURPOSE_TOTP))
#define TEXTS \
	(BIT(PURPOSE_AUDIT) | BIT(PURPOSE_DICTIONARY) | \
	    BIT(PURPOSE_CATALOGUE) | BIT(PURPOSE_NAME))

static const struct op {
	operation *run;
	enum who   who;
	bool	   needs_tenant;
	unsigned   purposes;
} ops[OP_COUNT] = {
	[OP_STATUS]	  = { status_get,   BOOT,    false, NOTHING },
	[OP_GRANT]	  = { grant,	    BOOT,    true,  NOTHING },
	[OP_TENANT_NEW]	  = { tenant_new,   BOOT,    false, NOTHING },
	[OP_SEAL]	  = { seal,	    GRANTED, true,  BIT(PURPOSE_PERSON) },
	[OP_OPEN]	  = { open_sealed,  GRANTED, true,  PERSONAL },
	[OP_INDEX]	  = { index_values, GRANTED, true,  NOTHING },
	[OP_TEXT_SEAL]	  = { text_seal,    GRANTED, true,  TEXTS },
	[OP_TEXT_OPEN]	  = { text_open,    GRANTED, true,  TEXTS },
	[OP_LOG_HEAD]	  = { log_head_get, BOOT,    true,  NOTHING },
	[OP_LOG_BEGIN]	  = { log_begin,    BOOT,    true,  NOTHING },
	[OP_LOG_ADD]	  = { log_add,	    BOOT,    true,  NOTHING },
	[OP_LOG_SIGN]	  = { log_sign,	    BOOT,    true,  NOTHING },
	[OP_LOG_ROLLBACK] = { log_rollback, BOOT,    true,  NOTHING },
	[OP_LOG_KEY]	  = { log_key_get,  BOOT,    true,  NOTHING },
	[OP_EXPORT]	  = { export_start, BOOT,    false, NOTHING },
	[OP_EXPORT_READ]  = { export_read,  BOOT,    false, NOTHING },
	[OP_PASSWORD_MAKE] = { password_make, GRANTED, true, BIT(PURPOSE_PASSWORD) },
	[OP_PASSWORD_CHECK] = { password_check, GRANTED, true, BIT(PURPOSE_PASSWORD) },
	[OP_TOTP_MAKE]	  = { totp_make,    GRANTED, true,  BIT(PURPOSE_TOTP) },
	[OP_TOTP_CHECK]	  = { totp_check,   GRANTED, true,  BIT(PURPOSE_TOTP) },
	[OP_TOKEN_SIGN]	  = { token_sign,   GRANTED, true,  NOTHING },
	[OP_TOKEN_KEYS]	  = { token_keys,   BOOT,    false, NOTHING },
	[OP_TENANT_KEYS]  = { tenant_keys,  BOOT,    false, NOTHING },
	[OP_TENANT_END]	  = { tenant_end,   BOOT,    false, NOTHING },
	[OP_TENANT_SHARE] = { tenant_share, BOOT,    true,  NOTHING },
	[OP_TENANT_TAKE]  = { tenant_take,  BOOT,    false, NOTHING },
};

static const char *const alarm_names[ALARM_COUNT] = {
	[ALARM_CAPABILITY] = "capability",
	[ALARM_OPEN_BUDGET] = "open_budget",
	[ALARM_SEAL_RATE] = "seal_rate",
	[ALARM_LOG_CONFLICT] = "log_conflict",
	[ALARM_FRAME] = "frame",
};

static const char *const purpose_names[PURPOSE_COUNT] = {
	[PURPOSE_PERSON] = "person",
	[PURPOSE_AUDIT] = "audit",
	[PURPOSE_DICTIONARY] = "dictionary",
	[PURPOSE_CATALOGUE] = "catalogue",
	[PURPOSE_NAME] = "name",
	[PURPOSE_PASSWORD] = "password",
	[PURPOSE_TOTP] = "totp",
};

static bool serve_one(struct server *, struct peer *, const struct frame *);
static enum frame_status admit(struct request *, const struct op *);
static enum frame_status seal_for(struct request *, const struct whose *);
static enum frame_status key_for(struct request *, struct whose *,
    struct str wrapped);
static void key_make(struct request *, const struct whose *);
static struct ue1_context key_context(struct request *, const struct whose *,
    const struct kek *);
static const struct kek *key_unwrap(struct request *, const struct whose *,
    struct str wrapped);
static struct ue1_context personal(struct request *, const struct whose *,
    enum vault_purpose);
static void put_sealed(struct request *, const struct ue1_key *,
    const struct ue1_context *, struct str text);
static enum frame_status put_opened(struct request *, const struct ue1_key *,
    const struct ue1_context *, struct str sealed);
static enum frame_status put_indexes(struct request *);

void
server_open(struct server *s)
{
	memset(s, 0, sizeof(*s));
	crypt_open(&s->crypt);
	keys_open(&s->keys, &s->crypt);
	heads_open(&s->heads, &s->crypt);
	caps_open(&s->caps, &s->crypt);
	secret_open(&s->person_key, sizeof(struct person_key));
	s->export.wake_fd = -1;
	s->hasher.wake_fd = -1;
}

void
server_load(struct server *s, const char *dir)
{
	const char *why;

	s->state.has_keys = store_load(&s->keys, &s->heads, dir, &why);
	if (!s->state.has_keys)
		log_event(LOG_ERROR, "vault_sealed", LOG_WORD("why", why));
}

void
server_close(struct server *s)
{
	if (s->export.thread != NULL)
		export_finish(s);
	hasher_close(s);
	secret_close(&s->person_key);
	caps_close(&s->caps);
	heads_close(&s->heads);
	keys_close(&s->keys);
	crypt_close(&s->crypt);
}

void
peer_open(struct peer *p, int fd)
{
	*p = (struct peer) { .fd = fd };
	p->in = heap_alloc(FRAME_MAX, 1);
	/* At once, for growing would leave copies of opened text behind. */
	buf_init(&p->out, NULL, ANSWERS_MAX);
	must(buf_reserve(&p->out, ANSWERS_MAX) != NULL);
	buf_init(&p->attempt.entry, NULL, LOG_ENTRY_MAX);
	buf_init(&p->archive, NULL, ARCHIVE_MAX);
}

void
peer_close(struct peer *p)
{
	secret_wipe(p->in, FRAME_MAX);
	secret_wipe(p->out.p, p->out.n);
	heap_free(p->in);
	buf_fini(&p->out);
	buf_fini(&p->attempt.entry);
	buf_fini(&p->archive);
}

bool
serve(struct server *s, struct peer *p, struct str *bytes)
{
	struct frame f;

	while (!p->is_waiting && p->out.n + ANSWER_ROOM <= ANSWERS_MAX) {
		switch (frame_take(bytes, &f)) {
		case FRAME_MORE:
			return true;
		case FRAME_BAD:
			return false;
		case FRAME_WHOLE:
			if (!serve_one(s, p, &f))
				return false;
		}
	}
	return true;
}

static bool
serve_one(struct server *s, struct peer *p, const struct frame *f)
{
	struct request rq = { .s = s, .peer = p, .frame = f, .out = &p->out,
		.in = { .left = f->body }, .now_ns = clock_mono_ns() };
	const size_t begin = answer_begin(&p->out, f);
	enum frame_status status = admit(&rq, &ops[f->op]);

	secret_wipe(s->person_key.p, s->person_key.n);
	if (status == STATUS_MALFORMED) {
		p->out.n = begin;
		alarm_raise(&rq, ALARM_FRAME);
		return false;
	}
	if (status == STATUS_LATER)
		p->out.n = begin;
	else
		answer_end(&p->out, begin, status);
	return true;
}

static enum frame_status
admit(struct request *rq, const struct op *op)
{
	const struct frame *f = rq->frame;
	bool may;

	if ((op->purposes & BIT(f->purpose)) == 0)
		return STATUS_MALFORMED;
	if (!rq->s->state.has_keys && f->op != OP_STATUS)
		return STATUS_NO_KEYS;
	if (op->who == BOOT)
		may = caps_is_boot(&f->capability);
	else
		may = caps_check(&rq->s->caps, &f->capability, rq->now_ns,
			  &rq->grant) &&
		    rq->grant.tenant == f->tenant;
	if (!may) {
		alarm_raise(rq, ALARM_CAPABILITY);
		return STATUS_DENIED;
	}
	rq->tenant = keys_tenant(&rq->s->keys, f->tenant);
	if (op->needs_tenant && rq->tenant == NULL)
		return STATUS_NOT_FOUND;
	return op->run(rq);
}

/* All are counted; of one kind at most one a second is logged. */
void
alarm_raise(struct request *rq, enum alarm alarm)
{
	struct server *s = rq->s;

	s->state.alarms++;
	if (s->alarm_ns[alarm] != 0 &&
	    rq->now_ns - s->alarm_ns[alarm] < ALARM_EVERY_NS)
		return;
	s->alarm_ns[alarm] = rq->now_ns;
	log_event(LOG_WARN, "vault_alarm",
	    LOG_WORD("alarm", alarm_names[alarm]),
	    LOG_NUM("tenant", rq->frame->tenant), LOG_NUM("op", rq->frame->op),
	    LOG_NUM("alarms", s->state.alarms));
}

static enum frame_status
status_get(struct request *rq)
{
	const struct vault_state *st = &rq->s->state;

	if (!get_end(&rq->in))
		return STATUS_MALFORMED;
	buf_u8(rq->out, st->has_keys);
	buf_bytes(rq->out, rq->s->keys.deployment, sizeof(st->deployment));
	buf_u32(rq->out, (uint32_t)rq->s->keys.n);
	buf_u64(rq->out, st->sealed);
	buf_u64(rq->out, st->opened);
	buf_u64(rq->out, st->indexed);
	buf_u64(rq->out, st->signed_checkpoints);
	buf_u64(rq->out, st->alarms);
	buf_u8(rq->out, st->is_confined);
	buf_u8(rq->out, st->is_undumpable);
	buf_u8(rq->out, secret_is_locked());
	buf_u64(rq->out, (uint64_t)process_memory(0));
	buf_u64(rq->out, (uint64_t)process_own_descriptors());
	return STATUS_OK;
}

static enum frame_status
grant(struct request *rq)
{
	struct grant_in g = { .tenant = rq->frame->tenant };
	struct capability c;

	g.actor = (int64_t)get_u64(&rq->in);
	g.open_per_minute = get_u32(&rq->in);
	g.seal_per_minute = get_u32(&rq->in);
	if (!get_end(&rq->in))
		return STATUS_MALFORMED;
	caps_mint(&rq->s->caps, &g, rq->now_ns, &c);
	buf_bytes(rq->out, c.bytes, sizeof(c));
	return STATUS_OK;
}

/* Keys that are not stored would seal what nobody can ever open again. */
static enum frame_status
tenant_new(struct request *rq)
{
	struct keys *k = &rq->s->keys;

	if (!get_end(&rq->in))
		return STATUS_MALFORMED;
	if (rq->tenant != NULL)
		return STATUS_OK;
	if (heads_find(&rq->s->heads, rq->frame->tenant) != NULL)
		return STATUS_CONFLICT;
	if (!keys_tenant_make(k, rq->frame->tenant))
		return STATUS_FULL;
	if (!store_save(k)) {
		keys_tenant_drop(k, rq->frame->tenant);
		return STATUS_FULL;
	}
	return STATUS_OK;
}

/* A head without keys is what stays of keys that were destroyed. */
static enum frame_status
tenant_keys(struct request *rq)
{
	enum tenant_has has = TENANT_HAS_NOTHING;

	if (!get_end(&rq->in))
		return STATUS_MALFORMED;
	if (rq->tenant != NULL)
		has = TENANT_HAS_KEYS;
	else if (heads_find(&rq->s->heads, rq->frame->tenant) != NULL)
		has = TENANT_HAD_KEYS;
	buf_u8(rq->out, (uint8_t)has);
	return STATUS_OK;
}

/* The head is on the disk before the keys go: without it the number would be free. */
static enum frame_status
tenant_end(struct request *rq)
{
	const uint32_t tenant = rq->frame->tenant;
	struct heads *h = &rq->s->heads;
	const struct head *head = heads_find(h, tenant);

	if (!get_end(&rq->in))
		return STATUS_MALFORMED;
	if (rq->tenant == NULL)
		return head != NULL ? STATUS_OK : STATUS_NOT_FOUND;
	if (head == NULL && !heads_put(h, &(struct head) { .tenant = tenant }))
		return STATUS_FULL;
	heads_sync(h);
	return store_forget(&rq->s->keys, tenant) ? STATUS_OK : STATUS_FULL;
}

static enum frame_status
seal(struct request *rq)
{
	enum frame_status status;
	struct whose w;
	struct str wrapped;

	w.person = (int64_t)get_u64(&rq->in);
	w.version = (int64_t)get_u64(&rq->in);
	w.key_version = (int64_t)get_u64(&rq->in);
	wrapped = get_lp(&rq->in);
	if (rq->in.bad)
		return STATUS_MALFORMED;
	status = key_for(rq, &w, wrapped);
	return status == STATUS_OK ? seal_for(rq, &w) : status;
}

/* Brings the person's keys into memory; the answer tells which they are. */
static enum frame_status
key_for(struct request *rq, struct whose *w, struct str wrapped)
{
	const struct kek *kek;

	if (wrapped.n == 0) {
		if (w->key_version > FIRST_KEY_VERSION)
			return STATUS_BAD_INPUT;
		w->key_version = FIRST_KEY_VERSION;
		key_make(rq, w);
		kek = kek_newest(rq->tenant);
	} else {
		kek = key_unwrap(rq, w, wrapped);
		if (kek == NULL)
			return STATUS_SEALED;
		buf_lp(rq->out, STR(""));
	}
	buf_u64(rq->out, (uint64_t)w->key_version);
	buf_u32(rq->out, kek->epoch);
	return STATUS_OK;
}

static void
key_make(struct request *rq, const struct whose *w)
{
	const struct kek *kek = kek_newest(rq->tenant);
	const struct ue1_key key = { kek->key, kek->id };
	const struct ue1_context x = key_context(rq, w, kek);

	chance(&rq->s->crypt, rq->s->person_key.p, rq->s->person_key.n);
	put_sealed(rq, &key, &x, secret_view(&rq->s->person_key));
}

static struct ue1_context
key_context(struct request *rq, const struct whose *w, const struct kek *kek)
{
	struct ue1_context x = text_context(rq, w->person);

	x.purpose = "key";
	x.field = "kek";
	x.number = kek->epoch;
	x.key_version = w->key_version;
	return x;
}

/* NULL: not this person's key. */
static const struct kek *
key_unwrap(struct request *rq, const struct whose *w, struct str wrapped)
{
	const struct kek *kek;
	struct ue1_context x;
	struct ue1_blob blob;
	uint8_t room[256];
	uint64_t id;
	bool ok;

	if (wrapped.n != ue1_size(sizeof(struct person_key)) ||
	    !ue1_key_id(wrapped, &id))
		return NULL;
	kek = kek_by_id(rq->tenant, id);
	if (kek == NULL)
		return NULL;
	must(wrapped.n <= sizeof(room));
	memcpy(room, wrapped.p, wrapped.n);
	blob = (struct ue1_blob) { room, wrapped.n };
	x = key_context(rq, w, kek);
	ok = ue1_open(&rq->s->crypt, &(struct ue1_key) { kek->key, id }, &x,
		 &blob) &&
	    blob.n == sizeof(struct person_key);
	if (ok)
		memcpy(rq->s->person_key.p, blob.p, blob.n);
	secret_wipe(room, sizeof(room));
	return ok ? kek : NULL;
}

static enum frame_status
seal_for(struct request *rq, const struct whose *w)
{
	const struct person_key *keys =
	    (struct person_key *)rq->s->person_key.p;
	const struct ue1_key record = { keys->record, (uint64_t)w->key_version };
	const struct ue1_key audit = { keys->audit, (uint64_t)w->key_version };
	const struct ue1_context of_record = personal(rq, w, PURPOSE_PERSON);
	const struct ue1_context of_audit = personal(rq, w, PURPOSE_AUDIT);
	const uint64_t indexed = rq->s->state.indexed;
	enum frame_status status;

	put_sealed(rq, &record, &of_record, get_lp(&rq->in));
	put_sealed(rq, &audit, &of_audit, get_lp(&rq->in));
	rq->s->state.sealed++;
	status = put_indexes(rq);
	if (status == STATUS_OK)
		count_rate(rq, 1 + rq->s->state.indexed - indexed);
	return status;
}

static struct ue1_context
personal(struct request *rq, const struct whose *w, enum vault_purpose purpose)
{
	struct ue1_context x = text_context(rq, w->person);

	x.purpose = purpose_names[purpose];
	x.field = "version";
	x.number = w->version;
	x.key_version = w->key_version;
	return x;
}

struct ue1_context
text_context(struct request *rq, int64_t subject)
{
	return (struct ue1_context) {
		.purpose = purpose_names[rq->frame->purpose],
		.field = "text",
		.deployment = rq->s->keys.deployment,
		.tenant = rq->frame->tenant,
		.user = subject,
	};
}

/* Nothing sealed is nothing, not the seal of an empty text. */
static void
put_sealed(struct request *rq, const struct ue1_key *key,
    const struct ue1_context *x, struct str text)
{
	const size_t n = text.n == 0 ? 0 : ue1_size(text.n);
	char *p;

	buf_u32(rq->out, (uint32_t)n);
	if (n == 0)
		return;
	p = buf_reserve(rq->out, n);
	must(p != NULL);
	ue1_seal(&rq->s->crypt, key, x, text, (uint8_t *)p);
	rq->out->n += n;
}

static enum frame_status
put_indexes(struct request *rq)
{
	struct index_value v;
	struct key256 key;
	uint16_t n = get_u16(&rq->in);

	if (n > FRAME_VALUES_MAX)
		return STATUS_MALFORMED;
	for (uint16_t i = 0; i < n; i++) {
		v.kind = get_u8(&rq->in);
		v.value = get_lp(&rq->in);
		if (rq->in.bad || v.kind == 0 || v.kind >= INDEX_COUNT)
			return STATUS_MALFORMED;
		keys_index(&rq->s->keys, rq->tenant, &v, &key);
		buf_bytes(rq->out, key.bytes, sizeof(key));
	}
	if (!get_end(&rq->in))
		return STATUS_MALFORMED;
	rq->s->state.indexed += n;
	return STATUS_OK;
}

/* Above the rate sealing goes on: an import must not stop halfway. */
void
count_rate(struct request *rq, uint64_t n)
{
	struct caps *caps = &rq->s->caps;

	if (caps_spend_seal(caps, &rq->grant, rq->now_ns, n) ==
	    SPEND_FIRST_OVER)
		alarm_raise(rq, ALARM_SEAL_RATE);
}

static enum frame_status
open_sealed(struct request *rq)
{
	const enum vault_purpose purpose = rq->frame->purpose;
	const struct person_key *keys =
	    (struct person_key *)rq->s->person_key.p;
	struct str wrapped, sealed;
	struct ue1_context x;
	struct ue1_key key;
	struct whose w;

	w.person = (int64_t)get_u64(&rq->in);
	w.version = (int64_t)get_u64(&rq->in);
	w.key_version = (int64_t)get_u64(&rq->in);
	wrapped = get_lp(&rq->in);
	sealed = get_lp(&rq->in);
	if (!get_end(&rq->in))
		return STATUS_MALFORMED;
	if (!may_open(rq))
		return STATUS_LIMITED;
	if (key_unwrap(rq, &w, wrapped) == NULL)
		return STATUS_SEALED;
	key.bytes = purpose == PURPOSE_AUDIT ? keys->audit : keys->record;
	key.id = (uint64_t)w.key_version;
	x = personal(rq, &w, purpose);
	return put_opened(rq, &key, &x, sealed);
}

bool
may_open(struct request *rq)
{
	const enum vault_purpose purpose = rq->frame->purpose;
	const bool is_personal = ((PERSONAL | GUESSED) & BIT(purpose)) != 0;
	enum spending s = (is_personal ? caps_spend_open : caps_spend_text)(
	    &rq->s->caps, &rq->grant, rq->now_ns, 1);

	if (s == SPEND_FIRST_OVER)
		alarm_raise(rq, ALARM_OPEN_BUDGET);
	return s == SPEND_WITHIN;
}

/* Opened in the answer itself, so the text is in one place only. */
static enum frame_status
put_opened(struct request *rq, const struct ue1_key *key,
    const struct ue1_context *x, struct str sealed)
{
	struct ue1_blob blob = { (uint8_t *)buf_reserve(rq->out, sealed.n), sealed.n };
	uint8_t *start = blob.p;

	must(start != NULL);
	if (sealed.n > 0)
		memcpy(start, sealed.p, sealed.n);
	if (!ue1_open(&rq->s->crypt, key, x, &blob))
		return STATUS_SEALED;
	memmove(start, blob.p, blob.n);
	rq->out->n += blob.n;
	rq->s->state.opened++;
	return STATUS_OK;
}

static enum frame_status
index_values(struct request *rq)
{
	const uint64_t before = rq->s->state.indexed;
	enum frame_status status = put_indexes(rq);

	if (status == STATUS_OK)
		count_rate(rq, rq->s->state.indexed - before);
	return status;
}

static enum frame_status
text_seal(struct request *rq)
{
	const struct ue1_key key = { rq->tenant->text, rq->tenant->text_id };
	struct ue1_context x = text_context(rq, (int64_t)get_u64(&rq->in));
	struct str text = get_lp(&rq->in);
	char *p;

	if (!get_end(&rq->in))
		return STATUS_MALFORMED;
	p = buf_reserve(rq->out, ue1_size(text.n));
	must(p != NULL);
	ue1_seal(&rq->s->crypt, &key, &x, text, (uint8_t *)p);
	rq->out->n += ue1_size(text.n);
	rq->s->state.sealed++;
	count_rate(rq, 1);
	return STATUS_OK;
}

static enum frame_status
text_open(struct request *rq)
{
	const struct ue1_key key = { rq->tenant->text, rq->tenant->text_id };
	struct ue1_context x = text_context(rq, (int64_t)get_u64(&rq->in));
	struct str sealed = get_lp(&rq->in);

	if (!get_end(&rq->in))
		return STATUS_MALFORMED;
	if (!may_open(rq))
		return STATUS_LIMITED;
	return put_opened(rq, &key, &x, sealed);
}
