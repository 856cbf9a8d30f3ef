// SPDX-License-Identifier: GPL-2.0-only
/* What the tool tells people when something does not work. */
#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "message.h"

static int message_fd = STDERR_FILENO;

/* The command as it was called; NULL: as "vctl NAME". */
static const char *message_form;

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

/* The character that @text begins with, in UTF-8; its bytes go to @length, 0 if it is none. */
static uint32_t character_at(const char *text, size_t *length)
{
	/* The least that needs so many bytes: shorter ones written longer are no UTF-8. */
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char first = (unsigned char)*text;
	size_t bytes = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	uint32_t character = first & (bytes == 1 ? 0x7f : 0xff >> (bytes + 1));

	*length = 0;
	if ((first >= 0x80 && first < 0xc0) || first >= 0xf8)
		return 0;

	for (size_t i = 1; i < bytes; i++) {
		if (((unsigned char)text[i] & 0xc0) != 0x80)
			return 0;
		character = character << 6 | ((unsigned char)text[i] & 0x3f);
	}
	if (character < least[bytes] || character > 0x10ffff ||
	    (character >= 0xd800 && character < 0xe000))
		return 0;

	*length = bytes;
	return character;
}

static bool is_control(uint32_t character)
{
	return character < 0x20 || (character >= 0x7f && character < 0xa0);
}

void message_defuse(char *text)
{
	while (*text) {
		size_t length;
		uint32_t character = character_at(text, &length);

		if (length == 0 || is_control(character)) {
			length = length ? length : 1;
			memset(text, '?', length);
		}
		text += length;
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
	if (asprintf(&text, "%s: %s%s%s%s", *what ? what : "''", why, more ? " (" : "",
		     more ? advice : "", more ? ")" : "") < 0) {
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

void message_called(const char *form)
{
	message_form = form;
}

enum status message_usage(const struct command *command, const char *what, const char *why)
{
	auto_free char *advice = NULL;
	int done;

	if (message_form)
		done = asprintf(&advice, "see %s --help", message_form);
	else
		done = asprintf(&advice, "see vctl %s%s--help", command ? command->name : "",
				command ? " " : "");
	if (done < 0)
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
