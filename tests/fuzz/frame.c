/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz: vault_core audit_tree base.  Frames to a vault with keys in memory.
 * First byte even: the bytes as they are.  Odd: operations as u8 op, u8
 * purpose, u16 length, body, which get whole frames and a good capability, so
 * that the bodies are reached.  Every answer is well formed.
 */
#include "vault/serve.h"

#include "base/clock.h"
#include "base/log.h"

#include "fuzz.h"

#define TENANT 1

static struct server server;
static struct capability granted;

static void
server_once(void)
{
	const struct grant_in in = { .tenant = TENANT,
		.actor = 1, .open_per_minute = UINT32_MAX,
		.seal_per_minute = UINT32_MAX };

	if (server.state.has_keys)
		return;
	log_open("vault", LOG_ERROR + 1);
	server_open(&server);
	server.caps.open_ceiling = UINT32_MAX;
	keys_make(&server.keys);
	must(keys_tenant_make(&server.keys, TENANT));
	caps_mint(&server.caps, &in, clock_mono_ns(), &granted);
	server.state.has_keys = true;
}

static void
frames(struct buf *b, struct cursor *c)
{
	while (!c->bad && c->left.n > 0) {
		struct frame f = { .op = get_u8(c), .purpose = get_u8(c),
			.request = b->n, .tenant = TENANT };
		size_t begin;

		if ((f.op >= OP_SEAL && f.op <= OP_TEXT_OPEN) ||
		    (f.op >= OP_PASSWORD_MAKE && f.op <= OP_TOKEN_SIGN))
			f.capability = granted;
		f.body = get_bytes(c, get_u16(c));
		begin = frame_begin(b, &f);
		buf_str(b, f.body);
		frame_end(b, begin);
	}
}

static void
answers(struct peer *peer)
{
	struct str out = buf_view(&peer->out);
	struct answer a;

	while (answer_take(&out, &a) == FRAME_WHOLE)
		must(a.status == STATUS_OK || a.body.n == 0);
	must(out.n == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct cursor c = { { (const char *)p, n }, false };
	struct ctx cx = fuzz_open();
	struct peer peer;
	struct buf made;
	struct str bytes;

	server_once();
	peer_open(&peer, -1);
	buf_init(&made, cx.arena, FUZZ_ARENA_MAX / 4);
	if (get_u8(&c) & 1)
		frames(&made, &c);
	else
		buf_str(&made, c.left);
	bytes = buf_view(&made);
	while (serve(&server, &peer, &bytes) && peer.out.n > 0) {
		answers(&peer);
		buf_clear(&peer.out);
	}
	peer_close(&peer);
	fuzz_close(&cx);
	return 0;
}
