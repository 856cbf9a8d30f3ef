// SPDX-License-Identifier: GPL-2.0-only
/* System V IPC: what stays and what goes when contexts end, and who enters with objects in hand. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "objects.h"

/* What the processes of a case tell each other. */
struct board {
	volatile int ids[KINDS];
	volatile int shown;		/* how far somebody has come */
	volatile int error;
};

static struct board *new_board(void)
{
	struct board *board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ktap_expect(board != MAP_FAILED, "mmap: %s", errno_name(errno));
	return board;
}

static void make_all(struct board *board)
{
	int kind;

	for (kind = 0; kind < KINDS; kind++) {
		board->ids[kind] = object_make(kind, IPC_PRIVATE);
		ktap_expect(board->ids[kind] >= 0, "expected a new object, came %s",
			    errno_name(errno));
	}
}

static bool all_there(const struct board *board)
{
	int kind;

	for (kind = 0; kind < KINDS; kind++)
		if (!object_listed(kind, board->ids[kind]))
			return false;
	return true;
}

/* A process that counts for its parent what the watcher sees in all lists. */

static int count_as_watcher(void)
{
	struct board *board = new_board();
	pid_t pid = fork_or_fail();
	int count;

	if (!pid) {
		enter_id(VCONTEXT_ID_WATCHER);
		board->error = objects_listed();
		_exit(0);
	}
	wait_exit(pid, 0);
	count = board->error;
	munmap(board, sizeof(*board));
	return count;
}

/* There must be as many as before a second later. */
static void expect_count(int before)
{
	int tries, after;

	for (tries = 0; tries < 20; tries++) {
		after = count_as_watcher();
		if (after == before)
			return;
		nap(ktap_seconds(1) * 50);
	}
	ktap_fail("expected %d objects as before, came %d", before, after);
}

static void make_inside(void *board)
{
	enter_new(0);
	make_all(board);
}

static void run_end(const void *user)
{
	int before = count_as_watcher();
	struct board *board = new_board(), *own = new_board();
	struct sitter sitter;

	make_all(own);
	sitter = sitter_start(make_inside, board);
	expect_count(before + 2 * KINDS);
	sitter_end(&sitter);
	expect_count(before + KINDS);
	ktap_expect(all_there(own), "expected the objects of context 0 to stay, came their end");
	objects_remove_all();
	(void)user;
}

/* The last handle keeps what the last process leaves. */

static void make_by_handle(void *data)
{
	struct { int handle; struct board *board; } *entry = data;

	if (!ktap_plain())
		ktap_expect(!context_enter(entry->handle), "expected to enter by the handle");
	make_all(entry->board);
}

static void look_by_handle(void *data)
{
	struct { int handle; struct board *board; } *entry = data;
	int kind;

	ktap_expect(!context_enter(entry->handle), "expected to enter by the handle");
	ktap_expect(all_there(entry->board), "expected the objects still, came their end");
	for (kind = 0; kind < KINDS; kind++)
		ktap_expect(object_has(kind, entry->board->ids[kind], OBJECT_TEXT),
			    "expected what was in the object, came something else");
}

static void run_handle(const void *unused)
{
	int before = count_as_watcher();
	struct { int handle; struct board *board; } entry = { -1, new_board() };

	(void)unused;
	if (!ktap_plain())
		entry.handle = open_new(NULL);
	in_child(make_by_handle, &entry);
	if (!ktap_plain()) {
		nap(50);
		in_child(look_by_handle, &entry);
		close(entry.handle);
	}
	expect_count(before);
}

static void run_thousand(const void *unused)
{
	int before = count_as_watcher(), i;
	struct board *board = new_board();

	(void)unused;
	for (i = 0; i < 1000; i++)
		in_child(make_inside, board);
	expect_count(before);
}

/* The same key in many contexts at once, which must not make it impossible for others. */

static void make_one(void *data)
{
	struct { int handle; key_t key; } *entry = data;

	if (!ktap_plain())
		ktap_expect(!context_enter(entry->handle), "expected to enter by the handle");
	ktap_expect(object_get(SHM, entry->key, IPC_CREAT | IPC_EXCL) >= 0,
		    "expected the key to be free in a new context, came %s", errno_name(errno));
}

