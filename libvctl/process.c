// SPDX-License-Identifier: LGPL-2.1-or-later
/* In which context a process is, by the lines in /proc/PID/status. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "error.h"
#include "transport.h"

/* The rest of @line behind the label and the white space after it; NULL if the label is another. */
static char *value_of(char *line, const char *label)
{
	size_t length = strlen(label);

	if (strncmp(line, label, length) != 0)
		return NULL;

	line += length;
	line += strspn(line, " \t");
	line[strcspn(line, "\n")] = '\0';
	return line;
}

/* Names or numbers; a newer kernel may have names that are not known here, and they don't hurt. */
static uint32_t read_flags(char *text)
{
	uint32_t flags = 0;
	char *rest = NULL;

	for (char *word; (word = strtok_r(text, " ,\t", &rest)); text = NULL) {
		if (isdigit((unsigned char)*word))
			flags |= (uint32_t)strtoul(word, NULL, 0);
		else
			flags |= vctl_flag_bit(word);
	}

	return flags;
}

/* 1 if the context was told, 0 if not, a negative errno value on failure. */
static int read_status(FILE *status, uint32_t *id, uint32_t *flags)
{
	auto_free char *line = NULL;
	size_t room = 0;
	int found = 0;
	char *value;

	*id = 0;
	*flags = 0;
	errno = 0;
	while (getline(&line, &room, status) > 0) {
		value = value_of(line, "s_context:");
		if (value) {
			if (vctl_id_parse(value, id, NULL) < 0)
				return -EPROTO;
			found = 1;
			continue;
		}
		value = value_of(line, "ctxflags:");
		if (value)
			*flags = read_flags(value);
	}

	return ferror(status) ? -(errno ? errno : EIO) : found;
}

static int explain_open(const struct vctl_transport *transport, int number, const char *what,
			struct vctl_error **err)
{
	int self;

	if (number != ENOENT && number != ESRCH)
		return vctl_error_set(err, VCTL_SYSTEM, number, what, NULL, NULL);

	self = transport->open("/proc/self", O_PATH | O_CLOEXEC);
	if (self < 0)
		return vctl_error_set(err, VCTL_SYSTEM, ENOENT, "/proc", "it is not mounted",
				      "run mount -t proc proc /proc as root");

	transport->close(self);
	return vctl_error_set(err, VCTL_NO_PROCESS, ESRCH, what,
			      "there is no such process, or it cannot be seen from this context",
			      "root of context 0 sees all from context 1");
}

static int explain_read(int number, const char *what, struct vctl_error **err)
{
	static const struct vctl_reason reasons[] = {
		{ ESRCH, VCTL_NO_PROCESS, "the process has ended", NULL },
		{ EPROTO, VCTL_SYSTEM, "its s_context line in /proc is not understood",
		  "use programs and module of the same version" },
		{ 0 },
	};

	return vctl_error_explain(err, reasons, number, what);
}

int vctl_process_context_by(const struct vctl_transport *transport, pid_t pid, uint32_t *id,
			    uint32_t *flags, struct vctl_error **err)
{
	char what[32] = "this process";
	char path[32] = "/proc/self/status";
	auto_file FILE *status = NULL;
	uint32_t its_flags;
	uint32_t its_id;
	int result;
	int fd;

	if (pid) {
		snprintf(what, sizeof(what), "process %d", (int)pid);
		snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	}

	fd = transport->open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return explain_open(transport, errno, what, err);

	status = fdopen(fd, "r");
	if (!status) {
		result = vctl_error_set(err, VCTL_SYSTEM, errno, what, NULL, NULL);
		transport->close(fd);
		return result;
	}

	result = read_status(status, &its_id, &its_flags);
	if (result < 0)
		return explain_read(-result, what, err);
	if (result == 0)
		return vctl_error_set(err, VCTL_HIDDEN, ENODATA, what,
				      "the kernel does not tell its context",
				      "load the module vcontext; inside a context with the flag "
				      "hideinfo there is nothing to be done");

	if (id)
		*id = its_id;
	if (flags)
		*flags = its_flags;
	return 0;
}

int vctl_process_context(pid_t pid, uint32_t *id, uint32_t *flags, struct vctl_error **err)
{
	return vctl_process_context_by(&vctl_transport_kernel, pid, id, flags, err);
}
