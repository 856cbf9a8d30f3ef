// SPDX-License-Identifier: GPL-2.0-only
/* An actor and a target, in all relations that their contexts can have. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "confined.h"

long pair_argument;
char pair_room[64];

enum attacker { AS_USER, AS_ROOT, AS_SECURE, ATTACKERS };

struct variant {
	const struct act *act;
	enum relation relation;
	enum attacker attacker;
};

static const char *const attacker_names[ATTACKERS] = {
	[AS_USER] = "user",
	[AS_ROOT] = "root",
	[AS_SECURE] = "root under secure",
};

static const char *const relation_names[RELATIONS] = {
	[TOGETHER] = "in one context",
	[INSIDE_TO_OUTSIDE] = "inside to outside",
	[OUTSIDE_TO_INSIDE] = "outside to inside",
	[SIBLINGS] = "between siblings",
	[INNER_TO_OUTER] = "inner to outer",
	[OUTER_TO_INNER] = "outer to inner",
	[BY_WATCHER] = "by the watcher",
	[TO_WATCHER] = "to the watcher",
};

static bool moves_common(enum relation relation)
{
	return relation == TOGETHER || relation == INNER_TO_OUTER || relation == OUTER_TO_INNER;
}

static bool moves_target(enum relation relation)
{
	return relation == OUTSIDE_TO_INSIDE || relation == SIBLINGS ||
	       relation == OUTER_TO_INNER || relation == BY_WATCHER;
}

static bool moves_actor(enum relation relation)
{
	return relation == INSIDE_TO_OUTSIDE || relation == SIBLINGS || relation == INNER_TO_OUTER;
}

/* A context for the actor; where the target goes nothing is to be in the way but that. */
static void enter_as(enum attacker attacker)
{
	if (attacker == AS_SECURE)
		enter_secure();
	else
		enter_new(0);
}

static bool is_user(const struct variant *variant)
{
	return variant->attacker == AS_USER;
}

/* The target. */

static struct pair *shared;	/* for its signal handler */

static void count_signal(int signal)
{
	shared->signal = signal;
	shared->hits++;
}

static void *second_thread(void *pair)
{
	((struct pair *)pair)->thread = gettid();
	for (;;)
		pause();
	return NULL;
}

static void catch_signals(void)
{
	static const int signals[] = { SIGTERM, SIGUSR1, SIGUSR2, SIGCONT, SIGIO, SIGURG, SIGHUP };
	struct sigaction action = { .sa_handler = count_signal };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &action, NULL);
	sigaction(SIGRTMIN, &action, NULL);
}

static void settle_target(struct pair *pair)
{
	pthread_t thread;

	if (moves_target(pair->relation))
		enter_new(0);
	if (pair->relation == TO_WATCHER)
		enter_id(VCONTEXT_ID_WATCHER);
	catch_signals();
	ktap_need(!pthread_create(&thread, NULL, second_thread, pair), "pthread_create");
	while (!pair->thread)
		sched_yield();
}

