/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Questions to the kernel about its network (rtnetlink), and what it answers. */
#ifndef VCTL_NETLINK_H
#define VCTL_NETLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#define NETLINK_ROOM	256	/* of what is behind the head of a question */
#define NETLINK_WHY	160

struct netlink_request {
	struct nlmsghdr head;
	char rest[NETLINK_ROOM];
};

/**
 * struct netlink_answer - what comes back
 * @each: called for each message of data; NULL: none is expected.  A list that changes while it is
 *	read is read again from its beginning.
 * @data: handed to it
 * @why: out: the kernel's own words on an error; "": it has none
 * @sequence: of the question
 * @changed: the list has changed while it was read
 */
struct netlink_answer {
	void (*each)(const struct nlmsghdr *message, void *data);
	void *data;
	char why[NETLINK_WHY];
	uint32_t sequence;
	bool changed;
};

/** netlink_begin() - Begin a question: its type, NLM_F_* and the fixed structure behind its head */
void netlink_begin(struct netlink_request *request, uint16_t type, uint16_t flags,
		   const void *body, size_t size);

/** netlink_put() - Put an attribute behind it; there has to be room */
void netlink_put(struct netlink_request *request, uint16_t type, const void *data, size_t size);

/**
 * netlink_ask() - Ask, and read all of the answer
 * @request: the question; with NLM_F_DUMP a list is wanted, else NLM_F_ACK is added
 * @answer: what to do with what comes
 *
 * Return: 0, or a negative errno value: what the kernel says, or -EPROTO (the answer makes no
 * sense), -EAGAIN (a list that won't keep still), or what sockets give.
 */
int netlink_ask(struct netlink_request *request, struct netlink_answer *answer);

/**
 * netlink_read() - Read some messages of an answer
 *
 * Return: 1 if there is more to come, else as netlink_ask().
 */
int netlink_read(struct netlink_answer *answer, const void *bytes, size_t count);

/**
 * netlink_attributes() - Find the attributes of a message
 * @message: the message
 * @skip: the size of the fixed structure in front of them
 * @found: out: the last one of each type, NULL where there is none
 * @count: of @found; higher types are skipped
 *
 * Return: false if the message is too short for the structure.
 */
bool netlink_attributes(const struct nlmsghdr *message, size_t skip, const struct rtattr **found,
			size_t count);

#endif /* VCTL_NETLINK_H */
