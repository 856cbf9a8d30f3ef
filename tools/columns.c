// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "columns.h"

static const char title[] = "PID";

static size_t skip_spaces(const char *line, size_t at)
{
	return at + strspn(line + at, " ");
}

static size_t skip_word(const char *line, size_t at)
{
	return at + strcspn(line + at, " ");
}

bool columns_read(const char *line, struct columns *columns)
{
	size_t begin = skip_spaces(line, 0);
	size_t field = 0;

	for (; line[begin]; field++) {
		size_t end = skip_word(line, begin);

		if (end - begin == strlen(title) && memcmp(line + begin, title, end - begin) == 0) {
			columns->end = end;
			columns->field = field;
			return true;
		}
		begin = skip_spaces(line, end);
	}

	return false;
}

/* The word from @begin to @end as a number; 0 if it is none. */
static pid_t number_of(const char *line, size_t begin, size_t end)
{
	unsigned long number = 0;

	for (size_t i = begin; i < end; i++) {
		if (!isdigit((unsigned char)line[i]))
			return 0;
		number = number * 10 + (unsigned long)(line[i] - '0');
		if (number > INT_MAX)
			return 0;
	}

	return (pid_t)number;
}

pid_t columns_number(const struct columns *columns, const char *line)
{
	size_t length = strlen(line);
	size_t begin = columns->end;
	size_t field = 0;

	if (columns->end <= length && (!line[columns->end] || line[columns->end] == ' ')) {
		while (begin > 0 && line[begin - 1] != ' ')
			begin--;
		if (number_of(line, begin, columns->end) > 0)
			return number_of(line, begin, columns->end);
	}

	begin = skip_spaces(line, 0);
	for (; line[begin] && field < columns->field; field++)
		begin = skip_spaces(line, skip_word(line, begin));
	return number_of(line, begin, skip_word(line, begin));
}
