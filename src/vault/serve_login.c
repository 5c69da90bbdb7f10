/* SPDX-License-Identifier: Apache-2.0 */
/*
 * serve_login.c - what people sign in with, and what signs access tokens.
 *
 * Argon2id takes tens of milliseconds, so it runs on a thread of its own: the
 * thread reads password and verifier of a job and writes verifier and is_right;
 * the loop touches them only before the job is queued and after it came back.
 */
#include "vault/serve_int.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/queue.h"

#include "vault/totp.h"

/* OWASP's least; three times the work of one guess would be three times the queue. */
#define PASSES	    2
#define MEMORY	    (19u << 20)
#define CLAIMS_MAX  8192
#define SIGN_ARENA  (64u << 10)
_Static_assert(VERIFIER_MAX == crypto_pwhash_STRBYTES, "verifier");

static struct hash_job *job_free(struct hasher *);
static enum frame_status job_start(struct request *, struct hash_job *,
    struct str password);
static void run(void *);
static void answer(struct server *, struct hash_job *);
static bool put_verifier(struct server *, const struct hash_job *);
static bool opened(struct request *, int64_t person, struct str sealed,
    struct ue1_blob *);
static void put_lp_sealed(struct request *, int64_t person, struct str text);

/* --- passwords ------------------------------------------------------------------- */

enum frame_status
password_make(struct request *rq)
{
	struct hash_job *job = job_free(&rq->s->hasher);
	const int64_t person = (int64_t)get_u64(&rq->in);
	const struct str password = get_lp(&rq->in);

	if (!get_end(&rq->in))
		return STATUS_MALFORMED;
	if (password.n == 0 || password.n > PASSWORD_BYTES_MAX)
		return STATUS_BAD_INPUT;
	if (job == NULL)
		return STATUS_LIMITED;
	count_rate(rq, 1);
	job->person = person;
	job->is_check = false;
	return job_start(rq, job, password);
}

/* A verifier that is not there costs as much as one that is. */
enum frame_status
password_check(struct request *rq)
{
	struct hash_job *job = job_free(&rq->s->hasher);
	const int64_t person = (int64_t)get_u64(&rq->in);
	const struct str sealed = get_lp(&rq->in);
	const struct str password = get_lp(&rq->in);
	uint8_t room[512];
	struct ue1_blob blob = { room, sizeof(room) };
	bool ok = true;

	if (!get_end(&rq->in))
		return STATUS_MALFORMED;
	if (password.n > PASSWORD_BYTES_MAX)
		return STATUS_BAD_INPUT;
	if (job == NULL || !may_open(rq))
		return STATUS_LIMITED;
	memset(job->verifier, 0, VERIFIER_MAX);
	if (sealed.n > 0)
		ok = opened(rq, person, sealed, &blob) &&
		    blob.n < VERIFIER_MAX;
	if (ok && sealed.n > 0)
		memcpy(job->verifier, blob.p, blob.n);
	secret_wipe(room, sizeof(room));
	if (!ok)
		return STATUS_SEALED;
	job->person = person;
	job->is_check = true;
	return job_start(rq, job, password);
}

/* NULL: all are taken, or no passwords are taken here. */
static struct hash_job *
job_free(struct hasher *h)
{
	for (size_t i = 0; h->wake_fd >= 0 && i < HASHES_MAX; i++)
		if (!h->job[i].is_taken)
			return &h->job[i];
	return NULL;
}

static enum frame_status
job_start(struct request *rq, struct hash_job *job, struct str password)
{
	struct hasher *h = &rq->s->hasher;

	if (h->thread == NULL) {
		h->asked = queue_open(HASHES_MAX);
		h->done = queue_open(HASHES_MAX);
		h->thread = thread_start("hasher", run, h);
	}
	secret_open(&job->password, password.n + 1);
	if (password.n > 0)
		memcpy(job->password.p, password.p, password.n);
	job->password.n = password.n;
	job->frame = *rq->frame;
	job->peer = rq->peer;
	job->peer->is_waiting = true;
	job->is_taken = true;
	must(queue_try_put(h->asked, job));
	return STATUS_LATER;
}

