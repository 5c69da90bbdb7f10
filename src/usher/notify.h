/* SPDX-License-Identifier: Apache-2.0 */
/* notify.h - telling systemd how we are, where it asked for it (sd_notify(3)). */
#ifndef USHER_NOTIFY_H
#define USHER_NOTIFY_H

/* "READY=1": a datagram to NOTIFY_SOCKET, if the environment names one. */
void notify(const char *state);

#endif
