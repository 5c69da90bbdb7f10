/* SPDX-License-Identifier: Apache-2.0 */
/*
 * logins.h - people who sign in, without the vault's work: what it would have
 * found right is written into the login.
 */
#ifndef TEST_ACT_LOGINS_H
#define TEST_ACT_LOGINS_H

#include "act/login.h"

#include "plant.h"

/* Ana, in Berlin. */
int64_t somebody(struct rig *);
/* By password; an hour. */
struct login *login_of(struct rig *, int64_t person);
enum err opens(struct rig *, const struct login *);
/* A request with the session's cookie. */
enum err enters(struct rig *, struct str secret, struct actor *);
/* An activation, by who may everything. */
void renewed(struct rig *, int64_t person, struct activation **);

#endif
