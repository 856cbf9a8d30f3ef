// SPDX-License-Identifier: GPL-2.0-only
/* Neighbours: keys and keyrings of the same user, open to everybody, by number and by name. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/if_alg.h>
#include <linux/keyctl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"
#include "uring.h"

#define ALL_RIGHTS	0x3f3f3f3f
#define NAME_ROOM	32

#ifndef ALG_SET_KEY_BY_KEY_SERIAL
#define ALG_SET_KEY_BY_KEY_SERIAL	7
#endif

static long add_key(const char *name, const char *text, long ring)
{
	return syscall(SYS_add_key, "user", name, text, strlen(text), ring);
}

static long keyctl(int command, long a, long b, long c, long d)
{
	return syscall(SYS_keyctl, command, a, b, c, d);
}

static int ctl(int command, long a, long b, long c, long d)
{
	return result(keyctl(command, a, b, c, d));
}

/* What the target makes, in a memfd for the actor. */

struct made {
	char name[NAME_ROOM];
	long ring, key;
};

static int give_keys(void)
{
	int fd = memfd_create("keys", MFD_CLOEXEC);
	struct made made;

	snprintf(made.name, NAME_ROOM, "a neighbour's, %d", getpid());
	made.ring = keyctl(KEYCTL_JOIN_SESSION_KEYRING, (long)made.name, 0, 0, 0);
	made.key = add_key("secret", "text", made.ring);
	if (made.key < 0 || keyctl(KEYCTL_SETPERM, made.key, ALL_RIGHTS, 0, 0) ||
	    keyctl(KEYCTL_SETPERM, made.ring, ALL_RIGHTS, 0, 0))
		return -1;
	return pwrite(fd, &made, sizeof(made), 0) == sizeof(made) ? fd : -1;
}

static struct made made_by(struct pair *pair)
{
	struct made made;

	ktap_need(pread(pair->fd, &made, sizeof(made), 0) == sizeof(made), "memfd: %s",
		  errno_name(errno));
	return made;
}

static char room[256];

static int do_read(struct pair *pair)
{
	return ctl(KEYCTL_READ, made_by(pair).key, (long)room, sizeof(room), 0);
}

static int do_describe(struct pair *pair)
{
	return ctl(KEYCTL_DESCRIBE, made_by(pair).key, (long)room, sizeof(room), 0);
}

static int do_security(struct pair *pair)
{
	return ctl(KEYCTL_GET_SECURITY, made_by(pair).key, (long)room, sizeof(room), 0);
}

static int do_update(struct pair *pair)
{
	return ctl(KEYCTL_UPDATE, made_by(pair).key, (long)"mine", 4, 0);
}

static int do_setperm(struct pair *pair)
{
	return ctl(KEYCTL_SETPERM, made_by(pair).key, ALL_RIGHTS, 0, 0);
}

static int do_chown(struct pair *pair)
{
	return ctl(KEYCTL_CHOWN, made_by(pair).key, getuid(), getgid(), 0);
}

static int do_timeout(struct pair *pair)
{
	return ctl(KEYCTL_SET_TIMEOUT, made_by(pair).key, 100, 0, 0);
}

static int do_link(struct pair *pair)
{
	return ctl(KEYCTL_LINK, made_by(pair).key, KEY_SPEC_PROCESS_KEYRING, 0, 0);
}

static int do_link_into(struct pair *pair)
{
	long mine = add_key("mine", "mine", KEY_SPEC_PROCESS_KEYRING);

	return ctl(KEYCTL_LINK, mine, made_by(pair).ring, 0, 0);
}

static int do_unlink(struct pair *pair)
{
	struct made made = made_by(pair);

	return ctl(KEYCTL_UNLINK, made.key, made.ring, 0, 0);
}

static int do_move(struct pair *pair)
{
	struct made made = made_by(pair);

	return result(syscall(SYS_keyctl, KEYCTL_MOVE, made.key, made.ring,
			      (long)KEY_SPEC_PROCESS_KEYRING, 0));
}

static int do_revoke(struct pair *pair)
{
	return ctl(KEYCTL_REVOKE, made_by(pair).key, 0, 0, 0);
}

static int do_invalidate(struct pair *pair)
{
	return ctl(KEYCTL_INVALIDATE, made_by(pair).key, 0, 0, 0);
}

static int do_clear(struct pair *pair)
{
	return ctl(KEYCTL_CLEAR, made_by(pair).ring, 0, 0, 0);
}

static int do_restrict(struct pair *pair)
{
	return ctl(KEYCTL_RESTRICT_KEYRING, made_by(pair).ring, 0, 0, 0);
}

static int do_ring_id(struct pair *pair)
{
	return ctl(KEYCTL_GET_KEYRING_ID, made_by(pair).ring, 0, 0, 0);
}

static int do_read_ring(struct pair *pair)
{
	return ctl(KEYCTL_READ, made_by(pair).ring, (long)room, sizeof(room), 0);
}

static int do_search(struct pair *pair)
{
	return ctl(KEYCTL_SEARCH, made_by(pair).ring, (long)"user", (long)"secret", 0);
}

static int do_add(struct pair *pair)
{
	return result(add_key("mine", "mine", made_by(pair).ring));
}

