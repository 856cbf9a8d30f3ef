// SPDX-License-Identifier: GPL-2.0-only
/* Devices, whatever nodes there are and whatever their modes, and terminals. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

#include "confined.h"

#ifndef TIOCGPTPEER
#define TIOCGPTPEER	_IO('T', 0x41)
#endif

/* Nodes */

#define NODE	"/root/device"

/* The node that @attempt->path tells of ("c 1 1"), or like the device at that path. */
static void make_node(const struct attempt *attempt)
{
	unsigned int major, minor;
	struct stat st;
	char type;

	unlink(NODE);
	if (sscanf(attempt->path, "%c %u %u", &type, &major, &minor) == 3) {
		st.st_mode = type == 'b' ? S_IFBLK : S_IFCHR;
		st.st_rdev = makedev(major, minor);
	} else {
		ktap_expect(!stat(attempt->path, &st), "%s: %s", attempt->path,
			    errno_name(errno));
	}
	ktap_expect(!mknod(NODE, (st.st_mode & S_IFMT) | 0666, st.st_rdev) && !chmod(NODE, 0666),
		    "mknod: %s", errno_name(errno));
}

static void remove_node(const struct attempt *attempt)
{
	(void)attempt;
	unlink(NODE);
}

static int do_open(const struct attempt *attempt)
{
	return result(open(NODE, attempt->number | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
}

/* From a descriptor that only names it. */
static int do_reopen(const struct attempt *attempt)
{
	int fd = open(NODE, O_PATH | O_CLOEXEC);

	ktap_expect(fd >= 0, "O_PATH: %s", errno_name(errno));
	return result(open(ktap_text("/proc/self/fd/%d", fd), attempt->number | O_CLOEXEC |
			   O_NONBLOCK | O_NOCTTY));
}

static int do_open_there(const struct attempt *attempt)
{
	return result(open(attempt->path, attempt->number | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
}

/* Some of these have no driver here: then it is not even asked. */
#define CLOSED(text, which)							\
	{ text " to read", do_open, which, O_RDONLY, { EPERM }, ANY_BUT_EPERM,	\
	  make_node, remove_node },						\
	{ text " to write", do_open, which, O_WRONLY, { EPERM }, ANY_BUT_EPERM,	\
	  make_node, remove_node }
#define ALLOWED(text, which)							\
	{ text, do_open, which, O_RDWR, { 0 }, 0, make_node, remove_node }

static const struct attempt nodes[] = {
	CLOSED("disk", "/dev/vda"),
	CLOSED("loop-control", "/dev/loop-control"),
	CLOSED("loop0", "/dev/loop0"),
	CLOSED("mem", "c 1 1"),
	CLOSED("port", "c 1 4"),
	CLOSED("kmsg", "c 1 11"),
	CLOSED("tty0", "c 4 0"),
	CLOSED("tty1", "c 4 1"),
	CLOSED("ttyS0", "c 4 64"),
	CLOSED("console", "c 5 1"),
	CLOSED("vcs", "c 7 0"),
	CLOSED("vcs1", "c 7 1"),
	CLOSED("vcsa1", "c 7 129"),
	CLOSED("hpet", "c 10 228"),
	CLOSED("kvm", "c 10 232"),
	CLOSED("fuse", "c 10 229"),
	CLOSED("tun", "c 10 200"),
	CLOSED("watchdog", "c 10 130"),
	CLOSED("snapshot", "c 10 231"),
	CLOSED("rtc", "c 10 135"),
	CLOSED("autofs", "c 10 235"),
	CLOSED("hwrng", "/dev/hwrng"),
	CLOSED("msr", "/dev/cpu/0/msr"),
	CLOSED("cuse", "c 10 203"),
	/* a disk of null's number is none of the harmless */
	{ "disk 1 3", do_open, "b 1 3", O_RDONLY, { EPERM }, ANY_BUT_EPERM, make_node,
	  remove_node },
	{ "mem by a descriptor that names it", do_reopen, "c 1 1", O_RDONLY, { EPERM },
	  0, make_node, remove_node },
	{ "/dev/vda", do_open_there, "/dev/vda", O_RDONLY, { EPERM } },
	{ "/dev/kmsg", do_open_there, "/dev/kmsg", O_RDONLY, { EPERM } },
	{ "/dev/kmsg to write", do_open_there, "/dev/kmsg", O_WRONLY, { EPERM } },
	{ "/dev/tty1", do_open_there, "/dev/tty1", O_RDWR, { EPERM } },
	ALLOWED("null", "c 1 3"),
	ALLOWED("zero", "c 1 5"),
	ALLOWED("random", "c 1 8"),
	ALLOWED("urandom", "c 1 9"),
	ALLOWED("full", "c 1 7"),
	/* there is no terminal to open, which is another thing */
	{ "tty", do_open, "c 5 0", O_RDWR, { 0, ENXIO }, ENXIO, make_node, remove_node },
	{ "/dev/ptmx", do_open_there, "/dev/ptmx", O_RDWR },
	{ "/dev/pts/ptmx", do_open_there, "/dev/pts/ptmx", O_RDWR },
};

static const struct attempt own_nodes[] = {
	{ "vcontext", do_open, VCONTEXT_DEVICE, O_RDWR, { 0 }, 0, make_node, remove_node },
};

/* Terminals: closed to all in contexts, but for their own. */

struct terminal {
	int master;
	char slave[64];
};

static struct terminal new_terminal(void)
{
	struct terminal terminal = { posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), "" };

	ktap_expect(terminal.master >= 0 && !grantpt(terminal.master) &&
		    !unlockpt(terminal.master) &&
		    !ptsname_r(terminal.master, terminal.slave, sizeof(terminal.slave)),
		    "expected a new terminal, came %s", errno_name(errno));
	return terminal;
}

static void enter(bool full)
{
	if (full)
		enter_new(0);
	else
		enter_secure();
}

static int open_terminal(const char *path)
{
	return open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
}

static void expect_closed(int fd, const char *what)
{
	ktap_expect(fd < 0 && errno == EPERM, "expected EPERM for %s, came %s", what,
		    fd < 0 ? errno_name(errno) : "a descriptor");
}

static void run_foreign(const void *full)
{
	struct terminal terminal = new_terminal();

	enter(full);
	expect_closed(open_terminal(terminal.slave), "a terminal of context 0");
	expect_closed(open(terminal.slave, O_RDONLY | O_NOCTTY), "reading it");
	expect_closed(open(terminal.slave, O_WRONLY | O_NOCTTY), "writing to it");
	expect_closed(ioctl(terminal.master, TIOCGPTPEER, O_RDWR | O_NOCTTY), "TIOCGPTPEER");
}

static void make_terminal(void *terminal)
{
	enter_new(0);
	*(struct terminal *)terminal = new_terminal();
}

static void run_sibling(const void *full)
{
	int ready[2], go[2];
	struct terminal terminal;
	pid_t pid;

	ktap_expect(!pipe(ready) && !pipe(go), "pipe");
	pid = fork_or_fail();
	if (!pid) {
		close(go[1]);
		make_terminal(&terminal);
		ktap_expect(write(ready[1], &terminal, sizeof(terminal)) == sizeof(terminal),
			    "write");
		(void)!read(go[0], &terminal, 1);
		_exit(0);
	}
	close(ready[1]);
	ktap_expect(read(ready[0], &terminal, sizeof(terminal)) == sizeof(terminal),
		    "expected a terminal of another context");
	enter(full);
	expect_closed(open_terminal(terminal.slave), "a terminal of another context");
	close(go[1]);
	wait_exit(pid, 0);
}

/* A node elsewhere that has the number of one's own. */
static void run_node(const void *full)
{
	struct terminal terminal;
	struct stat st;
	int go[2];
	pid_t pid;

	ktap_expect(!pipe(go), "pipe");
	unlink(NODE);
	pid = fork_or_fail();
	if (!pid) {
		close(go[1]);
		(void)!read(go[0], &st, 1);
		enter(full);
		expect_closed(open_terminal(NODE), "a node outside of devpts");
		_exit(0);
	}
	terminal = new_terminal();
	ktap_expect(!stat(terminal.slave, &st) && !mknod(NODE, st.st_mode, st.st_rdev),
		    "mknod: %s", errno_name(errno));
	close(go[1]);
	wait_status(pid);
	unlink(NODE);
	if (ktap_over())
		_exit(1);
}

static void run_own(const void *full)
{
	struct terminal terminal;
	int fd, master;
	char text[4];

	enter(full);
	terminal = new_terminal();
	fd = open_terminal(terminal.slave);
	ktap_expect(fd >= 0, "expected to open the own terminal, came %s", errno_name(errno));
	ktap_expect(write(terminal.master, "ok\n", 3) == 3 && read(fd, text, 3) == 3,
		    "expected to use the own terminal, came %s", errno_name(errno));
	master = ioctl(terminal.master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	ktap_expect(master >= 0, "expected TIOCGPTPEER of the own terminal, came %s",
		    errno_name(errno));
	/* a neighbour in the context may, as the modes say */
	if (!fork_or_fail()) {
		ktap_expect(open_terminal(terminal.slave) >= 0, "expected a neighbour to open it");
		_exit(0);
	}
}

/* When somebody types is something about others, too. */
static void run_watch(const void *full)
{
	struct terminal terminal = new_terminal(), own;
	int fd;

	enter(full);
	fd = inotify_init1(IN_CLOEXEC);
	own = new_terminal();
	ktap_expect(inotify_add_watch(fd, own.slave, IN_ACCESS) >= 0,
		    "expected to watch the own terminal, came %s", errno_name(errno));
	ktap_expect(inotify_add_watch(fd, terminal.slave, IN_ACCESS) < 0 && errno == EACCES,
		    "expected EACCES for watching a terminal of context 0");
	ktap_expect(inotify_add_watch(fd, "/dev/pts", IN_ACCESS) < 0 && errno == EACCES,
		    "expected EACCES for watching all terminals");
}

/* The terminal on which somebody entered. */
static void controlling(void *full)
{
	struct terminal terminal = new_terminal();
	int fd;

	ktap_expect(setsid() >= 0, "setsid: %s", errno_name(errno));
	fd = open(terminal.slave, O_RDWR);
	ktap_expect(fd >= 0, "open: %s", errno_name(errno));
	enter(full);
	ktap_expect(open_terminal("/dev/tty") >= 0, "expected to open /dev/tty, came %s",
		    errno_name(errno));
	ktap_expect(open_terminal(terminal.slave) >= 0, "expected to open %s, came %s",
		    terminal.slave, errno_name(errno));
	ktap_expect(open_terminal(ktap_text("/proc/self/fd/%d", fd)) >= 0,
		    "expected to open it by the descriptor, came %s", errno_name(errno));
}

/* When it controls them no more, it is one of outside. */
static void lost(void *full)
{
	struct terminal terminal = new_terminal();
	pid_t pid;

	ktap_expect(setsid() >= 0, "setsid: %s", errno_name(errno));
	ktap_expect(open(terminal.slave, O_RDWR) >= 0, "open: %s", errno_name(errno));
	pid = fork_or_fail();
	if (!pid) {
		enter(full);
		ktap_expect(open_terminal(terminal.slave) >= 0, "expected to open it still");
		setsid();
		expect_closed(open_terminal(terminal.slave), "the terminal of an earlier session");
		_exit(0);
	}
	wait_exit(pid, 0);
}

/* Typing into it, which would be done by the shell outside. */
static void typing(void *full)
{
	struct terminal terminal = new_terminal();
	char line[] = { 6, 0 };		/* the state of the shift keys */
	int fd;

	ktap_expect(setsid() >= 0, "setsid: %s", errno_name(errno));
	fd = open(terminal.slave, O_RDWR);
	ktap_expect(fd >= 0, "open: %s", errno_name(errno));
	enter(full);
	ktap_expect(ioctl(fd, TIOCSTI, "x") && errno == EPERM, "TIOCSTI: expected EPERM, came %s",
		    errno_name(errno));
	ktap_expect(ioctl(fd, TIOCLINUX, line) && errno == EPERM,
		    "TIOCLINUX: expected EPERM, came %s", errno_name(errno));
	ktap_expect(ioctl(terminal.master, TIOCSTI, "x") && errno == EPERM,
		    "TIOCSTI on the other end: expected EPERM, came %s", errno_name(errno));
}

/* A group's leader, as the case is, can't begin a session. */

static void run_controlling(const void *full)
{
	in_child(controlling, (void *)full);
}

static void run_lost(const void *full)
{
	in_child(lost, (void *)full);
}

static void run_typing(const void *full)
{
	in_child(typing, (void *)full);
}

/* The console, by a descriptor from before. */
static void run_console(const void *full)
{
	int fd = open("/dev/tty1", O_RDWR | O_NOCTTY | O_CLOEXEC);
	char report[] = { 6, 0 };	/* the state of the shift keys */

	ktap_expect(fd >= 0, "/dev/tty1: %s", errno_name(errno));
	ktap_expect(!ioctl(fd, TIOCLINUX, report), "TIOCLINUX: %s", errno_name(errno));
	report[0] = 6;
	enter(full);
	ktap_expect(ioctl(fd, TIOCLINUX, report) && errno == EPERM,
		    "TIOCLINUX: expected EPERM, came %s", errno_name(errno));
	ktap_expect(ioctl(fd, TIOCSTI, "x") && errno == EPERM, "TIOCSTI: expected EPERM, came %s",
		    errno_name(errno));
}

static void open_console(void *unused)
{
	(void)unused;
	become(USER);
	enter_new(0);
	expect_closed(open_terminal("/dev/tty1"), "the user's console");
}

/* Where somebody has logged in, and may be about to type a password. */
static void run_login(const void *unused)
{
	(void)unused;
	ktap_expect(!chown("/dev/tty1", USER, 0), "/dev/tty1: %s", errno_name(errno));
	in_child(open_console, NULL);
	ktap_expect(!chown("/dev/tty1", 0, 0), "/dev/tty1: %s", errno_name(errno));
}

static const struct ktap_case terminals[] = {
	{ "a console of the same user, not confined", run_login },
	{ "a terminal of context 0, confined", run_foreign },
	{ "a terminal of context 0, not confined", run_foreign, "full" },
	{ "a terminal of another context, confined", run_sibling },
	{ "a terminal of another context, not confined", run_sibling, "full" },
	{ "a node of a terminal, confined", run_node },
	{ "a node of a terminal, not confined", run_node, "full" },
	{ "watching a terminal of context 0, confined", run_watch },
	{ "watching a terminal of context 0, not confined", run_watch, "full" },
	{ "the own terminal, confined", run_own, .anywhere = "it is allowed" },
	{ "the own terminal, not confined", run_own, "full", .anywhere = "it is allowed" },
	{ "the controlling terminal, confined", run_controlling, .anywhere = "it is allowed" },
	{ "the controlling terminal, not confined", run_controlling, "full",
	  .anywhere = "it is allowed" },
	{ "a controlling terminal that is none any more, confined", run_lost },
	{ "a controlling terminal that is none any more, not confined", run_lost, "full" },
	{ "typing into a terminal, confined", run_typing },
	{ "typing into a terminal, not confined", run_typing, "full" },
	{ "typing into a console, confined", run_console },
	{ "typing into a console, not confined", run_console, "full" },
};

int main(int argc, char **argv)
{
	attempts_add_all(nodes);
	if (!ktap_plain())
		attempts_add_all(own_nodes);
	ktap_add_all(terminals);
	return ktap_main(argc, argv);
}
