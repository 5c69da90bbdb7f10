/* SPDX-License-Identifier: Apache-2.0 */
/* serve_test.c - who may ask the vault what, frame by frame. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"

#include "vault/serve.h"
#include "vault/ue1.h"

#define ACME  7u
#define OTHER 8u

static struct server *server;
static struct peer peer;
static struct arena *arena;
static struct capability acme, other, boot;

struct ask {
	enum frame_op	  op;
	uint32_t	  tenant;
	const struct capability *capability;
	enum vault_purpose purpose;
	struct str	  body;
};

static struct str
bytes_of(const struct ask *a)
{
	struct frame f = { .op = a->op, .request = 5, .tenant = a->tenant,
		.capability = *a->capability, .purpose = (uint8_t)a->purpose };
	struct buf b;
	size_t begin;

	buf_init(&b, arena, FRAME_MAX);
	begin = frame_begin(&b, &f);
	buf_str(&b, a->body);
	frame_end(&b, begin);
	return buf_view(&b);
}

/* false: the peer was ended. */
static bool
asked(const struct ask *a, struct answer *out)
{
	struct str bytes = bytes_of(a), answers;

	if (!serve(server, &peer, &bytes))
		return false;
	assert_int_equal(bytes.n, 0);
	answers = str_copy(arena, buf_view(&peer.out));
	buf_clear(&peer.out);
	assert_int_equal(answer_take(&answers, out), FRAME_WHOLE);
	assert_int_equal(out->op, a->op);
	assert_int_equal(out->request, 5);
	assert_int_equal(answers.n, 0);
	return true;
}

static enum frame_status
status_of(const struct ask *a)
{
	struct answer answer;

	return asked(a, &answer) ? answer.status : STATUS_MALFORMED;
}

static struct str
grant_body(uint32_t open_per_minute, uint32_t seal_per_minute)
{
	struct buf b;

	buf_init(&b, arena, 64);
	buf_u64(&b, 1001);
	buf_u32(&b, open_per_minute);
	buf_u32(&b, seal_per_minute);
	return buf_view(&b);
}

static struct capability
granted(uint32_t tenant, uint32_t open_per_minute, uint32_t seal_per_minute)
{
	const struct ask a = { OP_GRANT, tenant, &boot, 0,
		grant_body(open_per_minute, seal_per_minute) };
	struct capability c;
	struct answer answer;

	assert_true(asked(&a, &answer));
	assert_int_equal(answer.status, STATUS_OK);
	assert_int_equal(answer.body.n, sizeof(c));
	memcpy(&c, answer.body.p, sizeof(c));
	return c;
}

static int
open_server(void **state)
{
	const struct ask make[] = { { OP_TENANT_NEW, ACME, &boot, 0, STR("") },
		{ OP_TENANT_NEW, OTHER, &boot, 0, STR("") } };

	arena = arena_open(64 << 20);
	server = heap_alloc(1, sizeof(*server));
	server_open(server);
	keys_make(&server->keys);
	server->state.has_keys = true;
	peer_open(&peer, -1);
	for (size_t i = 0; i < COUNT(make); i++)
		if (status_of(&make[i]) != STATUS_OK)
			return -1;
	acme = granted(ACME, 1000, 1000);
	other = granted(OTHER, 1000, 1000);
	return 0;
}

static int
close_server(void **state)
{
	peer_close(&peer);
	server_close(server);
	heap_free(server);
	arena_close(arena);
	return 0;
}

/* What a person's frames speak of. */
struct subject {
	uint64_t   person, version, key_version;
	struct str wrapped;
};

static struct str
seal_body(const struct subject *s, struct str record, struct str audit)
{
	struct buf b;

	buf_init(&b, arena, FRAME_MAX);
	buf_u64(&b, s->person);
	buf_u64(&b, s->version);
	buf_u64(&b, s->key_version);
	buf_lp(&b, s->wrapped);
	buf_lp(&b, record);
	buf_lp(&b, audit);
	buf_u16(&b, 1);
	buf_u8(&b, INDEX_EMAIL);
	buf_lp(&b, STR("zoe@example.org"));
	return buf_view(&b);
}

