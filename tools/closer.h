/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CLOSER_H
#define CLOSER_H

/*
 * To close the last descriptor of a file without a name is to remove its text from disk and memory:
 * that takes a fifth of the time that it takes to replace a file, and another thread can do it.
 */
struct closer;

/** closer_start() - Start the thread; NULL if there is none, which is fine for the others */
struct closer *closer_start(void);

/** closer_close() - Close a descriptor, now or soon */
void closer_close(struct closer *closer, int fd);

/** closer_end() - When all are closed */
void closer_end(struct closer *closer);

#endif /* CLOSER_H */
