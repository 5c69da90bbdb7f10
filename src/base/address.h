/* SPDX-License-Identifier: Apache-2.0 */
/*
 * address.h - an Internet address: 16 bytes, an IPv4 one as ::ffff:…, so that
 * it is the same one however it comes.
 */
#ifndef BASE_ADDRESS_H
#define BASE_ADDRESS_H

#include "base/str.h"

#define ADDRESS_BYTES 16
#define ADDRESS_BITS  128
#define ADDRESS_V4_AT 96	/* bits before an IPv4 address */

/* False: TEXT is none.  IS_V4: it was written as four numbers. */
bool address_parse(struct str text, uint8_t bytes[ADDRESS_BYTES], bool *is_v4) USE_RESULT;
void address_of_v4(const uint8_t v4[4], uint8_t bytes[ADDRESS_BYTES]);
bool address_is_v4(const uint8_t bytes[ADDRESS_BYTES]);
/* Clears all but the first BITS. */
void address_mask(uint8_t bytes[ADDRESS_BYTES], unsigned bits);
/*
 * Where tries or connections are counted by where they come from, what counts
 * as one: an IPv4 address, and of an IPv6 one the first 64 bits, for whoever has
 * one has all of these.  Clears the others; returns how many bits are left.
 */
unsigned address_counted(uint8_t bytes[ADDRESS_BYTES]);

#endif
