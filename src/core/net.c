/* SPDX-License-Identifier: Apache-2.0 */
#include "core/net.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/arena.h"

#define BITS	  128
#define MAPPED	  96	/* bits before an IPv4 address in an IPv6 one */
#define TEXT_MAX  64

static const uint8_t mapped[MAPPED / 8] = { [10] = 0xff, [11] = 0xff };

static bool address_parse(struct str, uint8_t bytes[16], bool *is_v4);
static void mask(uint8_t bytes[16], unsigned bits);

bool
net_parse(struct str text, struct net *out)
{
	struct str address = str_cut(&text, '/');
	struct net masked;
	bool is_v4;
	int64_t bits;

	if (!address_parse(address, out->bytes, &is_v4))
		return false;
	out->bits = BITS;
	if (text.p == NULL)
		return true;
	if (!str_int(text, &bits) || bits < 0 || bits > (is_v4 ? 32 : BITS))
		return false;
	out->bits = (unsigned)bits + (is_v4 ? MAPPED : 0);
	masked = *out;
	mask(masked.bytes, masked.bits);
	return memcmp(masked.bytes, out->bytes, sizeof(masked.bytes)) == 0;
}

static bool
address_parse(struct str text, uint8_t bytes[16], bool *is_v4)
{
	char z[TEXT_MAX];

	if (text.n == 0 || text.n >= sizeof(z))
		return false;
	memcpy(z, text.p, text.n);
	z[text.n] = '\0';
	*is_v4 = inet_pton(AF_INET, z, bytes + sizeof(mapped)) == 1;
	if (*is_v4)
		memcpy(bytes, mapped, sizeof(mapped));
	return *is_v4 || inet_pton(AF_INET6, z, bytes) == 1;
}

static void
mask(uint8_t bytes[16], unsigned bits)
{
	for (unsigned i = 0; i < 16; i++) {
		unsigned keep = bits > i * 8 ? bits - i * 8 : 0;

		if (keep < 8)
			bytes[i] &= (uint8_t)(0xff00 >> keep);
	}
}

struct str
net_text(struct arena *arena, const struct net *net)
{
	const bool is_v4 = net->bits >= MAPPED &&
	    memcmp(net->bytes, mapped, sizeof(mapped)) == 0;
	const unsigned bits = is_v4 ? net->bits - MAPPED : net->bits;
	char z[TEXT_MAX];

	must(inet_ntop(is_v4 ? AF_INET : AF_INET6,
		 is_v4 ? net->bytes + sizeof(mapped) : net->bytes, z,
		 sizeof(z)) != NULL);
	if (net->bits == BITS)
		return str_fmt(arena, "%s", z);
	return str_fmt(arena, "%s/%u", z, bits);
}

bool
net_has(const struct net *net, size_t n, struct str address)
{
	uint8_t bytes[16], masked[16];
	bool is_v4;

	if (!address_parse(address, bytes, &is_v4))
		return false;
	for (size_t i = 0; i < n; i++) {
		memcpy(masked, bytes, sizeof(masked));
		mask(masked, net[i].bits);
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
	return out->bits <= BITS;
}
