// SPDX-License-Identifier: GPL-2.0-only
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "closer.h"

#define BATCH 32
#define STACK (64 << 10)

/* @lock: for all below it. */
struct closer {
	pthread_t thread;
	int fds[BATCH];		/* that wait for the thread to be given them: only its owner's */
	unsigned int count;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int given[BATCH];
	unsigned int given_count;
	bool ends;
};

static void close_all(const int *fds, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		close(fds[i]);
}

static void *work(void *data)
{
	struct closer *closer = data;
	unsigned int count;
	int fds[BATCH];

	for (;;) {
		pthread_mutex_lock(&closer->lock);
		while (!closer->given_count && !closer->ends)
			pthread_cond_wait(&closer->changed, &closer->lock);
		count = closer->given_count;
		memcpy(fds, closer->given, count * sizeof(*fds));
		closer->given_count = 0;
		pthread_mutex_unlock(&closer->lock);
		if (!count)
			return NULL;
		close_all(fds, count);
	}
}

struct closer *closer_start(void)
{
	struct closer *closer;
	pthread_attr_t attr;
	int result;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		return NULL;
	closer = calloc(1, sizeof(*closer));
	if (!closer)
		return NULL;

	pthread_mutex_init(&closer->lock, NULL);
	pthread_cond_init(&closer->changed, NULL);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	result = pthread_create(&closer->thread, &attr, work, closer);
	pthread_attr_destroy(&attr);
	if (result == 0)
		return closer;

	free(closer);
	return NULL;
}

/* If the thread has others still, it is not waited for. */
static void hand_over(struct closer *closer)
{
	bool taken;

	pthread_mutex_lock(&closer->lock);
	taken = !closer->given_count;
	if (taken) {
		memcpy(closer->given, closer->fds, closer->count * sizeof(*closer->fds));
		closer->given_count = closer->count;
		pthread_cond_signal(&closer->changed);
	}
	pthread_mutex_unlock(&closer->lock);

	if (!taken)
		close_all(closer->fds, closer->count);
	closer->count = 0;
}

void closer_close(struct closer *closer, int fd)
{
	if (!closer) {
		close(fd);
		return;
	}

	closer->fds[closer->count++] = fd;
	if (closer->count == BATCH)
		hand_over(closer);
}

void closer_end(struct closer *closer)
{
	if (!closer)
		return;

	close_all(closer->fds, closer->count);
	pthread_mutex_lock(&closer->lock);
	closer->ends = true;
	pthread_cond_signal(&closer->changed);
	pthread_mutex_unlock(&closer->lock);
	pthread_join(closer->thread, NULL);
	pthread_cond_destroy(&closer->changed);
	pthread_mutex_destroy(&closer->lock);
	free(closer);
}
