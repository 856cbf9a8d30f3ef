// SPDX-License-Identifier: GPL-2.0-only
/*
 * top on a pseudo-terminal.  Between it and this process there is one that leads its session, in
 * context 1: from context 0 nobody could continue top when it has been stopped, and a program that
 * is its session's leader can't be stopped from the keyboard at all.  When this process ends,
 * however it does, the pseudo-terminal hangs up, which ends both.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "become.h"
#include "cleanup.h"
#include "message.h"
#include "screen.h"
#include "top.h"

/* A screen is shown once nothing more has come for so long, and at the latest after that many. */
#define QUIET_MS	5
#define QUIETS		20

#define BUFFER 65536

struct top {
	struct screen *screen;
	pid_t leader;
	int master;
	int line;		/* to the leader, who tells what wait() told */
	bool pending;		/* something came that isn't shown */
	unsigned int waited;
	bool gone;		/* our terminal */
	char *bytes;		/* that are to be written */
	size_t used, room;
};

static struct termios modes;
static volatile sig_atomic_t resized, stopped, continued;

static void make_raw(void)
{
	struct termios raw = modes;

	cfmakeraw(&raw);
	/* What top says when it can't even begin goes to the terminal as it is. */
	raw.c_oflag = modes.c_oflag;
	tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

/* In the background it is somebody else's, who has it as he wants it. */
static void restore(void)
{
	pid_t front = tcgetpgrp(STDIN_FILENO);

	if (front < 0 || front == getpgrp())
		tcsetattr(STDIN_FILENO, TCSANOW, &modes);
}

/* Nobody may ever read from the terminal; the second time the signal is as usual. */
static void on_end(int number)
{
	static const char reset[] = "\033[0m\033[?25h\n";
	struct pollfd room = { .fd = STDOUT_FILENO, .events = POLLOUT };

	restore();
	if (poll(&room, 1, 0) > 0)
		(void)!write(STDOUT_FILENO, reset, sizeof(reset) - 1);
	raise(number);
}

static void note(int number)
{
	if (number == SIGWINCH)
		resized = 1;
	else if (number == SIGTSTP)
		stopped = 1;
	else
		continued = 1;
}

/* Those noted come through while we wait alone, so that none is missed. */
static void take_signals(sigset_t *waiting)
{
	static const int ends[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };
	static const int notes[] = { SIGWINCH, SIGTSTP, SIGCONT };
	struct sigaction end = { .sa_handler = on_end, .sa_flags = SA_RESETHAND | SA_NODEFER };
	struct sigaction noted = { .sa_handler = note };
	struct sigaction before;
	sigset_t blocked;

	sigemptyset(&blocked);
	for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++) {
		sigaddset(&blocked, notes[i]);
		sigaction(notes[i], &noted, NULL);
	}
	sigprocmask(SIG_BLOCK, &blocked, waiting);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		if (sigaction(ends[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
			sigaction(ends[i], &end, NULL);
	}
	signal(SIGPIPE, SIG_IGN);
}

/* The session's leader.  It tells each change, and goes on when it gets a byte. */
static void lead(pid_t child, int line)
{
	int status;
	char byte;

	signal(SIGTTOU, SIG_IGN);
	for (;;) {
		while (waitpid(child, &status, WUNTRACED) < 0) {
			if (errno != EINTR)
				_exit(STATUS_FAILED);
		}
		if (write(line, &status, sizeof(status)) < 0 || !WIFSTOPPED(status) ||
		    read(line, &byte, 1) != 1)
			_exit(STATUS_DONE);
		tcsetpgrp(STDIN_FILENO, child);
		kill(-child, SIGCONT);
	}
}

static void become_top(char **argv)
{
	signal(SIGTTOU, SIG_IGN);
	setpgid(0, 0);
	tcsetpgrp(STDIN_FILENO, getpid());
	signal(SIGTTOU, SIG_DFL);
	become(argv);
	_exit(STATUS_FAILED);
}

/* In context 1, off our terminal but for its messages. */
static void begin(char **argv, int slave, int line)
{
	pid_t child;

	if (setsid() < 0 || ioctl(slave, TIOCSCTTY, 0) < 0 || dup2(slave, STDIN_FILENO) < 0 ||
	    dup2(slave, STDOUT_FILENO) < 0) {
		message_system("terminal of top", NULL);
		_exit(STATUS_FAILED);
	}

	child = fork();
	if (child < 0) {
		message_system("top", NULL);
		_exit(STATUS_FAILED);
	}
	if (child == 0)
		become_top(argv);
	setpgid(child, child);
	lead(child, line);
}

/* Both ends; 0, or -1 and told. */
static int open_pair(int *master, int *slave)
{
	char *name;

	*slave = -1;
	*master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	name = *master < 0 || grantpt(*master) < 0 || unlockpt(*master) < 0 ? NULL :
									    ptsname(*master);
	if (name)
		*slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*slave >= 0)
		return 0;

	message_system("terminal of top", "see that /dev/pts is mounted");
	return -1;
}

static int start(struct top *top, const struct watcher *watcher, char **argv)
{
	auto_fd int slave = -1;
	auto_fd int theirs = -1;
	int ends[2];

	if (open_pair(&top->master, &slave) < 0)
		return -1;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
		message_system("top", NULL);
		return -1;
	}

	top->line = ends[0];
	theirs = ends[1];
	tcsetattr(slave, TCSANOW, &modes);
	top->leader = watcher_fork(watcher);
	if (top->leader == 0) {
		close(top->master);
		close(top->line);
		begin(argv, slave, theirs);
	}

	return top->leader < 0 ? -1 : 0;
}