static struct str
open_body(const struct subject *s, struct str sealed)
{
	struct buf b;

	buf_init(&b, arena, FRAME_MAX);
	buf_u64(&b, s->person);
	buf_u64(&b, s->version);
	buf_u64(&b, s->key_version);
	buf_lp(&b, s->wrapped);
	buf_lp(&b, sealed);
	return buf_view(&b);
}

/* Seals for S as ACME, sets its key, and gives record and audit text. */
static void
seal(struct subject *s, struct str *record, struct str *audit)
{
	const struct ask a = { OP_SEAL, ACME, &acme, PURPOSE_PERSON,
		seal_body(s, STR("the record"), STR("the inputs")) };
	struct answer answer;
	struct cursor c;
	struct str wrapped;

	assert_true(asked(&a, &answer));
	assert_int_equal(answer.status, STATUS_OK);
	c = (struct cursor) { .left = answer.body };
	wrapped = get_lp(&c);
	if (s->wrapped.n == 0)
		s->wrapped = wrapped;
	else
		assert_int_equal(wrapped.n, 0);
	s->key_version = get_u64(&c);
	assert_int_equal(s->key_version, 1);
	assert_int_equal(get_u32(&c), 1);
	*record = get_lp(&c);
	*audit = get_lp(&c);
	assert_int_equal(get_bytes(&c, 32).n, 32);
	assert_true(get_end(&c));
}

static enum frame_status
opened(const struct subject *s, enum vault_purpose purpose, struct str sealed,
    struct str *text)
{
	const struct ask a = { OP_OPEN, ACME, &acme, purpose,
		open_body(s, sealed) };
	struct answer answer;

	assert_true(asked(&a, &answer));
	*text = answer.body;
	return answer.status;
}

static void
a_persons_texts_open_again_under_the_same_context_only(void **state)
{
	struct subject s = { .person = 1001, .version = 3 }, wrong;
	struct str record, audit, text;
	struct ask foreign;

	seal(&s, &record, &audit);
	assert_int_equal(opened(&s, PURPOSE_PERSON, record, &text), STATUS_OK);
	assert_true(str_eq(text, STR("the record")));
	assert_int_equal(opened(&s, PURPOSE_AUDIT, audit, &text), STATUS_OK);
	assert_true(str_eq(text, STR("the inputs")));

	assert_int_equal(
	    opened(&s, PURPOSE_AUDIT, record, &text), STATUS_SEALED);
	assert_int_equal(
	    opened(&s, PURPOSE_PERSON, audit, &text), STATUS_SEALED);
	wrong = s;
	wrong.person++;
	assert_int_equal(
	    opened(&wrong, PURPOSE_PERSON, record, &text), STATUS_SEALED);
	wrong = s;
	wrong.version--;
	assert_int_equal(
	    opened(&wrong, PURPOSE_PERSON, record, &text), STATUS_SEALED);
	wrong = s;
	wrong.key_version++;
	assert_int_equal(
	    opened(&wrong, PURPOSE_PERSON, record, &text), STATUS_SEALED);
	foreign = (struct ask) { OP_OPEN, OTHER, &other, PURPOSE_PERSON,
		open_body(&s, record) };
	assert_int_equal(status_of(&foreign), STATUS_SEALED);
}

static void
two_persons_keys_cannot_be_exchanged(void **state)
{
	struct subject a = { .person = 1001, .version = 1 };
	struct subject b = { .person = 1002, .version = 1 };
	struct str record_a, record_b, audit, text, key;

	seal(&a, &record_a, &audit);
	seal(&b, &record_b, &audit);
	key = a.wrapped;
	a.wrapped = b.wrapped;
	b.wrapped = key;
	assert_int_equal(
	    opened(&a, PURPOSE_PERSON, record_a, &text), STATUS_SEALED);
	assert_int_equal(
	    opened(&b, PURPOSE_PERSON, record_b, &text), STATUS_SEALED);
}

