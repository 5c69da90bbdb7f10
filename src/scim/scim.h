/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scim.h - SCIM 2.0 (RFC 7643, 7644) as a wing of the one door: the same
 * credentials, rights and limits, and the same use cases behind them, in SCIM's
 * words.
 */
#ifndef SCIM_SCIM_H
#define SCIM_SCIM_H

/* For api_conf: what an api_wing is says api/call.h. */
struct api_wing;
extern const struct api_wing scim_wing;

#endif
