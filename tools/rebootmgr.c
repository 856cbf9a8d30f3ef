// SPDX-License-Identifier: GPL-2.0-only
/* vctl rebootmgr: restarts and stops vservers whose root asks for it from inside. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <vctl_vserver.h>

#include "cleanup.h"
#include "command.h"
#include "daemon.h"
#include "message.h"
#include "reboot_log.h"
#include "reboot_manager.h"

#define LOCK_FILE "/run/rebootmgr.lock"
#define PID_FILE "/run/rebootmgr.pid"

enum {
	OPTION_DAEMON = OPTION_FIRST,
};

/* What reboot_manager_run() calls back for, and for children. */
static int waiting_fd = -1;
static char own_path[PATH_MAX];
static struct rlimit own_files;

static void log_error(const char *name, const struct vctl_error *err)
{
	const char *advice = vctl_error_advice(err);

	reboot_log(name, "%s: %s%s%s%s", vctl_error_what(err), vctl_error_why(err),
		   *advice ? " (" : "", advice, *advice ? ")" : "");
}

static int look(const char *name, struct reboot_look *look)
{
	vctl_auto_error struct vctl_error *err = NULL;
	vctl_auto_vserver struct vctl_vserver *vs = NULL;
	struct vctl_vserver_status status = { 0 };

	if (vctl_vserver_open(name, &vs, &err) < 0 ||
	    vctl_vserver_status(vs, &status, &err) < 0) {
		log_error(name, err);
		return -1;
	}

	*look = (struct reboot_look){
		.state = status.state,
		.wish = status.wish,
		.context = status.context,
		.fakeinit = status.fakeinit,
		.bare = status.bare,
	};
	vctl_vserver_status_free(&status);
	return 0;
}

/* The device is closed at once: as long as a vserver is there it is its handle that is in use. */
static int hold(uint32_t context)
{
	vctl_auto_device struct vctl_device *dev = NULL;
	vctl_auto_context struct vctl_context *ctx = NULL;
	struct vcontext_open open = VCTL_SIZED(struct vcontext_open);

	open.id = context;
	if (vctl_device_open(&dev, NULL) < 0 || vctl_context_open(dev, &open, &ctx, NULL) < 0)
		return -1;

	return fcntl(vctl_context_fd(ctx), F_DUPFD_CLOEXEC, 3);
}

/*
 * As a service is run: nothing of who has started us is left.  What is printed goes where our own
 * messages go, so it must not be what somebody inside has to say, who could say it without end and
 * in our name.
 */
static _Noreturn void run_vctl(const char *name, enum reboot_act act)
{
	char *argv[] = { "vctl", act == REBOOT_RESTART ? "restart" : "stop", "--silent",
			 (char *)name, NULL };
	char *environment[] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", NULL,
	};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t none;

	setsid();
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(STDERR_FILENO, STDOUT_FILENO) < 0 || chdir("/") < 0)
		_exit(STATUS_FAILED);
	close_range(STDERR_FILENO + 1, UINT_MAX, 0);
	setrlimit(RLIMIT_NOFILE, &own_files);
	umask(022);
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);

	/* Who has been replaced by a newer one runs that. */
	execve(own_path, argv, environment);
	execve("/proc/self/exe", argv, environment);
	reboot_log(name, "%s: %s", own_path, strerror(errno));
	_exit(STATUS_FAILED);
}

/*
 * We wait until it has become vctl: as long as we have all descriptors open it is not the last one
 * to close what others have sent, which reboot_discard() tells about.
 */
static pid_t act(const char *name, enum reboot_act act)
{
	struct clone_args args = { .flags = CLONE_VFORK, .exit_signal = SIGCHLD };
	pid_t child = (pid_t)syscall(SYS_clone3, &args, sizeof(args));

	if (child == 0)
		run_vctl(name, act);
	if (child < 0)
		reboot_log(name, "process for it: %s", strerror(errno));
	return child;
}

