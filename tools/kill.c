// SPDX-License-Identifier: GPL-2.0-only
/* vctl kill, vkill: signal processes of any context. */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cleanup.h"
#include "clock.h"
#include "map.h"
#include "message.h"
#include "signal_name.h"
#include "watcher.h"

#define EMPTY_MS	5000	/* after SIGKILL */
#define ROUND_MS	5

enum {
	OPTION_SIGNAL = OPTION_FIRST,
	OPTION_CTX,
	OPTION_FORGET,
	OPTION_LIST,
};

static const struct option_entry options[] = {
	{ "signal", "SIG", OPTION_SIGNAL, "by name or number, also -s SIG and -SIG (TERM)" },
	{ "ctx", "N", OPTION_CTX, "all processes of this context" },
	{ "forget", NULL, OPTION_FORGET, "with --ctx: let the empty context be gone" },
	{ "list", NULL, OPTION_LIST, "list the signals, also -l" },
	{ 0 },
};

struct order {
	int signal;		/* -1: none was given */
	uint32_t id;		/* VCONTEXT_ID_ANY: it is about processes */
	bool forget;
	bool list;
};

static int take_id(const char *text, uint32_t *id)
{
	vctl_auto_error struct vctl_error *err = NULL;

	if (vctl_id_parse(text, id, &err) == 0 && *id != VCONTEXT_ID_HOST)
		return 0;

	message_error(*text ? text : "--ctx",
		      err ? vctl_error_why(err) : "context 0 is the machine itself",
		      err ? "see vctl stat for those there are" : "name the processes instead");
	return -1;
}

static int take(int value, const char *argument, void *data)
{
	struct order *order = data;

	switch (value) {
	case OPTION_SIGNAL:
		order->signal = signal_number(argument);
		if (order->signal >= 0)
			return 0;
		message_error(*argument ? argument : "--signal", "there is no such signal",
			      "see vctl kill -l for those there are");
		return -1;
	case OPTION_CTX:
		return take_id(argument, &order->id);
	case OPTION_FORGET:
		order->forget = true;
		return 0;
	default:
		order->list = true;
		return 0;
	}
}

/* Its classic letters as the long options that they are short for; NULL: no memory. */
static char **with_long_options(int *argc, char **argv)
{
	char **longs = calloc(2 * (size_t)*argc + 1, sizeof(*longs));
	bool value = false;
	int count = 0;
	int i = 0;

	for (; longs && i < *argc && strcmp(argv[i], "--") != 0; i++) {
		const char *word = argv[i];
		bool letters = i > 0 && !value && word[0] == '-' && word[1] != '-';

		value = strcmp(word, "-s") == 0 || strcmp(word, "--signal") == 0 ||
			strcmp(word, "--ctx") == 0;
		if (letters && strcmp(word, "-l") == 0) {
			word = "--list";
		} else if (letters && strcmp(word, "-s") == 0) {
			word = "--signal";
		} else if (letters && signal_number(word + 1) >= 0) {
			longs[count++] = (char *)"--signal";
			word++;
		}
		longs[count++] = (char *)word;
	}
	while (longs && i < *argc)
		longs[count++] = argv[i++];

	*argc = count;
	return longs;
}

/* What helps then depends on whose it is. */
static void say_private(const struct map_context *context, const char *what)
{
	auto_free char *advice = NULL;

	if (!*context->name)
		message_error(what, "its context is private: nobody can act on it from outside",
			      "look at it by vctl ps");
	else if (asprintf(&advice, "vserver %s stop ends it", context->name) >= 0)
		message_error(what, "its vserver is private: nobody can act on it from outside",
			      advice);
}

static int signal_in(struct vctl_device *dev, const struct map_context *context, pid_t pid,
		     int number, const char *what)
{
	struct vcontext_open open = VCTL_SIZED(struct vcontext_open);
	vctl_auto_context struct vctl_context *ctx = NULL;
	vctl_auto_error struct vctl_error *err = NULL;

	open.id = context->id;
	if (vctl_context_open(dev, &open, &ctx, &err) == 0 &&
	    vctl_context_signal(ctx, pid, number, &err) == 0)
		return 0;

	if (vctl_error_code(err) == VCTL_PRIVATE)
		say_private(context, what);
	else if (vctl_error_code(err) == VCTL_NO_PROCESS || vctl_error_code(err) == VCTL_NO_CONTEXT)
		message_error(what, "it has just ended", NULL);
	else
		message_fail(err);
	return -1;
}

