/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Measuring in instructions: in a guest whose clock counts them (vm --icount) a nanosecond is one.
 *
 * Every operation is measured many times.  What counts is the lower quartile, which a quarter stays
 * below: it leaves out what happens beside the operation (ticks of the timer, work of others put
 * off until now, an allocator that has to look for a page).  The mean, of all but the tenth that
 * took longest, has some of that.
 */
#ifndef COST_H
#define COST_H

#include "stress.h"

#define SAMPLES_MAX	1000

struct samples {
	unsigned int count;
	uint64_t values[SAMPLES_MAX];
};

struct cost {
	double quartile, mean;
};

static inline uint64_t instructions(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static inline void add_sample(struct samples *samples, uint64_t value)
{
	if (samples->count < SAMPLES_MAX)
		samples->values[samples->count++] = value;
}

static inline int compare_samples(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Of @samples, each of @batch operations; what reading the clock costs is taken off. */
static inline struct cost cost_of(struct samples *samples, unsigned int batch, double clock)
{
	struct cost cost = { 0 };
	unsigned int i, most;

	if (!samples->count)
		return cost;
	qsort(samples->values, samples->count, sizeof(uint64_t), compare_samples);
	most = samples->count - samples->count / 10;
	for (i = 0; i < most; i++)
		cost.mean += samples->values[i];
	cost.mean = (cost.mean / most - clock) / batch;
	cost.quartile = (samples->values[samples->count / 4] - clock) / batch;
	return cost;
}

/* What reading the clock twice in a row tells. */
static inline double clock_cost(void)
{
	struct samples samples = { 0 };
	unsigned int i;

	for (i = 0; i < 200; i++) {
		uint64_t begin = instructions();

		add_sample(&samples, instructions() - begin);
	}
	return cost_of(&samples, 1, 0).quartile;
}

/* What is measured, and what has to be done for it @before and @after, or NULL. */
struct operation {
	const char *name;
	void (*run)(void);
	unsigned int count, batch;	/* so many samples, each of so many runs */
	void (*before)(void), (*after)(void);
};

static inline uint64_t take_sample(const struct operation *operation)
{
	uint64_t begin, cost;
	unsigned int i;

	if (operation->before)
		operation->before();
	begin = instructions();
	for (i = 0; i < operation->batch; i++)
		operation->run();
	cost = instructions() - begin;
	if (operation->after)
		operation->after();
	return cost;
}

/* After one sample to warm up. */
static inline MAYBE_UNUSED struct cost measure_operation(const struct operation *operation)
{
	static struct samples samples;
	double clock = clock_cost();
	unsigned int i;

	samples.count = 0;
	take_sample(operation);
	for (i = 0; i < operation->count; i++)
		add_sample(&samples, take_sample(operation));
	return cost_of(&samples, operation->batch, clock);
}

static inline MAYBE_UNUSED struct cost measure(void (*run)(void), unsigned int count,
					       unsigned int batch)
{
	struct operation operation = { .run = run, .count = count, .batch = batch };

	return measure_operation(&operation);
}

/* All of /proc once; how many numbers are in it. */
static inline unsigned int walk_proc(void)
{
	char buffer[32768];
	unsigned int numbers = 0;
	ssize_t n, at;
	int fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		die("/proc");
	while ((n = syscall(SYS_getdents64, fd, buffer, sizeof(buffer))) > 0)
		for (at = 0; at < n; at += *(uint16_t *)(buffer + at + 16))
			if (buffer[at + 19] >= '0' && buffer[at + 19] <= '9')
				numbers++;
	close(fd);
	return numbers;
}

#endif /* COST_H */
