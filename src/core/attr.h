/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attr.h - the one attribute table, and a person's document over it.
 *
 * The table drives JSON, import maps, filters and (later) the SCIM schema and
 * OpenAPI.  Personal attributes live only in the sealed document;
 * organisational ones are integers into a sealed dictionary (struct facts).
 *
 * A document is SCIM-shaped: an array of values sorted by (attribute, index),
 * where index numbers the elements of a multi-valued attribute:
 *	emails[0].value, emails[0].type, emails[1].value, name.givenName
 */
#ifndef CORE_ATTR_H
#define CORE_ATTR_H

#include "base/err.h"
#include "base/js.h"

#include "core/actor.h"

enum attr_type { ATTR_STRING, ATTR_BOOL, ATTR_DATE, ATTR_INT, ATTR_REF,
	ATTR_JSON	/* canonical, see extension.h */
};
enum attr_class { ATTR_PERSONAL, ATTR_ORG };

#define ATTR_MULTI  1	/* an element of a multi-valued attribute */
#define ATTR_UNIQUE 2	/* one person per value and tenant (e-mail: by setting) */
#define ATTR_SEARCH 4	/* its words go into the search index */
#define ATTR_OWN    8	/* a person may change it of themselves */

/*
 * Who may read an attribute and who may write it: two rights, over the person.
 * LOGIN: by what somebody signs in or gets a new password; whoever may make a
 * person gives the first ones.
 */
/*			    readable-by			     writable-by */
#define ATTR_RIGHTS_OPEN    RIGHT_PERSON_READ,	     RIGHT_PERSON_WRITE
#define ATTR_RIGHTS_PRIVATE RIGHT_PERSON_PRIVATE_READ, RIGHT_PERSON_PRIVATE_WRITE
#define ATTR_RIGHTS_LOGIN   RIGHT_PERSON_READ,	     RIGHT_PERSON_LOGIN_WRITE

