/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export.c - the recovery archive.  Argon2id takes most of a second, so it
 * runs on a thread of its own; everything else happens on the loop's.
 *
 * The thread reads passphrase and salt and writes key and is_made; the loop
 * touches them only before thread_start() and after thread_join().
 */
#include "vault/serve_int.h"
#include "vault/store.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/queue.h"

static void run(void *);
static void answer(struct server *, struct peer *);

enum frame_status
export_start(struct request *rq)
{
	struct export *x = &rq->s->export;
	const struct str passphrase = get_lp(&rq->in);

	if (!get_end(&rq->in))
		return STATUS_MALFORMED;
	if (passphrase.n < PASSPHRASE_MIN || passphrase.n > PASSPHRASE_MAX)
		return STATUS_BAD_INPUT;
	if (x->wake_fd < 0 || x->thread != NULL)
		return STATUS_BUSY;
	secret_open(&x->key, KEY_BYTES);
	secret_open(&x->passphrase, passphrase.n);
	memcpy(x->passphrase.p, passphrase.p, passphrase.n);
	random_bytes(x->salt, sizeof(x->salt));
	x->frame = *rq->frame;
	x->peer = rq->peer;
	x->peer->is_waiting = true;
	x->thread = thread_start("export", run, x);
	return STATUS_LATER;
}

static void
run(void *arg)
{
	struct export *x = arg;
	const uint64_t one = 1;

	x->is_made = archive_key(
	    secret_view(&x->passphrase), x->salt, &archive_cost, x->key.p);
	while (write(x->wake_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		continue;
}

void
export_finish(struct server *s)
{
	struct export *x = &s->export;
	uint64_t count;

	must(x->thread != NULL);
	thread_join(x->thread);
	x->thread = NULL;
	if (read(x->wake_fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		fatal("the export's eventfd");
	if (x->peer != NULL)
		answer(s, x->peer);
	secret_close(&x->passphrase);
	secret_close(&x->key);
}

static void
answer(struct server *s, struct peer *p)
{
	struct export *x = &s->export;
	const size_t begin = answer_begin(&p->out, &x->frame);

	buf_clear(&p->archive);
	if (x->is_made)
		archive_make(
		    &s->keys, &s->heads, x->key.p, x->salt, &p->archive);
	buf_u32(&p->out, (uint32_t)p->archive.n);
	answer_end(&p->out, begin, x->is_made ? STATUS_OK : STATUS_FULL);
	p->is_waiting = false;
}

void
export_forget(struct server *s, const struct peer *p)
{
	if (s->export.peer == p)
		s->export.peer = NULL;
}

enum frame_status
export_read(struct request *rq)
{
	struct buf *archive = &rq->peer->archive;
	const uint32_t offset = get_u32(&rq->in);
	struct str piece;

	if (!get_end(&rq->in))
		return STATUS_MALFORMED;
	if (offset >= archive->n)
		return STATUS_BAD_INPUT;
	piece = str_sub(buf_view(archive), offset, FRAME_MAX - ANSWER_HEAD);
	buf_str(rq->out, piece);
	if (offset + piece.n == archive->n)
		buf_fini(archive);
	return STATUS_OK;
}
