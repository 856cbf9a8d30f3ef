// SPDX-License-Identifier: GPL-2.0-only
/*
 * rebootmgr_test: the reboot manager on directories of its own, with vservers that are files and
 * contexts that are pipes.  Needs neither root nor the module.  Prints TAP.
 *
 *	states/NAME	"STATE WISH FAKEINIT CONTEXT", what a vserver is doing
 *	trees/NAME	its tree
 *	context.N	a named pipe: a context, empty once nobody has it open for writing
 *	acts		what the manager has had done, a line each
 *	wait		as long as it is there no act ends
 *	fail		with it acts fail
 *	after		what the state of a vserver is after a restart; else as before
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "reboot_manager.h"

#define SOON_MS 30000	/* on a loaded machine */
#define A_WHILE_MS 300

static char work[] = "/tmp/rebootmgr-test.XXXXXX";
static int number, failed;
static pid_t manager;

struct path {
	char text[256];
};

__attribute__((format(printf, 1, 2)))
static struct path in_work(const char *format, ...)
{
	struct path path;
	va_list list;
	int used = snprintf(path.text, sizeof(path.text), "%s/", work);

	va_start(list, format);
	vsnprintf(path.text + used, sizeof(path.text) - (size_t)used, format, list);
	va_end(list);
	return path;
}

static void result(bool good, const char *name)
{
	if (!good)
		failed++;
	printf("%sok %d - rebootmgr: %s\n", good ? "" : "not ", ++number, name);
	fflush(stdout);
}

static int64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void pause_ms(int ms)
{
	poll(NULL, 0, ms);
}

#define SOON(condition) ({						\
	int64_t until_ms = clock_ms() + SOON_MS;			\
	bool is_so;							\
									\
	while (!(is_so = (condition)) && clock_ms() < until_ms)		\
		pause_ms(5);						\
	is_so;								\
})

#define NEVER(condition) ({						\
	pause_ms(A_WHILE_MS);						\
	!(condition);							\
})

static bool there(struct path path)
{
	struct stat node;

	return lstat(path.text, &node) == 0;
}

static struct path read_file(struct path path)
{
	auto_file FILE *file = fopen(path.text, "re");
	struct path text = { "" };

	if (file)
		text.text[fread(text.text, 1, sizeof(text.text) - 1, file)] = '\0';
	return text;
}

static void write_file(struct path path, const char *text)
{
	auto_file FILE *file = fopen(path.text, "we");

	if (!file || fputs(text, file) < 0)
		abort();
}

/*
 * What the manager calls
 */

static int look(const char *name, struct reboot_look *look)
{
	struct path text = read_file(in_work("states/%s", name));
	int fakeinit, bare = 0;

	*look = (struct reboot_look){ .state = VCTL_STOPPED, .context = VCONTEXT_ID_ANY };
	if (sscanf(text.text, "%u %u %d %u %d", &look->state, &look->wish, &fakeinit,
		   &look->context, &bare) >= 4)
		look->fakeinit = fakeinit;
	look->bare = bare;
	return 0;
}