static void run_many_of_one_key(const void *unused)
{
	struct { int handle; key_t key; } entry = { -1, 0x58000000 };
	int handles[900], i;

	(void)unused;
	for (i = 0; i < (int)ARRAY_SIZE(handles); i++) {
		if (!ktap_plain())
			handles[i] = entry.handle = open_new(NULL);
		in_child(make_one, &entry);
	}
	(void)handles;
	ktap_expect(object_get(SHM, entry.key, IPC_CREAT | IPC_EXCL) >= 0,
		    "expected the key to be free in context 0, came %s", errno_name(errno));
	objects_remove_all();
}

/* Inside the ended one another lives on, with a segment of the ended attached. */

static void use_attached(void *place)
{
	strcat(place, "!");
}

static void leave_attached(void *data)
{
	struct board *board = data;
	char *place;

	enter_new(0);
	make_all(board);
	place = shmat(board->ids[SHM], NULL, 0);
	ktap_expect(place != (void *)-1, "shmat: %s", errno_name(errno));
	/* the last process goes, the context ends; what is attached stays until it is not */
	enter_new(0);
	nap(300);
	ktap_expect(!strcmp(place, OBJECT_TEXT), "expected the memory as it was");
	strcpy(place, "written since");
	ktap_expect(!strcmp(place, "written since"), "expected the memory to be writable");
	if (!ktap_plain()) {
		ktap_expect(!all_there(board), "expected not to see what was left behind");
		ktap_expect(shmat(board->ids[SHM], NULL, 0) == (void *)-1 && errno == EINVAL,
			    "expected EINVAL for the segment of the ended, came %s",
			    errno_name(errno));
	}
	in_child(use_attached, place);
	ktap_expect(!strcmp(place, "written since!"), "expected the memory still");
	if (board->shown)
		shmdt(place);
}

static void run_leave_attached(const void *detach)
{
	int before = count_as_watcher();
	struct board *board = new_board();

	board->shown = detach != NULL;
	in_child(leave_attached, board);
	expect_count(before);
}

/* Shared memory from before. */

static void *attach_own(int *id)
{
	char *place;

	*id = object_make(SHM, IPC_PRIVATE);
	place = shmat(*id, NULL, 0);
	ktap_expect(place != (void *)-1, "shmat: %s", errno_name(errno));
	return place;
}

static int attached(int id)
{
	struct shmid_ds ds;

	return shmctl(id, IPC_STAT, &ds) ? -errno : (int)ds.shm_nattch;
}

static void expect_attached(int id, int want)
{
	int tries, have = -1;

	for (tries = 0; tries < 100 && (have = attached(id)) != want; tries++)
		nap(10);
	ktap_expect(have == want, "expected %d attached, came %d", want, have);
}

static void run_attached(const void *unused)
{
	int id;
	char *place = attach_own(&id);
	pid_t pid = fork_or_fail();

	(void)unused;
	if (!pid) {
		enter_new(0);
		ktap_expect(!strcmp(place, OBJECT_TEXT), "expected the memory as it was");
		in_child(use_attached, place);
		in_child(use_attached, place);
		ktap_expect(mremap(place, 4096, 4096, MREMAP_MAYMOVE) == place, "mremap: %s",
			    errno_name(errno));
		if (!ktap_plain())
			ktap_expect(attached(id) == -EINVAL,
				    "expected not to see the segment, came %s",
				    errno_name(-attached(id)));
		_exit(0);
	}
	wait_exit(pid, 0);
	ktap_expect(!strcmp(place, OBJECT_TEXT "!!"), "expected to see what was written inside");
	expect_attached(id, 1);
	shmdt(place);
	expect_attached(id, 0);
	ktap_expect(!shmctl(id, IPC_RMID, NULL), "IPC_RMID: %s", errno_name(errno));
}

