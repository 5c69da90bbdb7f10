/* SPDX-License-Identifier: Apache-2.0 */
#include "base/address.h"

#include <arpa/inet.h>
#include <string.h>

#define COUNTED_BITS 64
#define TEXT_MAX     64

static const uint8_t mapped[ADDRESS_V4_AT / 8] = { [10] = 0xff, [11] = 0xff };

bool
address_parse(struct str text, uint8_t bytes[ADDRESS_BYTES], bool *is_v4)
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

void
address_of_v4(const uint8_t v4[4], uint8_t bytes[ADDRESS_BYTES])
{
	memcpy(bytes, mapped, sizeof(mapped));
	memcpy(bytes + sizeof(mapped), v4, 4);
}

bool
address_is_v4(const uint8_t bytes[ADDRESS_BYTES])
{
	return memcmp(bytes, mapped, sizeof(mapped)) == 0;
}

void
address_mask(uint8_t bytes[ADDRESS_BYTES], unsigned bits)
{
	for (unsigned i = 0; i < ADDRESS_BYTES; i++) {
		unsigned keep = bits > i * 8 ? bits - i * 8 : 0;

		if (keep < 8)
			bytes[i] &= (uint8_t)(0xff00 >> keep);
	}
}

unsigned
address_counted(uint8_t bytes[ADDRESS_BYTES])
{
	if (address_is_v4(bytes))
		return ADDRESS_BITS;
	address_mask(bytes, COUNTED_BITS);
	return COUNTED_BITS;
}
