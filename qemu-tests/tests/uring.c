// SPDX-License-Identifier: GPL-2.0-only
/* Requests to io_uring. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"
#include "uring.h"

const char *const uring_names[URING_WAYS] = { "at once", "by a worker", "by a poller" };

static struct {
	int fd;
	char *rings;
	struct io_uring_sqe *requests;
	struct io_uring_params params;
} ring;

int uring_open(enum uring_way way)
{
	size_t size = 16384;

	memset(&ring, 0, sizeof(ring));
	if (way == BY_POLLER) {
		ring.params.flags = IORING_SETUP_SQPOLL;
		ring.params.sq_thread_idle = 1000;
	}
	ring.fd = syscall(SYS_io_uring_setup, 4, &ring.params);
	if (ring.fd < 0)
		return -errno;
	ring.rings = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring.fd,
			  IORING_OFF_SQ_RING);
	ring.requests = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring.fd,
			     IORING_OFF_SQES);
	if (ring.rings == MAP_FAILED || (void *)ring.requests == MAP_FAILED)
		return -errno;
	return ring.fd;
}

int uring_do(enum uring_way way, const struct io_uring_sqe *request)
{
	unsigned int *tail = (void *)(ring.rings + ring.params.sq_off.tail);
	unsigned int *mask = (void *)(ring.rings + ring.params.sq_off.ring_mask);
	unsigned int *array = (void *)(ring.rings + ring.params.sq_off.array);
	unsigned int *head = (void *)(ring.rings + ring.params.cq_off.head);
	unsigned int *cq_mask = (void *)(ring.rings + ring.params.cq_off.ring_mask);
	struct io_uring_cqe *done = (void *)(ring.rings + ring.params.cq_off.cqes);
	unsigned int flags = IORING_ENTER_GETEVENTS, at = *tail & *mask;
	int result;

	ring.requests[at] = *request;
	if (way == BY_WORKER)
		ring.requests[at].flags |= IOSQE_ASYNC;
	if (way == BY_POLLER)
		flags |= IORING_ENTER_SQ_WAKEUP;
	array[at] = at;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_SEQ_CST);
	if (syscall(SYS_io_uring_enter, ring.fd, 1, 1, flags, NULL, 0) < 0)
		return -errno;
	result = done[*head & *cq_mask].res;
	__atomic_store_n(head, *head + 1, __ATOMIC_SEQ_CST);
	return result;
}
