// SPDX-License-Identifier: GPL-2.0-only
/*
 * What common operations cost, in instructions, where this program is told to go first: host
 * (nowhere), context (into a new context), tied (the same, to one address), set (to several, with a
 * private loopback), namespaces (into all six that containers are made of).  Or what it costs to
 * make contexts or namespaces, and what memory they take.
 *
 * A line for each operation: its name, a tab, instructions.
 *
 * The process that measures is there with some others of its own, and sees process 1: a container's
 * own, elsewhere the machine's.  Those that are foreign to it are its parent's, where that is.
 */
#include "ops.h"

static const unsigned int crowds[] = { 10, 1000, 10000 };

void print_row(const char *name, double cost)
{
	printf("%s\t%.2f\n", name, cost);
	fflush(stdout);
}

static void measure_all(const struct operation *operations)
{
	for (; operations->name; operations++)
		print_row(operations->name, measure_operation(operations).quartile);
}

/* What the process that measures is told: one of these, or how many foreign processes there are. */
enum order {
	ALL = 1,
	NETWORK = 2,
};

static void obey(unsigned int order)
{
	switch (order) {
	case ALL:
		prepare_objects();
		measure_all(process_operations);
		measure_all(object_operations);
		/* fall through */
	case NETWORK:
		measure_all(network_operations);
		break;
	default:
		crowd_measure(order);
	}
}

static int orders[2], answers[2];

/* The process that measures, @place. */
static void settle(const char *place)
{
	unsigned int order, i;

	if (pipe2(orders, O_CLOEXEC) || pipe2(answers, O_CLOEXEC))
		die("pipe");
	if (must_fork())
		goto parent;
	close(orders[1]);
	go_to(place);
	for (i = 1; i < OWN; i++)
		start_idle();
	while (read(orders[0], &order, sizeof(order)) == sizeof(order)) {
		obey(order);
		(void)!write(answers[1], &order, sizeof(order));
	}
	_exit(0);

parent:
	close(orders[0]);
	close(answers[1]);
}

static void give(unsigned int order)
{
	if (write(orders[1], &order, sizeof(order)) != sizeof(order) ||
	    read(answers[0], &order, sizeof(order)) != sizeof(order))
		die("the process that measures is gone");
}

int main(int argc, char **argv)
{
	bool network = argc == 3 && !strcmp(argv[2], "network");
	size_t i;

	if (argc == 3 && !strcmp(argv[1], "lives")) {
		measure_lives(argv[2]);
		return 0;
	}
	if (argc < 2 || argc > 3 || !is_place(argv[1]) || (argc == 3 && !network)) {
		fprintf(stderr, "usage: ops host|used|context|tied|set|namespaces [network]\n"
			"       ops lives contexts|namespaces\n");
		return 2;
	}
	set_address();
	set_number();
	settle(argv[1]);
	give(network ? NETWORK : ALL);
	for (i = 0; i < ARRAY_SIZE(crowds) && !network; i++) {
		crowd_grow(crowds[i]);
		give(crowds[i]);
	}
	return 0;
}
