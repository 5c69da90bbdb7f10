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
	X("user-name",       "userName",          MSG_FLAG_USER_NAME) \
	X("given-name",      "name.givenName",    MSG_FLAG_GIVEN_NAME) \
	X("family-name",     "name.familyName",   MSG_FLAG_FAMILY_NAME) \
	X("display-name",    "displayName",       MSG_FLAG_DISPLAY_NAME) \
	X("email",           "emails",            MSG_FLAG_EMAIL) \
	X("phone",           "phoneNumbers",      MSG_FLAG_PHONE) \
	X("external-id",     "externalId",        MSG_FLAG_EXTERNAL_ID) \
	X("employee-number", "employeeNumber",    MSG_FLAG_EMPLOYEE_NUMBER) \
	X("birth-date",      "birthDate",         MSG_FLAG_BIRTH_DATE) \
	X("country",         "country",           MSG_FLAG_COUNTRY) \
	X("language",        "preferredLanguage", MSG_FLAG_LANGUAGE) \
	X("user-type",       "userType",          MSG_FLAG_USER_TYPE) \
	X("site",            "site",              MSG_FLAG_SITE) \
	X("department",      "department",        MSG_FLAG_DEPARTMENT) \
	X("title",           "title",             MSG_FLAG_TITLE) \
	X("cost-center",     "costCenter",        MSG_FLAG_COST_CENTER) \
	X("division",        "division",          MSG_FLAG_DIVISION) \
	X("organization",    "organization",      MSG_FLAG_ORGANIZATION) \
	X("manager",         "manager",           MSG_FLAG_MANAGER) \
	X("start",           "start",             MSG_FLAG_START) \
	X("end",             "end",               MSG_FLAG_END)

/* Rows for a command's options. */
#define PERSON_OPTION_ROW(flag, member, text) { flag, OPTION_TEXT, NULL, 0, 0, false, text },
#define PERSON_OPTIONS PERSON_FLAGS(PERSON_OPTION_ROW)

bool person_has_flags(const struct cli *);
/* Writes the members of the flags that are set, into an object that is open. */
void person_members(const struct cli *, struct js_out *);

#endif
