/* SPDX-License-Identifier: Apache-2.0 */
/* reason.h - why the system refused something, in the reader's language. */
#ifndef USHER_REASON_H
#define USHER_REASON_H

#include "base/err.h"

/* What strerror() says in English of ERROR; its words where we have none. */
const char *errno_text(const struct ctx *, int error);

#endif