static int hold(uint32_t context)
{
	return open(in_work("context.%u", context).text, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

static void set_state(const char *name, const char *text)
{
	struct path fresh = in_work("states/.%s", name);

	write_file(fresh, text);
	if (rename(fresh.text, in_work("states/%s", name).text) < 0)
		abort();
}

static void run_act(const char *name, enum reboot_act act)
{
	int acts = open(in_work("acts").text, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	struct path after = read_file(in_work("after"));

	dprintf(acts, "%s %s\n", act == REBOOT_RESTART ? "restart" : "stop", name);
	while (there(in_work("wait")))
		pause_ms(5);
	if (there(in_work("fail")))
		_exit(1);
	if (act == REBOOT_STOP)
		unlink(in_work("states/%s", name).text);
	else
		set_state(name, *after.text ? after.text :
			  read_file(in_work("states/%s", name)).text);
	_exit(0);
}

static pid_t act(const char *name, enum reboot_act act)
{
	pid_t child = fork();

	if (child == 0)
		run_act(name, act);
	return child;
}

/* Of a user who is not the one that may ask, with @more. */
static void start_manager(uid_t more)
{
	struct path trees = in_work("trees"), states = in_work("states");
	struct reboot_host host = {
		.trees = trees.text, .states = states.text, .root = getuid() + more,
		.look = look, .hold = hold, .act = act,
	};

	manager = fork();
	if (manager == 0) {
		int log = open(in_work("log").text, O_WRONLY | O_APPEND | O_CREAT, 0600);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(log, STDERR_FILENO);
		close(log);
		signal(SIGPIPE, SIG_IGN);
		/* Not _exit(): the sanitizers look for what is left. */
		exit(reboot_manager_run(&host, NULL) < 0);
	}
}

/* True if it ends as it should. */
static bool end_manager(int with)
{
	int status;

	kill(manager, with);
	if (waitpid(manager, &status, 0) != manager)
		return false;
	return with == SIGKILL || (WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/*
 * What the tests do
 */

static void forget_acts(void)
{
	unlink(in_work("acts").text);
	unlink(in_work("after").text);
	unlink(in_work("wait").text);
	unlink(in_work("fail").text);
}

static bool acts_are(const char *lines)
{
	return strcmp(read_file(in_work("acts")).text, lines) == 0;
}

static struct path socket_of(const char *name)
{
	return in_work("trees/%s/dev/reboot", name);
}

static bool is_socket(struct path path)
{
	struct stat node;

	return lstat(path.text, &node) == 0 && S_ISSOCK(node.st_mode) &&
	       (node.st_mode & 07777) == 0600;
}

static void make_tree(const char *name)
{
	mkdir(in_work("trees/%s", name).text, 0755);
	mkdir(in_work("trees/%s/dev", name).text, 0755);
}

/* A vserver that runs, in context @context, whose other end is returned. */
static int make_running(const char *name, unsigned int context, bool fakeinit)
{
	struct path pipe = in_work("context.%u", context);
	char state[40];
	int fd;

	unlink(pipe.text);
	if (mkfifo(pipe.text, 0600) < 0)
		abort();
	fd = open(pipe.text, O_RDWR | O_CLOEXEC);
	snprintf(state, sizeof(state), "%d 0 %d %u", VCTL_RUNNING, fakeinit, context);
	set_state(name, state);
	return fd;
}

/* For a moment there is a socket on which nobody listens yet. */
static int connect_to(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int64_t until = clock_ms() + A_WHILE_MS;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int connected;

	snprintf(address.sun_path, sizeof(address.sun_path), "%.100s", socket_of(name).text);
	do {
		connected = connect(fd, (struct sockaddr *)&address, sizeof(address));
	} while (connected < 0 && errno == ECONNREFUSED && clock_ms() < until);
	if (connected == 0)
		return fd;
	close(fd);
	return -1;
}

static struct path hear(int fd, int timeout)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	struct path text = { "" };
	ssize_t count = -1;

	if (poll(&ready, 1, timeout) == 1)
		count = recv(fd, text.text, sizeof(text.text) - 1, 0);
	text.text[count > 0 ? count : 0] = '\0';
	return text;
}

static struct path ask_bytes(const char *name, const void *bytes, size_t count)
{
	auto_fd int fd = connect_to(name);

	if (fd < 0)
		return (struct path){ "no connection" };
	send(fd, bytes, count, MSG_NOSIGNAL);
	return hear(fd, SOON_MS);
}

static struct path ask(const char *name, const char *line)
{
	return ask_bytes(name, line, strlen(line));
}

static bool is_error(struct path answer)
{
	size_t length = strlen(answer.text);

	return strncmp(answer.text, "error: ", 7) == 0 && strchr(answer.text, '\n') ==
	       answer.text + length - 1;
}

static bool is_ok(struct path answer)
{
	return strcmp(answer.text, "ok\n") == 0;
}

/* Of the manager; those of what a test has just closed may still be there. */
static int count_descriptors(void)
{
	char command[100];
	int count = -1;
	FILE *list;

	snprintf(command, sizeof(command), "ls /proc/%d/fd | wc -l", manager);
	list = popen(command, "re");
	if (!list || fscanf(list, "%d", &count) != 1)
		count = -1;
	if (list)
		pclose(list);
	return count;
}

static void test_begin(void)
{
	int context;

	start_manager(0);
	result(SOON(there(in_work("states"))), "the directory of states is made");
	make_tree("web");
	result(NEVER(there(socket_of("web"))), "no socket for one that is not running");
	context = make_running("web", 1, false);
	result(SOON(is_socket(socket_of("web"))), "a socket of mode 0600 when it runs");

	result(is_ok(ask("web", "restart\n")), "restart: ok");
	result(SOON(acts_are("restart web\n")), "and it is restarted");
	result(is_socket(socket_of("web")), "and listened to");
	pause_ms(A_WHILE_MS);
	result(is_ok(ask("web", "stop\n")), "stop: ok");
	result(SOON(acts_are("restart web\nstop web\n")), "and it is stopped");
	result(SOON(!there(socket_of("web"))), "and the socket is gone");
	close(context);
	forget_acts();
}

static void test_busy(void)
{
	int context = make_running("web", 1, false);

	SOON(is_socket(socket_of("web")));
	write_file(in_work("wait"), "");
	result(is_ok(ask("web", "restart\n")), "a restart that takes its time");
	result(is_error(ask("web", "restart\n")), "meanwhile another one is refused");
	result(is_error(ask("web", "stop\n")), "and so is a stop");
	result(SOON(acts_are("restart web\n")), "it is restarted once");
	unlink(in_work("wait").text);
	pause_ms(A_WHILE_MS);

	set_state("web", "1 0 0 1");
	result(is_error(ask("web", "restart\n")), "refused while others start or stop it");
	result(is_socket(socket_of("web")), "with the socket still there");
	set_state("web", "2 0 0 1 1");
	result(is_error(ask("web", "restart\n")), "refused while it is up for a command");
	result(is_error(ask("web", "stop\n")), "and so is that stop");
	set_state("web", "2 0 0 1");
	result(is_ok(ask("web", "stop\n")), "and taken again when they are ready");
	SOON(!there(socket_of("web")));
	close(context);
	forget_acts();
}

static void test_garbage(void)
{
	static const char zero[] = "restart\0\n";
	int context = make_running("web", 1, false);
	char much[4000];
	int fd;

	SOON(is_socket(socket_of("web")));
	memset(much, 'x', sizeof(much));
	result(is_error(ask_bytes("web", much, sizeof(much))), "a line that is too long");
	result(is_error(ask("web", "\n")), "an empty line");
	result(is_error(ask("web", "restart web\n")), "the name of a vserver");
	result(is_error(ask("web", "restart\nstop\n")), "two lines");
	result(is_error(ask_bytes("web", zero, sizeof(zero) - 1)), "a zero byte");
	result(is_error(ask("web", "RESTART\n")), "capital letters");

	fd = connect_to("web");
	send(fd, "restart", 7, MSG_NOSIGNAL);
	shutdown(fd, SHUT_WR);
	result(is_error(hear(fd, SOON_MS)), "a line without its end");
	close(fd);
	fd = connect_to("web");
	close(fd);

	fd = connect_to("web");
	send(fd, "rest", 4, MSG_NOSIGNAL);
	pause_ms(A_WHILE_MS);
	result(acts_are(""), "nothing is done for any of these");
	send(fd, "art\n", 4, MSG_NOSIGNAL);
	result(is_ok(hear(fd, SOON_MS)), "a line in pieces");
	close(fd);
	result(SOON(acts_are("restart web\n")), "is a request");
	close(context);
	forget_acts();
}

static void send_descriptors(int fd, const char *line, int which)
{
	char control[CMSG_SPACE(16 * sizeof(int))] = "";
	struct iovec data = { .iov_base = (void *)line, .iov_len = strlen(line) };
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(16 * sizeof(int));
	for (int i = 0; i < 16; i++)
		memcpy(CMSG_DATA(header) + sizeof(int) * (size_t)i, &which, sizeof(which));
	sendmsg(fd, &message, MSG_NOSIGNAL);
}

static void test_descriptors(void)
{
	int before, fd;

	pause_ms(A_WHILE_MS);
	before = count_descriptors();
	fd = connect_to("web");
	send_descriptors(fd, "xyz", STDIN_FILENO);
	pause_ms(A_WHILE_MS);
	result(count_descriptors() == before + 1, "descriptors that come along are not taken");
	close(fd);
	result(SOON(count_descriptors() == before), "no descriptor is left of a client");
}

static void test_slow(void)
{
	int context = make_running("mail", 2, false);
	int64_t begun = clock_ms();
	int slow[8], more;

	make_tree("mail");
	set_state("mail", "2 0 0 2");
	SOON(is_socket(socket_of("mail")));
	for (int i = 0; i < 8; i++)
		slow[i] = connect_to("web");
	result(is_ok(ask("mail", "restart\n")) && clock_ms() - begun < REBOOT_LINE_MS / 2,
	       "slow clients keep nobody else waiting");
	more = connect_to("web");
	result(is_error(hear(slow[0], 2 * REBOOT_LINE_MS)) && clock_ms() - begun > 4000 &&
	       clock_ms() - begun < REBOOT_LINE_MS + 2000, "and have five seconds");
	send(more, "restart\n", 8, MSG_NOSIGNAL);
	for (int i = 0; i < 8; i++)
		close(slow[i]);
	result(is_ok(hear(more, SOON_MS)), "who waits behind them has a turn");
	close(more);
	SOON(acts_are("restart mail\nrestart web\n"));
	pause_ms(A_WHILE_MS);
	close(context);
	forget_acts();
}

/* As fast as it can; returns how many answers came in two seconds. */
static int flood(const char *name)
{
	int64_t until = clock_ms() + 2000;
	int answers = 0;

	while (clock_ms() < until) {
		int fd = connect_to(name);

		send(fd, "flood\n", 6, MSG_NOSIGNAL);
		if (is_error(hear(fd, 10)))
			answers++;
		close(fd);
	}
	return answers;
}

static void test_flood(void)
{
	int64_t slowest = 0;
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(flood("web"));
	for (int i = 0; i < 5; i++) {
		int64_t begun = clock_ms();

		if (!is_error(ask("mail", "garbage\n")))
			slowest = INT64_MAX;
		if (clock_ms() - begun > slowest)
			slowest = clock_ms() - begun;
		pause_ms(200);
	}
	result(slowest < 1000, "a flood keeps nobody else waiting");
	waitpid(child, &status, 0);
	result(WEXITSTATUS(status) > 0 && WEXITSTATUS(status) <= 2 * REBOOT_ACCEPTS,
	       "and is not served at any speed");
	unlink(in_work("states/mail").text);
	unlink(in_work("states/web").text);
	result(SOON(!there(socket_of("mail")) && !there(socket_of("web"))),
	       "those that are gone are not listened to");
}

#include "rebootmgr_lingering.h"

static void test_trees(void)
{
	struct path target = in_work("target");
	char command[120];

	mkdir(target.text, 0755);
	mkdir(in_work("trees/link").text, 0755);
	if (symlink(target.text, in_work("trees/link/dev").text) < 0 ||
	    symlink("web", in_work("trees/other").text) < 0)
		abort();
	set_state("link", "2 0 0 9");
	set_state("other", "2 0 0 9");
	set_state("none", "2 0 0 9");
	set_state("web", "2 0 0 9");
	result(SOON(is_socket(socket_of("web"))), "strange trees, and one that is not");
	result(NEVER(there(in_work("target/reboot"))), "dev as a link is not followed");
	unlink(in_work("states/web").text);
	result(SOON(!there(socket_of("web"))), "a tree as a link is not followed");
	snprintf(command, sizeof(command), "grep -q '^rebootmgr: link: .*symbolic link' %s/log",
		 work);
	result(system(command) == 0, "and that is told");
	unlink(in_work("states/link").text);
	unlink(in_work("states/other").text);
	unlink(in_work("states/none").text);
}

static void test_places(void)
{
	struct path place = socket_of("web");

	write_file(in_work("file"), "precious");
	if (symlink(in_work("file").text, place.text) < 0)
		abort();
	set_state("web", "2 0 0 9");
	result(SOON(is_socket(place)), "a link in the place of the socket is replaced");
	result(strcmp(read_file(in_work("file")).text, "precious") == 0, "and not followed");
	unlink(in_work("states/web").text);
	SOON(!there(place));

	mkdir(place.text, 0755);
	set_state("web", "2 0 0 9");
	result(SOON(is_socket(place)), "and so is an empty directory");
	unlink(in_work("states/web").text);
	SOON(!there(place));

	mkdir(place.text, 0755);
	write_file(in_work("trees/web/dev/reboot/file"), "");
	set_state("web", "2 0 0 9");
	result(NEVER(is_socket(place)), "a directory with files is left alone");
	unlink(in_work("states/web").text);
	pause_ms(A_WHILE_MS);
	result(there(in_work("trees/web/dev/reboot/file")), "at the end too");
	unlink(in_work("trees/web/dev/reboot/file").text);
	rmdir(place.text);
	forget_acts();
}

static void test_tree_again(void)
{
	struct path place = socket_of("web");

	set_state("web", "2 0 0 9");
	SOON(is_socket(place));
	if (rename(in_work("trees/web").text, in_work("trees/old").text) < 0)
		abort();
	make_tree("web");
	set_state("web", "2 0 0 9");
	result(SOON(is_socket(place)), "another tree of that name has a socket");
	result(!there(socket_of("old")), "and the old one none any more");
	unlink(place.text);
	set_state("web", "2 0 0 9");
	result(SOON(is_socket(place)), "one that was removed is made again");
	unlink(in_work("states/web").text);
	SOON(!there(place));
}

/* One with fakeinit whose init ends with a wish. */
static void end_init(int wish, const char *acts, const char *name)
{
	int context = make_running("web", 3, true);
	char state[40];

	SOON(is_socket(socket_of("web")));
	write_file(in_work("after"), "2 0 0 9");
	/* In place: only the context tells that there is something to see. */
	snprintf(state, sizeof(state), "%d %d 1 3", VCTL_ENDED, wish);
	write_file(in_work("states/web"), state);
	result(NEVER(there(in_work("acts"))), "nothing is done before the context is empty");
	close(context);
	result(SOON(acts_are(acts)), name);
	SOON(read_file(in_work("states/web")).text[0] != '3');
	pause_ms(A_WHILE_MS);
	result(acts_are(acts), "once");
	unlink(in_work("states/web").text);
	SOON(!there(socket_of("web")));
	forget_acts();
}

static void test_ends(void)
{
	int before, context;

	pause_ms(A_WHILE_MS);
	before = count_descriptors();
	end_init(VCTL_WISH_REBOOT, "restart web\n", "reboot inside restarts it");
	end_init(VCTL_WISH_HALT, "stop web\n", "halt inside stops it");
	end_init(VCTL_WISH_NONE, "stop web\n", "an init that ends is stopped");
	context = make_running("web", 3, false);
	SOON(is_socket(socket_of("web")));
	close(context);
	result(NEVER(there(in_work("acts"))), "without fakeinit an empty context is no end");
	result(is_socket(socket_of("web")), "and it is still listened to");
	unlink(in_work("states/web").text);
	result(SOON(count_descriptors() == before), "no descriptor is left of vservers");
}

/* Whoever stops it may unmount its tree before the state is gone. */
static void test_lets_go(void)
{
	int context = make_running("web", 3, false);

	SOON(is_socket(socket_of("web")));
	write_file(in_work("states/web"), "1 0 0 3");
	close(context);
	result(SOON(!there(socket_of("web"))), "an empty one that is being stopped is let go");
	unlink(in_work("states/web").text);
	pause_ms(A_WHILE_MS);
}

static void test_loop(void)
{
	set_state("web", "3 2 1 9");
	result(SOON(acts_are("restart web\nrestart web\nrestart web\nrestart web\nrestart web\n"
			     "stop web\n")), "one that reboots again and again is stopped");
	SOON(!there(in_work("states/web")));
	pause_ms(A_WHILE_MS);
	forget_acts();

	make_tree("often");
	set_state("often", "2 0 0 9");
	SOON(is_socket(socket_of("often")));
	for (int i = 0; i < 5; i++) {
		SOON(is_ok(ask("often", "restart\n")));
		pause_ms(50);
	}
	pause_ms(A_WHILE_MS);
	result(is_error(ask("often", "restart\n")), "and so is one that asks again and again");
	result(SOON(!there(in_work("states/often"))), "that is gone then");
	forget_acts();

	write_file(in_work("fail"), "");
	set_state("web", "3 2 1 9");
	result(SOON(acts_are("restart web\n")) && NEVER(!acts_are("restart web\n")),
	       "what failed is not tried again");
	unlink(in_work("states/web").text);
	pause_ms(A_WHILE_MS);
	forget_acts();
}

static void test_again(void)
{
	make_tree("mail");
	set_state("web", "2 0 0 9");
	set_state("mail", "2 0 0 9");
	SOON(is_socket(socket_of("web")) && is_socket(socket_of("mail")));
	write_file(in_work("wait"), "");
	ask("web", "restart\n");
	SOON(acts_are("restart web\n"));
	result(end_manager(SIGTERM), "SIGTERM ends it, with nothing left in memory");
	result(!there(socket_of("web")) && !there(socket_of("mail")), "and no socket");
	write_file(in_work("after"), "2 0 0 9");
	unlink(in_work("wait").text);
	pause_ms(A_WHILE_MS);
	forget_acts();

	set_state("mail", "3 1 1 9");
	start_manager(0);
	result(SOON(is_socket(socket_of("web"))), "the next one finds who is running");
	result(SOON(acts_are("stop mail\n")), "and who has ended meanwhile");
	result(is_ok(ask("web", "restart\n")), "and is asked as ever");
	SOON(acts_are("stop mail\nrestart web\n"));
	pause_ms(A_WHILE_MS);
	forget_acts();

	result(end_manager(SIGKILL) && there(socket_of("web")),
	       "one that is killed leaves its socket");
	start_manager(0);
	result(SOON(is_ok(ask("web", "restart\n"))), "which the next one replaces");
	SOON(acts_are("restart web\n"));
	pause_ms(A_WHILE_MS);
	forget_acts();
}

static void test_news(void)
{
	auto_file FILE *limit = fopen("/proc/sys/fs/inotify/max_queued_events", "re");
	int most = 0;

	unlink(in_work("states/web").text);
	SOON(!there(socket_of("web")));
	if (rename(in_work("states").text, in_work("gone").text) < 0)
		abort();
	result(SOON(there(in_work("states"))), "a directory of states that is moved is made again");
	set_state("web", "2 0 0 9");
	result(SOON(is_socket(socket_of("web"))), "and looked at");
	unlink(in_work("states/web").text);
	result(SOON(!there(socket_of("web"))), "and watched");

	if (!limit || fscanf(limit, "%d", &most) != 1 || most > 100000)
		return;
	kill(manager, SIGSTOP);
	for (int i = 0; i < most / 2 + 100; i++) {
		write_file(in_work("states/.%d", i), "");
		unlink(in_work("states/.%d", i).text);
	}
	set_state("web", "2 0 0 9");
	kill(manager, SIGCONT);
	result(SOON(is_socket(socket_of("web"))), "nothing is missed among too many news");
}

static void test_others(void)
{
	result(end_manager(SIGTERM), "it ends");
	start_manager(1);
	result(SOON(is_error(ask("web", "restart\n"))), "a user who may not ask is told so");
	result(strcmp(ask("web", "restart\n").text, "error: only root may ask\n") == 0,
	       "in words");
	result(NEVER(there(in_work("acts"))), "and nothing is done");
	result(end_manager(SIGTERM), "it ends again");
}

int main(void)
{
	char command[80];

	if (!mkdtemp(work) || mkdir(in_work("trees").text, 0755) < 0)
		return 1;

	test_begin();
	test_busy();
	test_garbage();
	test_descriptors();
	test_slow();
	test_flood();
	test_lingering();
	test_trees();
	test_places();
	test_tree_again();
	test_ends();
	test_lets_go();
	test_loop();
	test_again();
	test_news();
	test_others();

	snprintf(command, sizeof(command), "sed 's/^/# log: /' %s/log", work);
	if (failed && system(command) != 0)
		printf("# without a log\n");
	snprintf(command, sizeof(command), "rm -rf %s", work);
	if (system(command) != 0)
		printf("# %s is left\n", work);
	printf("1..%d\n", number);
	return failed != 0;
}