static void
run(void *arg)
{
	struct hasher *h = arg;
	const uint64_t one = 1;
	void *item;

	while (queue_take(h->asked, &item, 1, -1) == 1) {
		struct hash_job *job = item;
		const char *password = (const char *)job->password.p;
		const bool is_known = job->verifier[0] != '\0';

		if (job->is_check && is_known)
			job->is_right = crypto_pwhash_str_verify(job->verifier,
			    password, job->password.n) == 0;
		else
			job->is_right = crypto_pwhash_str_alg(job->verifier,
			    password, job->password.n, PASSES, MEMORY,
			    crypto_pwhash_ALG_ARGON2ID13) == 0 &&
			    !job->is_check;
		must(queue_try_put(h->done, job));
		while (write(h->wake_fd, &one, sizeof(one)) < 0 &&
		    errno == EINTR)
			continue;
	}
}

void
hashes_finish(struct server *s)
{
	struct hasher *h = &s->hasher;
	uint64_t count;
	void *item;

	if (read(h->wake_fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		fatal("the hasher's eventfd");
	while (queue_take(h->done, &item, 1, 0) == 1) {
		struct hash_job *job = item;

		if (job->peer != NULL)
			answer(s, job);
		secret_wipe(job->verifier, VERIFIER_MAX);
		secret_close(&job->password);
		job->is_taken = false;
	}
}

static void
answer(struct server *s, struct hash_job *job)
{
	struct peer *p = job->peer;
	const size_t begin = answer_begin(&p->out, &job->frame);
	enum frame_status status = STATUS_OK;

	if (job->is_check)
		buf_u8(&p->out, job->is_right);
	else if (!job->is_right)
		status = STATUS_FULL;
	else if (!put_verifier(s, job))
		status = STATUS_NOT_FOUND;
	answer_end(&p->out, begin, status);
	p->is_waiting = false;
}

/* False: the tenant's keys were destroyed meanwhile. */
static bool
put_verifier(struct server *s, const struct hash_job *job)
{
	struct request rq = { .s = s, .peer = job->peer, .frame = &job->frame,
		.out = &job->peer->out,
		.tenant = keys_tenant(&s->keys, job->frame.tenant) };
	const struct ue1_context x = text_context(&rq, job->person);
	const struct str text = str_of(job->verifier);
	struct ue1_key key;
	char *p;

	if (rq.tenant == NULL)
		return false;
	key = (struct ue1_key) { rq.tenant->text, rq.tenant->text_id };
	p = buf_reserve(rq.out, ue1_size(text.n));
	must(p != NULL);
	ue1_seal(&s->crypt, &key, &x, text, (uint8_t *)p);
	rq.out->n += ue1_size(text.n);
	s->state.sealed++;
	return true;
}

void
hashes_forget(struct server *s, const struct peer *p)
{
	for (size_t i = 0; i < HASHES_MAX; i++)
		if (s->hasher.job[i].peer == p)
			s->hasher.job[i].peer = NULL;
}

void
hasher_close(struct server *s)
{
	struct hasher *h = &s->hasher;

	if (h->thread == NULL)
		return;
	queue_end(h->asked);
	thread_join(h->thread);
	for (size_t i = 0; i < HASHES_MAX; i++)
		h->job[i].peer = NULL;
	hashes_finish(s);
	queue_close(h->asked);
	queue_close(h->done);
	h->thread = NULL;
}

/* --- one-time codes -------------------------------------------------------------- */

enum frame_status
totp_make(struct request *rq)
{
	const int64_t person = (int64_t)get_u64(&rq->in);
	uint8_t seed[TOTP_SEED];
	char secret[TOTP_SECRET];

	if (!get_end(&rq->in))
		return STATUS_MALFORMED;
	count_rate(rq, 1);
	chance(&rq->s->crypt, seed, sizeof(seed));
	totp_secret(seed, secret);
	put_lp_sealed(
	    rq, person, (struct str) { (char *)seed, sizeof(seed) });
	buf_lp(rq->out, (struct str) { secret, sizeof(secret) });
	secret_wipe(seed, sizeof(seed));
	secret_wipe(secret, sizeof(secret));
	return STATUS_OK;
}

/* The answer names the step, which is then used up by who stores it. */
enum frame_status
totp_check(struct request *rq)
{
	const int64_t person = (int64_t)get_u64(&rq->in);
	const struct str sealed = get_lp(&rq->in);
	const uint32_t code = get_u32(&rq->in);
	const int64_t now = clock_now_ms() / TOTP_STEP_MS;
	uint8_t room[512];
	struct ue1_blob blob = { room, sizeof(room) };
	int64_t step = 0;
	bool ok;

	if (!get_end(&rq->in))
		return STATUS_MALFORMED;
	if (code >= TOTP_CODES)
		return STATUS_BAD_INPUT;
	if (!may_open(rq))
		return STATUS_LIMITED;
	ok = opened(rq, person, sealed, &blob) && blob.n == TOTP_SEED;
	for (int64_t at = now - 1; ok && at <= now + 1; at++)
		if (totp_code(blob.p, at) == code)
			step = at;
	secret_wipe(room, sizeof(room));
	if (!ok)
		return STATUS_SEALED;
	buf_u8(rq->out, step != 0);
	buf_u64(rq->out, (uint64_t)step);
	return STATUS_OK;
}

/* --- access tokens ---------------------------------------------------------------- */

/* The vault writes the head itself, so a signature of this key is never anything else. */
enum frame_status
token_sign(struct request *rq)
{
	const struct str claims = get_lp(&rq->in);
	const int64_t now = clock_now_ms();
	struct arena *a;
	struct token_key key;
	struct str text;
	uint8_t signature[64];

	if (!get_end(&rq->in))
		return STATUS_MALFORMED;
	if (claims.n == 0 || claims.n > CLAIMS_MAX || claims.p[0] != '{')
		return STATUS_BAD_INPUT;
	count_rate(rq, 1);
	a = arena_open(SIGN_ARENA);
	keys_token_key(&rq->s->keys, now, 0, &key);
	text = str_base64url(a, str_fmt(a,
	    "{\"alg\":\"EdDSA\",\"kid\":\"%.*s\",\"typ\":\"at+jwt\"}",
	    TOKEN_KID, key.kid));
	text = str_fmt(a, "%.*s.%.*s", STR_ARG(text),
	    STR_ARG(str_base64url(a, claims)));
	keys_token_sign(&rq->s->keys, now, text, signature);
	buf_str(rq->out, text);
	buf_u8(rq->out, '.');
	buf_str(rq->out, str_base64url(a,
	    (struct str) { (char *)signature, sizeof(signature) }));
	arena_close(a);
	return STATUS_OK;
}

enum frame_status
token_keys(struct request *rq)
{
	struct token_key key;

	if (!get_end(&rq->in))
		return STATUS_MALFORMED;
	for (int age = -1; age <= 1; age++) {
		keys_token_key(&rq->s->keys, clock_now_ms(), age, &key);
		buf_bytes(rq->out, key.kid, sizeof(key.kid));
		buf_bytes(rq->out, key.public, sizeof(key.public));
	}
	return STATUS_OK;
}

/* --- sealed under the tenant's own key --------------------------------------------- */

/* BLOB is memory of its own, as large as it says, and becomes the text in it. */
static bool
opened(struct request *rq, int64_t person, struct str sealed,
    struct ue1_blob *blob)
{
	const struct ue1_key key = { rq->tenant->text, rq->tenant->text_id };
	const struct ue1_context x = text_context(rq, person);

	if (sealed.n == 0 || sealed.n > blob->n)
		return false;
	memcpy(blob->p, sealed.p, sealed.n);
	blob->n = sealed.n;
	return ue1_open(&rq->s->crypt, &key, &x, blob);
}

static void
put_lp_sealed(struct request *rq, int64_t person, struct str text)
{
	const struct ue1_key key = { rq->tenant->text, rq->tenant->text_id };
	const struct ue1_context x = text_context(rq, person);
	const size_t n = ue1_size(text.n);
	char *p;

	buf_u32(rq->out, (uint32_t)n);
	p = buf_reserve(rq->out, n);
	must(p != NULL);
	ue1_seal(&rq->s->crypt, &key, &x, text, (uint8_t *)p);
	rq->out->n += n;
	rq->s->state.sealed++;
}
