// SPDX-License-Identifier: GPL-2.0-only
/* One command in one vserver, of many. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <vctl_vserver.h>

#include "cleanup.h"
#include "errand.h"
#include "interrupt.h"
#include "message.h"
#include "reap.h"
#include "relay.h"
#include "watch.h"

/* What who tidies up afterwards is told before it is done. */
enum trace {
	TRACE_PARCEL = 'p',
	TRACE_START = 's',
	TRACE_NO_START = 'n',	/* it was somebody else who started it */
};

struct visit {
	const struct errand *errand;
	const char *name;
	struct vctl_vserver *vs;
	struct parcel_place place;
	int traces;		/* to who tidies up; -1: nobody has to */
	char **argv;		/* with paths for who is inside */
	pid_t command;		/* that runs inside */
	enum interrupt passed;	/* on to it */
	struct outcome outcome;
};

static int fail(struct visit *visit, const char *what, const char *why)
{
	snprintf(visit->outcome.why, sizeof(visit->outcome.why), "%s%s%s", what,
		 *what ? ": " : "", why);
	return -1;
}

static int fail_error(struct visit *visit, const struct vctl_error *err)
{
	const char *advice = vctl_error_advice(err);
	auto_free char *why = NULL;

	if (asprintf(&why, "%s%s%s%s", vctl_error_why(err), advice && *advice ? " (" : "",
		     advice ? advice : "", advice && *advice ? ")" : "") < 0)
		why = NULL;
	return fail(visit, vctl_error_what(err), why ? why : vctl_error_why(err));
}

/* Who tidies up */

