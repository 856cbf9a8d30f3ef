// SPDX-License-Identifier: GPL-2.0-only
/* What the tool tells people when something does not work. */
#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "message.h"

static int message_fd = STDERR_FILENO;

/* Did standard output fail, and why; 0 if it was not to be seen. */
static bool output_failed;
static int output_errno;

bool message_colour(FILE *stream)
{
	const char *no_colour = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (no_colour && *no_colour)
		return false;
	if (!term || strcmp(term, "dumb") == 0)
		return false;

	return isatty(fileno(stream));
}

void message_to(int fd)
{
	message_fd = fd;
}

void message_defuse(char *text)
{
	unsigned char before = 0;

	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		/* 0xc2 and one of these is a control character too, in UTF-8. */
		if (before == 0xc2 && c >= 0x80 && c < 0xa0)
			text[-1] = *text = '?';
		else if (c < 0x20 || c == 0x7f)
			*text = '?';
		before = c;
	}
}

/* The reason is known only at once: the next call succeeds, with nothing left to write. */
static void push_output(void)
{
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return;

	if (!output_failed)
		output_errno = errno;
	output_failed = true;
}

static void write_all(int fd, const char *text, size_t length)
{
	while (length > 0) {
		ssize_t done = write(fd, text, length);

		if (done < 0 && errno == EINTR)
			continue;
		/* There is nobody left to tell. */
		if (done <= 0)
			return;
		text += done;
		length -= (size_t)done;
	}
}

void message_error(const char *what, const char *why, const char *advice)
{
	bool colour = message_colour(stderr);
	bool more = advice && *advice;
	auto_free char *text = NULL;
	auto_free char *line = NULL;

	push_output();
	if (asprintf(&text, "%s: %s%s%s%s", what, why, more ? " (" : "", more ? advice : "",
		     more ? ")" : "") < 0) {
		text = NULL;
		write_all(message_fd, "vctl: out of memory\n", 20);
		return;
	}

	message_defuse(text);
	/* One write for one line: others may write to the same terminal or file. */
	if (asprintf(&line, "%svctl:%s %s\n", colour ? "\033[1;31m" : "", colour ? "\033[0m" : "",
		     text) < 0) {
		line = NULL;
		return;
	}
	write_all(message_fd, line, strlen(line));
}

enum status message_fail(const struct vctl_error *err)
{
	message_error(vctl_error_what(err), vctl_error_why(err), vctl_error_advice(err));
	return STATUS_FAILED;
}

enum status message_system(const char *what, const char *advice)
{
	message_error(what, strerror(errno), advice);
	return STATUS_FAILED;
}

void message_relay(const char *line)
{
	push_output();
	write_all(message_fd, line, strlen(line));
}

enum status message_usage(const struct command *command, const char *what, const char *why)
{
	auto_free char *advice = NULL;

	if (asprintf(&advice, "see vctl %s%s--help", command ? command->name : "",
		     command ? " " : "") < 0)
		advice = NULL;
	message_error(what, why, advice);
	return STATUS_USAGE;
}

int message_flush(void)
{
	static bool told;

	push_output();
	if (!output_failed)
		return 0;

	if (!told)
		message_error("standard output", output_errno ? strerror(output_errno) :
				      "it did not take everything", NULL);
	told = true;
	return -1;
}
