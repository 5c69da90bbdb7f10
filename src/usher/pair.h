/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pair.h - front and vault, the two processes of a server: started together,
 * ended together, seen when one of them ends.
 *
 *	STARTING --ready--> SERVING --pair_end()--> (front drains, then vault) GONE
 *	    '--- a child ends by itself ---> pair_kill() ---> GONE
 */
#ifndef USHER_PAIR_H
#define USHER_PAIR_H

#include "usher/data.h"

enum child { FRONT, VAULT, CHILD_COUNT };

struct pair_conf {
	const char	  *self, *vault_program;
	const struct data *data;
	int		   listen_fd, operator_fd, management_fd;	/* -1: none */
	bool		   is_management_local;	/* a Unix socket */
	int		   loops;
	size_t		   lanes;	/* of the pipeline; 0: one */
	int		   open_ceiling;	/* of the vault; 0: its own */
	bool		   accept_rollback, logs_access;
	const char	  *access_file;	/* NULL: with the rest */
	int64_t		   restarts[CHILD_COUNT];	/* because this one ended, until now */
	const char	  *store;	/* URL of the databases; NULL: in the data folder */
	const char	  *to;		/* front moves all to this store and ends (usher migrate); NULL: it serves */
	bool		   is_json;	/* how it tells of that */
	struct str	   url;		/* empty: front serves nobody */
};

struct pair {
	pid_t	pid[CHILD_COUNT];	/* 0: gone */
	int	status[CHILD_COUNT];	/* how it ended (spawn_status) */
	int	ready_fd;		/* front writes a byte when it serves; -1: told */
	bool	is_ready;
	bool	must_stop;		/* a signal asked for it; stays */
	bool	is_ending;
};

/* SIGTERM, SIGINT and SIGCHLD from now on come through this descriptor only. */
int signals_open(void);

/* PAIR is zeroed, or one that has ended. */
void pair_start(const struct pair_conf *, struct pair *);

enum pair_event {
	PAIR_READY,		/* front answers requests */
	PAIR_STOP,		/* a signal asks us to end */
	PAIR_ENDED,		/* a child ended by itself */
	PAIR_LATE		/* nothing happened for WAIT_MS */
};

/* Waits for the next event, at most WAIT_MS (-1: for ever). */
enum pair_event pair_wait(struct pair *, int signal_fd, int64_t wait_ms);

/* Front answers what is under way, then both end. */
void pair_end(struct pair *, int signal_fd);
/* Whoever is left ends at once. */
void pair_kill(struct pair *, int signal_fd);

#endif