/* Removed while attached inside. */
static void run_removed_attached(const void *unused)
{
	struct board *board = new_board();
	int id, before = count_as_watcher();
	char *place = attach_own(&id);
	pid_t pid = fork_or_fail();

	(void)unused;
	if (!pid) {
		enter_new(0);
		board->shown = 1;
		while (board->shown == 1)
			nap(1);
		in_child(use_attached, place);
		ktap_expect(!strcmp(place, OBJECT_TEXT "!"), "expected the memory to stay");
		shmdt(place);
		_exit(0);
	}
	while (!board->shown)
		nap(1);
	ktap_expect(!shmctl(id, IPC_RMID, NULL), "IPC_RMID: %s", errno_name(errno));
	shmdt(place);
	ktap_expect(count_as_watcher() == before + 1, "expected the segment while it is attached");
	board->shown = 2;
	wait_exit(pid, 0);
	expect_count(before);
}

/* Segments that nobody needs go at once, by sysctl: with them those of contexts. */
static void run_forced(const void *unused)
{
	int before = count_as_watcher();
	struct board *board = new_board();
	struct sitter sitter;

	(void)unused;
	ktap_expect(!write_text("/proc/sys/kernel/shm_rmid_forced", "1"), "shm_rmid_forced: %s",
		    errno_name(errno));
	sitter = sitter_start(make_inside, board);
	write_text("/proc/sys/kernel/shm_rmid_forced", "0");
	expect_count(before + 2);
	sitter_end(&sitter);
	expect_count(before);
}

/* SEM_UNDO */

static void take(int id)
{
	struct sembuf down = { .sem_op = -1, .sem_flg = SEM_UNDO };

	ktap_expect(!semop(id, &down, 1), "semop: %s", errno_name(errno));
}

static void expect_value(int id, int want)
{
	int have = semctl(id, 0, GETVAL);

	ktap_expect(have == want, "expected the semaphore to be %d, came %d", want, have);
}

enum undo { BY_EXIT, BY_UNSHARE, BY_KILL, NESTED, FROM_CONTEXT };

static void undo_inside(enum undo how, int id)
{
	take(id);
	enter_new(0);
	if (how == NESTED)
		enter_new(0);
	if (how == BY_UNSHARE)
		ktap_expect(!unshare(CLONE_SYSVSEM), "unshare: %s", errno_name(errno));
	if (how == BY_KILL)
		kill(getpid(), SIGKILL);
}

static void run_undo(const void *data)
{
	enum undo how = *(const enum undo *)data;
	pid_t pid;
	int id;

	if (how == FROM_CONTEXT)
		enter_new(0);
	id = object_make(SEM, IPC_PRIVATE);
	pid = fork_or_fail();
	if (!pid) {
		undo_inside(how, id);
		_exit(0);
	}
	wait_status(pid);
	if (ktap_over())
		_exit(1);
	expect_value(id, OBJECT_TEXT[0]);
	semctl(id, 0, IPC_RMID);
}

/* The set has gone with its context meanwhile, and another has its place. */
static void run_undo_gone(const void *unused)
{
	int before = count_as_watcher(), id;
	pid_t pid = fork_or_fail();

	(void)unused;
	if (!pid) {
		enter_new(0);
		id = object_make(SEM, IPC_PRIVATE);
		take(id);
		enter_new(0);
		nap(100);
		_exit(0);
	}
	wait_exit(pid, 0);
	expect_count(before);
}

/* Blocked, when the object is removed. */

struct blocked {
	const char *name;
	enum kind kind;
	void (*run)(int id);
};

static void block_semop(int id)
{
	struct sembuf down = { .sem_num = 1, .sem_op = -1 };

	semop(id, &down, 1);
}

static void block_semop_undo(int id)
{
	struct sembuf downs[] = {
		{ .sem_num = 0, .sem_op = -1, .sem_flg = SEM_UNDO },
		{ .sem_num = 1, .sem_op = -1, .sem_flg = SEM_UNDO },
	};

	semop(id, downs, 2);
}

static void block_msgrcv(int id)
{
	struct message message;

	msgrcv(id, &message, sizeof(message.text), 5, 0);
}

