// SPDX-License-Identifier: GPL-2.0-only
/* vctl check: is everything in place, and if not, what to do. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <vctl.h>

#include "cleanup.h"
#include "command.h"
#include "message.h"
#include "report.h"
#include "table.h"

static const struct option_entry options[] = {
	OPTION_ENTRY_JSON,
	{ 0 },
};

static const struct column columns[] = {
	{ "status", "STATUS", COLUMN_STATUS },
	{ "check", "CHECK", COLUMN_PLAIN },
	{ "found", "FOUND", COLUMN_PLAIN },
	{ "advice", "->", COLUMN_BELOW },
	{ 0 },
};

/* What all checks look at. */
struct scene {
	struct vctl_device *dev;	/* NULL: could not be opened, @err says why */
	struct vctl_error *err;
	struct vcontext_info info;
	int stub;
	int module;
	mode_t mode;			/* of the device; 0: there is no such file to be seen */
};

enum result {
	RESULT_OK,
	RESULT_FAILED,
	RESULT_SKIPPED,
};

/* For programs; the table has words for people. */
static const char *const result_names[] = { "ok", "failed", "skipped" };

struct finding {
	char found[256];
	char advice[256];
};

__attribute__((format(printf, 3, 4)))
static enum result finish(struct finding *finding, enum result result, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(finding->found, sizeof(finding->found), format, list);
	va_end(list);

	return result;
}

__attribute__((format(printf, 3, 4)))
static enum result fail(struct finding *finding, const char *advice, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(finding->found, sizeof(finding->found), format, list);
	va_end(list);
	snprintf(finding->advice, sizeof(finding->advice), "%s", advice);

	return RESULT_FAILED;
}

static enum result fail_by(struct finding *finding, const struct vctl_error *err)
{
	return fail(finding, vctl_error_advice(err), "%s", vctl_error_why(err));
}

static enum result check_stub(const struct scene *scene, struct finding *finding)
{
	if (scene->dev || scene->stub > 0)
		return finish(finding, RESULT_OK, "this kernel carries it");
	if (scene->stub < 0)
		return fail(finding, "run mount -t securityfs none /sys/kernel/security as root",
			    "the kernel does not tell");

	return fail(finding, "boot a kernel built with the stub patch, see the README",
		    "this kernel does not carry it");
}

static enum result check_module(const struct scene *scene, struct finding *finding)
{
	if (scene->dev || scene->module > 0)
		return finish(finding, RESULT_OK, "it is loaded");
	if (scene->module < 0)
		return fail(finding, "run mount -t sysfs none /sys as root",
			    "without /sys it is not to be seen");

	return fail(finding, scene->stub == 0 ? "first boot a kernel with the stub" :
						"run modprobe vcontext as root",
		    "it is not loaded");
}

static enum result check_device(const struct scene *scene, struct finding *finding)
{
	if (!scene->dev && scene->module <= 0)
		return finish(finding, RESULT_SKIPPED, "it comes with the module");
	if (!scene->mode)
		return scene->err ? fail_by(finding, scene->err) :
				    fail(finding, "", "there is no such file to be seen");
	if (!S_ISCHR(scene->mode))
		return fail(finding, "remove it, and load the module anew", "it is not a device");
	if ((scene->mode & 0777) != 0666)
		return fail(finding, "run chmod 0666 " VCONTEXT_DEVICE " as root",
			    "its mode is %04o, not 0666: not everybody can use it",
			    scene->mode & 0777);
	if (!scene->dev && vctl_error_code(scene->err) == VCTL_SYSTEM)
		return fail_by(finding, scene->err);

	return finish(finding, RESULT_OK, "it is there, with mode 0666");
}

/* As the library says it: what the mode refuses is no policy's doing. */
static bool mode_keeps_out(const struct scene *scene)
{
	return vctl_error_errno(scene->err) == EACCES && scene->mode &&
	       (scene->mode & 0006) != 0006;
}