static void
a_second_record_is_sealed_under_the_same_key(void **state)
{
	struct subject s = { .person = 1001, .version = 1 };
	struct str first, second, audit, text;
	struct subject before;

	seal(&s, &first, &audit);
	before = s;
	s.version = 2;
	seal(&s, &second, &audit);
	assert_int_equal(opened(&s, PURPOSE_PERSON, second, &text), STATUS_OK);
	/* An old record in the place of the new one is noticed. */
	assert_int_equal(
	    opened(&s, PURPOSE_PERSON, first, &text), STATUS_SEALED);
	assert_int_equal(
	    opened(&before, PURPOSE_PERSON, first, &text), STATUS_OK);
}

static void
every_flipped_bit_of_a_wrapped_key_is_refused(void **state)
{
	struct subject s = { .person = 1001, .version = 1 };
	struct str record, audit, text;

	seal(&s, &record, &audit);
	/* More than the budget would allow. */
	for (size_t bit = 0; bit < s.wrapped.n * 8; bit += 5) {
		((char *)s.wrapped.p)[bit / 8] ^= (char)(1 << bit % 8);
		assert_int_equal(
		    opened(&s, PURPOSE_PERSON, record, &text), STATUS_SEALED);
		((char *)s.wrapped.p)[bit / 8] ^= (char)(1 << bit % 8);
	}
	assert_int_equal(opened(&s, PURPOSE_PERSON, record, &text), STATUS_OK);
}

static void
a_key_of_a_later_version_is_not_made_from_nothing(void **state)
{
	const struct subject s = { .person = 1001, .version = 1, .key_version = 2 };
	const struct ask a = { OP_SEAL, ACME, &acme, PURPOSE_PERSON,
		seal_body(&s, STR("x"), STR("")) };

	assert_int_equal(status_of(&a), STATUS_BAD_INPUT);
}

static struct str
values_body(size_t n)
{
	struct buf b;

	buf_init(&b, arena, FRAME_MAX);
	buf_u16(&b, (uint16_t)n);
	for (size_t i = 0; i < n; i++) {
		buf_u8(&b, INDEX_SEARCH);
		buf_lp(&b, STR("zoe"));
	}
	return buf_view(&b);
}

static struct str
text_body(struct str text)
{
	struct buf b;

	buf_init(&b, arena, FRAME_MAX);
	buf_u64(&b, 55);
	buf_lp(&b, text);
	return buf_view(&b);
}

static void
without_keys_only_the_state_is_answered(void **state)
{
	const struct ask status = { OP_STATUS, 0, &boot, 0, STR("") };
	struct answer answer;

	server->state.has_keys = false;
	assert_true(asked(&status, &answer));
	assert_int_equal(answer.status, STATUS_OK);
	assert_int_equal(answer.body.p[0], 0);
	for (enum frame_op op = OP_STATUS + 1; op < OP_COUNT; op++) {
		struct ask a = { op, ACME, &boot, 0, STR("") };

		if (op == OP_SEAL || op == OP_OPEN)
			a.purpose = PURPOSE_PERSON;
		if (op == OP_TEXT_SEAL || op == OP_TEXT_OPEN)
			a.purpose = PURPOSE_NAME;
		if (op == OP_PASSWORD_MAKE || op == OP_PASSWORD_CHECK)
			a.purpose = PURPOSE_PASSWORD;
		if (op == OP_TOTP_MAKE || op == OP_TOTP_CHECK)
			a.purpose = PURPOSE_TOTP;
		assert_int_equal(status_of(&a), STATUS_NO_KEYS);
	}
}