static void answer(struct pair *pair, int line)
{
	char byte;
	ssize_t n;

	for (;;) {
		n = read(line, &byte, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			_exit(0);
		pair->nice = getpriority(PRIO_PROCESS, 0);
		pair->ioprio = syscall(SYS_ioprio_get, 1, 0);
		if (pair->deed)
			pair->deed();
		pair->deed = NULL;
		if (write(line, "", 1) != 1)
			_exit(0);
	}
}

static void target(struct pair *pair, const struct variant *variant, int line)
{
	const struct act *act = variant->act;
	char byte;
	int fd;

	shared = pair;
	if (is_user(variant) && !moves_common(pair->relation))
		become(USER);
	if (act->flags & SAME_SESSION)
		setpgid(0, 0);
	else if (!(act->flags & SAME_GROUP))
		setsid();
	strcpy(pair_room, "the target's");
	dup2(open("/dev/null", O_RDWR | O_CLOEXEC), SPARE);
	/* the actor prepares, and lets us go on */
	if (write(line, "", 1) != 1 || read(line, &byte, 1) != 1)
		_exit(0);
	settle_target(pair);
	if (write(line, "", 1) != 1)
		_exit(0);
	if (act->give) {
		pair_argument = act->argument;
		fd = act->give();
		ktap_need(fd >= 0, "%s: expected a descriptor to pass, came %s", act->name,
			  errno_name(errno));
		send_fd(line, fd);
		close(fd);
	}
	answer(pair, line);
}

/* The actor. */

bool pair_sync(struct pair *pair)
{
	char byte;
	ssize_t n;

	if (send(pair->line, "", 1, MSG_NOSIGNAL) != 1)
		return false;
	while ((n = read(pair->line, &byte, 1)) < 0 && errno == EINTR)
		;
	return n == 1;
}

void pair_let(struct pair *pair, void (*deed)(void))
{
	pair->deed = deed;
	ktap_expect(pair_sync(pair), "expected the target to do something, came its end");
}

static bool expected(const short *list, size_t count, int error)
{
	size_t i;

	for (i = 0; i < count && list[i]; i++)
		if (list[i] == error)
			return true;
	return false;
}

static bool allowed(const struct act *act, enum relation relation)
{
	switch (relation) {
	case TOGETHER:
		return true;
	case OUTSIDE_TO_INSIDE:
	case TO_WATCHER:
		return act->flags & HOST_MAY;
	case INSIDE_TO_OUTSIDE:
	case INNER_TO_OUTER:
		return act->flags & WISHED;
	default:
		return false;
	}
}

static void judge(const struct variant *variant, struct pair *pair, int error)
{
	const struct act *act = variant->act;

	if (variant->attacker == AS_SECURE && act->secure && error == act->secure)
		return;
	if (allowed(act, pair->relation)) {
		int want = pair->relation == TOGETHER ? act->together : 0;

		ktap_expect(error == want, "expected %s, came %s", errno_name(want),
			    errno_name(error));
		return;
	}
	if (pair->relation == BY_WATCHER) {
		ktap_expect(error == act->watcher || (act->watcher == EPERM && error == EACCES),
			    "expected %s, came %s", errno_name(act->watcher), errno_name(error));
	} else {
		ktap_expect(expected(act->hidden, ARRAY_SIZE(act->hidden), error),
			    "expected %s, came %s", errno_name(act->hidden[0]), errno_name(error));
	}
	ktap_expect(pair_sync(pair), "expected the target to live, came its end");
	ktap_expect(!pair->hits, "expected %s and no signal, came signal %d",
		    errno_name(act->hidden[0]), pair->signal);
}

static void start_target(struct pair *pair, const struct variant *variant)
{
	int line[2];
	char byte;
	pid_t pid;

	ktap_need(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, line), "socketpair");
	pid = fork_or_fail();
	if (!pid) {
		close(line[0]);
		target(pair, variant, line[1]);
	}
	close(line[1]);
	pair->line = line[0];
	pair->target = pid;
	ktap_need(read(pair->line, &byte, 1) == 1, "expected a target, came its end");
}

static void actor(struct pair *pair, const struct variant *variant)
{
	const struct act *act = variant->act;
	char byte;

	if (moves_common(pair->relation)) {
		become(is_user(variant) ? USER : 0);
		enter_as(variant->attacker);
	}
	start_target(pair, variant);
	if (is_user(variant) && !moves_common(pair->relation) && pair->relation != BY_WATCHER)
		become(USER);
	strcpy(pair_room, "the actor's");
	pair->fd = act->prepare ? act->prepare(pair) : 0;
	ktap_need(pair->fd >= 0, "expected to prepare, came %s", errno_name(errno));
	/* the target goes where it belongs */
	ktap_need(write(pair->line, "", 1) == 1 && read(pair->line, &byte, 1) == 1,
		  "expected the target to settle, came its end");
	if (moves_actor(pair->relation))
		enter_as(variant->attacker);
	if (pair->relation == BY_WATCHER) {
		enter_id(VCONTEXT_ID_WATCHER);
		become(is_user(variant) ? USER : 0);
	}
	if (act->give) {
		pair->fd = receive_fd(pair->line);
		if (pair->fd < 0) {
			judge(variant, pair, -pair->fd);
			return;
		}
	}
	pair_argument = act->argument;
	judge(variant, pair, act->run(pair));
}