static enum result check_policy(const struct scene *scene, struct finding *finding)
{
	char list[200] = "";
	auto_file FILE *file = NULL;

	if (!scene->dev && (vctl_error_code(scene->err) != VCTL_NO_ACCESS || mode_keeps_out(scene)))
		return finish(finding, RESULT_SKIPPED, "the device comes first");
	if (!scene->dev)
		return fail_by(finding, scene->err);

	file = fopen("/sys/kernel/security/lsm", "re");
	if (file && fgets(list, sizeof(list), file))
		list[strcspn(list, "\n")] = '\0';
	return finish(finding, RESULT_OK, "none is in the way%s%s%s",
		      *list ? " (active: " : "", list, *list ? ")" : "");
}

static enum result check_abi(const struct scene *scene, struct finding *finding)
{
	enum vctl_code code = vctl_error_code(scene->err);

	if (scene->dev)
		return finish(finding, RESULT_OK, "version %u on both sides", scene->info.abi);
	if (code == VCTL_OLD_KERNEL || code == VCTL_NEW_KERNEL)
		return fail_by(finding, scene->err);

	return finish(finding, RESULT_SKIPPED, "the device comes first");
}

static enum result check_proc(const struct scene *scene, struct finding *finding)
{
	vctl_auto_error struct vctl_error *err = NULL;
	uint32_t id;
	int result = vctl_process_context(0, &id, NULL, &err);

	if (result == -ENODATA && !scene->dev)
		return finish(finding, RESULT_SKIPPED, "the module comes first");
	if (result == -ENODATA && scene->info.id == VCONTEXT_ID_ANY)
		return finish(finding, RESULT_OK, "hidden: this context has the flag hideinfo");
	if (result < 0)
		return fail_by(finding, err);
	if (scene->dev && id != scene->info.id)
		return fail(finding, "mount a fresh /proc: mount -t proc proc /proc, as root",
			    "/proc says context %u, the module %u", id, scene->info.id);

	return finish(finding, RESULT_OK, "s_context is %u", id);
}

#define ONE_VERSION "use a kernel, a module and programs of one version"

/*
 * In the child: go into a new context for good, look around, and say what is wrong there; or,
 * behind a minus, why it is right that there is none to be made.
 */
static const char *try_context(const struct scene *scene, pid_t parent, char *room, size_t size)
{
	vctl_auto_error struct vctl_error *err = NULL;
	bool hidden = scene->info.id == VCONTEXT_ID_ANY;
	struct vcontext_new made = VCTL_SIZED(struct vcontext_new);
	uint32_t seen;

	if (vctl_new(scene->dev, &made, &err) < 0 ||
	    (!hidden && vctl_process_context(0, &seen, NULL, &err) < 0)) {
		snprintf(room, size, "%s%s\n%s", vctl_error_code(err) == VCTL_LOCKED ? "-" : "",
			 vctl_error_why(err), vctl_error_advice(err));
		return room;
	}
	if (!hidden && seen != made.id)
		return "/proc inside tells another context\n" ONE_VERSION;
	/* Process 1 is to be seen from everywhere. */
	if (parent != 1 && (kill(parent, 0) == 0 || errno != ESRCH))
		return "a process outside of it can be seen from inside\n" ONE_VERSION;

	snprintf(room, size, "%c%u", '+', made.id);
	return room;
}

static enum result check_context(const struct scene *scene, struct finding *finding)
{
	pid_t parent = getpid();
	struct report report;
	char told[PIPE_BUF];
	const char *answer;
	char *advice;

	if (!scene->dev)
		return finish(finding, RESULT_SKIPPED, "the device comes first");
	if (report_fork(&report) < 0)
		return fail(finding, "", "no process for it: %s", strerror(errno));
	if (report.child == 0) {
		answer = try_context(scene, parent, told, sizeof(told));
		report_write(&report, answer, strlen(answer));
		_exit(STATUS_DONE);
	}

	report_read(&report, told, sizeof(told));
	report_reap(&report);
	if (*told == '+')
		return finish(finding, RESULT_OK, "made and entered %s, and alone there", told + 1);

