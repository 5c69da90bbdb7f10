/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net.h - a net: the Internet addresses that a credential may be used from,
 * such as 192.0.2.0/24, 2001:db8::/32, or one address.
 *
 * An IPv4 address that comes inside an IPv6 one (::ffff:192.0.2.1) is the same.
 */
#ifndef CORE_NET_H
#define CORE_NET_H

#include "base/str.h"

#define NET_BYTES 17	/* packed */

struct net {
	uint8_t	 bytes[16];	/* IPv4 as ::ffff:… */
	unsigned bits;		/* of 128 that count */
};

/* false: no address, or bits after the prefix. */
bool net_parse(struct str, struct net *) USE_RESULT;
struct str net_text(struct arena *, const struct net *);
/* ADDRESS as the door has it; one that is none is in no net. */
bool net_has(const struct net *, size_t n, struct str address);

/* Who counts as one where tries are counted by where they come from (base/address.h); what is no address is all one. */
void net_counted(struct str address, struct net *);

void net_pack(const struct net *, uint8_t out[NET_BYTES]);
bool net_unpack(struct str packed, struct net *) USE_RESULT;

#endif