static void
the_boot_capability_opens_and_seals_nothing(void **state)
{
	const struct subject s = { .person = 1 };
	const struct ask asks[] = {
		{ OP_SEAL, ACME, &boot, PURPOSE_PERSON,
		    seal_body(&s, STR("x"), STR("")) },
		{ OP_OPEN, ACME, &boot, PURPOSE_PERSON,
		    open_body(&s, STR("x")) },
		{ OP_INDEX, ACME, &boot, 0, values_body(1) },
		{ OP_TEXT_SEAL, ACME, &boot, PURPOSE_NAME,
		    text_body(STR("x")) },
		{ OP_TEXT_OPEN, ACME, &boot, PURPOSE_NAME,
		    text_body(STR("x")) },
	};

	for (size_t i = 0; i < COUNT(asks); i++)
		assert_int_equal(status_of(&asks[i]), STATUS_DENIED);
}

static void
a_minted_capability_does_no_boot_work(void **state)
{
	static const enum frame_op ops[] = { OP_STATUS, OP_GRANT, OP_TENANT_NEW,
		OP_LOG_HEAD, OP_LOG_BEGIN, OP_LOG_ADD, OP_LOG_SIGN, OP_LOG_KEY,
		OP_LOG_ROLLBACK, OP_EXPORT, OP_EXPORT_READ, OP_TENANT_KEYS,
		OP_TENANT_END, OP_TENANT_SHARE, OP_TENANT_TAKE };

	for (size_t i = 0; i < COUNT(ops); i++) {
		const struct ask a = { ops[i], ACME, &acme, 0, STR("") };

		assert_int_equal(status_of(&a), STATUS_DENIED);
	}
}

static int
keys_of(uint32_t tenant)
{
	const struct ask a = { OP_TENANT_KEYS, tenant, &boot, 0, STR("") };
	struct answer answer;

	assert_true(asked(&a, &answer));
	assert_int_equal(answer.status, STATUS_OK);
	return answer.body.p[0];
}

/* Nothing was ever signed for either: that keys were destroyed is remembered all the same. */
static void
destroyed_keys_never_come_back_and_nobody_elses_go(void **state)
{
	const struct ask end = { OP_TENANT_END, ACME, &boot, 0, STR("") };
	const struct ask make = { OP_TENANT_NEW, ACME, &boot, 0, STR("") };
	const struct ask seal = { OP_TEXT_SEAL, ACME, &acme, PURPOSE_NAME,
		text_body(STR("x")) };

	assert_int_equal(keys_of(ACME), TENANT_HAS_KEYS);
	assert_int_equal(keys_of(77), TENANT_HAS_NOTHING);
	assert_int_equal(status_of(&seal), STATUS_OK);
	assert_int_equal(status_of(&end), STATUS_OK);
	assert_int_equal(status_of(&end), STATUS_OK);
	assert_int_equal(keys_of(ACME), TENANT_HAD_KEYS);
	assert_int_equal(status_of(&seal), STATUS_NOT_FOUND);
	assert_int_equal(status_of(&make), STATUS_CONFLICT);
	assert_int_equal(keys_of(OTHER), TENANT_HAS_KEYS);
}

static void
a_forged_or_foreign_capability_is_denied_and_alarms(void **state)
{
	const uint64_t before = server->state.alarms;
	struct capability forged = acme;
	const struct ask asks[] = {
		{ OP_TEXT_SEAL, OTHER, &acme, PURPOSE_NAME,
		    text_body(STR("x")) },
		{ OP_TEXT_SEAL, ACME, &other, PURPOSE_NAME,
		    text_body(STR("x")) },
		{ OP_TEXT_SEAL, ACME, &forged, PURPOSE_NAME,
		    text_body(STR("x")) },
	};

	forged.bytes[63] ^= 1;
	for (size_t i = 0; i < COUNT(asks); i++)
		assert_int_equal(status_of(&asks[i]), STATUS_DENIED);
	assert_int_equal(server->state.alarms, before + COUNT(asks));
}

