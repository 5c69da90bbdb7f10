/* SPDX-License-Identifier: Apache-2.0 */
/*
 * password.h - which passwords may be chosen (NIST SP 800-63B-4, 3.1.1).
 *
 * Length, a list of common ones, and words that belong to the person or the
 * tenant.  No rule says which characters must be in it, and none ends by age.
 */
#ifndef CORE_PASSWORD_H
#define CORE_PASSWORD_H

#include "base/err.h"

#define PASSWORD_CHARS_ALONE 15	/* the least, if it is the only thing asked for */
#define PASSWORD_CHARS	     8	/* the least, beside one-time codes */
#define PASSWORD_CHARS_MAX   256

struct password_wish {
	struct str	  password;
	bool		  has_totp;
	const struct str *own;		/* names, addresses, the tenant: any text that is known of them */
	size_t		  nown;
};

/* Sorted, lower case, of 8 characters and more; made from a package's list when the program is built. */
extern const char *const common_passwords[];
extern const size_t common_password_count;

/* As it is hashed and compared: NFC, nothing trimmed.  False: no text, or too long. */
bool password_form(struct arena *, struct str password, struct str *out) USE_RESULT;
/* ERR_BAD_INPUT (MSG_PASSWORD_*): why it may not be chosen. */
enum err password_check_new(struct ctx *, const struct password_wish *) USE_RESULT;

#endif
