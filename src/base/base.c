/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

#define EXIT_OUT_OF_SOMETHING 70

void
must_failed(const char *expr, const char *file, int line)
{
	log_event(LOG_ERROR, "bug", LOG_WORD("file", file),
	    LOG_NUM("line", line), LOG_WORD("must", expr));
	abort();
}

void
fatal(const char *what, ...)
{
	int error = errno;
	char text[512], reason[128];
	va_list ap;

	va_start(ap, what);
	if (vsnprintf(text, sizeof(text), what, ap) < 0)
		text[0] = '\0';
	va_end(ap);

	log_event(LOG_ERROR, "fatal", LOG_WORD("what", text),
	    LOG_WORD("reason", strerror_r(error, reason, sizeof(reason))),
	    LOG_NUM("errno", error));
	/* No atexit handlers: other threads still use what they would free. */
	_exit(EXIT_OUT_OF_SOMETHING);
}
