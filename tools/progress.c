// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "message.h"
#include "progress.h"

#define FIRST_NS	500000000L
#define EVERY_NS	200000000L
#define SECOND_NS	1000000000L

static void set_next(struct progress *progress, long nanoseconds)
{
	clock_gettime(CLOCK_MONOTONIC, &progress->next);
	progress->next.tv_nsec += nanoseconds;
	if (progress->next.tv_nsec >= SECOND_NS) {
		progress->next.tv_nsec -= SECOND_NS;
		progress->next.tv_sec++;
	}
}

static bool is_time(const struct progress *progress)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec != progress->next.tv_sec)
		return now.tv_sec > progress->next.tv_sec;

	return now.tv_nsec >= progress->next.tv_nsec;
}

void progress_start(struct progress *progress, const char *what)
{
	const char *term = getenv("TERM");

	progress_end(progress);
	memset(progress, 0, sizeof(*progress));
	progress->what = what;
	progress->on = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
	set_next(progress, FIRST_NS);
}

static size_t columns(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col < 20)
		return 80;

	return size.ws_col;
}

void progress_tick(struct progress *progress)
{
	char size[SIZE_TEXT];
	char percent[16] = "";
	char line[512];
	size_t most;

	if (!progress->on || !is_time(progress))
		return;

	set_next(progress, EVERY_NS);
	if (progress->total)
		snprintf(percent, sizeof(percent), " %u %%",
			 (unsigned int)(progress->done * 100 / progress->total));
	if (*progress->note)
		snprintf(line, sizeof(line), "%s:%s %s", progress->what, percent, progress->note);
	else if (progress->files)
		snprintf(line, sizeof(line), "%s:%s %" PRIu64 " files, %s", progress->what,
			 percent, progress->files, size_text(size, progress->bytes));
	else
		snprintf(line, sizeof(line), "%s:%s", progress->what, *percent ? percent : " ...");

	/* In one line, or the next one would not replace it.  Names from anywhere may be in it. */
	message_defuse(line);
	most = columns() - 1;
	if (strlen(line) > most)
		line[most] = '\0';
	fprintf(stderr, "\r%s\033[K", line);
	fflush(stderr);
	progress->shown = true;
}

void progress_end(struct progress *progress)
{
	if (progress->shown) {
		fputs("\r\033[K", stderr);
		fflush(stderr);
	}
	progress->shown = false;
	progress->on = false;
}

const char *size_text(char *text, uint64_t bytes)
{
	static const char *const units[] = { "bytes", "kB", "MB", "GB", "TB", "PB", "EB" };
	uint64_t tenths = bytes;
	size_t unit = 0;

	if (bytes < 1000) {
		snprintf(text, SIZE_TEXT, "%" PRIu64 " bytes", bytes);
		return text;
	}
	/* What is left is a thousandth of a unit's tenths. */
	for (unit = 1, tenths = bytes / 100; tenths >= 10000; unit++)
		tenths /= 1000;
	if (tenths < 100)
		snprintf(text, SIZE_TEXT, "%" PRIu64 ".%" PRIu64 " %s", tenths / 10, tenths % 10,
			 units[unit]);
	else
		snprintf(text, SIZE_TEXT, "%" PRIu64 " %s", tenths / 10, units[unit]);

	return text;
}
