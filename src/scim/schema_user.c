/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema_user.c - what a person looks like as a SCIM User: RFC 7643 sections
 * 4.1 and 4.3, as far as a person has it, and what Usher knows beside that.
 */
#include "scim/schema.h"

/* Most attributes are read and written by whoever may, and returned by default. */
#define RW SCIM_READ_WRITE, SCIM_DEFAULT
#define RO SCIM_READ_ONLY, SCIM_DEFAULT

const struct scim_attr scim_common[] = {
	{ "schemas", SCIM_REFERENCE, SCIM_MULTI | SCIM_REQUIRED | SCIM_EXACT, SCIM_READ_WRITE, SCIM_ALWAYS,
	    "The schemas that the resource follows.", NULL, NULL },
	{ "id", SCIM_STRING, SCIM_EXACT | SCIM_UNIQUE, SCIM_READ_ONLY, SCIM_ALWAYS,
	    "The id that Usher gave.", NULL, NULL },
	{ "externalId", SCIM_STRING, SCIM_EXACT | SCIM_UNIQUE, SCIM_READ_WRITE, SCIM_DEFAULT,
	    "The key by which the client knows the resource.", NULL, NULL },
	{ "meta", SCIM_COMPLEX, 0, RO, "Kind, times, version and address.", NULL,
	    (const struct scim_attr[]) {
		{ "resourceType", SCIM_STRING, SCIM_EXACT, RO, "The kind of resource.", NULL, NULL },
		{ "created", SCIM_DATE_TIME, 0, RO, "When it came.", NULL, NULL },
		{ "lastModified", SCIM_DATE_TIME, 0, RO, "When it last changed.", NULL, NULL },
		{ "location", SCIM_REFERENCE, SCIM_EXACT, RO, "Its address.", NULL, NULL },
		{ "version", SCIM_STRING, SCIM_EXACT, RO, "Its ETag.", NULL, NULL },
		{ 0 } } },
	{ 0 }
};

static const struct scim_attr name_parts[] = {
	{ "formatted", SCIM_STRING, 0, RW, "The whole name; made of the parts if it is left out.", NULL, NULL },
	{ "familyName", SCIM_STRING, 0, RW, "The family name.", NULL, NULL },
	{ "givenName", SCIM_STRING, 0, RW, "The given name.", NULL, NULL },
	{ "middleName", SCIM_STRING, 0, RW, "Further given names.", NULL, NULL },
	{ "honorificPrefix", SCIM_STRING, 0, RW, "A title before the name.", NULL, NULL },
	{ "honorificSuffix", SCIM_STRING, 0, RW, "What follows the name.", NULL, NULL },
	{ 0 }
};

#define TYPE_TEXT    "What it is for; one of each type."
#define PRIMARY_TEXT "The one to use first; at most one."
#define ELEMENT(text, canonical) \
	{ "value", SCIM_STRING, 0, RW, text, NULL, NULL }, \
	{ "type", SCIM_STRING, 0, RW, TYPE_TEXT, canonical, NULL }, \
	{ "primary", SCIM_BOOLEAN, 0, RW, PRIMARY_TEXT, NULL, NULL }, \
	{ 0 }

static const struct scim_attr email_parts[] = { ELEMENT("The address.", "work home other") };
static const struct scim_attr phone_parts[] = { ELEMENT("The number.", "work home mobile fax pager other") };

static const struct scim_attr address_parts[] = {
	{ "type", SCIM_STRING, 0, RW, TYPE_TEXT, "work home other", NULL },
	{ "formatted", SCIM_STRING, 0, RW, "The whole address, in one line.", NULL, NULL },
	{ "streetAddress", SCIM_STRING, 0, RW, "Street and number, in one line.", NULL, NULL },
	{ "locality", SCIM_STRING, 0, RW, "City or locality.", NULL, NULL },
	{ "region", SCIM_STRING, 0, RW, "State or region.", NULL, NULL },
	{ "postalCode", SCIM_STRING, 0, RW, "Postal code.", NULL, NULL },
	{ "country", SCIM_STRING, 0, RW, "ISO 3166-1 alpha-2 code.", NULL, NULL },
	{ 0 }
};

static const struct scim_attr group_parts[] = {
	{ "value", SCIM_STRING, SCIM_EXACT, RO, "The id of the group.", NULL, NULL },
	{ "$ref", SCIM_REFERENCE, SCIM_EXACT, RO, "The group's address.", "Group", NULL },
	{ "display", SCIM_STRING, 0, RO, "What the group is called.", NULL, NULL },
	{ "type", SCIM_STRING, 0, RO, "Nobody is in a group by another one.", "direct", NULL },
	{ 0 }
};

static const struct scim_attr entitlement_parts[] = {
	{ "value", SCIM_STRING, SCIM_EXACT, RW, "The product's slug.", NULL, NULL },
	{ "display", SCIM_STRING, 0, RO, "What the product is called.", NULL, NULL },
	{ 0 }
};

