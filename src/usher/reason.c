/* SPDX-License-Identifier: Apache-2.0 */
#include "usher/reason.h"

#include <errno.h>
#include <string.h>

/* What happens to people who name files and servers. */
static const struct {
	int	 error;
	enum msg text;
} reasons[] = {
	{ EPERM, MSG_ERRNO_EPERM },
	{ ENOENT, MSG_ERRNO_ENOENT },
	{ EIO, MSG_ERRNO_EIO },
	{ EACCES, MSG_ERRNO_EACCES },
	{ EBUSY, MSG_ERRNO_EBUSY },
	{ EEXIST, MSG_ERRNO_EEXIST },
	{ ENOTDIR, MSG_ERRNO_ENOTDIR },
	{ EISDIR, MSG_ERRNO_EISDIR },
	{ EFBIG, MSG_ERRNO_EFBIG },
	{ ENOSPC, MSG_ERRNO_ENOSPC },
	{ EROFS, MSG_ERRNO_EROFS },
	{ EPIPE, MSG_ERRNO_EPIPE },
	{ ENAMETOOLONG, MSG_ERRNO_ENAMETOOLONG },
	{ ELOOP, MSG_ERRNO_ELOOP },
	{ EDQUOT, MSG_ERRNO_EDQUOT },
	{ ECONNREFUSED, MSG_ERRNO_ECONNREFUSED },
	{ ECONNRESET, MSG_ERRNO_ECONNRESET },
	{ ETIMEDOUT, MSG_ERRNO_ETIMEDOUT },
};

const char *
errno_text(const struct ctx *cx, int error)
{
	static const struct str nothing[4];

	for (size_t i = 0; i < COUNT(reasons); i++)
		if (reasons[i].error == error)
			return str_z(cx->arena,
			    msg_text(cx->arena, reasons[i].text, cx->lang,
				nothing));
	return str_z(cx->arena, str_of(strerror(error)));
}