static void block_msgsnd(int id)
{
	struct message message = { .type = 1 };

	while (!msgsnd(id, &message, sizeof(message.text), 0))
		;
}

static const struct blocked blocks[] = {
	{ "semop", SEM, block_semop },
	{ "semop SEM_UNDO", SEM, block_semop_undo },
	{ "msgrcv", MSG, block_msgrcv },
	{ "msgsnd", MSG, block_msgsnd },
};

static pid_t start_blocked(const struct blocked *blocked, struct board *board, int id)
{
	pid_t pid = fork_or_fail();

	if (!pid) {
		board->shown = 1;
		blocked->run(id);
		board->error = errno;
		_exit(0);
	}
	while (!board->shown)
		nap(1);
	nap(ktap_seconds(1) * 50);
	return pid;
}

static void run_blocked_removed(const void *data)
{
	const struct blocked *blocked = data;
	struct board *board = new_board();
	pid_t pid;
	int id;

	enter_new(0);
	id = object_make(blocked->kind, IPC_PRIVATE);
	pid = start_blocked(blocked, board, id);
	ktap_expect(!object_ctl(blocked->kind, id, IPC_RMID), "IPC_RMID: %s", errno_name(errno));
	wait_exit(pid, 0);
	ktap_expect(board->error == EIDRM, "expected EIDRM, came %s", errno_name(board->error));
}

/* All are killed, as a context is stopped. */
static void run_blocked_killed(const void *data)
{
	const struct blocked *blocked = data;
	struct board *board = new_board();
	int before = count_as_watcher();
	pid_t pid;

	/* who has ended counts until waited for */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	pid = fork_or_fail();
	if (!pid) {
		enter_new(0);
		start_blocked(blocked, board, object_make(blocked->kind, IPC_PRIVATE));
		/* its child goes with it */
		raise(SIGKILL);
	}
	while (wait(NULL) > 0)
		;
	expect_count(before);
}

static const enum undo undos[] = { BY_EXIT, BY_UNSHARE, BY_KILL, NESTED, FROM_CONTEXT };

#define SAME	.anywhere = "entering changes nothing here"

static const struct ktap_case cases[] = {
	{ "objects end with the context", run_end },
	{ "objects live as long as a handle", run_handle },
	{ "objects of a thousand contexts end", run_thousand, .seconds = 60 },
	{ "attached memory of an ended context until exit", run_leave_attached },
	{ "attached memory of an ended context until shmdt", run_leave_attached, "detach" },
	{ "memory attached before", run_attached, SAME },
	{ "memory attached before and removed", run_removed_attached, SAME },
	{ "shm_rmid_forced", run_forced },
	{ "SEM_UNDO from before, by exit", run_undo, &undos[0], SAME },
	{ "SEM_UNDO from before, by unshare", run_undo, &undos[1], SAME },
	{ "SEM_UNDO from before, by SIGKILL", run_undo, &undos[2], SAME },
	{ "SEM_UNDO from before, two contexts deep", run_undo, &undos[3], SAME },
	{ "SEM_UNDO from the context around", run_undo, &undos[4], SAME },
	{ "SEM_UNDO of a set that went with its context", run_undo_gone },
};

/* The last: what it leaves behind, if it fails, would be counted by others. */
static const struct ktap_case last = {
	"one key in nine hundred contexts", run_many_of_one_key, .seconds = 60,
};

static void add_blocked(void)
{
	static struct ktap_case more[2 * ARRAY_SIZE(blocks)];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(blocks); i++) {
		more[2 * i] = (struct ktap_case){
			ktap_text("removed while blocked in %s", blocks[i].name),
			run_blocked_removed, &blocks[i], SAME,
		};
		more[2 * i + 1] = (struct ktap_case){
			ktap_text("killed while blocked in %s", blocks[i].name),
			run_blocked_killed, &blocks[i],
		};
	}
	ktap_add_all(more);
}

int main(int argc, char **argv)
{
	ktap_add_all(cases);
	add_blocked();
	ktap_add(&last);
	return ktap_main(argc, argv);
}