static const struct scim_attr user_attrs[] = {
	{ "userName", SCIM_STRING, SCIM_REQUIRED | SCIM_UNIQUE, RW, "What somebody signs in with.", NULL, NULL },
	{ "name", SCIM_COMPLEX, 0, RW, "The parts of the name.", NULL, name_parts },
	{ "displayName", SCIM_STRING, 0, RW, "The name as it is shown; made of the parts if it is left out.", NULL,
	    NULL },
	{ "nickName", SCIM_STRING, 0, RW, "How somebody likes to be called.", NULL, NULL },
	{ "title", SCIM_STRING, 0, RW, "The job title of the contract.", NULL, NULL },
	{ "userType", SCIM_STRING, 0, RW, "How somebody belongs to the company.", NULL, NULL },
	{ "preferredLanguage", SCIM_STRING, 0, RW, "RFC 5646 language tag; of a list the most preferred one.", NULL,
	    NULL },
	{ "active", SCIM_BOOLEAN, 0, RW, "Whether the person is active and nothing blocks.",
	    NULL, NULL },
	{ "emails", SCIM_COMPLEX, SCIM_MULTI, RW, "E-mail addresses.", NULL, email_parts },
	{ "phoneNumbers", SCIM_COMPLEX, SCIM_MULTI, RW, "Telephone numbers.", NULL, phone_parts },
	{ "addresses", SCIM_COMPLEX, SCIM_MULTI, RW, "Postal addresses.", NULL, address_parts },
	{ "groups", SCIM_COMPLEX, SCIM_MULTI, RO, "The groups that the person is in.", NULL, group_parts },
	{ "entitlements", SCIM_COMPLEX, SCIM_MULTI, SCIM_READ_WRITE, SCIM_REQUEST,
	    "The products that were asked for, as long as the person has or awaits them.", NULL, entitlement_parts },
	{ 0 }
};

static const struct scim_attr manager_parts[] = {
	{ "value", SCIM_STRING, SCIM_EXACT, RW, "The id of the manager.", NULL, NULL },
	{ "$ref", SCIM_REFERENCE, SCIM_EXACT, RO, "The manager's address.", "User", NULL },
	{ 0 }
};

static const struct scim_attr enterprise_attrs[] = {
	{ "employeeNumber", SCIM_STRING, 0, RW, "The number that the company gave.", NULL, NULL },
	{ "costCenter", SCIM_STRING, 0, RW, "The cost centre of the contract.", NULL, NULL },
	{ "organization", SCIM_STRING, 0, RW, "The partner's slug.", NULL, NULL },
	{ "division", SCIM_STRING, 0, RW, "The division of the contract.", NULL, NULL },
	{ "department", SCIM_STRING, 0, RW, "The department of the contract.", NULL, NULL },
	{ "manager", SCIM_COMPLEX, 0, RW, "Who the person reports to.", NULL, manager_parts },
	{ 0 }
};

static const struct scim_attr licence_parts[] = {
	{ "value", SCIM_STRING, SCIM_EXACT, RO, "The product's slug.", NULL, NULL },
	{ "outcome", SCIM_STRING, 0, RO, "What came of asking for it.", "assigned held queued refused", NULL },
	{ "pool", SCIM_STRING, SCIM_EXACT, RO, "The pool it came from, or is first awaited from.", NULL, NULL },
	{ "position", SCIM_INTEGER, 0, RO, "In the waiting list, from 1.", NULL, NULL },
	{ "reason", SCIM_STRING, 0, RO, "Why it is not assigned.", NULL, NULL },
	{ 0 }
};

static const struct scim_attr usher_attrs[] = {
	{ "site", SCIM_STRING, 0, RW, "The site of the contract, by slug or name.", NULL, NULL },
	{ "country", SCIM_STRING, 0, RW, "ISO 3166-1 alpha-2 code.", NULL, NULL },
	{ "start", SCIM_STRING, 0, RW, "The first day of the contract, YYYY-MM-DD.", NULL, NULL },
	{ "end", SCIM_STRING, 0, RW, "The last day of the contract, YYYY-MM-DD; absent: open.", NULL, NULL },
	{ "source", SCIM_STRING, 0, RO, "Who brought the person.", NULL, NULL },
	{ "lifecycle", SCIM_STRING, 0, RO, "Where the person stands.", "pending active left deleted", NULL },
	{ "certification", SCIM_STRING, 0, RO, "Whether the record is vouched for.", "new certified denied", NULL },
	{ "blocks", SCIM_STRING, SCIM_MULTI, RO, "What keeps an active person disabled.",
	    "new denied incident manual risk", NULL },
	{ "licences", SCIM_COMPLEX, SCIM_MULTI, SCIM_READ_ONLY, SCIM_REQUEST,
	    "What the person has and awaits; after a change, what became of each product that was asked for.", NULL,
	    licence_parts },
	{ 0 }
};

const struct scim_schema scim_user = { SCIM_USER, "User", "A person.", user_attrs };
const struct scim_schema scim_enterprise = { SCIM_ENTERPRISE, "EnterpriseUser", "A person's place in the company.",
	enterprise_attrs };
const struct scim_schema scim_usher = { SCIM_USHER, "UsherUser", "A person's contract and states, and what was given.",
	usher_attrs };

const struct scim_resource scim_user_resource = { "User", "/Users", "A person.", &scim_user,
	{ &scim_enterprise, &scim_usher } };