static void
a_tenant_without_keys_is_not_found(void **state)
{
	const struct ask asks[] = {
		{ OP_GRANT, 99, &boot, 0, grant_body(1, 1) },
		{ OP_LOG_HEAD, 99, &boot, 0, STR("") },
		{ OP_LOG_KEY, 99, &boot, 0, STR("") },
		{ OP_LOG_ROLLBACK, 99, &boot, 0, STR("") },
	};

	for (size_t i = 0; i < COUNT(asks); i++)
		assert_int_equal(status_of(&asks[i]), STATUS_NOT_FOUND);
}

static void
the_open_budget_is_hard_and_alarms_once(void **state)
{
	const uint64_t before = server->state.alarms;
	struct ask seal_text, open_text;
	struct capability few = granted(ACME, 3, 1000);
	struct answer answer;

	few = granted(ACME, 3, 1000);
	seal_text = (struct ask) { OP_TEXT_SEAL, ACME, &few, PURPOSE_AUDIT,
		text_body(STR("a name")) };
	assert_true(asked(&seal_text, &answer));
	open_text = (struct ask) { OP_TEXT_OPEN, ACME, &few, PURPOSE_AUDIT,
		text_body(answer.body) };
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(status_of(&open_text), STATUS_OK);
	assert_int_equal(status_of(&open_text), STATUS_LIMITED);
	assert_int_equal(status_of(&open_text), STATUS_LIMITED);
	assert_int_equal(server->state.alarms, before + 1);
	assert_int_equal(server->state.opened, 3);
}

static void
above_the_seal_rate_sealing_goes_on_with_one_alarm(void **state)
{
	const uint64_t before = server->state.alarms;
	struct capability few = granted(ACME, 0, 12);
	const struct ask index = { OP_INDEX, ACME, &few, 0, values_body(10) };

	assert_int_equal(status_of(&index), STATUS_OK);
	assert_int_equal(server->state.alarms, before);
	assert_int_equal(status_of(&index), STATUS_OK);
	assert_int_equal(status_of(&index), STATUS_OK);
	assert_int_equal(server->state.alarms, before + 1);
}

static void
a_text_opens_for_its_subject_purpose_and_tenant_only(void **state)
{
	struct ask a = { OP_TEXT_SEAL, ACME, &acme, PURPOSE_NAME,
		text_body(STR("a name")) };
	struct answer answer;
	struct str sealed;

	assert_true(asked(&a, &answer));
	sealed = answer.body;
	a = (struct ask) { OP_TEXT_OPEN, ACME, &acme, PURPOSE_NAME,
		text_body(sealed) };
	assert_true(asked(&a, &answer));
	assert_true(str_eq(answer.body, STR("a name")));
	a.purpose = PURPOSE_DICTIONARY;
	assert_int_equal(status_of(&a), STATUS_SEALED);
	a.purpose = PURPOSE_NAME;
	((char *)a.body.p)[7] ^= 1; /* the subject's last byte */
	assert_int_equal(status_of(&a), STATUS_SEALED);
	((char *)a.body.p)[7] ^= 1;
	a.tenant = OTHER;
	a.capability = &other;
	assert_int_equal(status_of(&a), STATUS_SEALED);
}

