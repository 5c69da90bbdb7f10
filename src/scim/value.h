/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value.h - a resource under work is a value (base/value.h).
 */
#ifndef SCIM_VALUE_H
#define SCIM_VALUE_H

#include "base/value.h"

#endif
