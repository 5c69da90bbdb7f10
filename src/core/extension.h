/* SPDX-License-Identifier: Apache-2.0 */
/*
 * extension.h - what resources have by declared schemas (decision 0022): kept
 * as canonical JSON, an object of objects by URN:
 *	{"urn:example:scim:Badge":{"number":"B-17","floors":[1,2]}}
 *
 * Doors bring a merge-patch (RFC 7396) of it; the gate settles what comes of it
 * by the realm's catalogue.  What is not declared (any more) stays as it is,
 * and is neither shown nor found.
 */
#ifndef CORE_EXTENSION_H
#define CORE_EXTENSION_H

#include "base/value.h"

#include "core/catalogue.h"

#define EXTENSION_VALUES_MAX 100	/* of a multi-valued attribute */
#define EXTENSION_KEYS_MAX   64		/* by which one resource is found */

/* Canonical form of what a door brought, null for what is to go; empty: nothing is said.  ERR_BAD_INPUT: it is no object of objects. */
enum err extension_decode(struct ctx *, const struct js *, struct str *out) USE_RESULT;
/* Canonical form of an object of objects; its members are sorted. */
struct str extension_text(struct arena *, struct value *);
/* PATCH laid over BEFORE; what it makes null is null, for a later one.  Either may be empty. */
struct str extension_merge(struct ctx *, struct str before, struct str patch);
/* PATH ("urn:…:name" or "urn:…:name.part") with a text, empty to take it away, as a patch laid over BEFORE. */
struct str extension_set(struct ctx *, struct str before, struct str path, struct str value);
/* The same into a value, which is made if *ALL is NULL: many are laid over each other so before they become text. */
void extension_add(struct arena *, struct value **all, struct str path, struct str value);
/* Whether PATH could name a declared attribute. */
bool extension_is_path(struct str path);

/*
 * AFTER (what was merged over BEFORE) as it is stored: values of the declared
 * types, nothing empty.  ERR_BAD_INPUT names the path of what is not declared,
 * of another type, required and absent, or changed though immutable; what did
 * not change is not looked at.  OF: whose values they are; NULL: a person's.
 */
enum err extension_settle(struct ctx *, const struct catalogue *, const struct declared_type *of, struct str before,
    struct str after, struct str *out) USE_RESULT;
/* What of it is declared, and is what is declared; NULL: nothing. */
struct value *extension_shown(struct ctx *, const struct catalogue *, struct str);

/* What somebody is found by: attribute and canonical value, for the blind index. */
struct extension_key {
	bool	   is_unique;	/* else searchable */
	struct str path;	/* of the attribute */
	struct str text;
};
/* At most EXTENSION_KEYS_MAX, each once; a settled one has no more. */
size_t extension_keys(struct ctx *, const struct catalogue *, struct str, struct extension_key *out);
/* KEY is one of those of TEXT. */
bool extension_has_key(struct ctx *, const struct catalogue *, struct str text, struct str key);
/* Of "urn:…:name" eq VALUE.  False: not declared, or not by an index. */
bool extension_asked(struct ctx *, const struct catalogue *, struct str path, struct str value, struct extension_key *out);

#endif