static const int ends_us[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

static void undo_start(const struct visit *visit)
{
	vctl_auto_error struct vctl_error *err = NULL;

	if (vctl_vserver_stop_bare(visit->vs, NULL, &err) < 0)
		message_fail(err);
}

/*
 * It has nothing of ours but the report, at whose end it is known that nothing is left: neither
 * the terminal's signals end it, nor those of who wants to end us all.
 */
static _Noreturn void tidy_up(const struct visit *visit, int traces, const sigset_t *mask)
{
	bool parcel = false, started = false;
	ssize_t count;
	char trace;

	setsid();
	for (size_t i = 0; i < sizeof(ends_us) / sizeof(ends_us[0]); i++)
		signal(ends_us[i], SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	sigprocmask(SIG_SETMASK, mask, NULL);
	while ((count = read(traces, &trace, 1)) != 0) {
		if (count < 0 && errno != EINTR)
			break;
		parcel |= count > 0 && trace == TRACE_PARCEL;
		if (count > 0 && (trace == TRACE_START || trace == TRACE_NO_START))
			started = trace == TRACE_START;
	}

	if (started)
		undo_start(visit);
	if (parcel && parcel_remove(&visit->errand->parcel, &visit->place) < 0)
		message_system(visit->name, "it is left in its /tmp, as vctl.*: look at it, and "
			       "remove it");
	_exit(EXIT_SUCCESS);
}

/* What would end it can come when it does not ignore that yet. */
static int have_tidied(struct visit *visit)
{
	sigset_t set, mask;
	int ends[2];
	pid_t child;
	int number;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail(visit, "", strerror(errno));

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(ends_us) / sizeof(ends_us[0]); i++)
		sigaddset(&set, ends_us[i]);
	sigprocmask(SIG_BLOCK, &set, &mask);
	fflush(NULL);
	child = fork();
	if (child == 0) {
		close(ends[1]);
		tidy_up(visit, ends[0], &mask);
	}
	number = errno;
	sigprocmask(SIG_SETMASK, &mask, NULL);
	close(ends[0]);
	visit->traces = ends[1];
	return child < 0 ? fail(visit, "", strerror(number)) : 0;
}

static int leave_trace(struct visit *visit, enum trace trace)
{
	char byte = (char)trace;

	return write(visit->traces, &byte, 1) == 1 ? 0 : fail(visit, "", strerror(errno));
}

/* What has to be there first */

static int deliver(struct visit *visit)
{
	const struct parcel *parcel = &visit->errand->parcel;
	const char *failed;

	if (leave_trace(visit, TRACE_PARCEL) < 0)
		return -1;
	if (parcel_deliver(parcel, &visit->place, &failed) < 0)
		return fail(visit, failed ? failed : "its /tmp", strerror(errno));

	return 0;
}

static void on_warning(void *data, const struct vctl_error *err)
{
	(void)data;
	message_fail(err);
}

static int start(struct visit *visit)
{
	const struct vctl_watch watch = { .warn = on_warning };
	vctl_auto_error struct vctl_error *err = NULL;

	if (leave_trace(visit, TRACE_START) < 0)
		return -1;
	if (vctl_vserver_start_bare(visit->vs, &watch, &err) == 0)
		return 0;

	if (vctl_error_code(err) == VCTL_BUSY || vctl_error_code(err) == VCTL_RUNS)
		leave_trace(visit, TRACE_NO_START);
	return fail_error(visit, err);
}

/* The paths of files are those of who is inside. */
static int make_line(struct visit *visit)
{
	const struct parcel *parcel = &visit->errand->parcel;
	size_t count = 0;

	while (visit->errand->argv[count])
		count++;
	visit->argv = calloc(count + 1, sizeof(*visit->argv));
	if (!visit->argv)
		return fail(visit, "", strerror(errno));

	for (size_t i = 0; i < count; i++) {
		visit->argv[i] = visit->errand->argv[i];
		for (size_t f = 0; f < parcel->count; f++) {
			if (visit->argv[i] == parcel->files[f].path)
				visit->argv[i] = parcel_inside(&visit->place, &parcel->files[f]);
		}
		if (!visit->argv[i])
			return fail(visit, "", strerror(ENOMEM));
	}
	return 0;
}

static int prepare(struct visit *visit)
{
	bool parcel = visit->errand->parcel.count > 0;

	if (parcel && parcel_choose(vctl_vserver_tree(visit->vs), &visit->place) < 0)
		return fail(visit, "its /tmp", strerror(errno));
	if ((parcel || visit->outcome.was_stopped) && have_tidied(visit) < 0)
		return -1;
	if (parcel && deliver(visit) < 0)
		return -1;
	if (visit->outcome.was_stopped && start(visit) < 0)
		return -1;

	return make_line(visit);
}

/* What it is told */

/* kill() doesn't reach it from context 0. */
static int signal_command(const struct visit *visit, int number)
{
	struct vcontext_open open = VCTL_SIZED(struct vcontext_open);
	vctl_auto_device struct vctl_device *dev = NULL;
	vctl_auto_context struct vctl_context *ctx = NULL;
	struct vctl_vserver_status status;
	int result = vctl_vserver_status(visit->vs, &status, NULL);

	if (result < 0)
		return result;
	open.id = status.context;
	vctl_vserver_status_free(&status);
	result = vctl_device_open(&dev, NULL);
	if (result == 0)
		result = vctl_context_open(dev, &open, &ctx, NULL);
	return result < 0 ? result : vctl_context_signal(ctx, visit->command, number, NULL);
}

/*
 * At SIGINT apt-get and rpm end as soon as nothing is half-done; apt-get ends at once at others,
 * and leaves dpkg alone.  Without that the command ends with us.
 */
static void pass_on(void *data)
{
	struct visit *visit = data;
	enum interrupt wanted = interrupt_take();
	int result;

	if (wanted == visit->passed)
		return;

	visit->passed = wanted;
	result = signal_command(visit, wanted == INTERRUPT_HARD ? SIGKILL : SIGINT);
	if (wanted == INTERRUPT_HARD && result < 0 && result != -ENOENT)
		_exit(EXIT_FAILURE);
}

/* What it prints */

/* The line that tells best why it failed: the first one that says so, else the last of errors. */
struct reason {
	char line[200];
	size_t used;
	char best[200];
	bool sure;
};

static void end_reason(struct reason *reason)
{
	static const char *const signs[] = { "E: ", "error: ", "dpkg: error" };
	bool sure = false;

	reason->line[reason->used] = '\0';
	reason->used = 0;
	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		sure = sure || strncmp(reason->line, signs[i], strlen(signs[i])) == 0;
	if (!*reason->line || reason->sure)
		return;

	reason->sure = sure;
	strcpy(reason->best, reason->line);
}

static void take_reason(struct reason *reason, const char *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (bytes[i] == '\n')
			end_reason(reason);
		else if (reason->used < sizeof(reason->line) - 1)
			reason->line[reason->used++] = bytes[i];
	}
}

