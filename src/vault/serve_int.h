/* SPDX-License-Identifier: Apache-2.0 */
/* serve_int.h - an operation on its way through the vault. */
#ifndef VAULT_SERVE_INT_H
#define VAULT_SERVE_INT_H

#include "vault/serve.h"
#include "vault/ue1.h"

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

enum frame_status tenant_share(struct request *);
enum frame_status tenant_take(struct request *);

enum frame_status log_head_get(struct request *);
enum frame_status log_begin(struct request *);
enum frame_status log_add(struct request *);
enum frame_status log_sign(struct request *);
enum frame_status log_rollback(struct request *);
enum frame_status log_key_get(struct request *);

/* Bound to the frame's tenant and purpose, and to SUBJECT. */
struct ue1_context text_context(struct request *, int64_t subject);
bool may_open(struct request *);	/* within the budget */
void count_rate(struct request *, uint64_t n);

enum frame_status password_make(struct request *);
enum frame_status password_check(struct request *);
enum frame_status totp_make(struct request *);
enum frame_status totp_check(struct request *);
enum frame_status token_sign(struct request *);
enum frame_status token_keys(struct request *);

enum frame_status export_start(struct request *);
enum frame_status export_read(struct request *);

#endif
