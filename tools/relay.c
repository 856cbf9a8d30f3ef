// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "message.h"
#include "reap.h"
#include "relay.h"

/* How often to look whether somebody has opened a pseudo-terminal again, in milliseconds. */
#define LOOK_AGAIN 100

enum {
	AT_END,
	AT_STDIN,
	AT_IN,
	AT_OUT,
	AT_ERR,
	AT_ALSO,
	PLACES,
};

struct relay {
	struct vctl_inside *inside;
	const struct relay_also *also;
	bool terminal;
	bool hung;		/* nobody has the pseudo-terminal open */
	bool gone;		/* our own terminal is no more, and is it told? */
	bool told;
	size_t from, to;	/* what is waiting in input[] */
	int lost;		/* our exit status if the command's is 0; 0: nothing was lost */
};

/* Not touched before they are needed.  What is in output[] doesn't wait. */
static char input[65536];
static char output[65536];

/* For the signal handlers. */
static int terminal_master = -1;
static struct termios terminal_modes;

bool relay_take_terminal(struct vctl_command *command)
{
	if (tcgetattr(STDIN_FILENO, &command->modes) < 0 || !isatty(STDOUT_FILENO))
		return false;

	command->terminal = true;
	command->term = getenv("TERM");
	ioctl(STDIN_FILENO, TIOCGWINSZ, &command->size);
	return true;
}

static void make_raw(void)
{
	struct termios raw = terminal_modes;

	cfmakeraw(&raw);
	tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

/* In the background it is somebody else's, who has it as he wants it. */
static void restore(void)
{
	pid_t front = tcgetpgrp(STDIN_FILENO);

	if (front < 0 || front == getpgrp())
		tcsetattr(STDIN_FILENO, TCSANOW, &terminal_modes);
}

static void on_size(int number)
{
	int saved = errno;
	struct winsize size;

	(void)number;
	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0)
		ioctl(terminal_master, TIOCSWINSZ, &size);
	errno = saved;
}

/* Whoever stopped us has had the terminal since. */
static void on_continue(int number)
{
	int saved = errno;

	make_raw();
	errno = saved;
	on_size(number);
}

/* For good, whoever stops us from now on. */
static void give_back(void)
{
	signal(SIGCONT, SIG_DFL);
	restore();
	terminal_master = -1;
}

/* The second time it is as usual. */
static void on_end(int number)
{
	restore();
	raise(number);
}

/*
 * Handlers that do it at once, because writing to our own standard output can take for ever.
 * Without a terminal there is nothing to do, and the signals end us as usual.
 */
static void take_signals(void)
{
	static const int ends[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };
	struct sigaction end = { .sa_handler = on_end, .sa_flags = SA_RESETHAND | SA_NODEFER };
	struct sigaction size = { .sa_handler = on_size, .sa_flags = SA_RESTART };
	struct sigaction cont = { .sa_handler = on_continue, .sa_flags = SA_RESTART };
	struct sigaction before;

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		if (sigaction(ends[i], NULL, &before) == 0 && before.sa_handler == SIG_DFL)
			sigaction(ends[i], &end, NULL);
	}
	sigaction(SIGWINCH, &size, NULL);
	sigaction(SIGCONT, &cont, NULL);
}

static void close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Nothing more comes from our standard input, or nobody wants it. */
static void end_input(struct relay *relay)
{
	relay->from = relay->to = 0;
	if (relay->terminal)
		relay->gone = true;
	else
		close_one(&relay->inside->in);
}

static void write_input(struct relay *relay)
{
	ssize_t done = write(relay->inside->in, input + relay->from, relay->to - relay->from);

	if (done >= 0)
		relay->from += (size_t)done;
	else if (errno == EAGAIN || errno == EINTR)
		return;
	else if (relay->terminal)
		relay->from = relay->to;
	else
		end_input(relay);
	if (relay->from == relay->to)
		relay->from = relay->to = 0;
}

