/* SPDX-License-Identifier: Apache-2.0 */
/*
 * person_flags.h - a person as flags of a command, and as the person object
 * of the API that they make.
 */
#ifndef USHER_PERSON_FLAGS_H
#define USHER_PERSON_FLAGS_H

#include "usher/cli.h"

/*  flag              member of the person object       help */
#define PERSON_FLAGS(X) \
	X("user-name",       "userName",          "the name to sign in with") \
	X("given-name",      "name.givenName",    "first name") \
	X("family-name",     "name.familyName",   "last name") \
	X("display-name",    "displayName",       "the name as it is shown") \
	X("email",           "emails",            "work e-mail address") \
	X("phone",           "phoneNumbers",      "work telephone number") \
	X("external-id",     "externalId",        "the person's key in the system it comes from") \
	X("employee-number", "employeeNumber",    "employee number") \
	X("birth-date",      "birthDate",         "date of birth, YYYY-MM-DD") \
	X("country",         "country",           "country, two letters") \
	X("language",        "preferredLanguage", "preferred language") \
	X("user-type",       "userType",          "kind of contract, such as internal or external") \
	X("site",            "site",              "site, its slug in the catalogue") \
	X("department",      "department",        "department") \
	X("title",           "title",             "position") \
	X("cost-center",     "costCenter",        "cost centre") \
	X("division",        "division",          "division") \
	X("organization",    "organization",      "partner organisation, its slug in the catalogue") \
	X("manager",         "manager",           "the manager's id") \
	X("start",           "start",             "first day, YYYY-MM-DD") \
	X("end",             "end",               "last day, YYYY-MM-DD")

/* Rows for a command's options. */
#define PERSON_OPTION_ROW(flag, member, text) { flag, OPTION_TEXT, NULL, 0, 0, false, text },
#define PERSON_OPTIONS PERSON_FLAGS(PERSON_OPTION_ROW)

bool person_has_flags(const struct cli *);
/* Writes the members of the flags that are set, into an object that is open. */
void person_members(const struct cli *, struct js_out *);

#endif
