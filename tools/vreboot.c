// SPDX-License-Identifier: GPL-2.0-only
/*
 * vreboot, and vhalt if that is its name: ask the reboot manager of the machine to restart or stop
 * the vserver that this runs in.  It is copied into every vserver, whatever there is in it, so it
 * needs nothing of it: it is static, and does without stdio, locales and files.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <vctl.h>

#define SOCKET_PATH "/dev/reboot"
#define TIMEOUT_S 10

/* Exit status, as all tools have it. */
enum status {
	STATUS_DONE = 0,
	STATUS_FAILED = 1,
	STATUS_USAGE = 2,
};

static void say(int fd, const char *const *words)
{
	char text[512];
	size_t length = 0;

	for (; *words; words++) {
		size_t more = strlen(*words);

		if (more > sizeof(text) - length)
			more = sizeof(text) - length;
		memcpy(text + length, *words, more);
		length += more;
	}
	/* There is nobody to tell if it fails. */
	if (write(fd, text, length) < 0)
		return;
}

#define SAY(fd, ...) say(fd, (const char *const []){ __VA_ARGS__, NULL })

static enum status fail(const char *self, const char *why, const char *advice)
{
	SAY(STDERR_FILENO, self, ": ", SOCKET_PATH, ": ", why, advice ? " (" : "",
	    advice ? advice : "", advice ? ")\n" : "\n");
	return STATUS_FAILED;
}

static enum status fail_to_connect(const char *self, int number)
{
	switch (number) {
	case ENOENT:
	case ECONNREFUSED:
		return fail(self, "the reboot manager does not listen",
			    "rebootmgr has to run on the machine that this vserver is on");
	case EACCES:
		return fail(self, "only root may ask", "run it as root");
	case EAGAIN:
	case EINPROGRESS:
		return fail(self, "the reboot manager is too busy", "try again");
	default:
		/* No strerror(), which would bring all its texts and locales. */
		return fail(self, "it can't be connected to", NULL);
	}
}

static enum status hear(const char *self, int fd)
{
	char answer[200];
	size_t length = 0;
	ssize_t count = 1;

	while (length < sizeof(answer) - 1 && count > 0 && !memchr(answer, '\n', length)) {
		count = recv(fd, answer + length, sizeof(answer) - 1 - length, 0);
		if (count > 0)
			length += (size_t)count;
	}
	answer[length] = '\0';
	answer[strcspn(answer, "\n")] = '\0';

	if (strcmp(answer, "ok") == 0)
		return STATUS_DONE;
	if (strncmp(answer, "error: ", 7) == 0)
		return fail(self, answer + 7, NULL);
	return fail(self, "the reboot manager did not answer", "see the log of the machine");
}

static enum status ask(const char *self, const char *line)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = SOCKET_PATH };
	struct timeval limit = { .tv_sec = TIMEOUT_S };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return fail(self, "no socket can be made", NULL);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return fail_to_connect(self, errno);

	/* If it doesn't take that it has said why. */
	send(fd, line, strlen(line), MSG_NOSIGNAL);
	return hear(self, fd);
}

static void print_help(const char *self, bool halt)
{
	SAY(STDOUT_FILENO, "Usage: ", self, "\n       ", self, " --help | --version\n\n"
	    "Have the virtual server that this runs in ", halt ? "stopped" : "restarted",
	    ", as root: rebootmgr on the\nmachine that it is on is asked for it.\n\n"
	    "Exit status: 0 asked for, 1 failed, 2 wrong usage.\n");
}

int main(int argc, char **argv)
{
	const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
	const char *name = slash ? slash + 1 : argc > 0 ? argv[0] : "";
	bool halt = strcmp(name, "vhalt") == 0;
	const char *self = halt ? "vhalt" : "vreboot";

	if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		print_help(self, halt);
		return STATUS_DONE;
	}
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		SAY(STDOUT_FILENO, self, " ", VCTL_VERSION, "\n");
		return STATUS_DONE;
	}
	if (argc > 1) {
		SAY(STDERR_FILENO, self, ": ", argv[1], ": it takes no arguments (see ", self,
		    " --help)\n");
		return STATUS_USAGE;
	}
	if (geteuid() != 0)
		return fail(self, "only root may ask", "run it as root");

	return ask(self, halt ? "stop\n" : "restart\n");
}