/* Each well-formed body, one byte longer and one byte shorter. */
static void
a_body_that_does_not_end_where_it_should_ends_the_peer(void **state)
{
	const struct subject s = { .person = 1 };
	const struct ask asks[] = {
		{ OP_STATUS, 0, &boot, 0, STR("") },
		{ OP_GRANT, ACME, &boot, 0, grant_body(1, 1) },
		{ OP_TENANT_NEW, ACME, &boot, 0, STR("") },
		{ OP_SEAL, ACME, &acme, PURPOSE_PERSON,
		    seal_body(&s, STR("x"), STR("y")) },
		{ OP_OPEN, ACME, &acme, PURPOSE_PERSON,
		    open_body(&s, STR("x")) },
		{ OP_INDEX, ACME, &acme, 0, values_body(2) },
		{ OP_TEXT_SEAL, ACME, &acme, PURPOSE_NAME,
		    text_body(STR("x")) },
		{ OP_TEXT_OPEN, ACME, &acme, PURPOSE_NAME,
		    text_body(STR("x")) },
		{ OP_LOG_HEAD, ACME, &boot, 0, STR("") },
		{ OP_LOG_BEGIN, ACME, &boot, 0,
		    STR("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0") },
		{ OP_LOG_ADD, ACME, &boot, 0, STR("\1\0\0\0\1x") },
		{ OP_LOG_SIGN, ACME, &boot, 0,
		    STR("\0\0\0\0\0\0\0\1"
			"0123456789abcdef"
			"0123456789abcdef") },
		{ OP_LOG_ROLLBACK, ACME, &boot, 0, STR("") },
		{ OP_LOG_KEY, ACME, &boot, 0, STR("") },
		{ OP_EXPORT, 0, &boot, 0, STR("\0\0\0\1x") },
		{ OP_EXPORT_READ, 0, &boot, 0, STR("\0\0\0\0") },
		{ OP_TENANT_KEYS, ACME, &boot, 0, STR("") },
		{ OP_TENANT_END, 77, &boot, 0, STR("") },
	};

	for (size_t i = 0; i < COUNT(asks); i++) {
		struct ask a = asks[i];
		char room[512];

		assert_int_not_equal(status_of(&a), STATUS_MALFORMED);
		memcpy(room, a.body.p, a.body.n);
		room[a.body.n] = 1;
		a.body = (struct str) { room, a.body.n + 1 };
		if (a.op != OP_LOG_ADD) /* at once after BEGIN, see below */
			assert_int_equal(status_of(&a), STATUS_MALFORMED);
		if (asks[i].body.n == 0)
			continue;
		a.body.n -= 2;
		if (a.op != OP_LOG_ADD)
			assert_int_equal(status_of(&a), STATUS_MALFORMED);
	}
}

static void
a_piece_of_an_entry_that_is_cut_ends_the_peer(void **state)
{
	const struct ask begin = { OP_LOG_BEGIN, ACME, &boot, 0,
		STR("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0") };
	static const struct str bodies[] = { { "\1\0\0\0\2x", 6 },
		{ "\2\0\0\0\1x", 6 }, { "\1\0\0", 3 } };

	for (size_t i = 0; i < COUNT(bodies); i++) {
		const struct ask add = { OP_LOG_ADD, ACME, &boot, 0, bodies[i] };

		assert_int_equal(status_of(&begin), STATUS_OK);
		assert_int_equal(status_of(&add), STATUS_MALFORMED);
	}
}

static void
a_purpose_that_does_not_fit_the_operation_ends_the_peer(void **state)
{
	static const struct {
		enum frame_op op;
		enum vault_purpose purpose;
	} cases[] = {
		{ OP_STATUS, PURPOSE_PERSON },
		{ OP_SEAL, 0 },
		{ OP_SEAL, PURPOSE_AUDIT },
		{ OP_OPEN, PURPOSE_NAME },
		{ OP_INDEX, PURPOSE_PERSON },
		{ OP_TEXT_SEAL, PURPOSE_PERSON },
		{ OP_TEXT_OPEN, PURPOSE_PERSON },
		{ OP_TEXT_OPEN, 0 },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct ask a = { cases[i].op, ACME, &acme,
			cases[i].purpose, STR("") };

		assert_int_equal(status_of(&a), STATUS_MALFORMED);
	}
}

