/* SPDX-License-Identifier: Apache-2.0 */
/* status.c - the statuses of broken HTTP, which the error table does not have. */
#include "http/http_int.h"

static const struct {
	enum msg msg;
	int	 status;
} statuses[] = {
	{ MSG_HTTP_METHOD, 405 },
	{ MSG_HTTP_SLOW, 408 },
	{ MSG_HTTP_LINE_TOO_LONG, 414 },
	{ MSG_HTTP_ENCODING, 415 },
	{ MSG_HTTP_MEDIA, 415 },
	{ MSG_HTTP_EXPECT, 417 },
	{ MSG_HTTP_HEAD_TOO_LARGE, 431 },
	{ MSG_HTTP_METHOD_UNKNOWN, 501 },
	{ MSG_HTTP_VERSION, 505 },
};

int
http_own_status(size_t i)
{
	return i < COUNT(statuses) ? statuses[i].status : 0;
}

int
http_status_of(enum msg msg, int otherwise)
{
	for (size_t i = 0; i < COUNT(statuses); i++)
		if (statuses[i].msg == msg)
			return statuses[i].status;
	return otherwise;
}
