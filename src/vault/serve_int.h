/* SPDX-License-Identifier: Apache-2.0 */
/* serve_int.h - an operation on its way through the vault. */
#ifndef VAULT_SERVE_INT_H
#define VAULT_SERVE_INT_H

#include "vault/serve.h"

struct request {
	struct server		 *s;
	struct peer		 *peer;
	const struct frame	 *frame;
	const struct tenant_keys *tenant; /* NULL: none needed, or none known */
	struct grant_in		  grant;
	int64_t			  now_ns;
	struct cursor		  in;
	struct buf		 *out;
};

void alarm_raise(struct request *, enum alarm);

enum frame_status log_head_get(struct request *);
enum frame_status log_begin(struct request *);
enum frame_status log_add(struct request *);
enum frame_status log_sign(struct request *);
enum frame_status log_rollback(struct request *);
enum frame_status log_key_get(struct request *);

enum frame_status export_start(struct request *);
enum frame_status export_read(struct request *);

#endif