static struct pair *make_pair(enum relation relation)
{
	struct pair *pair = mmap(NULL, sizeof(*pair), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ktap_need(pair != MAP_FAILED, "mmap: %s", errno_name(errno));
	pair->relation = relation;
	return pair;
}

static void run_variant(const void *data)
{
	const struct variant *variant = data;
	struct pair *pair = make_pair(variant->relation);
	pid_t pid = fork_or_fail();

	if (!pid) {
		alarm(ktap_seconds(8));
		actor(pair, variant);
		_exit(0);
	}
	wait_exit(pid, 0);
}

static void add(const struct act *act, enum relation relation, enum attacker attacker)
{
	struct variant *variant = malloc(sizeof(*variant));
	struct ktap_case *test = calloc(1, sizeof(*test));

	if (!variant || !test)
		abort();
	*variant = (struct variant){ act, relation, attacker };
	test->name = ktap_text("%s %s as %s", act->name, relation_names[relation],
			       attacker_names[attacker]);
	test->run = run_variant;
	test->data = variant;
	if (relation == TOGETHER && act->together != EPERM)
		test->anywhere = "one context is as none";
	else if (relation != TOGETHER && allowed(act, relation))
		test->anywhere = "it is allowed";
	else if (relation == BY_WATCHER && !act->watcher)
		test->anywhere = "the watcher sees as all do there";
	ktap_add(test);
}

static bool has_variant(const struct act *act, enum relation relation, enum attacker attacker)
{
	if (attacker == AS_SECURE)	/* the ceiling comes with a context */
		return !(act->flags & (USER_ONLY | WISHED)) && moves_actor(relation);
	return !(act->flags & (attacker == AS_USER ? ROOT_ONLY : USER_ONLY)) &&
	       !(relation == TO_WATCHER && attacker == AS_USER) &&
	       !(relation == BY_WATCHER && act->flags & NOT_WATCHER);
}

/* The variants that @act has; returns how many.  @chosen: add that one only, or -1: all. */
static int add_variants(const struct act *act, int chosen)
{
	int relation, attacker, count = 0;

	for (relation = 0; relation < RELATIONS; relation++) {
		for (attacker = 0; attacker < ATTACKERS; attacker++) {
			if (!has_variant(act, relation, attacker) ||
			    (attacker == AS_SECURE && relation != INSIDE_TO_OUTSIDE))
				continue;
			if (chosen < 0 || chosen == count)
				add(act, relation, attacker);
			count++;
		}
	}
	return count;
}

void pair_add(const struct act *acts, size_t count)
{
	/* where the guest is slow, one relation of each act, another one for each */
	bool brief = getenv("KTAP_BRIEF");
	size_t i;

	for (i = 0; i < count; i++)
		add_variants(&acts[i], brief ? (int)(i * 5 % add_variants(&acts[i], 1000)) : -1);
}

void pair_add_neighbours(const struct act *acts, size_t count)
{
	static const enum relation relations[] = { SIBLINGS, INSIDE_TO_OUTSIDE };
	bool brief = getenv("KTAP_BRIEF");
	int attacker;
	size_t i, r;

	for (i = 0; i < count; i++) {
		add(&acts[i], TOGETHER, acts[i].flags & USER_ONLY ? AS_USER : AS_ROOT);
		for (attacker = 0; attacker < ATTACKERS; attacker++)
			for (r = 0; r < ARRAY_SIZE(relations); r++)
				if (has_variant(&acts[i], relations[r], attacker) &&
				    (!brief || (i + attacker + r) % 4 == 0))
					add(&acts[i], relations[r], attacker);
	}
}
