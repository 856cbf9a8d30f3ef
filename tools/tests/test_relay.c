// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_relay: the relay between the standard descriptors and a command, which is a child here as
 * the library would make it.  Its caller is a process of its own, at whose standard descriptors,
 * pipes or a terminal, the tests are.  Prints TAP.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../relay.h"
#include "tap.h"

#define BIG (8 << 20)
/* Whatever takes longer hangs. */
#define PATIENCE 20000

/* What a caller has besides pipes. */
enum {
	TERMINAL = 1,
	IGNORE_HUP = 2,
	NO_BLOCK = 4,		/* its standard output doesn't block */
	NO_INPUT = 8,		/* its standard input is /dev/null */
};

struct caller {
	pid_t pid;
	int in, out, err;	/* the other ends; with a terminal @in is its master */
	int slave;		/* of it */
	int alive;		/* ends when the command is gone */
	double seconds;		/* of the processor, after finish() */
};

static void pipe_of(int ends[2])
{
	need(pipe2(ends, O_CLOEXEC) == 0, "pipe");
}

/*
 * What a command inside can do: it is traced by another one, who never waits for its end but lives
 * until the tests are done with it.
 */
static _Noreturn void be_kept(void)
{
	struct pollfd tests = { .fd = STDERR_FILENO + 1 };
	pid_t self = getpid();
	char byte = 'x';
	int ready[2];

	pipe_of(ready);
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
	if (fork() == 0) {
		/* As a terminal's session ends. */
		signal(SIGHUP, SIG_IGN);
		close_range(STDIN_FILENO, STDERR_FILENO, 0);
		if (ptrace(PTRACE_SEIZE, self, 0, 0) == 0)
			(void)!write(ready[1], &byte, 1);
		close(ready[1]);
		poll(&tests, 1, -1);
		_exit(0);
	}
	close(ready[1]);
	_exit(read(ready[0], &byte, 1) == 1 ? 3 : 4);
}

/* How long a thief waits, in nanoseconds. */
static long theft_after;

/*
 * What a command inside can do: take out what it has put in, once the relay has been told.  Another
 * one keeps its standard output open until the tests are done with it.
 */
