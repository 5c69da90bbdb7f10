/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order_name.c - a user name for a new person that brings none: the source's
 * candidates, or those of the tenant's template (setting person.user_name).
 */
#include "act/act_int.h"

#include <string.h>

#include "core/template.h"

static struct str value(const void *, int);

enum err
order_user_names(struct item *it, struct order_state *s)
{
	const struct order *in = s->in;
	struct template_env env = { value, &in->doc, STR("yyyy-mm-dd") };
	struct template *made;

	s->nuser_name = in->nuser_name;
	memcpy(s->user_name, in->user_name, sizeof(s->user_name));
	if (s->nuser_name > 0 || doc_get(&in->doc, A_USER_NAME, 0).n > 0)
		return OK;
	if (doc_get(&in->doc, A_FAMILY_NAME, 0).n == 0
	    && doc_get(&in->doc, A_GIVEN_NAME, 0).n == 0)
		return OK;	/* nothing to make it of: doc_complete() says so */
	TRY(template_compile(it->cx, s->realm->catalogue->user_name_template,
	    user_name_attribute, NULL, &made));
	s->nuser_name = template_has_number(made) ? COUNT(s->user_name) : 1;
	return template_run(it->cx, made, &env, s->user_name, s->nuser_name);
}

static struct str
value(const void *doc, int name)
{
	return doc_get(doc, (enum attribute)name, 0);
}
