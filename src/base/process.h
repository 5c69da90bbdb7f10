/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process.h - what the system says of a process: memory and descriptors.
 */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include "base/base.h"

/* Bytes of memory in use by process PID (0: this one); -1: the system does not say. */
int64_t process_memory(int pid);
/* Its open descriptors; -1: it is somebody else's, or cannot be asked. */
int64_t process_descriptors(int pid);
/* Those of this process, without a look at /proc: for who may not read folders.  They are among the first 256. */
int64_t process_own_descriptors(void);

#endif