/* At most @most bytes; at the end, or if there is no end, the descriptor is closed. */
static size_t pass(int *fd, size_t most, struct watch *watch, struct reason *reason)
{
	char bytes[4096];
	ssize_t count = read(*fd, bytes, most < sizeof(bytes) ? most : sizeof(bytes));

	if (count < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (count <= 0) {
		close(*fd);
		*fd = -1;
		return 0;
	}

	watch->calls.output(watch, bytes, (size_t)count);
	if (reason)
		take_reason(reason, bytes, (size_t)count);
	return (size_t)count;
}

/* What others hold the pipe open for is not waited for. */
static void drain(int *fd, struct watch *watch, struct reason *reason)
{
	int left = 0;

	if (*fd >= 0)
		ioctl(*fd, FIONREAD, &left);
	while (left > 0 && *fd >= 0) {
		size_t done = pass(fd, (size_t)left, watch, reason);

		if (done == 0)
			break;
		left -= (int)done;
	}
}

static void pass_all(struct visit *visit, struct vctl_inside *inside, struct watch *watch,
		     struct reason *reason)
{
	int news = interrupt_heed(true);

	/* Those inside can take out again what they have put in, after we were told of it. */
	fcntl(inside->out, F_SETFL, O_NONBLOCK);
	fcntl(inside->err, F_SETFL, O_NONBLOCK);
	for (;;) {
		struct pollfd places[] = {
			{ .fd = inside->pidfd, .events = POLLIN },
			{ .fd = inside->out, .events = POLLIN },
			{ .fd = inside->err, .events = POLLIN },
			{ .fd = news, .events = POLLIN },
		};

		if (poll(places, 4, -1) < 0)
			continue;
		if (places[0].revents)
			break;
		if (places[3].revents)
			pass_on(visit);
		if (places[1].revents)
			pass(&inside->out, SIZE_MAX, watch, NULL);
		if (places[2].revents)
			pass(&inside->err, SIZE_MAX, watch, reason);
	}

	interrupt_heed(false);
	drain(&inside->out, watch, NULL);
	drain(&inside->err, watch, reason);
	end_reason(reason);
}

/* The command */

static int judge(struct visit *visit, int status, int number, const char *said)
{
	struct outcome *outcome = &visit->outcome;
	bool asked = interrupt_take() != INTERRUPT_NONE;
	char why[ERRAND_WHY];

	if (status == 0 && number == 0) {
		outcome->done = true;
		outcome->exit_status = 0;
		return 0;
	}
	if (number) {
		outcome->signal = number;
		snprintf(why, sizeof(why), "it was ended by signal %d (%s)", number,
			 strsignal(number));
	} else {
		outcome->exit_status = status;
		snprintf(why, sizeof(why), "exit status %d%s%s", status, *said ? ": " : "", said);
	}

	return fail(visit, asked ? "it was interrupted" : visit->argv[0], why);
}

static int run(struct visit *visit, const struct vctl_command *command, struct vctl_inside *inside)
{
	vctl_auto_error struct vctl_error *err = NULL;

	if (interrupt_take() != INTERRUPT_NONE)
		return fail(visit, "", "it was interrupted");
	if (vctl_vserver_exec(visit->vs, command, inside, &err) < 0)
		return fail_error(visit, err);

	visit->command = inside->pid;
	return 0;
}

/* What was printed is of those inside: it may have asked the terminal to answer, or changed it. */
static void calm_terminal(void)
{
	static const char calm[] = "\033[!p\033[0m\033(B\033[?25h\r";

	if (!isatty(STDOUT_FILENO))
		return;
	tcflush(STDIN_FILENO, TCIFLUSH);
	(void)!write(STDOUT_FILENO, calm, sizeof(calm) - 1);
}

static int run_on_terminal(struct visit *visit, struct vctl_command *command)
{
	struct vctl_inside inside = VCTL_INSIDE_NONE;
	struct relay_also also = { .call = pass_on, .data = visit };
	bool terminal = relay_take_terminal(command);
	int status;

	if (run(visit, command, &inside) < 0)
		return -1;

	/* Signals are told as a shell does. */
	also.fd = interrupt_heed(true);
	status = (int)relay_run(&inside, terminal ? &command->modes : NULL, &also);
	interrupt_heed(false);
	calm_terminal();
	return judge(visit, status, status > 128 && status < 128 + NSIG ? status - 128 : 0, "");
}

static int run_in_lines(struct visit *visit, const struct vctl_command *command)
{
	struct vctl_inside inside = VCTL_INSIDE_NONE;
	struct reason reason = { .used = 0 };
	struct watch watch;
	int status = 0;

	if (run(visit, command, &inside) < 0)
		return -1;

	close(inside.in);
	watch_begin(&watch, visit->name, false, true);
	pass_all(visit, &inside, &watch, &reason);
	watch_end(&watch);
	if (reap_until(inside.pid, &status, now_ms() + REAP_MS) == 0)
		return fail(visit, visit->argv[0],
			    "a process inside traces it, and keeps how it ended");
	return judge(visit, WEXITSTATUS(status), WIFSIGNALED(status) ? WTERMSIG(status) : 0,
		     reason.best);
}

static int go(struct visit *visit)
{
	struct vctl_command command = { .environment = visit->errand->environment };
	struct vctl_vserver_status status;
	vctl_auto_error struct vctl_error *err = NULL;

	if (vctl_vserver_open(visit->name, &visit->vs, &err) < 0 ||
	    vctl_vserver_status(visit->vs, &status, &err) < 0)
		return fail_error(visit, err);
	vctl_vserver_status_free(&status);
	visit->outcome.was_stopped = status.state == VCTL_STOPPED;
	if (status.state == VCTL_LEFT)
		return fail(visit, "", "a start or stop of it was killed: vctl stop or start it "
			    "first");
	if (status.state == VCTL_RUNNING && status.bare)
		return fail(visit, "", "another vapt or vrpm is at work in it");
	if (prepare(visit) < 0)
		return -1;

	command.argv = visit->argv;
	return visit->errand->terminal ? run_on_terminal(visit, &command) :
					 run_in_lines(visit, &command);
}

/* It is asked to end when who began it ends, and a terminal gets back its modes then. */
static _Noreturn void visit(const struct errand *errand, const char *name,
			    const struct report *report, pid_t parent)
{
	static struct visit visit;

	visit = (struct visit){
		.errand = errand,
		.name = name,
		.place = PARCEL_PLACE_NONE,
		.traces = -1,
		.outcome = { .exit_status = -1 },
	};
	if (interrupt_catch() < 0 || prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || getppid() != parent)
		_exit(EXIT_FAILURE);

	go(&visit);
	message_flush();
	report_write(report, &visit.outcome, sizeof(visit.outcome));
	_exit(EXIT_SUCCESS);
}

int errand_begin(const struct errand *errand, const char *name, struct report *report)
{
	pid_t self = getpid();

	fflush(NULL);
	if (report_fork(report) < 0)
		return -1;
	if (report->child == 0)
		visit(errand, name, report, self);

	return 0;
}

void errand_abort(const struct report *report, bool hard)
{
	kill(report->child, hard ? SIGUSR1 : SIGTERM);
}

void errand_end(struct report *report, struct outcome *outcome)
{
	size_t count = report_take(report, outcome, sizeof(*outcome));
	char rest[1];

	if (count != sizeof(*outcome))
		*outcome = (struct outcome){ .exit_status = -1, .why = "it was interrupted" };
	/* At the end of the line nobody has anything left to tidy up. */
	report_read(report, rest, sizeof(rest));
	report_reap(report);
}
