/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tables_login.c - clients, the nets of credentials, sessions, and what persons
 * sign in with.
 */
#include "store/table.h"

#define C(field) COLUMN(token_row, field)
static const struct column client[] = {
	C(tenant), C(id), C(hash), C(rights), C(label), C(scope), C(source),
	C(created_ms), C(expires_ms), C(revoked_ms), C(last_used_ms),
	C(author), C(family)
};
#undef C
const struct table CLIENT = TABLE("client", DB_DATA, client, 2, token_row, EXISTS_REPLACES);

#define C(field) COLUMN(net_row, field)
static const struct column net[] = { C(tenant), C(holder), C(net) };
#undef C
const struct table NET = TABLE("net", DB_DATA, net, 3, net_row, EXISTS_STAYS);

#define C(field) COLUMN(session_row, field)
static const struct column session[] = {
	C(tenant), C(person), C(id), C(hash), C(factors), C(created_ms),
	C(factor_ms), C(seen_ms), C(expires_ms)
};
#undef C
const struct table SESSION = TABLE("session", DB_DATA, session, 3, session_row, EXISTS_REPLACES);

#define C(field) COLUMN(login_row, field)
static const struct column login[] = {
	C(tenant), C(person), C(verifier), C(password_ms), C(totp),
	C(totp_next), C(totp_ms), C(last_step)
};
#undef C
const struct table LOGIN = TABLE("login", DB_DATA, login, 2, login_row, EXISTS_REPLACES);

#define C(field) COLUMN(recovery_row, field)
static const struct column recovery[] = { C(tenant), C(person), C(hash) };
#undef C
const struct table RECOVERY = TABLE("recovery", DB_DATA, recovery, 3, recovery_row, EXISTS_STAYS);

#define C(field) COLUMN(throttle_row, field)
static const struct column throttle[] = {
	C(tenant), C(key), C(tries), C(until_ms), C(last_ms)
};
#undef C
const struct table THROTTLE = TABLE("throttle", DB_DATA, throttle, 2, throttle_row, EXISTS_REPLACES);

#define C(field) COLUMN(activation_row, field)
static const struct column activation[] = {
	C(tenant), C(person), C(hash), C(created_ms), C(expires_ms),
	C(author)
};
#undef C
const struct table ACTIVATION = TABLE("activation", DB_DATA, activation, 2, activation_row, EXISTS_REPLACES);
