/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rig.h - a whole world in a temporary folder: a real vault process, the
 * databases, two tenants with a small catalogue.
 */
#ifndef TEST_ACT_RIG_H
#define TEST_ACT_RIG_H

#include <sys/types.h>

#include "act/act.h"
#include "act/query.h"

/* One lane. */
#define RIG_CHANNELS (WORLD_CHANNELS + 1)

struct rig {
	char	      dir[64];
	pid_t	      vault;
	struct store *store;
	struct world *world;
	struct arena *arena;	/* of the test */
	struct ctx    cx;
	struct actor  operator, actor;	/* actor: all rights in tenant 1 */
	uint32_t      acme, other;
};

extern const char rig_catalogue[];

void rig_open(struct rig *);		/* both tenants, catalogue applied to acme */
void rig_stop(struct rig *);		/* the folder stays */
enum err rig_start(struct rig *, bool accept_rollback);
void rig_close(struct rig *);
/* For cmocka: a rig of its own for a test, which is *STATE. */
int rig_set_up(void **state);
int rig_tear_down(void **state);
int rig_verify_tear_down(void **state);	/* after rig_verify() */
/* The vault alone, while the rig is stopped; it ends when its channels are closed. */
void rig_vault(struct rig *, int fd[RIG_CHANNELS]);
void rig_vault_ends(struct rig *);

/* Runs a use case or a query as ACTOR (a new arena each; the results live until rig_close). */
enum err rig_do(struct rig *, const struct use_case *, const void *in, void *out);
enum err rig_query(struct rig *, enum err (*run)(struct reader *, struct ctx *, const void *, void **), const void *in, void *out);
enum err rig_long(struct rig *, enum err (*run)(struct reader *, struct ctx *, const void *, void **), const void *in, void *out);

/* An onboarding order for a person of this reference at SITE wanting PRODUCTS (comma-separated slugs). */
struct order *rig_onboard(struct rig *, const char *ref, const char *site, const char *products);
/* Makes it, expects OK. */
struct order_out *rig_onboarded(struct rig *, const struct order *);
/* Seat invariants and log replay, expects a whole verdict. */
void rig_verify(struct rig *);
int64_t rig_assigned(struct rig *, const char *pool);

#endif
