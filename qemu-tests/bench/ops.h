/* SPDX-License-Identifier: GPL-2.0-only */
/* What is measured, and where. */
#ifndef OPS_H
#define OPS_H

#include "cost.h"

#define OWN	10		/* processes where it is measured */
#define ADDRESS	"10.79.0.1"	/* that has lo, there and on the machine */

/* Ends with one without a name. */
extern const struct operation process_operations[];
extern const struct operation object_operations[];
extern const struct operation network_operations[];

/* process.c: a process that only is there, until its parent ends.  Returns its number. */
pid_t start_idle(void);

/* objects.c: what the operations need, where they are measured. */
void prepare_objects(void);

/* place.c: the caller goes to @place, if there is one.  Returns how many processes are there. */
bool is_place(const char *place);
unsigned int go_to(const char *place);
void set_address(void);

/* crowd.c: rows for operations that walk over processes. */
void crowd_grow(unsigned int upto);
void crowd_measure(unsigned int foreign);

/* lives.c: what is made and ends. */
void measure_lives(const char *of);

/* ops.c */
void print_row(const char *name, double cost);

#endif /* OPS_H */