static void
an_unknown_kind_of_index_ends_the_peer(void **state)
{
	static const struct str bodies[] = { { "\0\1\0\0\0\0\1x", 8 },
		{ "\0\1\14\0\0\0\1x", 8 }, { "\2\1", 2 } };

	for (size_t i = 0; i < COUNT(bodies); i++) {
		const struct ask a = { OP_INDEX, ACME, &acme, 0, bodies[i] };

		assert_int_equal(status_of(&a), STATUS_MALFORMED);
	}
}

static void
a_text_whose_seal_outgrows_a_frame_is_too_large(void **state)
{
	const size_t n = FRAME_MAX - FRAME_HEAD - 12;
	const struct str text = { arena_alloc(arena, n), n };
	const struct ask a = { OP_TEXT_SEAL, ACME, &acme, PURPOSE_NAME,
		text_body(text) };

	assert_int_equal(status_of(&a), STATUS_TOO_LARGE);
}

static void
a_peer_that_reads_no_answers_is_not_read_either(void **state)
{
	const struct str text = { arena_alloc(arena, 60000), 60000 };
	const struct ask a = { OP_TEXT_SEAL, ACME, &acme, PURPOSE_NAME,
		text_body(text) };
	const struct str one = bytes_of(&a);
	struct str bytes;
	size_t taken = 0;

	for (;; taken++) {
		bytes = one;
		assert_true(serve(server, &peer, &bytes));
		if (bytes.n > 0)
			break;
		assert_true(taken < 20);
	}
	assert_true(taken > 1);
	assert_true(peer.out.n <= ANSWERS_MAX);
	buf_clear(&peer.out);
	assert_true(serve(server, &peer, &bytes));
	assert_int_equal(bytes.n, 0);
}

static void
an_archive_is_refused_where_none_can_be_made(void **state)
{
	struct ask a = { OP_EXPORT, 0, &boot, 0, STR("\0\0\0\4four") };

	assert_int_equal(status_of(&a), STATUS_BAD_INPUT);
	a.body = STR("\0\0\0\14twelve chars");
	assert_int_equal(status_of(&a), STATUS_BUSY);
	a = (struct ask) { OP_EXPORT_READ, 0, &boot, 0, STR("\0\0\0\0") };
	assert_int_equal(status_of(&a), STATUS_BAD_INPUT);
}

static struct str
password_body(struct str sealed)
{
	struct buf b;

	buf_init(&b, arena, FRAME_MAX);
	buf_u64(&b, 1001);
	buf_lp(&b, sealed);
	buf_lp(&b, STR("a password"));
	return buf_view(&b);
}

static void
passwords_wait_in_a_few_places_and_hold_up_nobody_else(void **state)
{
	const struct ask check = { OP_PASSWORD_CHECK, ACME, &acme,
		PURPOSE_PASSWORD, password_body(STR("")) };
	const struct ask text = { OP_TEXT_SEAL, ACME, &acme, PURPOSE_NAME,
		STR("\0\0\0\0\0\0\0\1\0\0\0\1x") };
	struct peer asker[HASHES_MAX];
	struct answer answer;

	assert_int_equal(status_of(&check), STATUS_LIMITED);
	server->hasher.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	assert_true(server->hasher.wake_fd >= 0);
	for (size_t i = 0; i < HASHES_MAX; i++) {
		struct str bytes = bytes_of(&check);

		peer_open(&asker[i], -1);
		assert_true(serve(server, &asker[i], &bytes));
		assert_true(asker[i].is_waiting);
		assert_int_equal(asker[i].out.n, 0);
	}
	assert_int_equal(status_of(&check), STATUS_LIMITED);
	assert_int_equal(status_of(&text), STATUS_OK);
	/* One goes away; the others are answered, and there is room again. */
	hashes_forget(server, &asker[0]);
	for (size_t i = 1; i < HASHES_MAX; i++) {
		struct str out;

		while (asker[i].is_waiting)
			hashes_finish(server);
		out = buf_view(&asker[i].out);
		assert_int_equal(answer_take(&out, &answer), FRAME_WHOLE);
		assert_int_equal(answer.status, STATUS_OK);
		assert_true(str_eq(answer.body, STR("\0")));
	}
	for (size_t i = 0; i < HASHES_MAX; i++)
		assert_false(server->hasher.job[i].is_taken);
	assert_int_equal(asker[0].out.n, 0);
	for (size_t i = 0; i < HASHES_MAX; i++)
		peer_close(&asker[i]);
	hasher_close(server);
	close(server->hasher.wake_fd);
	server->hasher.wake_fd = -1;
}