static int signal_one(struct vctl_device *dev, struct map *map, pid_t pid, int number)
{
	const struct map_context *context = map_find(map, pid);
	char what[32];

	snprintf(what, sizeof(what), "process %d", (int)pid);
	if (!context) {
		message_error(what, "there is no such process in any context",
			      "see vctl ps for those there are");
		return -1;
	}
	if (context->id != VCONTEXT_ID_HOST)
		return signal_in(dev, context, pid, number, what);
	if (kill(pid, number) == 0)
		return 0;

	message_system(what, NULL);
	return -1;
}

/* 0 if @text is none. */
static pid_t process_number(const char *text)
{
	char *end;
	unsigned long number;

	if (!isdigit((unsigned char)*text))
		return 0;
	number = strtoul(text, &end, 10);
	return *end || number > INT_MAX ? 0 : (pid_t)number;
}

/* All are looked at before anything is done. */
static enum status signal_processes(const struct command *self, const struct order *order,
				    char **numbers)
{
	auto_watcher struct watcher watcher = WATCHER_NONE;
	int number = order->signal < 0 ? SIGTERM : order->signal;
	enum status status = STATUS_DONE;
	auto_map struct map *map = NULL;

	for (char **one = numbers; *one; one++) {
		if (process_number(*one) == 0)
			return message_usage(self, *one, "this is not the number of a process");
	}
	if (watcher_open(&watcher, self->name) < 0 || map_open(watcher.dev, &map) < 0)
		return STATUS_FAILED;

	for (; *numbers; numbers++) {
		if (signal_one(watcher.dev, map, process_number(*numbers), number) < 0)
			status = STATUS_FAILED;
	}

	return status;
}

/* It, and what is known of it; 0, or -1 and told. */
static int look(struct vctl_context *ctx, struct vcontext_stat *stat)
{
	vctl_auto_error struct vctl_error *err = NULL;

	*stat = VCTL_SIZED(struct vcontext_stat);
	if (vctl_context_stat(ctx, stat, &err) == 0)
		return 0;

	message_fail(err);
	return -1;
}

/* Process 1, too, if it has one of its own.  Returns 0 also if there is nobody. */
static int signal_once(struct vctl_context *ctx, const struct vcontext_stat *stat, int number,
		       bool *any, struct vctl_error **err)
{
	int result = vctl_context_kill(ctx, number | (int)VCONTEXT_KILL_ALL, err);

	*any = result == 0;
	if ((result == 0 || result == -ENOENT) && (stat->flags & VCONTEXT_FAKEINIT)) {
		result = vctl_context_kill(ctx, number, err);
		*any |= result == 0;
	}

	return result == -ENOENT ? 0 : result;
}

static void pause_ms(int milliseconds)
{
	struct timespec pause = { .tv_nsec = milliseconds * 1000000L };

	nanosleep(&pause, NULL);
}

/* Those that were being forked get it the next time. */
static int kill_all(struct vctl_context *ctx, const char *what)
{
	int64_t end = now_ms() + EMPTY_MS;
	struct vcontext_stat stat;
	bool any;

	for (;;) {
		if (look(ctx, &stat) < 0)
			return -1;
		if (stat.processes == 0)
			return 0;
		if (now_ms() >= end)
			break;
		signal_once(ctx, &stat, SIGKILL, &any, NULL);
		pause_ms(ROUND_MS);
	}

	message_error(what, "it has processes that not even SIGKILL ends",
		      "they wait for a device or file system that doesn't answer, or nobody has "
		      "waited for them");
	return -1;
}

/* @empty: it is fine if there is nobody. */
static int signal_context(struct vctl_context *ctx, const struct map_context *context, int number,
			  bool empty, const char *what)
{
	vctl_auto_error struct vctl_error *err = NULL;
	struct vcontext_stat stat;
	bool any;

	if (look(ctx, &stat) < 0)
		return -1;
	if (signal_once(ctx, &stat, number, &any, &err) < 0) {
		if (vctl_error_code(err) == VCTL_PRIVATE)
			say_private(context, what);
		else
			message_fail(err);
		return -1;
	}
	if (any)
		return number == SIGKILL ? kill_all(ctx, what) : 0;
	if (empty)
		return 0;

	message_error(what, "it has no process", stat.state & VCONTEXT_IS_KEPT ?
		      "see --forget" : NULL);
	return -1;
}

/*
 * Of a vserver it is stop's to do, which knows what else there is.  But where that is lost, and the
 * context keeps namespaces, nothing else would ever let it go.
 */