/* For the screen: it is written at once, when all of it is there. */
static int gather(void *data, const char *bytes, size_t count)
{
	struct top *top = data;

	if (top->used + count > top->room) {
		size_t room = 2 * (top->used + count);
		char *more = realloc(top->bytes, room);

		if (!more)
			return -1;
		top->bytes = more;
		top->room = room;
	}
	memcpy(top->bytes + top->used, bytes, count);
	top->used += count;

	return 0;
}

static void flush_bytes(struct top *top)
{
	size_t done = 0;

	while (done < top->used && !top->gone) {
		struct pollfd room = { .fd = STDOUT_FILENO, .events = POLLOUT };
		ssize_t count = write(STDOUT_FILENO, top->bytes + done, top->used - done);

		if (count > 0)
			done += (size_t)count;
		else if (count < 0 && errno == EAGAIN)
			poll(&room, 1, -1);
		else if (count == 0 || errno != EINTR)
			top->gone = true;
	}
	top->used = 0;
}

static int resize(struct top *top)
{
	struct winsize size = { .ws_row = 24, .ws_col = 80 };
	int columns;

	resized = 0;
	ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	if (size.ws_row == 0 || size.ws_col == 0)
		size.ws_row = 24, size.ws_col = 80;
	columns = screen_resize(top->screen, size.ws_row, size.ws_col);
	if (columns == 0)
		return -1;

	size.ws_col = (unsigned short)columns;
	ioctl(top->master, TIOCSWINSZ, &size);
	return 0;
}

static int draw(struct top *top)
{
	int result = screen_draw(top->screen);

	if (result == 1)
		result = resize(top);
	flush_bytes(top);
	top->pending = false;
	top->waited = 0;
	return result;
}

/* Stop as top, or we, are told to; whoever continues us finds the terminal as top wants it. */
static void stop(struct top *top)
{
	stopped = 0;
	screen_leave(top->screen);
	flush_bytes(top);
	restore();
	raise(SIGSTOP);
	continued = 1;
}

static int go_on(struct top *top)
{
	continued = 0;
	make_raw();
	screen_forget(top->screen);
	return resize(top);
}

/* False at the end of it. */
static bool take_output(struct top *top)
{
	static char bytes[BUFFER];
	ssize_t count = read(top->master, bytes, sizeof(bytes));

	if (count < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (count <= 0)
		return false;

	screen_take(top->screen, bytes, (size_t)count);
	top->pending = true;
	top->waited++;
	count = (ssize_t)screen_answer(top->screen, bytes, sizeof(bytes));
	if (count > 0)
		(void)!write(top->master, bytes, (size_t)count);
	return true;
}

static void take_keys(struct top *top)
{
	char bytes[512];
	ssize_t count = read(STDIN_FILENO, bytes, sizeof(bytes));

	if (count > 0)
		(void)!write(top->master, bytes, (size_t)count);
	else if (count == 0 || (errno != EINTR && errno != EAGAIN))
		top->gone = true;
}

/* What the leader tells; false: top has ended, with @status. */
static bool take_change(struct top *top, int *status)
{
	if (read(top->line, status, sizeof(*status)) != sizeof(*status)) {
		*status = STATUS_FAILED << 8;
		return false;
	}
	if (!WIFSTOPPED(*status))
		return false;

	stop(top);
	(void)!write(top->line, "", 1);
	return true;
}

/* Returns what wait() tells of top, or of who would have begun it. */
static int pass_all(struct top *top, const sigset_t *waiting)
{
	struct timespec quiet = { .tv_nsec = QUIET_MS * 1000000L };
	bool open = true;
	int status;

	while (!top->gone) {
		struct pollfd places[] = {
			{ .fd = open ? top->master : -1, .events = POLLIN },
			{ .fd = STDIN_FILENO, .events = POLLIN },
			{ .fd = top->line, .events = POLLIN },
		};
		int ready = ppoll(places, 3, top->pending ? &quiet : NULL, waiting);

		if (stopped)
			stop(top);
		if ((continued && go_on(top) < 0) || (resized && resize(top) < 0))
			break;
		if (ready > 0 && places[0].revents)
			open = take_output(top);
		if (ready > 0 && places[1].revents)
			take_keys(top);
		if (ready > 0 && places[2].revents && !take_change(top, &status))
			return status;
		if (top->pending && (ready == 0 || top->waited >= QUIETS) && draw(top) < 0)
			break;
	}

	return SIGHUP;
}

/* What it has left when it ended, and the cursor below. */
static void finish(struct top *top)
{
	struct pollfd left = { .fd = top->master, .events = POLLIN };

	while (poll(&left, 1, 0) > 0 && (left.revents & POLLIN) && take_output(top))
		continue;
	if (top->pending)
		draw(top);
	screen_leave(top->screen);
	flush_bytes(top);
}

static enum status show(struct top *top, const struct watcher *watcher, char **argv)
{
	sigset_t waiting;
	int status;

	if (start(top, watcher, argv) < 0)
		return STATUS_FAILED;

	take_signals(&waiting);
	if (resize(top) < 0)
		return message_system("top", NULL);
	make_raw();
	status = pass_all(top, &waiting);
	if (!top->gone)
		finish(top);
	restore();
	close(top->master);
	top->master = -1;
	watcher_wait(top->leader);

	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

enum status top_interactive(const struct watcher *watcher, char **argv, struct map *map)
{
	struct top top = { .master = -1, .line = -1 };
	enum status status = STATUS_FAILED;

	if (tcgetattr(STDIN_FILENO, &modes) < 0)
		return message_system("terminal", NULL);

	top.screen = screen_new(map, gather, &top);
	if (top.screen)
		status = show(&top, watcher, argv);
	else
		message_system("top", NULL);
	screen_free(top.screen);
	free(top.bytes);
	if (top.master >= 0)
		close(top.master);
	if (top.line >= 0)
		close(top.line);

	return status;
}
