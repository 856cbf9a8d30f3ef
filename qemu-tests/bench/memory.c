// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory that the kernel has given out, in bytes.
 *
 * Of slabs the objects are counted that are in use, each with its share of the pages that it lies
 * in, and what is too large for a slab: what is left free in one is nobody's.
 */

#include "ops.h"

#define PAGE	4096.0

/* The caches give back what they keep for each processor: what they tell is exact then. */
static void shrink_slabs(void)
{
	DIR *dir = opendir("/sys/kernel/slab");
	char path[512];
	struct dirent *entry;

	if (!dir)
		die("/sys/kernel/slab");
	while ((entry = readdir(dir))) {
		/* the others are second names */
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/sys/kernel/slab/%s/shrink", entry->d_name);
		if (!write_text(path, "1"))
			die("%s", path);
	}
	closedir(dir);
}

/* Returns what is in use in slabs; @whole is what all slabs take. */
static double read_slabs(double *whole)
{
	unsigned long active, objects, size, per_slab, pages, active_slabs, slabs;
	FILE *f = fopen("/proc/slabinfo", "re");
	double used = 0;
	char line[512];

	if (!f)
		die("/proc/slabinfo");
	*whole = 0;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line,
			   "%*s %lu %lu %lu %lu %lu : tunables %*u %*u %*u : slabdata %lu %lu",
			   &active, &objects, &size, &per_slab, &pages, &active_slabs, &slabs) != 7)
			continue;
		used += active * pages * PAGE / per_slab;
		*whole += slabs * pages * PAGE;
	}
	fclose(f);
	return used;
}

static double read_line(FILE *f, const char *name)
{
	char line[128];

	rewind(f);
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, name, strlen(name)))
			return 1024 * strtod(line + strlen(name), NULL);
	die("/proc/meminfo: %s", name);
}

struct memory memory_now(void)
{
	struct memory memory;
	double whole;
	FILE *f;

	shrink_slabs();
	memory.slab = read_slabs(&whole);
	/* with what each processor has counted alone */
	if (!write_text("/proc/sys/vm/stat_refresh", "1"))
		die("/proc/sys/vm/stat_refresh");
	f = fopen("/proc/meminfo", "re");
	if (!f)
		die("/proc/meminfo");
	memory.slab += read_line(f, "Slab:") - whole;
	memory.percpu = read_line(f, "Percpu:");
	memory.tables = read_line(f, "PageTables:");
	fclose(f);
	return memory;
}