static _Noreturn void steal(void)
{
	struct pollfd tests = { .fd = STDERR_FILENO + 1 };
	int own = open("/proc/self/fd/1", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct timespec begin, now;
	char byte = 'x';

	if (own < 0 || fork() == 0) {
		poll(&tests, 1, -1);
		_exit(0);
	}
	if (write(STDOUT_FILENO, &byte, 1) != 1)
		_exit(1);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	do {
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((now.tv_sec - begin.tv_sec) * 1000000000 + now.tv_nsec - begin.tv_nsec <
		 theft_after);
	(void)!read(own, &byte, 1);
	_exit(3);
}

/* In the command's process; without a script it is a thief, with "" it is one that is kept. */
static void become(int in, int out, int err, const char *script)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	signal(SIGHUP, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	if (!script)
		steal();
	if (!*script)
		be_kept();
	execl("/bin/sh", "sh", "-c", script, (char *)NULL);
	_exit(127);
}

static void start_in_pipes(struct vctl_inside *inside, const char *script)
{
	int in[2], out[2], err[2];

	pipe_of(in);
	pipe_of(out);
	pipe_of(err);
	inside->pid = fork();
	need(inside->pid >= 0, "fork");
	if (inside->pid == 0)
		become(in[0], out[1], err[1], script);
	close(in[0]);
	close(out[1]);
	close(err[1]);
	inside->in = in[1];
	inside->out = out[0];
	inside->err = err[0];
}

static void start_on_terminal(struct vctl_inside *inside, const char *script,
			      const struct termios *modes)
{
	int master, slave;
	struct winsize size;

	ioctl(STDIN_FILENO, TIOCGWINSZ, &size);
	need(openpty(&master, &slave, NULL, modes, &size) == 0, "openpty");
	fcntl(master, F_SETFD, FD_CLOEXEC);
	fcntl(slave, F_SETFD, FD_CLOEXEC);
	inside->pid = fork();
	need(inside->pid >= 0, "fork");
	if (inside->pid == 0) {
		setsid();
		ioctl(slave, TIOCSCTTY, 0);
		become(slave, slave, slave, script);
	}
	close(slave);
	inside->in = master;
}

/* In the caller's process; @alive becomes the only one besides the standard descriptors. */
static void call(int flags, const char *script, int alive)
{
	struct vctl_inside inside = VCTL_INSIDE_NONE;
	struct termios modes;

	dup2(alive, STDERR_FILENO + 1);
	close_range(STDERR_FILENO + 2, ~0U, 0);
	if (flags & IGNORE_HUP)
		signal(SIGHUP, SIG_IGN);
	if (flags & TERMINAL) {
		tcgetattr(STDIN_FILENO, &modes);
		start_on_terminal(&inside, script, &modes);
	} else {
		start_in_pipes(&inside, script);
	}
	inside.pidfd = (int)syscall(SYS_pidfd_open, inside.pid, 0);
	exit(relay_run(&inside, flags & TERMINAL ? &modes : NULL, NULL));
}

static void call_in_pipes(struct caller *caller, int flags, const char *script, int alive)
{
	int in[2], out[2], err[2];

	pipe_of(in);
	pipe_of(out);
	pipe_of(err);
	if (flags & NO_BLOCK)
		fcntl(out[1], F_SETFL, O_NONBLOCK);
	caller->pid = fork();
	need(caller->pid >= 0, "fork");
	if (caller->pid == 0) {
		dup2(flags & NO_INPUT ? open("/dev/null", O_RDONLY) : in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		dup2(err[1], STDERR_FILENO);
		call(flags, script, alive);
	}
	close(in[0]);
	close(out[1]);
	close(err[1]);
	caller->in = in[1];
	caller->out = out[0];
	caller->err = err[0];
}

static void call_on_terminal(struct caller *caller, int flags, const char *script, int alive)
{
	struct winsize size = { .ws_row = 33, .ws_col = 101 };

	need(openpty(&caller->in, &caller->slave, NULL, NULL, &size) == 0, "openpty");
	fcntl(caller->in, F_SETFD, FD_CLOEXEC);
	fcntl(caller->slave, F_SETFD, FD_CLOEXEC);
	caller->pid = fork();
	need(caller->pid >= 0, "fork");
	if (caller->pid == 0) {
		setsid();
		ioctl(caller->slave, TIOCSCTTY, 0);
		for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
			dup2(caller->slave, fd);
		call(flags, script, alive);
	}
	caller->out = dup(caller->in);
	fcntl(caller->out, F_SETFD, FD_CLOEXEC);
}

/* The caller of a script; all that the script leaves behind holds the end of @alive. */
static struct caller start(int flags, const char *script)
{
	struct caller caller = { .slave = -1, .err = -1 };
	int alive[2];

	fflush(stdout);
	pipe_of(alive);
	if (flags & TERMINAL)
		call_on_terminal(&caller, flags, script, alive[1]);
	else
		call_in_pipes(&caller, flags, script, alive[1]);
	close(alive[1]);
	caller.alive = alive[0];
	return caller;
}

static bool readable(int fd, int timeout)
{
	struct pollfd place = { .fd = fd, .events = POLLIN };

	return poll(&place, 1, timeout) == 1;
}

/* Read until @word comes; false: it doesn't. */
static bool hear(int fd, const char *word)
{
	char text[4096] = "";
	size_t used = 0;

	while (!strstr(text, word) && used < sizeof(text) - 1 && readable(fd, PATIENCE)) {
		ssize_t done = read(fd, text + used, sizeof(text) - 1 - used);

		if (done <= 0)
			break;
		used += (size_t)done;
		text[used] = '\0';
	}

	return strstr(text, word);
}

/* Close all and wait; the exit status as a shell has it, or -1 if it hangs. */
static int finish(struct caller *caller)
{
	int pidfd = (int)syscall(SYS_pidfd_open, caller->pid, 0);
	struct rusage usage;
	int status = -1;

	if (!readable(pidfd, PATIENCE)) {
		kill(caller->pid, SIGKILL);
		status = -2;
	}
	close(pidfd);
	if (status == -2) {
		waitpid(caller->pid, NULL, 0);
		return -1;
	}

	wait4(caller->pid, &status, 0, &usage);
	caller->seconds = (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
			  (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
	close(caller->in);
	close(caller->out);
	close(caller->err);
	close(caller->slave);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Is everything gone that the script was?  To be asked after finish(). */
static bool all_gone(const struct caller *caller)
{
	bool gone = readable(caller->alive, PATIENCE);

	close(caller->alive);
	return gone;
}

static char byte_at(size_t at)
{
	return (char)(at * 2654435761U >> 13);
}

/* Write @most bytes to @in while reading from @out; returns how many came back as they were. */
static size_t exchange(int in, int out, size_t most)
{
	static char bytes[65536];
	size_t sent = 0, got = 0;

	fcntl(in, F_SETFL, O_NONBLOCK);
	for (;;) {
		struct pollfd places[] = {
			{ .fd = in, .events = POLLOUT }, { .fd = out, .events = POLLIN },
		};
		ssize_t done;

		if (poll(places, 2, PATIENCE) <= 0)
			return got;
		if (places[0].revents) {
			size_t part = most - sent < sizeof(bytes) ? most - sent : sizeof(bytes);

			for (size_t i = 0; i < part; i++)
				bytes[i] = byte_at(sent + i);
			done = write(in, bytes, part);
			sent += done > 0 ? (size_t)done : 0;
			if (sent == most || (done < 0 && errno != EAGAIN)) {
				close(in);
				in = -1;
			}
		}
		if (!places[1].revents)
			continue;
		done = read(out, bytes, sizeof(bytes));
		if (done <= 0)
			return got;
		for (ssize_t i = 0; i < done; i++, got++) {
			if (bytes[i] != byte_at(got))
				return got;
		}
	}
}

static size_t count_all(int fd, int pause)
{
	const struct timespec time = { .tv_nsec = pause * 1000000L };
	char bytes[10000];
	size_t count = 0;
	ssize_t done;

	while (readable(fd, PATIENCE) && (done = read(fd, bytes, sizeof(bytes))) > 0) {
		count += (size_t)done;
		if (pause)
			nanosleep(&time, NULL);
	}

	return count;
}

static void status_tests(void)
{
	static const struct {
		const char *script;
		int status;
	} scripts[] = {
		{ "exit 0", 0 }, { "exit 7", 7 }, { "kill -TERM $$", 128 + SIGTERM },
		{ "kill -KILL $$", 128 + SIGKILL }, { "exit 255", 255 },
	};

	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		for (int flags = 0; flags <= TERMINAL; flags += TERMINAL) {
			struct caller caller = start(flags, scripts[i].script);

			result(finish(&caller) == scripts[i].status, "%s: %s",
			       flags ? "terminal" : "pipes", scripts[i].script);
			close(caller.alive);
		}
	}
}

static void data_tests(void)
{
	struct caller caller = start(0, "cat");
	int flags[] = { 0, NO_BLOCK };

	for (size_t i = 0; i < 2; i++) {
		if (i)
			caller = start(flags[i], "cat");
		result(exchange(caller.in, caller.out, BIG) == BIG, "much in both directions%s",
		       i ? ", to what doesn't block" : "");
		caller.in = -1;
		result(finish(&caller) == 0 && all_gone(&caller), "and its end");
	}

	caller = start(0, "cat >&2");
	result(exchange(caller.in, caller.err, BIG) == BIG, "much to standard error");
	caller.in = -1;
	result(finish(&caller) == 0 && all_gone(&caller), "and its end");

	caller = start(0, "cat");
	result(exchange(caller.in, caller.out, 0) == 0, "no bytes");
	caller.in = -1;
	result(finish(&caller) == 0, "no bytes: its end");
	close(caller.alive);

	caller = start(NO_INPUT, "cat; echo end");
	result(hear(caller.out, "end") && finish(&caller) == 0, "standard input is /dev/null");
	close(caller.alive);
}

/* What is written right before the end, to whom reads slowly. */
static void last_tests(void)
{
	bool good = true;

	for (int i = 0; i < 20 && good; i++) {
		struct caller caller = start(0, "head -c 150000 /dev/zero; "
						"head -c 65536 /dev/zero >&2");

		good = count_all(caller.out, i % 3) == 150000 &&
		       count_all(caller.err, 0) == 65536 && finish(&caller) == 0;
		close(caller.alive);
	}
	result(good, "the last bytes, pipes");

	good = true;
	for (int i = 0; i < 20 && good; i++) {
		struct caller caller = start(TERMINAL, "head -c 20000 /dev/zero | tr '\\0' x");

		close(caller.slave);
		caller.slave = -1;
		good = count_all(caller.out, i % 3) == 20000 && finish(&caller) == 0;
		close(caller.alive);
	}
	result(good, "the last bytes, terminal");
}

static void theft_tests(void)
{
	bool good = true;

	for (int i = 0; i < 1000 && good; i++) {
		struct caller caller;

		theft_after = i % 50 * 1000L;
		caller = start(0, NULL);
		good = finish(&caller) == 3;
		close(caller.alive);
	}
	result(good, "what the command takes out again is not waited for");
}

static void early_tests(void)
{
	struct caller caller = start(0, "exit 4");

	/* Nobody closes or reads anything. */
	result(finish(&caller) == 4, "a command that doesn't read");
	close(caller.alive);

	caller = start(0, "exec <&-; echo closed; sleep 0.3; exit 5");
	result(hear(caller.out, "closed"), "a command that closes its standard input");
	exchange(caller.in, caller.out, BIG);
	caller.in = -1;
	result(finish(&caller) == 5 && caller.seconds < 0.2, "and goes on");
	close(caller.alive);

	caller = start(0, "exec yes");
	result(hear(caller.out, "y\n"), "a command that writes for ever");
	close(caller.out);
	caller.out = -1;
	result(finish(&caller) == 128 + SIGPIPE, "until nobody reads it");
	result(all_gone(&caller), "and is gone");

	caller = start(0, "sleep 0.2; echo x; sleep 0.2");
	close(caller.out);
	caller.out = -1;
	result(finish(&caller) == 128 + SIGPIPE, "what is not read, of who doesn't notice");
	close(caller.alive);

	caller = start(0, "sleep 30 & echo started");
	result(hear(caller.out, "started") && finish(&caller) == 0,
	       "pipes: nobody waits for the background");
	close(caller.alive);

	caller = start(TERMINAL, "trap '' HUP; sleep 30 & echo started");
	result(hear(caller.out, "started") && finish(&caller) == 0,
	       "terminal: nobody waits for the background");
	close(caller.alive);

	caller = start(TERMINAL, "trap '' HUP; yes & sleep 0.1; exit 6");
	close(caller.slave);
	caller.slave = -1;
	count_all(caller.out, 0);
	result(finish(&caller) == 6, "nor until it is silent");
	close(caller.alive);
}

static void idle_tests(void)
{
	struct caller caller = start(0, "exec sleep 1");

	result(finish(&caller) == 0 && caller.seconds < 0.1, "waiting costs nothing, pipes");
	close(caller.alive);

	caller = start(0, "exec >&- 2>&- <&-; exec sleep 1");
	result(finish(&caller) == 0 && caller.seconds < 0.1, "nor if all pipes are closed");
	close(caller.alive);

	caller = start(TERMINAL, "exec sleep 1");
	result(finish(&caller) == 0 && caller.seconds < 0.1, "nor on a terminal");
	close(caller.alive);

	caller = start(TERMINAL, "exec >&- 2>&- <&-; sleep 1; exit 3");
	need(write(caller.in, "typed\n", 6) == 6, "write");
	result(finish(&caller) == 3 && caller.seconds < 0.1, "nor on one that nobody has open");
	close(caller.alive);

	caller = start(TERMINAL, "exec >&- 2>&- <&-; sleep 0.3; echo back >/dev/tty; sleep 0.3");
	result(hear(caller.out, "back") && finish(&caller) == 0, "which is opened again");
	close(caller.alive);
}

static void signal_tests(void)
{
	static const int ends[] = { SIGTERM, SIGHUP, SIGINT, SIGQUIT };
	struct caller caller;

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		caller = start(0, "echo ready; exec sleep 30");
		result(hear(caller.out, "ready"), "signal %d", ends[i]);
		kill(caller.pid, ends[i]);
		result(finish(&caller) == 128 + ends[i] && all_gone(&caller),
		       "signal %d ends it, and the command", ends[i]);
	}

	caller = start(0, "exec yes");
	result(hear(caller.out, "y\n"), "what nobody reads");
	usleep(200000);
	kill(caller.pid, SIGTERM);
	result(finish(&caller) == 128 + SIGTERM && all_gone(&caller), "can be ended");
}

static bool is_raw(const struct caller *caller)
{
	struct termios modes;

	return tcgetattr(caller->slave, &modes) == 0 && !(modes.c_lflag & (ICANON | ECHO | ISIG));
}

static bool is_usual(const struct caller *caller, const struct termios *usual)
{
	struct termios modes;

	return tcgetattr(caller->slave, &modes) == 0 && modes.c_lflag == usual->c_lflag &&
	       modes.c_iflag == usual->c_iflag && modes.c_oflag == usual->c_oflag;
}

/* finish() closes the slave, which is to be looked at afterwards. */
static int finish_but_terminal(struct caller *caller)
{
	int slave = caller->slave;
	int status;

	caller->slave = -1;
	status = finish(caller);
	caller->slave = slave;
	return status;
}

static void raw_tests(void)
{
	static const int ends[] = { 0, SIGTERM, SIGHUP, SIGINT, SIGQUIT };
	struct termios usual;
	struct caller caller;

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		int keep;

		caller = start(TERMINAL, "echo ready; read x; exit 9");
		/* Without a master a terminal has no modes. */
		keep = dup(caller.in);
		result(hear(caller.out, "ready") && is_raw(&caller), "the terminal is raw");
		if (ends[i])
			kill(caller.pid, ends[i]);
		else
			need(write(caller.in, "\r", 1) == 1, "write");
		result(finish_but_terminal(&caller) == (ends[i] ? 128 + ends[i] : 9),
		       "signal %d: the end", ends[i]);
		/* A new one is as that was. */
		need(openpty(&caller.in, &caller.out, NULL, NULL, NULL) == 0, "openpty");
		tcgetattr(caller.out, &usual);
		result(is_usual(&caller, &usual), "signal %d: the terminal is as it was", ends[i]);
		result(all_gone(&caller), "signal %d: the command is gone", ends[i]);
		close(caller.in);
		close(caller.out);
		close(caller.slave);
		close(keep);
	}
}

/* Whoever traces it has its end for himself. */
static void kept_tests(void)
{
	struct caller caller = start(0, "");
	struct termios usual;
	int keep;

	result(finish(&caller) == 1, "a command whose end another one keeps: the relay ends");
	close(caller.alive);

	caller = start(TERMINAL, "");
	keep = dup(caller.in);
	result(hear(caller.out, "end of the command") && finish_but_terminal(&caller) == 1,
	       "on a terminal, too");
	need(openpty(&caller.in, &caller.out, NULL, NULL, NULL) == 0, "openpty");
	tcgetattr(caller.out, &usual);
	result(is_usual(&caller, &usual), "which is as it was");
	close(caller.in);
	close(caller.out);
	close(caller.slave);
	close(caller.alive);
	close(keep);
}

static void terminal_tests(void)
{
	struct caller caller = start(TERMINAL, "stty size; read x; echo got $x");
	struct winsize size = { .ws_row = 44, .ws_col = 55 };

	result(hear(caller.out, "33 101"), "the size of the terminal");
	need(write(caller.in, "some\303\244\n", 7) == 7, "write");
	result(hear(caller.out, "got some\303\244") && finish(&caller) == 0, "what is typed");
	close(caller.alive);

	caller = start(TERMINAL, "trap 'stty size; exit 8' WINCH; echo ready; "
				 "while :; do sleep 0.05; done");
	result(hear(caller.out, "ready"), "another size");
	ioctl(caller.in, TIOCSWINSZ, &size);
	result(hear(caller.out, "44 55") && finish(&caller) == 8, "comes at once");
	close(caller.alive);

	caller = start(TERMINAL, "echo ready; exec sleep 30");
	result(hear(caller.out, "ready"), "^C");
	need(write(caller.in, "\003", 1) == 1, "write");
	result(finish(&caller) == 128 + SIGINT, "is for the command");
	close(caller.alive);

	caller = start(TERMINAL | IGNORE_HUP, "echo ready; read x; exit 2");
	result(hear(caller.out, "ready"), "a signal that was ignored");
	kill(caller.pid, SIGHUP);
	need(write(caller.in, "\n", 1) == 1, "write");
	result(finish(&caller) == 2, "still is");
	close(caller.alive);

	caller = start(TERMINAL, "echo ready; exec sleep 30");
	result(hear(caller.out, "ready"), "a terminal that is hung up");
	close(caller.slave);
	close(caller.in);
	close(caller.out);
	caller.slave = caller.in = caller.out = -1;
	result(finish(&caller) == 128 + SIGHUP && all_gone(&caller), "ends it");
}

static void terminal_data_tests(void)
{
	struct caller caller = start(TERMINAL, "head -c 3000000 /dev/zero | tr '\\0' x");

	close(caller.slave);
	caller.slave = -1;
	result(count_all(caller.out, 0) == 3000000 && finish(&caller) == 0,
	       "much from a terminal");
	close(caller.alive);

	caller = start(TERMINAL, "stty raw -echo; echo ready; head -c 1000000");
	result(hear(caller.out, "ready\n"), "a terminal that is raw inside");
	close(caller.slave);
	caller.slave = -1;
	result(exchange(dup(caller.in), caller.out, 1000000) == 1000000, "much in both directions");
	result(finish(&caller) == 0, "and its end");
	close(caller.alive);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	status_tests();
	data_tests();
	last_tests();
	theft_tests();
	early_tests();
	idle_tests();
	signal_tests();
	raw_tests();
	kept_tests();
	terminal_tests();
	terminal_data_tests();
	return tap_end();
}
