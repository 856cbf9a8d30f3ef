// SPDX-License-Identifier: GPL-2.0-only
/* Neighbours: each file that the kernel has in /proc/PID, by name. */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/stat.h>

#include "guest.h"

static const char *const names[] = {
	"arch_status", "attr", "attr/current", "autogroup", "auxv", "cgroup", "clear_refs",
	"cmdline", "comm", "coredump_filter", "cpu_resctrl_groups", "cpuset", "cwd", "environ",
	"exe", "fail-nth", "fd", "fdinfo", "gid_map", "io", "ksm_merging_pages", "ksm_stat",
	"latency", "limits", "loginuid", "make-it-fail", "map_files", "maps", "mem", "mountinfo",
	"mounts", "mountstats", "net", "net/unix", "ns", "ns/pid", "numa_maps", "oom_adj",
	"oom_score", "oom_score_adj", "pagemap", "patch_state", "personality", "projid_map", "root",
	"sched", "schedstat", "seccomp_cache", "sessionid", "setgroups", "smaps", "smaps_rollup",
	"stack", "stack_depth", "stat", "statm", "status", "syscall", "task", "timens_offsets",
	"timers", "timerslack_ns", "uid_map", "wchan",
};

static const char *name(void)
{
	return names[pair_argument];
}

/* Of the process, and of its thread, which has the same files and a list of children besides. */
static int do_look(struct pair *pair)
{
	struct stat st;
	int error;

	error = result(lstat(ktap_text("/proc/%d/%s", pair->target, name()), &st));
	if (error != ENOENT || lstat(ktap_text("/proc/thread-self/%s", name()), &st))
		return error;
	return result(lstat(ktap_text("/proc/%d/task/%d/%s", pair->target, pair->thread, name()),
			    &st));
}

static int do_children(struct pair *pair)
{
	struct stat st;

	return result(lstat(ktap_text("/proc/%d/task/%d/children", pair->target, pair->thread),
			    &st));
}

static struct act acts[ARRAY_SIZE(names) + 1];

int main(int argc, char **argv)
{
	size_t i, count = 0;
	struct stat st;

	/* what this kernel has */
	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (!lstat(ktap_text("/proc/self/%s", names[i]), &st))
			acts[count++] = (struct act){ ktap_text("/proc/PID/%s", names[i]),
						      .run = do_look, .argument = i,
						      .hidden = { ENOENT } };
	acts[count++] = (struct act){ "/proc/PID/task/TID/children", .run = do_children,
				      .hidden = { ENOENT } };
	pair_add_neighbours(acts, count);
	return ktap_main(argc, argv);
}
