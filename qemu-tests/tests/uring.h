/* SPDX-License-Identifier: GPL-2.0-only */
/* One request at a time to io_uring, by system calls alone. */
#ifndef URING_H
#define URING_H

#include <linux/io_uring.h>

/* Added after the headers of Debian 12. */
#define URING_OP_BIND	56
#define URING_OP_LISTEN	57
#define URING_OP_CMD	46
#define URING_SETSOCKOPT	3

/* How the kernel shall do it. */
enum uring_way { AT_ONCE, BY_WORKER, BY_POLLER, URING_WAYS };

extern const char *const uring_names[URING_WAYS];

/* A ring of the caller; a negative errno if there is none. */
int uring_open(enum uring_way way);

/* Have @request done on the ring that uring_open() made last.  Returns its result, or -errno. */
int uring_do(enum uring_way way, const struct io_uring_sqe *request);

#endif /* URING_H */