static void read_input(struct relay *relay)
{
	ssize_t done = read(STDIN_FILENO, input, sizeof(input));

	if (done < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (done <= 0) {
		end_input(relay);
		return;
	}

	relay->to = (size_t)done;
	write_input(relay);
}

/* All of it; 0, or -1 with errno set. */
static int write_all(int fd, const char *bytes, size_t count)
{
	while (count > 0) {
		struct pollfd room = { .fd = fd, .events = POLLOUT };
		ssize_t done = write(fd, bytes, count);

		if (done > 0) {
			bytes += done;
			count -= (size_t)done;
		} else if (done < 0 && errno == EAGAIN) {
			poll(&room, 1, -1);
		} else if (done < 0 && errno != EINTR) {
			return -1;
		}
	}

	return 0;
}

/* As with a pipe of its own: who writes on gets SIGPIPE. */
static void lose_output(struct relay *relay, int *from, int to)
{
	if (relay->terminal) {
		relay->gone = true;
		return;
	}

	relay->lost = errno == EPIPE ? 128 + SIGPIPE : STATUS_FAILED;
	if (errno != EPIPE)
		message_system(to == STDOUT_FILENO ? "standard output" : "standard error", NULL);
	close_one(from);
}

/* At most @most bytes; returns how many. */
static size_t pass_output(struct relay *relay, int *from, int to, size_t most)
{
	ssize_t done = read(*from, output, most < sizeof(output) ? most : sizeof(output));

	if (done < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (done <= 0 && relay->terminal) {
		relay->hung = true;
		return 0;
	}
	if (done <= 0) {
		close_one(from);
		return 0;
	}

	if (write_all(to, output, (size_t)done) < 0)
		lose_output(relay, from, to);
	return (size_t)done;
}

/* What the command has left behind; what others write meanwhile is not waited for. */
static void drain(struct relay *relay, int *from, int to)
{
	int waiting = 0;
	size_t left;
	size_t done;

	/* A pseudo-terminal holds less than that, but doesn't tell how much. */
	if (relay->terminal)
		waiting = sizeof(output);
	else if (*from >= 0)
		ioctl(*from, FIONREAD, &waiting);

	for (left = (size_t)waiting; left > 0 && *from >= 0 && !relay->gone; left -= done) {
		done = pass_output(relay, from, to, left);
		if (done == 0)
			break;
	}
}

static void pass_all(struct relay *relay)
{
	struct vctl_inside *inside = relay->inside;
	int *out = relay->terminal ? &inside->in : &inside->out;

	for (;;) {
		bool waits = relay->from < relay->to;
		struct pollfd places[PLACES] = {
			[AT_END] = { .fd = inside->pidfd, .events = POLLIN },
			[AT_STDIN] = { .fd = inside->in < 0 || waits || relay->gone ? -1 :
										      STDIN_FILENO,
				       .events = POLLIN },
			[AT_IN] = { .fd = waits && !relay->hung ? inside->in : -1,
				    .events = POLLOUT },
			[AT_OUT] = { .fd = relay->hung ? -1 : *out, .events = POLLIN },
			[AT_ERR] = { .fd = inside->err, .events = POLLIN },
			[AT_ALSO] = { .fd = relay->also ? relay->also->fd : -1, .events = POLLIN },
		};
		int ready = poll(places, PLACES, relay->hung ? LOOK_AGAIN : -1);

		if (ready < 0)
			continue;
		relay->hung = relay->hung && ready > 0;
		if (places[AT_END].revents)
			break;
		if (places[AT_OUT].revents)
			pass_output(relay, out, STDOUT_FILENO, sizeof(output));
		if (places[AT_ERR].revents)
			pass_output(relay, &inside->err, STDERR_FILENO, sizeof(output));
		if (places[AT_STDIN].revents)
			read_input(relay);
		if (places[AT_IN].revents)
			write_input(relay);
		if (places[AT_ALSO].revents)
			relay->also->call(relay->also->data);
		if (relay->gone && !relay->also)
			return;
		if (relay->gone && !relay->told)
			raise(SIGTERM);
		relay->told = relay->gone;
	}

	drain(relay, out, STDOUT_FILENO);
	drain(relay, &inside->err, STDERR_FILENO);
}

static enum status wait_for(const struct relay *relay)
{
	pid_t pid;
	int status;

	/* Without its terminal it may go on, but ends with us. */
	if (relay->gone && !relay->also)
		return 128 + SIGHUP;
	pid = reap_until(relay->inside->pid, &status, now_ms() + REAP_MS);
	if (pid < 0) {
		errno = -pid;
		return message_system("end of the command", NULL);
	}
	if (pid == 0) {
		message_error("end of the command",
			      "a process inside traces it, and keeps how it ended",
			      "look for that one, or restart the vserver");
		return STATUS_FAILED;
	}

	if (WIFSIGNALED(status))
		return 128 + WTERMSIG(status);
	return WEXITSTATUS(status) ? WEXITSTATUS(status) : relay->lost;
}

enum status relay_run(struct vctl_inside *inside, const struct termios *modes,
		      const struct relay_also *also)
{
	struct relay relay = { .inside = inside, .also = also, .terminal = modes };
	const int ends[] = { inside->in, inside->out, inside->err };
	enum status status;

	signal(SIGPIPE, SIG_IGN);
	/*
	 * The other ends are not those of our standard descriptors, which others share.  Those
	 * inside can take out again what they have put in, after we were told of it.
	 */
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		fcntl(ends[i], F_SETFL, O_NONBLOCK);
	if (modes) {
		terminal_modes = *modes;
		terminal_master = inside->in;
		take_signals();
		make_raw();
		on_size(SIGWINCH);
	}

	pass_all(&relay);
	if (modes)
		give_back();
	status = wait_for(&relay);
	close_one(&inside->in);
	close_one(&inside->out);
	close_one(&inside->err);
	close_one(&inside->pidfd);

	return status;
}