	advice = told + strcspn(told, "\n");
	if (*advice)
		*advice++ = '\0';
	if (*told == '-')
		return finish(finding, RESULT_SKIPPED, "%s", told + 1);
	return fail(finding, advice, "%s", *told ? told : "the process in it was killed");
}

static const struct {
	const char *key;
	const char *title;
	enum result (*run)(const struct scene *scene, struct finding *finding);
} checks[] = {
	{ "stub", "stub in the kernel", check_stub },
	{ "module", "module vcontext", check_module },
	{ "device", VCONTEXT_DEVICE, check_device },
	{ "policy", "other security policies", check_policy },
	{ "abi", "interface version", check_abi },
	{ "proc", "lines in /proc/PID/status", check_proc },
	{ "context", "making a context", check_context },
};

static struct json_object *string_or_null(const char *text)
{
	return *text ? json_object_new_string(text) : NULL;
}

#define CHECKS (sizeof(checks) / sizeof(checks[0]))

/*
 * All of them, even when one has failed: the later ones know what they depend on.  Returns how
 * many have failed.
 */
static unsigned int run_checks(const struct scene *scene, struct json_object *rows)
{
	unsigned int failed = 0;

	for (size_t i = 0; i < CHECKS; i++) {
		struct json_object *row = json_object_new_object();
		struct finding finding = { "", "" };
		enum result result = checks[i].run(scene, &finding);

		json_object_object_add(row, "id", json_object_new_string(checks[i].key));
		json_object_object_add(row, "check", json_object_new_string(checks[i].title));
		json_object_object_add(row, "status", json_object_new_string(result_names[result]));
		json_object_object_add(row, "found", json_object_new_string(finding.found));
		json_object_object_add(row, "advice", string_or_null(finding.advice));
		json_object_array_add(rows, row);
		failed += result == RESULT_FAILED;
	}

	return failed;
}

/* The table is on standard output; one line for who reads errors alone. */
static enum status complain(const struct scene *scene, unsigned int failed)
{
	char why[64];

	if (scene->err)
		return message_fail(scene->err);

	snprintf(why, sizeof(why), "%u of %zu checks failed", failed, CHECKS);
	message_error("check", why, "do what they advise, and check again");
	return STATUS_FAILED;
}

static void look_around(struct scene *scene)
{
	struct stat device;

	scene->stub = vctl_stub_present();
	scene->module = vctl_module_loaded();
	scene->mode = stat(VCONTEXT_DEVICE, &device) == 0 ? device.st_mode : 0;
	if (vctl_device_open(&scene->dev, &scene->err) == 0 &&
	    vctl_info(scene->dev, &scene->info, &scene->err) < 0) {
		vctl_device_close(scene->dev);
		scene->dev = NULL;
	}
}

static enum status run(const struct command *self, int argc, char **argv)
{
	struct scene scene = { .info = VCTL_SIZED(struct vcontext_info) };
	struct json_object *rows;
	enum status status = STATUS_DONE;
	unsigned int failed;
	bool json;
	int go_on = option_parse_json(self, argc, argv, &json);

	if (go_on <= 0)
		return go_on < 0 ? STATUS_USAGE : STATUS_DONE;

	look_around(&scene);
	rows = json_object_new_array();
	failed = run_checks(&scene, rows);
	table_print(columns, rows, json);
	json_object_put(rows);
	if (failed || !scene.dev)
		status = complain(&scene, failed);
	vctl_device_close(scene.dev);
	vctl_error_free(scene.err);

	return status;
}

const struct command command_check = {
	.name = "check",
	.usage = "[--json]",
	.summary = "is everything in place, and if not, what to do",
	.text = "Look for all that security contexts need, and say what to do about what is\n"
		"missing.  One check makes a context in a child process; both are gone after it.\n"
		"In JSON the status of a check is ok, failed or skipped.\n"
		"Exit status 0 if everything is in place, else 1.",
	.options = options,
	.run = run,
};
