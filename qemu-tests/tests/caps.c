// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "caps.h"

#define RUN	"--tell-capabilities"

struct caps caps_of(pid_t pid)
{
	const char *path = pid ? ktap_text("/proc/%d/status", pid) : "/proc/self/status";
	struct caps caps = { 0 };
	unsigned int found = 0;
	char line[256];
	FILE *f = fopen(path, "re");

	ktap_expect(f, "expected %s, came %s", path, errno_name(errno));
	while (fgets(line, sizeof(line), f))
		found += sscanf(line, "CapInh: %llx", &caps.inheritable) == 1 ||
			 sscanf(line, "CapPrm: %llx", &caps.permitted) == 1 ||
			 sscanf(line, "CapEff: %llx", &caps.effective) == 1 ||
			 sscanf(line, "CapBnd: %llx", &caps.bounding) == 1 ||
			 sscanf(line, "CapAmb: %llx", &caps.ambient) == 1 ||
			 sscanf(line, "NoNewPrivs: %d", &caps.no_new_privs) == 1;
	fclose(f);
	ktap_expect(found == 6, "%s: expected six lines, came %u", path, found);
	return caps;
}

int caps_set(const struct caps *caps)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {
		{ caps->effective, caps->permitted, caps->inheritable },
		{ caps->effective >> 32, caps->permitted >> 32, caps->inheritable >> 32 },
	};

	return result(syscall(SYS_capset, &header, data));
}

static void expect_set(const char *name, __u64 have, __u64 want)
{
	ktap_expect(have == want, "%s: expected %#llx, came %#llx", name, want, have);
}

void caps_expect(const struct caps *before, __u64 drop)
{
	struct caps now = caps_of(0);

	expect_set("CapBnd", now.bounding, before->bounding & ~drop);
	expect_set("CapPrm", now.permitted, before->permitted & ~drop);
	expect_set("CapEff", now.effective, before->effective & ~drop);
	expect_set("CapInh", now.inheritable, before->inheritable & ~drop);
	expect_set("CapAmb", now.ambient, before->ambient & ~drop);
}

void caps_raise_all(void)
{
	struct caps caps = caps_of(0);
	int cap, error;

	caps.inheritable = caps.permitted;
	error = caps_set(&caps);
	ktap_expect(!error, "capset: %s", errno_name(error));
	for (cap = 0; cap <= CAP_LAST_CAP; cap++)
		ktap_expect(!prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0),
			    "PR_CAP_AMBIENT_RAISE of %d: %s", cap, errno_name(errno));
}

const char *caps_program(mode_t mode)
{
	const char *path = ktap_text("/var/tmp/caps-%d", getpid());
	int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
	struct stat stat;

	ktap_expect(from >= 0 && to >= 0 && !fstat(from, &stat) &&
		    sendfile(to, from, NULL, stat.st_size) == stat.st_size &&
		    !fchmod(to, mode), "expected a copy of the program, came %s",
		    errno_name(errno));
	close(from);
	close(to);
	return path;
}

void caps_remove(const char *program)
{
	unlink(program);
}

struct caps caps_run(const char *program, int *error)
{
	struct caps caps = { 0 };
	int line[2], status;
	bool told;
	pid_t pid;

	ktap_expect(!pipe2(line, O_CLOEXEC), "pipe: %s", errno_name(errno));
	pid = fork_or_fail();
	if (!pid) {
		dup2(line[1], STDOUT_FILENO);
		execl(program, program, RUN, NULL);
		_exit(errno);
	}
	close(line[1]);
	told = read(line[0], &caps, sizeof(caps)) == sizeof(caps);
	close(line[0]);
	status = wait_status(pid);
	*error = WEXITSTATUS(status);
	ktap_expect(WIFEXITED(status) && told == !*error, "%s: status %#x", program, status);
	return caps;
}

void caps_main(int argc, char **argv)
{
	struct caps caps;

	if (argc != 2 || strcmp(argv[1], RUN))
		return;
	caps = caps_of(0);
	_exit(write(STDOUT_FILENO, &caps, sizeof(caps)) != sizeof(caps));
}
