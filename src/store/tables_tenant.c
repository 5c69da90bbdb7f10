/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tables_tenant.c - a tenant, its words, catalogue, tokens and log; and its
 * persons' keys, which live in the other database.
 */
#include "store/table.h"

#define C(field) COLUMN(tenant_row, field)
static const struct column tenant[] = {
	C(tenant), C(state), C(name), C(name_key), C(log_origin), C(log_size),
	C(frontier), C(catalogue_version), C(created_ms)
};
#undef C
const struct table TENANT = TABLE("tenant", DB_DATA, tenant, 1, tenant_row, EXISTS_REPLACES);

#define C(field) COLUMN(gone_row, field)
static const struct column tenant_gone[] = {
	C(tenant), C(asked_ms), C(keys_ms), C(ended_ms), C(rows), C(note)
};
#undef C
const struct table TENANT_GONE = TABLE("tenant_gone", DB_DATA, tenant_gone, 1, gone_row, EXISTS_REPLACES);

#define C(field) COLUMN(dictionary_row, field)
static const struct column dictionary[] = {
	C(tenant), C(key), C(id), C(sealed)
};
#undef C
const struct table DICTIONARY = TABLE("dictionary", DB_DATA, dictionary, 2, dictionary_row, EXISTS_STAYS);

#define C(field) COLUMN(catalogue_row, field)
static const struct column catalogue[] = {
	C(tenant), C(version), C(sealed), C(digest), C(author), C(created_ms)
};
#undef C
const struct table CATALOGUE = TABLE("catalogue", DB_DATA, catalogue, 2, catalogue_row, EXISTS_FAILS);

#define C(field) COLUMN(token_row, field)
static const struct column token[] = {
	C(tenant), C(id), C(hash), C(rights), C(label), C(scope), C(source),
	C(created_ms), C(expires_ms), C(revoked_ms), C(last_used_ms),
	C(author), C(family)
};
#undef C
const struct table TOKEN = TABLE("token", DB_DATA, token, 2, token_row, EXISTS_REPLACES);

#define C(field) COLUMN(log_row, field)
static const struct column log_entry[] = { C(tenant), C(seq), C(entry) };
#undef C
const struct table LOG = TABLE("log", DB_DATA, log_entry, 2, log_row, EXISTS_FAILS);

#define C(field) COLUMN(checkpoint_row, field)
static const struct column checkpoint[] = {
	C(tenant), C(seq), C(note), C(signed_ms)
};
#undef C
const struct table CHECKPOINT = TABLE("checkpoint", DB_DATA, checkpoint, 2, checkpoint_row, EXISTS_REPLACES);

#define C(field) COLUMN(access_row, field)
static const struct column access_log[] = {
	C(tenant), C(id), C(actor), C(actor_kind), C(count), C(at_ms),
	C(query)
};
#undef C
const struct table ACCESS_LOG = TABLE("access_log", DB_DATA, access_log, 2, access_row, EXISTS_FAILS);

#define C(field) COLUMN(key_row, field)
static const struct column person_key[] = {
	C(tenant), C(person), C(version), C(state), C(kek_epoch),
	C(created_ms), C(wrapped)
};
#undef C
const struct table PERSON_KEY = TABLE("person_key", DB_KEYS, person_key, 3, key_row, EXISTS_REPLACES);

#define C(field) COLUMN(shared_key, field)
static const struct column tenant_key[] = {
	C(tenant), C(created_ms), C(sealed)
};
#undef C
const struct table TENANT_KEY = TABLE("tenant_key", DB_KEYS, tenant_key, 1, shared_key, EXISTS_STAYS);