/*  name              path                        type         class          flags, readable-by and writable-by */
#define ATTRIBUTES(X) \
	X(USER_NAME,	    "userName",			ATTR_STRING, ATTR_PERSONAL, ATTR_UNIQUE | ATTR_SEARCH, LOGIN) \
	X(EXTERNAL_ID,	    "externalId",		ATTR_STRING, ATTR_PERSONAL, ATTR_UNIQUE, OPEN) \
	X(FAMILY_NAME,	    "name.familyName",		ATTR_STRING, ATTR_PERSONAL, ATTR_SEARCH, OPEN) \
	X(GIVEN_NAME,	    "name.givenName",		ATTR_STRING, ATTR_PERSONAL, ATTR_SEARCH, OPEN) \
	X(MIDDLE_NAME,	    "name.middleName",		ATTR_STRING, ATTR_PERSONAL, 0, OPEN) \
	X(HONORIFIC_PREFIX, "name.honorificPrefix",	ATTR_STRING, ATTR_PERSONAL, 0, OPEN) \
	X(HONORIFIC_SUFFIX, "name.honorificSuffix",	ATTR_STRING, ATTR_PERSONAL, 0, OPEN) \
	X(FORMATTED_NAME,   "name.formatted",		ATTR_STRING, ATTR_PERSONAL, 0, OPEN) \
	X(DISPLAY_NAME,	    "displayName",		ATTR_STRING, ATTR_PERSONAL, ATTR_SEARCH, OPEN) \
	X(NICK_NAME,	    "nickName",			ATTR_STRING, ATTR_PERSONAL, ATTR_OWN, OPEN) \
	X(BIRTH_DATE,	    "birthDate",		ATTR_DATE,   ATTR_PERSONAL, 0, PRIVATE) \
	X(EMPLOYEE_NUMBER,  "employeeNumber",		ATTR_STRING, ATTR_PERSONAL, 0, OPEN) \
	X(EMAIL_VALUE,	    "emails.value",		ATTR_STRING, ATTR_PERSONAL, ATTR_MULTI | ATTR_UNIQUE, LOGIN) \
	X(EMAIL_TYPE,	    "emails.type",		ATTR_STRING, ATTR_PERSONAL, ATTR_MULTI, LOGIN) \
	X(EMAIL_PRIMARY,    "emails.primary",		ATTR_BOOL,   ATTR_PERSONAL, ATTR_MULTI, LOGIN) \
	X(PHONE_VALUE,	    "phoneNumbers.value",	ATTR_STRING, ATTR_PERSONAL, ATTR_MULTI | ATTR_OWN, OPEN) \
	X(PHONE_TYPE,	    "phoneNumbers.type",	ATTR_STRING, ATTR_PERSONAL, ATTR_MULTI | ATTR_OWN, OPEN) \
	X(PHONE_PRIMARY,    "phoneNumbers.primary",	ATTR_BOOL,   ATTR_PERSONAL, ATTR_MULTI | ATTR_OWN, OPEN) \
	X(ADDRESS_TYPE,	    "addresses.type",		ATTR_STRING, ATTR_PERSONAL, ATTR_MULTI, PRIVATE) \
	X(ADDRESS_FORMATTED, "addresses.formatted",	ATTR_STRING, ATTR_PERSONAL, ATTR_MULTI, PRIVATE) \
	X(ADDRESS_STREET,   "addresses.streetAddress",	ATTR_STRING, ATTR_PERSONAL, ATTR_MULTI, PRIVATE) \
	X(ADDRESS_LOCALITY, "addresses.locality",	ATTR_STRING, ATTR_PERSONAL, ATTR_MULTI, PRIVATE) \
	X(ADDRESS_REGION,   "addresses.region",		ATTR_STRING, ATTR_PERSONAL, ATTR_MULTI, PRIVATE) \
	X(ADDRESS_POSTAL,   "addresses.postalCode",	ATTR_STRING, ATTR_PERSONAL, ATTR_MULTI, PRIVATE) \
	X(ADDRESS_COUNTRY,  "addresses.country",	ATTR_STRING, ATTR_PERSONAL, ATTR_MULTI, PRIVATE) \
	X(EXTENSIONS,	    "extensions",		ATTR_JSON,   ATTR_PERSONAL, 0, OPEN) \
	X(SITE,		    "site",			ATTR_REF,    ATTR_ORG,	    0, OPEN) \
	X(DEPARTMENT,	    "department",		ATTR_STRING, ATTR_ORG,	    0, OPEN) \
	X(TITLE,	    "title",			ATTR_STRING, ATTR_ORG,	    0, OPEN) \
	X(COST_CENTER,	    "costCenter",		ATTR_STRING, ATTR_ORG,	    0, OPEN) \
	X(DIVISION,	    "division",			ATTR_STRING, ATTR_ORG,	    0, OPEN) \
	X(ORGANIZATION,	    "organization",		ATTR_STRING, ATTR_ORG,	    0, OPEN) \
	X(COUNTRY,	    "country",			ATTR_STRING, ATTR_ORG,	    0, OPEN) \
	X(LANGUAGE,	    "preferredLanguage",	ATTR_STRING, ATTR_ORG,	    ATTR_OWN, OPEN) \
	X(USER_TYPE,	    "userType",			ATTR_STRING, ATTR_ORG,	    0, OPEN) \
	X(MANAGER,	    "manager",			ATTR_REF,    ATTR_ORG,	    0, OPEN) \
	X(START,	    "start",			ATTR_DATE,   ATTR_ORG,	    0, OPEN) \
	X(END,		    "end",			ATTR_DATE,   ATTR_ORG,	    0, OPEN) \
	X(SOURCE,	    "source",			ATTR_STRING, ATTR_ORG,	    0, OPEN) \
	X(LIFECYCLE,	    "lifecycle",		ATTR_STRING, ATTR_ORG,	    0, OPEN) \
	X(CERTIFICATION,    "certification",		ATTR_STRING, ATTR_ORG,	    0, OPEN) \
	X(ACTIVE,	    "active",			ATTR_BOOL,   ATTR_ORG,	    0, OPEN) \
	X(ID,		    "id",			ATTR_REF,    ATTR_ORG,	    0, OPEN)

enum attribute {
#define X(name, path, type, class, flags, rights) A_##name,
	ATTRIBUTES(X)
#undef X
	A_COUNT,
	A_ORG_FIRST = A_SITE
};

#define FACT_COUNT (A_COUNT - A_ORG_FIRST)

struct attr_info {
	const char     *path;
	enum attr_type	type;
	enum attr_class class;
	unsigned	flags;
	enum right	read, write;
};

const struct attr_info *attr_info(enum attribute);
/* "emails" of emails.value: what is changed and named as one. */
struct str attr_head(enum attribute);
/* By path without index, case-insensitively (SCIM attribute names are); A_COUNT if unknown. */
enum attribute attr_find(struct str path);

