/* SPDX-License-Identifier: GPL-2.0-only */
/* Questions to the kernel by netlink, and what it says. */
#ifndef NETLINK_H
#define NETLINK_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>

struct netlink_question {
	struct nlmsghdr header;
	char rest[2000];
};

/* A socket that hears the groups whose bits are set in @groups, or a negative errno. */
int netlink_open(int protocol, unsigned int groups);

/* Begin a question of @type with @size bytes at @body, and add an attribute. */
void netlink_begin(struct netlink_question *question, int type, int flags, const void *body,
		   size_t size);
void netlink_add(struct netlink_question *question, int type, const void *data, size_t size);

/*
 * Ask, and have @each called with every message of the answer, but for what says that it is over.
 * Returns 0, an errno that the kernel answered, or ETIME if no end of the answer came.
 */
int netlink_ask(int fd, struct netlink_question *question,
		void (*each)(const struct nlmsghdr *message, void *data), void *data);

/* The same for what comes within @milliseconds without having been asked for. */
void netlink_listen(int fd, unsigned int milliseconds,
		    void (*each)(const struct nlmsghdr *message, void *data), void *data);

/* The attribute @type of a message that has @size bytes before them; NULL if there is none. */
const struct nlattr *netlink_find(const struct nlmsghdr *message, size_t size, int type);

/* Does the message have these bytes anywhere? */
bool netlink_has(const struct nlmsghdr *message, const void *bytes, size_t size);

#endif /* NETLINK_H */
