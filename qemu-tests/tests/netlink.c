// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "guest.h"
#include "netlink.h"

int netlink_open(int protocol, unsigned int groups)
{
	struct sockaddr_nl name = { .nl_family = AF_NETLINK, .nl_groups = groups };
	int error, fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);

	if (fd >= 0 && !bind(fd, (struct sockaddr *)&name, sizeof(name)))
		return fd;
	error = errno;
	if (fd >= 0)
		close(fd);
	return -error;
}

static void *append(struct netlink_question *question, size_t size)
{
	void *place = (char *)question + NLMSG_ALIGN(question->header.nlmsg_len);

	memset(place, 0, NLMSG_ALIGN(size));
	question->header.nlmsg_len = NLMSG_ALIGN(question->header.nlmsg_len) + size;
	return place;
}

void netlink_begin(struct netlink_question *question, int type, int flags, const void *body,
		   size_t size)
{
	static __u32 number;

	memset(question, 0, sizeof(*question));
	question->header.nlmsg_len = NLMSG_HDRLEN;
	question->header.nlmsg_type = type;
	question->header.nlmsg_flags = NLM_F_REQUEST | flags;
	question->header.nlmsg_seq = ++number;
	memcpy(append(question, size), body, size);
}

void netlink_add(struct netlink_question *question, int type, const void *data, size_t size)
{
	struct nlattr *attribute = append(question, NLA_HDRLEN + size);

	attribute->nla_type = type;
	attribute->nla_len = NLA_HDRLEN + size;
	memcpy((char *)attribute + NLA_HDRLEN, data, size);
}

/* Is the answer over?  Then @error is what came of it. */
static bool is_end(const struct nlmsghdr *message, bool dump, int *error)
{
	const int *status = NLMSG_DATA(message);

	*error = 0;
	if (message->nlmsg_type == NLMSG_DONE)
		*error = message->nlmsg_len >= NLMSG_LENGTH(sizeof(int)) ? -*status : 0;
	else if (message->nlmsg_type == NLMSG_ERROR)
		*error = -*status;
	else
		return !dump && !(message->nlmsg_flags & NLM_F_MULTI) &&
		       message->nlmsg_type != NLMSG_NOOP;
	return true;
}

int netlink_ask(int fd, struct netlink_question *question,
		void (*each)(const struct nlmsghdr *message, void *data), void *data)
{
	static char room[1 << 16] __attribute__((aligned(16)));
	bool dump = (question->header.nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	struct nlmsghdr *message;
	int left, error;

	if (send(fd, question, question->header.nlmsg_len, 0) < 0)
		return errno;
	while (wait_readable(fd, ktap_seconds(1) * 2000)) {
		left = recv(fd, room, sizeof(room), 0);
		if (left < 0)
			return errno;
		for (message = (void *)room; NLMSG_OK(message, (unsigned int)left);
		     message = NLMSG_NEXT(message, left)) {
			bool end;

			if (message->nlmsg_seq != question->header.nlmsg_seq)
				continue;
			end = is_end(message, dump, &error);
			if (message->nlmsg_type >= NLMSG_MIN_TYPE)
				each(message, data);
			if (end)
				return error;
		}
	}
	return ETIME;
}

void netlink_listen(int fd, unsigned int milliseconds,
		    void (*each)(const struct nlmsghdr *message, void *data), void *data)
{
	static char room[1 << 16] __attribute__((aligned(16)));
	struct nlmsghdr *message;
	int left;

	while (wait_readable(fd, milliseconds)) {
		left = recv(fd, room, sizeof(room), 0);
		for (message = (void *)room; left > 0 && NLMSG_OK(message, (unsigned int)left);
		     message = NLMSG_NEXT(message, left))
			each(message, data);
	}
}

const struct nlattr *netlink_find(const struct nlmsghdr *message, size_t size, int type)
{
	const char *at = (const char *)NLMSG_DATA(message) + NLMSG_ALIGN(size);
	const char *end = (const char *)message + message->nlmsg_len;

	while (at + NLA_HDRLEN <= end) {
		const struct nlattr *attribute = (const void *)at;

		if (attribute->nla_len < NLA_HDRLEN)
			break;
		if ((attribute->nla_type & NLA_TYPE_MASK) == type)
			return attribute;
		at += NLA_ALIGN(attribute->nla_len);
	}
	return NULL;
}

bool netlink_has(const struct nlmsghdr *message, const void *bytes, size_t size)
{
	return memmem(NLMSG_DATA(message), message->nlmsg_len - NLMSG_HDRLEN, bytes, size);
}