static int do_request(struct pair *pair)
{
	add_key("mine", "mine", KEY_SPEC_PROCESS_KEYRING);
	return result(syscall(SYS_request_key, "user", "mine", NULL, made_by(pair).ring));
}

/* A keyring of that name is found, or a new one is made. */
static int do_join(struct pair *pair)
{
	struct made made = made_by(pair);
	long ring = keyctl(KEYCTL_JOIN_SESSION_KEYRING, (long)made.name, 0, 0, 0);

	return ring < 0 ? errno : ring == made.ring ? 0 : ENOKEY;
}

static bool is_listed(FILE *list, long key)
{
	unsigned long number;
	bool found = false;
	char line[256];

	while (list && fgets(line, sizeof(line), list))
		found = found || (sscanf(line, "%lx", &number) == 1 && (long)number == key);
	return found;
}

static int do_list(struct pair *pair)
{
	return is_listed(fopen("/proc/keys", "re"), made_by(pair).key) ? 0 : ENOKEY;
}

static FILE *kept;

static int keep_list(struct pair *pair)
{
	(void)pair;
	kept = fopen("/proc/keys", "re");
	return kept ? 0 : -1;
}

static int do_list_kept(struct pair *pair)
{
	return is_listed(kept, made_by(pair).key) ? 0 : ENOKEY;
}

/* A cipher takes a key from the register of keys. */

static int open_cipher(void)
{
	struct sockaddr_alg name = { .salg_family = AF_ALG, .salg_type = "hash" };
	int fd = socket(AF_ALG, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	strcpy((char *)name.salg_name, "hmac(sha256)");
	if (fd < 0 || bind(fd, (struct sockaddr *)&name, sizeof(name)))
		ktap_skip("this kernel has no hmac(sha256)");
	return fd;
}

static int do_cipher(struct pair *pair)
{
	__s32 key = made_by(pair).key;
	int fd = open_cipher(), error;

	error = result(setsockopt(fd, SOL_ALG, ALG_SET_KEY_BY_KEY_SERIAL, &key, sizeof(key)));
	if (error == ENOPROTOOPT)
		ktap_skip("this kernel has no such option");
	return error;
}

/* With credentials that an io_uring has kept, and which are not those of the process any more. */
static int do_cipher_ring(struct pair *pair)
{
	struct io_uring_sqe request = { .opcode = URING_OP_CMD, .cmd_op = URING_SETSOCKOPT };
	__s32 key = made_by(pair).key;
	int ring, personality, error;

	request.fd = open_cipher();
	ring = uring_open(AT_ONCE);
	personality = ring < 0 ? ring : syscall(SYS_io_uring_register, ring,
						IORING_REGISTER_PERSONALITY, NULL, 0);
	ktap_need(personality > 0 && !prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0), "io_uring: %s",
		  errno_name(errno));
	request.personality = personality;
	request.addr = SOL_ALG | (__u64)ALG_SET_KEY_BY_KEY_SERIAL << 32;
	request.file_index = sizeof(key);
	request.addr3 = (unsigned long)&key;
	error = -uring_do(AT_ONCE, &request);
	if (error == EOPNOTSUPP)
		ktap_skip("this kernel's io_uring sets no options");
	return error;
}

#define KEY(text, function)							\
	{ text, .give = give_keys, .run = function, .hidden = { EACCES, ENOKEY } }

static const struct act acts[] = {
	KEY("KEYCTL_READ", do_read), KEY("KEYCTL_DESCRIBE", do_describe),
	KEY("KEYCTL_GET_SECURITY", do_security), KEY("KEYCTL_UPDATE", do_update),
	KEY("KEYCTL_SETPERM", do_setperm), KEY("KEYCTL_CHOWN", do_chown),
	KEY("KEYCTL_SET_TIMEOUT", do_timeout), KEY("KEYCTL_LINK", do_link),
	KEY("KEYCTL_LINK into a keyring", do_link_into), KEY("KEYCTL_UNLINK", do_unlink),
	KEY("KEYCTL_MOVE", do_move), KEY("KEYCTL_REVOKE", do_revoke),
	KEY("KEYCTL_INVALIDATE", do_invalidate), KEY("KEYCTL_CLEAR", do_clear),
	KEY("KEYCTL_RESTRICT_KEYRING", do_restrict), KEY("KEYCTL_GET_KEYRING_ID", do_ring_id),
	KEY("KEYCTL_READ of a keyring", do_read_ring), KEY("KEYCTL_SEARCH", do_search),
	KEY("add_key to a keyring", do_add), KEY("request_key to a keyring", do_request),
	KEY("KEYCTL_JOIN_SESSION_KEYRING by name", do_join), KEY("/proc/keys", do_list),
	{ "/proc/keys opened before", keep_list, give_keys, do_list_kept, 0, { ENOKEY } },
	KEY("ALG_SET_KEY_BY_KEY_SERIAL", do_cipher),
	KEY("ALG_SET_KEY_BY_KEY_SERIAL by an io_uring's personality", do_cipher_ring),
};

int main(int argc, char **argv)
{
	pair_add_all_neighbours(acts);
	return ktap_main(argc, argv);
}
