/* SPDX-License-Identifier: Apache-2.0 */
/*
 * group.h - a group is people under one name (decision 0021): made, changed and
 * removed by one kind of order, and read.
 *
 * Its members are persons whom the actor of the order reaches and who have not
 * left; who leaves is out of every group in the same transaction.  What the
 * catalogue says of a group of that name its members have, through the one gate;
 * whoever adds them must be able to give it.  Whose groups an order or a query
 * reaches says SOURCE: those that it made, and no others; 0: all.
 */
#ifndef ACT_GROUP_H
#define ACT_GROUP_H

#include "act/act.h"

#define GROUPS_MAX	  20000		/* of a tenant */
#define GROUP_MEMBERS_MAX 200000
#define GROUP_NAMED_MAX	  10000		/* members that one order names */
#define GROUP_NOW_MAX	  200		/* people of whom is decided in the order's own transaction; of more by the clock, right after it */
#define GROUPS_A_PERSON	  200		/* that one person is in */
#define GROUP_SHOWN_MAX	  200000	/* members in one answer */
#define GROUPS_SHOWN_MAX  20000		/* that people are shown in, in one answer: each with a name */
#define GROUP_TEXT_MAX	  256		/* characters of a name or an external id */

enum group_kind { GROUP_MAKE = 1, GROUP_CHANGE, GROUP_REMOVE };

/* What ids of roles begin with; of nothing else an id does. */
#define GROUP_ROLE_ID "role-"

struct group_order {
	enum group_kind	kind;
	int64_t		group;		/* CHANGE, REMOVE */
	struct str	role;		/* the id of a role instead; p NULL: none */
	int64_t		source;		/* MAKE: whose it is */
	struct str	name;		/* p NULL: stays as it is */
	struct str	external_id;	/* the source's own key; p NULL: stays, empty: none */
	const int64_t  *join, *part;	/* CHANGE, MAKE: who comes, who goes; in any order */
	size_t		njoin, npart;
	bool		replaces;	/* CHANGE: who is not among JOIN goes */
	int64_t		if_version;	/* CHANGE, REMOVE; -1: any */
};

struct group_told { int64_t person; struct seat_told seat; };

struct group_out {
	int64_t group, version;
	int64_t log_seq;		/* of its entry; 0: nothing changed */
	size_t	joined, parted;
	const struct group_told *told;	/* what became of what it gives, of who came or went */
	size_t	ntold;
};

extern const struct use_case group_order;	/* in: struct group_order, out: struct group_out */

/* --- reading ----------------------------------------------------------------- */

struct group_view {
	struct group_row row;			/* of a role there is none: VERSION is -1 */
	struct str	 role;			/* the id of the role that it is; p NULL: none */
	struct str	 name, external_id;	/* opened */
	const int64_t	*member;		/* that the actor reaches, ascending; if they were asked for */
	size_t		 nmember;
};

/*
 * Of one group, or of a list: all that is given must be so.  To whom sees some
 * people only, groups are there in which somebody is whom they see, and empty
 * ones of their own source.  After the groups come the roles, if the actor may
 * read roles: their members are the people of the source who have them now, over
 * everybody or over the role's own scope.
 */
struct groups_in {
	int64_t	   source;
	int64_t	   group;	/* this one; 0: any */
	struct str role;	/* this role, by its id; p NULL: any */
	struct str type;	/* "group" or "role"; p NULL: either */
	int64_t	   member;	/* this person is in it; 0: whoever */
	struct str name;	/* it is called this; p NULL: whatever */
	struct str external_id;
	bool	   has_members;	/* they are shown */
	bool	   is_done;	/* who asks has just changed it, and is shown it, whoever is in it now */
	bool	   names_only;	/* external ids are not opened */
	int64_t	   after;	/* `next` of the page before; 0: from the start */
	int64_t	   first;	/* 1: from the first one on; 0: by cursor */
	bool	   is_descending;	/* the newest first */
	size_t	   limit;
};
struct groups_out { const struct group_view *group; size_t n; int64_t next, total; };

/* OUT: the struct group_view of in->group.  ERR_NOT_FOUND. */
enum err group_show(struct reader *, struct ctx *, const void *groups_in, void **group_view) USE_RESULT;
enum err groups_list(struct reader *, struct ctx *, const void *groups_in, void **groups_out) USE_RESULT;

#endif
