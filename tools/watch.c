// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "cleanup.h"
#include "message.h"
#include "watch.h"

#define CLEAR_LINE "\r\033[K"

/* As long a line as fits: of one that is broken a part would stay. */
static size_t columns(void)
{
	struct winsize size;

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ?
		       size.ws_col - 1U : 79;
}

void watch_show(const char *what)
{
	const char *term = getenv("TERM");
	auto_free char *text = NULL;

	if (!term || strcmp(term, "dumb") == 0 || !isatty(STDERR_FILENO))
		return;

	text = what ? strndup(what, columns()) : NULL;
	if (text)
		message_defuse(text);
	fprintf(stderr, CLEAR_LINE "%s", text ? text : "");
}

static void on_step(void *data, const char *what)
{
	struct watch *watch = data;
	auto_free char *text = NULL;

	/* Among others there is no line for one of them. */
	if (watch->among)
		return;
	if (asprintf(&text, "%s: %s ...", watch->name, what) < 0)
		text = NULL;
	watch_show(text);
}

static void on_warning(void *data, const struct vctl_error *err)
{
	(void)data;
	watch_show(NULL);
	message_fail(err);
}

static void print_line(struct watch *watch, bool ended)
{
	watch->line[watch->used] = '\0';
	if (watch->defuse) {
		for (size_t i = 0; i < watch->used; i++) {
			if (watch->line[i] == '\t' || watch->line[i] == '\r')
				watch->line[i] = ' ';
			else if (watch->line[i] == '\0')
				watch->line[i] = '?';
		}
		message_defuse(watch->line);
	}

	watch_show(NULL);
	if (watch->among)
		printf("%s: ", watch->name);
	fwrite(watch->line, 1, watch->used, stdout);
	if (ended || watch->among)
		putchar('\n');
	/* One write for one line. */
	fflush(stdout);
	watch->used = 0;
}

static void on_output(void *data, const char *bytes, size_t count)
{
	struct watch *watch = data;

	if (count == 0)
		return;
	if (!watch->among && !watch->defuse) {
		watch->broken = bytes[count - 1] != '\n';
		watch_show(NULL);
		fwrite(bytes, 1, count, stdout);
		fflush(stdout);
		return;
	}

	for (size_t i = 0; i < count; i++) {
		if (bytes[i] != '\n')
			watch->line[watch->used++] = bytes[i];
		if (bytes[i] == '\n' || watch->used == sizeof(watch->line) - 1)
			print_line(watch, bytes[i] == '\n');
	}
}

void watch_begin(struct watch *watch, const char *name, bool silent, bool among)
{
	*watch = (struct watch){
		.calls = { .warn = on_warning, .data = watch },
		.name = name,
		.among = among,
		.defuse = isatty(STDOUT_FILENO),
	};
	if (silent)
		return;

	watch->calls.step = on_step;
	watch->calls.output = on_output;
}

void watch_end(struct watch *watch)
{
	if (watch->used > 0)
		print_line(watch, true);
	if (watch->broken)
		putchar('\n');
	if (!watch->among)
		watch_show(NULL);
}
