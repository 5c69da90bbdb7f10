/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch.c - may requests be sent here?  Whoever asks never waits: threads say
 * how they get on while they do it, and the clock looks after what nobody
 * happens to use.
 */
#include "act/world_int.h"

#include "base/clock.h"

#define LATE_MS	  3000	/* a commit, or the vault without a word */
#define UNSIGNED_MS 15000	/* the logs are signed once a second */
#define MS_NS	  INT64_C(1000000)

static bool vault_answers(struct world *);
static bool has_silent_channel(struct world *);
static void try_to_write(struct world *, struct ctx *, size_t lane);

const char *
readiness_name(enum readiness what)
{
	static const char *const names[] = { [READY_STORE] = "store",
		[READY_VAULT] = "vault",
		[READY_LOG] = "log" };

	must(what < READY_COUNT);
	return names[what];
}

void
world_readiness(struct world *w, bool is_ready[READY_COUNT])
{
	struct pipeline_health health;
	struct loss loss;
	int64_t signed_ns;

	pipeline_health(w->pipeline, LATE_MS, &health);
	is_ready[READY_STORE] = !health.has_failed && !health.is_late;
	is_ready[READY_VAULT] = vault_answers(w);
	lock_take(w->mu);
	signed_ns = w->signed_ns;
	lock_give(w->mu);
	is_ready[READY_LOG] = clock_mono_ns() - signed_ns < UNSIGNED_MS * MS_NS
	    && (node_history(w) == NULL
	    || !history_loss(node_history(w), &loss));
}

static bool
vault_answers(struct world *w)
{
	bool is_open;

	lock_take(w->mu);
	is_open = w->vault_is_open;
	lock_give(w->mu);
	return is_open && !has_silent_channel(w);
}

static bool
has_silent_channel(struct world *w)
{
	for (size_t i = 0; i < w->nvault; i++)
		if (vault_silent_ms(w->vault[i]) > LATE_MS)
			return true;
	return false;
}

void
world_vault_state(struct world *w, struct vault_state *out)
{
	lock_take(w->mu);
	*out = w->vault_state;
	lock_give(w->mu);
}

void
watch_beat(struct world *w)
{
	struct arena *arena = arena_open(16 << 20);
	struct ctx cx = { .arena = arena, .now_ms = clock_now_ms() };
	struct pipeline_health health;
	struct vault_state state;
	bool is_open =
	    vault_status(w->vault[CHANNEL_CLOCK], &cx, &state) == OK &&
	    state.has_keys;

	lock_take(w->mu);
	w->vault_is_open = is_open;
	if (is_open)
		w->vault_state = state;
	lock_give(w->mu);
	pipeline_health(w->pipeline, LATE_MS, &health);
	for (size_t i = 0; i < COUNT(health.has_failed_on); i++)
		if (health.has_failed_on[i])
			try_to_write(w, &cx, i);
	arena_close(arena);
}

/* --- who cannot write is told when it can again ------------------------------------ */

/* A key of nobody, which is gone by the time that it is durable. */
static enum err
probe_keep(struct batch *b, struct tx *keys)
{
	const struct key_row row = { .version = 1, .wrapped = STR("probe") };

	(void)b;
	TRY(store_save(keys, &PERSON_KEY, &row, 1, NULL));
	return store_drop(keys, &PERSON_KEY, &row, 1, 3, NULL);
}

/* A lease that nobody takes. */
static enum err
probe_save(struct batch *b, struct tx *tx)
{
	const struct lease_row row = { .name = LEASE_PROBE };

	(void)b;
	return store_save(tx, &LEASE, &row, 1, NULL);
}

static const struct use_case probe = { .name = "probe", .keep = probe_keep,
	.save = probe_save };

static void
try_to_write(struct world *w, struct ctx *cx, size_t lane)
{
	struct item it = { .cx = cx, .use_case = &probe };

	/* What came of it, the pipeline's health says. */
	if (pipeline_do_on(w->pipeline, lane, &it) != OK)
		cx->fault = (struct fault) { 0 };
}