/* In context 0, as root, with the module there. */
static int check_place(void)
{
	vctl_auto_error struct vctl_error *err = NULL;
	vctl_auto_device struct vctl_device *dev = NULL;
	struct vcontext_info info = VCTL_SIZED(struct vcontext_info);

	if (geteuid() != 0) {
		message_error("rebootmgr", "only root can restart vservers", "run it as root");
		return -1;
	}
	if (vctl_device_open(&dev, &err) < 0 || vctl_info(dev, &info, &err) < 0) {
		message_fail(err);
		return -1;
	}
	if (info.id != VCONTEXT_ID_HOST) {
		message_error("rebootmgr", "it serves the machine and runs in context 0 alone",
			      "run it outside of any context");
		return -1;
	}

	return 0;
}

/* A few descriptors for each vserver; those that are started by us have what we had. */
static void prepare(void)
{
	ssize_t length = readlink("/proc/self/exe", own_path, sizeof(own_path) - 1);
	struct rlimit files;

	own_path[length > 0 ? length : 0] = '\0';
	if (getrlimit(RLIMIT_NOFILE, &own_files) == 0) {
		files = own_files;
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	signal(SIGPIPE, SIG_IGN);
	if (chdir("/") < 0)
		message_system("/", NULL);
}

static void ready(void)
{
	reboot_log(NULL, "ready");
	daemon_ready(PID_FILE, waiting_fd);
	waiting_fd = -1;
}

static int take_option(int value, const char *argument, void *data)
{
	(void)argument;
	*(bool *)data = value == OPTION_DAEMON;
	return 0;
}

static enum status run(const struct command *self, int argc, char **argv)
{
	static const struct reboot_host host = {
		.trees = VCTL_TREE_DIR,
		.states = VCTL_STATE_DIR,
		.root = 0,
		.look = look,
		.hold = hold,
		.act = act,
	};
	bool background = false;
	int first, lock, result;
	int go_on = option_parse(self, argc, argv, take_option, &background, &first);

	if (go_on <= 0)
		return go_on < 0 ? STATUS_USAGE : STATUS_DONE;
	if (first < argc)
		return message_usage(self, argv[first], "rebootmgr takes no arguments");
	/* What somebody's shell had open is not to stay so for years. */
	if (background)
		close_range(STDERR_FILENO + 1, UINT_MAX, 0);
	if (check_place() < 0)
		return STATUS_FAILED;
	lock = daemon_lock(LOCK_FILE, "the number of its process is in " PID_FILE);
	if (lock < 0)
		return STATUS_FAILED;

	if (background) {
		waiting_fd = daemon_fork();
		if (waiting_fd < 0)
			return STATUS_FAILED;
	}
	prepare();
	result = reboot_manager_run(&host, ready);
	reboot_log(NULL, "ended");
	daemon_unlock(LOCK_FILE, lock, PID_FILE);
	return result < 0 ? STATUS_FAILED : STATUS_DONE;
}

static const struct option_entry options[] = {
	{ "daemon", NULL, OPTION_DAEMON, "run in the background, with " PID_FILE },
	{ 0 },
};

const struct command command_rebootmgr = {
	.name = "rebootmgr",
	.classic = "rebootmgr",
	.usage = "[--daemon]",
	.summary = "restart or stop vservers that ask for it from inside",
	.text = "Listen on the socket " VCTL_TREE_DIR "/NAME/dev/reboot of each running vserver:\n"
		"with vreboot or vhalt its root asks to have it restarted or stopped, and no\n"
		"other.  With the flag fakeinit reboot, halt and poweroff inside do the same.\n"
		"What happens is told on standard error, or with --daemon to the system's log.  A\n"
		"vserver that restarts more than five times in a minute is stopped.\n\n"
		"SIGTERM ends it, SIGHUP makes it look at all vservers again.",
	.options = options,
	.run = run,
};