/*
 * The organisational attributes of a person (its primary contract and states)
 * as integers: dictionary or catalogue ids, days, enums, 0/1.  0 is "absent";
 * a day is stored + DAY_BIAS so that 0 stays free.  What rules run over.
 */
struct facts {
	int64_t v[FACT_COUNT];	/* by enum attribute - A_ORG_FIRST */
};

#define DAY_BIAS 1000000
#define FACT(f, name) ((f)->v[A_##name - A_ORG_FIRST])

struct attr {
	enum attribute id;
	uint16_t       index;	/* of the element; 0 for single-valued ones */
	struct str     value;	/* text form: booleans true/false, dates ISO 8601, canonical JSON */
};

struct doc {
	struct attr *attr;	/* sorted by (id, index), each pair once, no empty values */
	size_t	     n;
};

#define DOC_ATTRS_MAX 512
#define DOC_BYTES_MAX 32768
#define VALUE_CHARS_MAX 1024

/*
 * Personal attributes of a JSON object into a document, everything trimmed, in one
 * line, and stored as canon_store() gives it.  Names are at most NAME_MAX_CHARS, parts of
 * addresses VALUE_CHARS_MAX.  null and "" are absent.  Members that are organisational are left in *ORG
 * (as pairs with id and text value, unsorted); any other unknown member, a wrong type, more
 * than one primary, or an invalid e-mail, date or language is ERR_BAD_INPUT
 * naming its path.
 */
enum err doc_decode(struct ctx *, const struct js *object, struct doc *out, struct doc *org) USE_RESULT;

/* The members of the document into an object that is being written (caller opens and closes it). */
void doc_encode(const struct doc *, struct js_out *);

/* Canonical JSON of a completed document, members sorted: what is sealed; and back (a sealed record that does not parse is a bug). */
struct str doc_canonical(struct arena *, const struct doc *);
void doc_restore(struct ctx *, struct str canonical, struct doc *out);
/* With all its values, in ARENA. */
struct doc doc_copy(struct arena *, const struct doc *);

/*
 * A path as import maps write it: "userName", "name.givenName", "emails[work].value"
 * (SELECTOR is "work": the element with that type), "urn:…:name" of extensions
 * (SELECTOR is all of it).  ERR_BAD_INPUT names the path.
 */
enum err doc_path(struct ctx *, struct str path, enum attribute *, struct str *selector) USE_RESULT;
/*
 * Sets or (empty VALUE) removes by such a path; an element that is absent is made,
 * one that lost its value vanishes.  Validates like doc_decode.
 */
enum err doc_set(struct ctx *, struct doc *, struct str path, struct str value) USE_RESULT;
/* The same of what declared schemas add, as a whole (extension.h); it has been checked. */
void doc_set_extensions(struct arena *, struct doc *, struct str json);
/* The value at a single-valued attribute, or of element INDEX; empty if absent. */
struct str doc_get(const struct doc *, enum attribute, uint16_t index);

/*
 * AFTER laid over BEFORE: attributes present in AFTER replace (a multi-valued one as a whole; extensions are merged); those in
 * REMOVED vanish.
 * Formatted and display names that were derived vanish too, so that doc_complete() derives them from the new parts.
 */
void doc_merge(struct ctx *, const struct doc *before, const struct doc *after, const enum attribute *removed, size_t nremoved, struct doc *out);
bool doc_eq(const struct doc *, const struct doc *);
/* What of DOC may be read by RIGHTS. */
void doc_readable(struct arena *, const struct doc *, uint64_t rights, struct doc *out);
/* What of DOC is not the same in OTHER, a multi-valued attribute as a whole. */
void doc_differing(struct arena *, const struct doc *doc, const struct doc *other, struct doc *out);

/*
 * Required and derived: userName or a name; formatted and display name filled from the parts; exactly one primary
 * e-mail if any; elements without a value dropped; no e-mail address twice for one type.  Completing twice changes nothing.
 */
enum err doc_complete(struct ctx *, struct doc *) USE_RESULT;

/* The key of an address at I (not an index of elements) that none before it has, too; false: it is no such. */
bool doc_address(struct arena *, const struct doc *, size_t i, struct str *key) USE_RESULT;
/* Canonical search words of its ATTR_SEARCH values: whole words, and their first three letters, each once.  At most MAX. */
size_t doc_words(struct arena *, const struct doc *, struct str *word, size_t max);

#endif
