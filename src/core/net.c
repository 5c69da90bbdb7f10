/* SPDX-License-Identifier: Apache-2.0 */
#include "core/net.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/address.h"
#include "base/arena.h"

#define TEXT_MAX 64

bool
net_parse(struct str text, struct net *out)
{
	struct str address = str_cut(&text, '/');
	struct net masked;
	bool is_v4;
	int64_t bits;

	if (!address_parse(address, out->bytes, &is_v4))
		return false;
	out->bits = ADDRESS_BITS;
	if (text.p == NULL)
		return true;
	if (!str_int(text, &bits) || bits < 0 ||
	    bits > (is_v4 ? ADDRESS_BITS - ADDRESS_V4_AT : ADDRESS_BITS))
		return false;
	out->bits = (unsigned)bits + (is_v4 ? ADDRESS_V4_AT : 0);
	masked = *out;
	address_mask(masked.bytes, masked.bits);
	return memcmp(masked.bytes, out->bytes, sizeof(masked.bytes)) == 0;
}

void
net_counted(struct str address, struct net *out)
{
	bool is_v4;

	if (address_parse(address, out->bytes, &is_v4))
		out->bits = address_counted(out->bytes);
	else
		*out = (struct net) { { 0 }, 0 };
}

struct str
net_text(struct arena *arena, const struct net *net)
{
	const bool is_v4 =
	    net->bits >= ADDRESS_V4_AT && address_is_v4(net->bytes);
	const unsigned bits = is_v4 ? net->bits - ADDRESS_V4_AT : net->bits;
	char z[TEXT_MAX];

	must(inet_ntop(is_v4 ? AF_INET : AF_INET6,
		 is_v4 ? net->bytes + ADDRESS_V4_AT / 8 : net->bytes, z,
		 sizeof(z)) != NULL);
	if (net->bits == ADDRESS_BITS)
		return str_fmt(arena, "%s", z);
	return str_fmt(arena, "%s/%u", z, bits);
}

bool
net_has(const struct net *net, size_t n, struct str address)
{
	uint8_t bytes[ADDRESS_BYTES], masked[ADDRESS_BYTES];
	bool is_v4;

	if (!address_parse(address, bytes, &is_v4))
		return false;
	for (size_t i = 0; i < n; i++) {
		memcpy(masked, bytes, sizeof(masked));
		address_mask(masked, net[i].bits);
		if (memcmp(masked, net[i].bytes, sizeof(masked)) == 0)
			return true;
	}
	return false;
}

void
net_pack(const struct net *net, uint8_t out[NET_BYTES])
{
	memcpy(out, net->bytes, sizeof(net->bytes));
	out[NET_BYTES - 1] = (uint8_t)net->bits;
}

bool
net_unpack(struct str packed, struct net *out)
{
	if (packed.n != NET_BYTES)
		return false;
	memcpy(out->bytes, packed.p, sizeof(out->bytes));
	out->bits = (uint8_t)packed.p[NET_BYTES - 1];
	return out->bits <= ADDRESS_BITS;
}
