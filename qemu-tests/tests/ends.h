/* SPDX-License-Identifier: GPL-2.0-only */
/* Sockets of parties: what they are bound to, who reaches whom, and from where. */
#ifndef ENDS_H
#define ENDS_H

#include <netinet/in.h>
#include <stdbool.h>

#include "party.h"

enum kind { TCP, UDP, UDP_LITE, PING, KINDS };

extern const char *const kind_names[KINDS];

/* A socket of @at (NULL: of the caller). */
struct end {
	struct party *at;
	int fd;
	enum kind kind;
};

/* Addresses are text, of IPv6 what has a colon; port 0 is any. */
struct end end_new(struct party *at, enum kind kind, int family);
void end_close(struct end end);
void end_not_wait(struct end end);

/* These return 0 or an errno. */
int end_bind(struct end end, const char *address, int port);
int end_listen(struct end end);
int end_connect(struct end end, const char *address, int port);
int end_disconnect(struct end end);
int end_send(struct end end);
int end_send_to(struct end end, const char *address, int port);
/* With the control message IP_PKTINFO or, of IPv6, IPV6_PKTINFO. */
int end_send_from(struct end end, const char *source, const char *address, int port);
int end_option(struct end end, int level, int name, int value);
/* The next packet, waited for; @from gets the sender's address.  EAGAIN: none. */
int end_receive(struct end end, char from[64], int *port);
/* The next connection; its fd may be a negative errno. */
struct end end_accept(struct end end, char from[64]);

/* Does anything come within @milliseconds? */
bool end_hears(struct end end, unsigned int milliseconds);
const char *end_name(struct end end);
const char *end_peer(struct end end);
int end_port(struct end end);

/* A socket that is bound, and listens if it can; the case is over if it can't be. */
struct end serve(struct party *at, enum kind kind, const char *address, int port);

/* Does @from reach @server there?  With @source: and is it known there by that address? */
void expect_reached(struct party *from, struct end server, const char *address, int port,
		    const char *source);
/* Nobody is there: ECONNREFUSED. */
void expect_refused(struct party *from, enum kind kind, const char *address, int port);
/* Whatever @from gets to know, @server hears nothing. */
void expect_unheard(struct party *from, struct end server, const char *address, int port);
/* The next packet or connection of @server is of @source. */
void expect_caller(struct end server, const char *source, const char *when);
void expect_name(struct end end, const char *want, const char *when);

#define expect_errno(value, want)						\
	do {									\
		int value_ = (value);						\
		ktap_expect(value_ == (want), "%s: expected %s, came %s", #value,	\
			    errno_name(want), errno_name(value_));		\
	} while (0)

/* Who looks at what goes out by the devices of net_up(); for root that isn't tied. */
struct end sniffer(void);
/*
 * The source of the next packet that it sees to @to; "" if there is none.  What goes elsewhere is
 * passed over.
 */
const char *sniff(struct end sniffer, const char *to);

/* Is @address one of the set, written as for tie_to()? */
bool has(const char *set, const char *address);

#endif /* ENDS_H */