static int forget(struct vctl_context *ctx, const struct map_context *context, const char *what)
{
	vctl_auto_error struct vctl_error *err = NULL;
	auto_free char *advice = NULL;
	struct vcontext_stat stat;

	if (*context->name) {
		if (asprintf(&advice, "vserver %s stop ends and forgets it", context->name) < 0)
			advice = NULL;
		message_error(what, "it is a vserver's", advice);
		return -1;
	}
	if (look(ctx, &stat) < 0)
		return -1;
	if (stat.processes > 0) {
		message_error(what, "it still has processes", "end them first, by -s KILL");
		return -1;
	}
	if (vctl_context_forget(ctx, &err) == 0)
		return 0;

	message_fail(err);
	return -1;
}

/* What is known of the context, whose handle is @ctx; NULL: it has just come. */
static const struct map_context *context_of(const struct map *map, uint32_t id)
{
	const struct map_context *const *contexts;
	size_t count;

	contexts = map_contexts(map, &count);
	for (size_t i = 0; i < count; i++) {
		if (contexts[i]->is && contexts[i]->id == id)
			return contexts[i];
	}

	return NULL;
}

static enum status act_on_context(const struct command *self, const struct order *order)
{
	struct vcontext_open open = VCTL_SIZED(struct vcontext_open);
	auto_watcher struct watcher watcher = WATCHER_NONE;
	vctl_auto_context struct vctl_context *ctx = NULL;
	vctl_auto_error struct vctl_error *err = NULL;
	const struct map_context *context;
	auto_map struct map *map = NULL;
	char what[32];

	if (watcher_open(&watcher, self->name) < 0)
		return STATUS_FAILED;
	snprintf(what, sizeof(what), "context %u", order->id);
	open.id = order->id;
	if (vctl_context_open(watcher.dev, &open, &ctx, &err) < 0) {
		message_error(what, vctl_error_why(err), "see vctl stat for those there are");
		return STATUS_FAILED;
	}
	/* The handle keeps it, so that it is in there. */
	if (map_open(watcher.dev, &map) < 0)
		return STATUS_FAILED;
	context = context_of(map, order->id);
	if (!context) {
		message_error(what, "it has just ended", NULL);
		return STATUS_FAILED;
	}

	if ((order->signal >= 0 || !order->forget) &&
	    signal_context(ctx, context, order->signal < 0 ? SIGTERM : order->signal,
			   order->forget, what) < 0)
		return STATUS_FAILED;
	if (order->forget && forget(ctx, context, what) < 0)
		return STATUS_FAILED;

	return STATUS_DONE;
}

static enum status run(const struct command *self, int argc, char **argv)
{
	struct order order = { .signal = -1, .id = VCONTEXT_ID_ANY };
	auto_free char **longs = with_long_options(&argc, argv);
	int first;
	int go_on;

	if (!longs)
		return message_system(self->name, NULL);
	go_on = option_parse(self, argc, longs, take, &order, &first);
	if (go_on <= 0)
		return go_on < 0 ? STATUS_USAGE : STATUS_DONE;

	if (order.list) {
		signal_print_all();
		return STATUS_DONE;
	}
	if (order.id != VCONTEXT_ID_ANY && first < argc)
		return message_usage(self, longs[first], "no process is named with --ctx");
	if (order.id != VCONTEXT_ID_ANY)
		return act_on_context(self, &order);
	if (order.forget)
		return message_usage(self, "--forget", "it is for a context: --ctx N");
	if (first == argc)
		return message_usage(self, self->name, "which process is missing");

	return signal_processes(self, &order, longs + first);
}

const struct command command_kill = {
	.name = "kill",
	.classic = "vkill",
	.usage = "[-s SIG|-SIG] PID...\n"
		 "       vctl kill --ctx N [-s SIG|-SIG] [--forget]\n"
		 "       vctl kill -l",
	.summary = "signal processes of any context",
	.text = "Find out in which context each process is, by its number as vctl ps shows it,\n"
		"and signal it there.  Nobody has to go there for it: the kernel does it from\n"
		"outside.  Those that can be signalled are, if others can't.\n\n"
		"With --ctx N all processes of a context get it, not those of contexts made\n"
		"inside; with KILL until there are none left.\n\n"
		"--forget is for what is left of a vserver whose file in /run/vservers is lost:\n"
		"an empty context that vctl stat still shows.  If there is that file it is refused,\n"
		"and vserver NAME stop is the way.\n\n"
		"Takes root outside of any context.",
	.options = options,
	.anywhere = true,
	.run = run,
};