static void
guesses_are_within_the_budget_of_opening(void **state)
{
	const struct capability few = granted(ACME, 2, 1000);
	const struct ask make = { OP_TOTP_MAKE, ACME, &acme, PURPOSE_TOTP,
		STR("\0\0\0\0\0\0\0\1") };
	struct answer made;
	struct ask check = { OP_TOTP_CHECK, ACME, &few, PURPOSE_TOTP,
		STR("") };
	struct cursor c;
	struct buf b;

	assert_true(asked(&make, &made));
	assert_int_equal(made.status, STATUS_OK);
	c = (struct cursor) { .left = made.body };
	buf_init(&b, arena, FRAME_MAX);
	buf_u64(&b, 1);
	buf_lp(&b, get_lp(&c));
	buf_u32(&b, 123456);
	check.body = buf_view(&b);
	assert_int_equal(status_of(&check), STATUS_OK);
	assert_int_equal(status_of(&check), STATUS_OK);
	assert_int_equal(status_of(&check), STATUS_LIMITED);
}

static void
what_people_sign_in_with_is_no_text(void **state)
{
	static const enum vault_purpose secret[] = { PURPOSE_PASSWORD,
		PURPOSE_TOTP };

	for (size_t i = 0; i < COUNT(secret); i++) {
		const struct ask open = { OP_TEXT_OPEN, ACME, &acme, secret[i],
			STR("\0\0\0\0\0\0\0\1\0\0\0\1x") };

		assert_int_equal(status_of(&open), STATUS_MALFORMED);
	}
}

#define FRESH(test) \
	cmocka_unit_test_setup_teardown(test, open_server, close_server)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FRESH(a_persons_texts_open_again_under_the_same_context_only),
		FRESH(two_persons_keys_cannot_be_exchanged),
		FRESH(a_second_record_is_sealed_under_the_same_key),
		FRESH(every_flipped_bit_of_a_wrapped_key_is_refused),
		FRESH(a_key_of_a_later_version_is_not_made_from_nothing),
		FRESH(without_keys_only_the_state_is_answered),
		FRESH(the_boot_capability_opens_and_seals_nothing),
		FRESH(a_minted_capability_does_no_boot_work),
		FRESH(destroyed_keys_never_come_back_and_nobody_elses_go),
		FRESH(a_forged_or_foreign_capability_is_denied_and_alarms),
		FRESH(a_tenant_without_keys_is_not_found),
		FRESH(the_open_budget_is_hard_and_alarms_once),
		FRESH(above_the_seal_rate_sealing_goes_on_with_one_alarm),
		FRESH(a_text_opens_for_its_subject_purpose_and_tenant_only),
		FRESH(a_body_that_does_not_end_where_it_should_ends_the_peer),
		FRESH(a_piece_of_an_entry_that_is_cut_ends_the_peer),
		FRESH(a_purpose_that_does_not_fit_the_operation_ends_the_peer),
		FRESH(an_unknown_kind_of_index_ends_the_peer),
		FRESH(a_text_whose_seal_outgrows_a_frame_is_too_large),
		FRESH(a_peer_that_reads_no_answers_is_not_read_either),
		FRESH(an_archive_is_refused_where_none_can_be_made),
		FRESH(passwords_wait_in_a_few_places_and_hold_up_nobody_else),
		FRESH(guesses_are_within_the_budget_of_opening),
		FRESH(what_people_sign_in_with_is_no_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
