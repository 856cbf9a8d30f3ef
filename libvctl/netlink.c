// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "cleanup.h"
#include "netlink.h"

/* The kernel makes parts of a list as large as there is room, up to this. */
#define ANSWER_ROOM	32768U
#define TRIES		20

void netlink_begin(struct netlink_request *request, uint16_t type, uint16_t flags,
		   const void *body, size_t size)
{
	memset(request, 0, sizeof(*request));
	request->head.nlmsg_type = type;
	request->head.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	request->head.nlmsg_len = (uint32_t)NLMSG_LENGTH(size);
	memcpy(NLMSG_DATA(&request->head), body, size);
}

void netlink_put(struct netlink_request *request, uint16_t type, const void *data, size_t size)
{
	size_t at = NLMSG_ALIGN(request->head.nlmsg_len);
	struct rtattr *attribute = (struct rtattr *)((char *)request + at);

	if (at + RTA_SPACE(size) > sizeof(*request))
		abort();

	attribute->rta_type = type;
	attribute->rta_len = (unsigned short)RTA_LENGTH(size);
	memcpy(RTA_DATA(attribute), data, size);
	request->head.nlmsg_len = (uint32_t)(at + RTA_LENGTH(size));
}

static void find_attributes(const char *from, size_t count, const struct rtattr **found,
			    size_t types)
{
	const struct rtattr *next = (const struct rtattr *)from;
	int left = (int)count;

	memset(found, 0, types * sizeof(*found));
	for (; RTA_OK(next, left); next = RTA_NEXT(next, left)) {
		size_t type = next->rta_type & NLA_TYPE_MASK;

		if (type < types)
			found[type] = next;
	}
}

bool netlink_attributes(const struct nlmsghdr *message, size_t skip, const struct rtattr **found,
			size_t count)
{
	size_t front = NLMSG_SPACE(skip);

	if (message->nlmsg_len < NLMSG_LENGTH(skip))
		return false;

	find_attributes((const char *)message + front,
			message->nlmsg_len > front ? message->nlmsg_len - front : 0, found, count);
	return true;
}

/* What the kernel says in words; they are behind the number and what it repeats of the question. */
static void read_why(struct netlink_answer *answer, const struct nlmsghdr *message, size_t skip)
{
	const struct rtattr *found[NLMSGERR_ATTR_MAX + 1];

	if (!(message->nlmsg_flags & NLM_F_ACK_TLVS) ||
	    !netlink_attributes(message, skip, found, NLMSGERR_ATTR_MAX + 1) ||
	    !found[NLMSGERR_ATTR_MSG])
		return;

	snprintf(answer->why, sizeof(answer->why), "%.*s",
		 (int)RTA_PAYLOAD(found[NLMSGERR_ATTR_MSG]),
		 (const char *)RTA_DATA(found[NLMSGERR_ATTR_MSG]));
}

static int read_error(struct netlink_answer *answer, const struct nlmsghdr *message)
{
	const struct nlmsgerr *error = NLMSG_DATA(message);
	size_t skip = sizeof(*error);

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*error)) || error->error > 0)
		return -EPROTO;

	if (!(message->nlmsg_flags & NLM_F_CAPPED)) {
		if (error->msg.nlmsg_len < sizeof(error->msg))
			return -EPROTO;
		skip += NLMSG_ALIGN(error->msg.nlmsg_len) - sizeof(error->msg);
	}
	if (error->error < 0)
		read_why(answer, message, skip);
	return error->error;
}

/* The end of a list has an errno value, too, if something went wrong half-way. */
static int read_done(struct netlink_answer *answer, const struct nlmsghdr *message)
{
	int error;

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(error)))
		return 0;

	memcpy(&error, NLMSG_DATA(message), sizeof(error));
	if (error < 0)
		read_why(answer, message, sizeof(error));
	return error > 0 ? -EPROTO : error;
}

int netlink_read(struct netlink_answer *answer, const void *bytes, size_t count)
{
	const struct nlmsghdr *message = bytes;
	int left = (int)count;

	for (; NLMSG_OK(message, left); message = NLMSG_NEXT(message, left)) {
		if (message->nlmsg_seq != answer->sequence)
			continue;
		if (message->nlmsg_flags & NLM_F_DUMP_INTR)
			answer->changed = true;

		switch (message->nlmsg_type) {
		case NLMSG_ERROR:
			return read_error(answer, message);
		case NLMSG_DONE:
			return read_done(answer, message);
		case NLMSG_OVERRUN:
			return -EPROTO;
		case NLMSG_NOOP:
			break;
		default:
			if (answer->each)
				answer->each(message, answer->data);
		}
	}

	return left > 0 ? -EPROTO : 1;
}

/*
 * That it tells its reasons in words, doesn't repeat the question, and looks at a list's question:
 * a kernel that knows nothing of one of these does without.
 */
static int open_socket(void)
{
	static const int options[] = { NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0)
		return -errno;

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		setsockopt(fd, SOL_NETLINK, options[i], &(int){ 1 }, sizeof(int));
	return fd;
}

static int receive(int fd, struct netlink_answer *answer)
{
	_Alignas(struct nlmsghdr) char room[ANSWER_ROOM];
	struct sockaddr_nl from = { 0 };
	struct iovec part = { .iov_base = room, .iov_len = sizeof(room) };
	struct msghdr message = { .msg_name = &from, .msg_namelen = sizeof(from),
				  .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t count;

	do {
		count = recvmsg(fd, &message, 0);
	} while (count < 0 && errno == EINTR);

	if (count < 0)
		return -errno;
	if (count == 0 || (message.msg_flags & MSG_TRUNC))
		return -EPROTO;

	/* Other processes may write to the socket; only the kernel is number 0. */
	return from.nl_pid ? 1 : netlink_read(answer, room, (size_t)count);
}

static int ask_once(struct netlink_request *request, struct netlink_answer *answer)
{
	static const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	auto_fd int fd = open_socket();
	int result;

	if (fd < 0)
		return fd;

	do {
		result = (int)sendto(fd, request, request->head.nlmsg_len, 0,
				     (const struct sockaddr *)&kernel, sizeof(kernel));
	} while (result < 0 && errno == EINTR);
	if (result < 0)
		return -errno;

	do {
		result = receive(fd, answer);
	} while (result > 0);
	return result;
}

int netlink_ask(struct netlink_request *request, struct netlink_answer *answer)
{
	int result;

	if ((request->head.nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP)
		request->head.nlmsg_flags |= NLM_F_ACK;
	request->head.nlmsg_seq = 1;
	answer->sequence = 1;
	answer->why[0] = '\0';

	for (unsigned int i = 0; i < TRIES; i++) {
		answer->changed = false;
		result = ask_once(request, answer);
		if (result < 0 || !answer->changed)
			return result;
	}

	return -EAGAIN;
}
