/* SPDX-License-Identifier: Apache-2.0 */
/* role.h - the roles of one person, shown by the noun that they belong to. */
#ifndef USHER_ROLE_H
#define USHER_ROLE_H

#include "usher/cli.h"

enum err roles_of_person(struct cli *) USE_RESULT;

#endif
