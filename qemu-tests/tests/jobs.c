// SPDX-License-Identifier: GPL-2.0-only
/*
 * Job control: a shell and its terminal go on as ever with jobs that changed context.
 *
 * The shells are real ones on a pseudo-terminal.  They echo what is typed to them, so what is waited
 * for is written with quotes in it when it is typed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "guest.h"

#define INTERRUPT	"\003"
#define SUSPEND		"\032"
#define END_OF_INPUT	"\004"

static char *const bash[] = { "bash", "--norc", "--noprofile", "--noediting", "-i", NULL };
static char *const dash[] = { "dash", "-i", NULL };

/* The other end of the terminal, and all that has come from there. */
static struct {
	int fd;
	pid_t pid;
	char text[65536];
	size_t length;
	size_t seen;		/* where the next wait begins to look */
} terminal;

static void become_shell(char *const *argv)
{
	char path[200] = "";

	/* from this program's name the shell makes that of its jobs */
	if (readlink("/proc/self/exe", path, sizeof(path) - 1) < 0)
		_exit(127);
	setenv("J", ktap_text("%s --inside", path), 1);
	setenv("JOB", ktap_text("%s --inside %s --job", path, path), 1);
	setenv("PS1", "$ ", 1);
	setenv("TERM", "dumb", 1);
	unsetenv("ENV");
	execvp(argv[0], argv);
	_exit(127);
}

static void say(const char *text)
{
	ktap_expect(write(terminal.fd, text, strlen(text)) == (ssize_t)strlen(text),
		    "expected to type, came %s", errno_name(errno));
}

/* The last of what came, on one line. */
static const char *tail(void)
{
	size_t from = terminal.length > 150 ? terminal.length - 150 : 0;

	for (char *c = terminal.text; c < terminal.text + terminal.length; c++)
		if (*c == '\n' || *c == '\r')
			*c = '/';
	return terminal.text + from;
}

static bool comes_within(const char *text, unsigned int milliseconds)
{
	for (;;) {
		char *place = strstr(terminal.text + terminal.seen, text);
		ssize_t n;

		if (place) {
			terminal.seen = place + strlen(text) - terminal.text;
			return true;
		}
		if (terminal.length > sizeof(terminal.text) - 1024 ||
		    !wait_readable(terminal.fd, milliseconds))
			return false;
		n = read(terminal.fd, terminal.text + terminal.length, 1024);
		if (n <= 0)
			return false;
		terminal.length += n;
		terminal.text[terminal.length] = '\0';
	}
}

static void comes(const char *text)
{
	ktap_expect(comes_within(text, ktap_seconds(6) * 1000), "expected '%s', came '%s'", text,
		    tail());
}

static void open_terminal_as(uid_t uid, char *const *argv)
{
	become(uid);
	terminal.pid = forkpty(&terminal.fd, NULL, NULL, NULL);
	ktap_need(terminal.pid >= 0, "forkpty: %s", errno_name(errno));
	if (!terminal.pid)
		become_shell(argv);
	say("echo re''ady\n");
	comes("ready");
}

static void open_terminal(char *const *argv)
{
	open_terminal_as(USER, argv);
}

/*
 * A key that comes too early, before the shell has given the terminal to the job, does nothing to the
 * shell but throws away what it has not read yet, so it can be pressed again when all has been read.
 */
static void press(const char *key, const char *then, const char *text)
{
	unsigned int tries;

	for (tries = 0; tries < ktap_seconds(5); tries++) {
		nap(100);
		say(key);
		nap(*then ? 200 : 0);
		say(then);
		if (comes_within(text, 1500))
			return;
	}
	ktap_fail("expected '%s', came '%s'", text, tail());
}

static void interrupt(void)
{
	press(INTERRUPT, "echo st''atus $?\n", "status 130");
}

/*
 * The shell tells which job it brings to the foreground, in words of the command's. What it tells
 * before that is over when the shell itself says so: the terminal's echo can have the shell's prompt
 * in its middle.
 */
static void foreground(const char *words)
{
	say("echo fo''re; fg\n");
	comes("fore");
	comes(words);
}

/* The shell has to end by itself, with nothing left behind. */
static void end_terminal(void)
{
	int status;

	say("exit 5\n");
	while (comes_within("nothing that comes", 100))
		;
	status = wait_status(terminal.pid);
	ktap_expect(WIFEXITED(status) && WEXITSTATUS(status) == 5,
		    "expected the shell to end with 5, came %#x", status);
}

static void run_interrupt(const void *shell)
{
	open_terminal(shell);
	say("$J sh -c 'echo run\"\"ning; exec sleep 100'\n");
	comes("running");
	interrupt();
	end_terminal();
}

static void run_suspend(const void *shell)
{
	open_terminal(shell);
	say("$JOB\n");
	comes("running");
	press(SUSPEND, "", "Stopped");
	say("jobs; echo st''atus $?\n");
	comes("Stopped");
	comes("status 0");
	say("bg\n");
	comes("continued");
	say("jobs\n");
	comes("Running");
	foreground("JOB");
	press(SUSPEND, "", "Stopped");
	foreground("JOB");
	comes("continued");
	interrupt();
	end_terminal();
}

static void run_wait(const void *shell)
{
	open_terminal(shell);
	say("$J sh -c 'exit 7' & wait $!; echo st''atus $?\n");
	comes("status 7");
	say("$J sh -c 'kill -TERM $$' & wait $!; echo st''atus $?\n");
	comes("status 143");
	say("$J sh -c 'exit 6'; echo st''atus $?\n");
	comes("status 6");
	end_terminal();
}

static void run_pipeline(const void *shell)
{
	open_terminal(shell);
	say("echo on''e | $J cat | sed s/one/first/\n");
	comes("first");
	say("$J echo tw''o | cat | sed s/two/second/\n");
	comes("second");
	say("sleep 100 | $J sh -c 'echo run\"\"ning; exec sleep 100'\n");
	comes("running");
	press(SUSPEND, "", "Stopped");
	foreground("sleep");
	interrupt();
	say("$J sh -c 'echo run\"\"ning; exec sleep 100' | cat\n");
	comes("running");
	interrupt();
	end_terminal();
}

/* A shell inside has jobs of its own. */
static void run_shell_inside(const void *shell)
{
	open_terminal(shell);
	say(shell == bash ? "$J bash --norc --noprofile --noediting -i\n" : "$J dash -i\n");
	say("echo in''side\n");
	comes("inside");
	say("sh -c 'echo run\"\"ning; exec sleep 100'\n");
	comes("running");
	press(SUSPEND, "", "Stopped");
	foreground("sleep");
	interrupt();
	say("exit 9\n");
	say("echo st''atus $?\n");
	comes("status 9");
	say("echo as''king; read line; echo go''t $line\n");
	comes("asking");
	say("something\n");
	comes("got something");
	end_terminal();
}

/* A shell inside that was started by a script, which has no job control to take the terminal back. */
static void run_shell_in_script(const void *shell)
{
	open_terminal(shell);
	say("sh -c '$J bash --norc --noprofile --noediting -i; echo as\"\"king; read line; "
	    "echo go\"\"t $line'\n");
	say("echo in''side\n");
	comes("inside");
	say("exit\n");
	comes("asking");
	say("something\n");
	comes("got something");
	say("echo st''atus $?\n");
	comes("status 0");
	end_terminal();
}

static void run_stopped_reader(const void *shell)
{
	open_terminal(shell);
	say("$J cat &\n");
	press("", "jobs\n", "Stopped");
	foreground("cat");
	/* once from the terminal, once from cat */
	say("words\n");
	comes("words");
	comes("words");
	say(END_OF_INPUT);
	say("echo st''atus $?\n");
	comes("status 0");
	end_terminal();
}

/* By number, which the shell's kill uses, there is nobody. */
static void run_kill(const void *shell)
{
	open_terminal(shell);
	say("$JOB &\n");
	comes("running");
	say("kill %1; echo st''atus $?\n");
	comes("No such process");
	comes("status 1");
	foreground("JOB");
	interrupt();
	end_terminal();
}

static void run_hang_up(const void *shell)
{
	const char *file = ktap_text("/tmp/vcontext-hang-up-%d", getpid());
	int tries;

	open_terminal(shell);
	say(ktap_text("$J sh -c 'trap \"echo >%s; exit\" HUP; echo run\"\"ning; "
		      "while :; do sleep 0.05; done'\n", file));
	comes("running");
	close(terminal.fd);
	for (tries = 0; tries < 100 && access(file, F_OK); tries++)
		nap(ktap_seconds(1) * 20);
	wait_status(terminal.pid);
	ktap_expect(!access(file, F_OK), "expected SIGHUP inside, came nothing");
	unlink(file);
}

/*
 * Process 1 of a context, which takes root, and whoever enters later: chcontext waits for them
 * outside, in the job's group.
 */

#define INIT	"chcontext --silent --flag fakeinit "

static void open_root_terminal(char *const *argv)
{
	if (ktap_plain())
		ktap_skip("needs " VCONTEXT_DEVICE);
	open_terminal_as(0, argv);
}

/* In bash: dash fails at its end, because the group that had the terminal has no number inside. */
static void run_init_shell(const void *shell)
{
	open_root_terminal(shell);
	say(INIT "bash --norc --noprofile --noediting -i\n");
	say("echo in''side $$\n");
	comes("inside 1");
	say("sh -c 'echo run\"\"ning; exec sleep 100'\n");
	comes("running");
	press(SUSPEND, "", "Stopped");
	foreground("sleep");
	interrupt();
	say("exit 9\n");
	say("echo st''atus $?\n");
	comes("status 9");
	end_terminal();
}

static void run_init_in_script(const void *shell)
{
	open_root_terminal(shell);
	say("sh -c '" INIT "bash --norc --noprofile --noediting -i; echo as\"\"king; read line; "
	    "echo go\"\"t $line'\n");
	say("echo in''side\n");
	comes("inside");
	say("exit\n");
	comes("asking");
	say("something\n");
	comes("got something");
	say("echo st''atus $?\n");
	comes("status 0");
	end_terminal();
}

/* It must not read on while the shell does. */
static void run_init_suspend(const void *shell)
{
	open_root_terminal(shell);
	say(INIT "sh -c 'echo run\"\"ning; exec cat'\n");
	comes("running");
	press(SUSPEND, "", "Stopped");
	say("echo sh''ell\n");
	comes("shell");
	foreground("cat");
	say("words\n");
	comes("words");
	comes("words");
	say(END_OF_INPUT);
	say("echo st''atus $?\n");
	comes("status 0");
	end_terminal();
}

static void run_init_background(const void *shell)
{
	open_root_terminal(shell);
	say(INIT "cat &\n");
	press("", "jobs\n", "Stopped");
	foreground("cat");
	say("words\n");
	comes("words");
	comes("words");
	say(END_OF_INPUT);
	say("echo st''atus $?\n");
	comes("status 0");
	end_terminal();
}

/* ^C is for those who catch it or are no process 1. */
static void run_init_interrupt(const void *shell)
{
	open_root_terminal(shell);
	say(INIT "sh -c 'trap \"exit 5\" INT; echo run\"\"ning; while :; do sleep 0.1; done'\n");
	comes("running");
	press(INTERRUPT, "echo st''atus $?\n", "status 5");
	say("chcontext --silent --ctx 60 --flag fakeinit --disconnect sleep 1000\n");
	say("chcontext --silent --ctx 60 sh -c 'echo run\"\"ning; exec sleep 100'\n");
	comes("running");
	press(SUSPEND, "", "Stopped");
	foreground("sleep");
	interrupt();
	say("pkill -f disconnec[t]; echo k''illed $?\n");
	comes("killed 0");
	end_terminal();
}

static void run_init_hang_up(const void *shell)
{
	struct vcontext_info info = { .contexts = 1 };
	int tries;

	open_root_terminal(shell);
	say(INIT "sh -c 'echo run\"\"ning; exec sleep 1000'\n");
	comes("running");
	close(terminal.fd);
	wait_status(terminal.pid);
	for (tries = 0; tries < 100 && !context_info(&info) && info.contexts; tries++)
		nap(ktap_seconds(1) * 20);
	ktap_expect(!info.contexts, "expected the context to end, came %u", info.contexts);
}

/*
 * timeout(1), without a terminal.  Its time is over when the job is ready for that and not before:
 * SIGALRM is what it gets from its own timer.
 */

#define OF_ITSELF	4

struct limited {
	const char *options;
	const char *job;
	int status;		/* that timeout ends with, or the signal, negative */
};

static void become_timeout(const struct limited *limited, int ready)
{
	char *command = (char *)ktap_text("exec timeout %s $J sh -c '%s'", limited->options,
					  limited->job);
	char *argv[] = { "sh", "-c", command, NULL };
	sigset_t alarm;

	/* nothing comes to it before it has started the job: it unblocks the signal then */
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	sigprocmask(SIG_BLOCK, &alarm, NULL);
	dup2(ready, STDOUT_FILENO);
	setpgid(0, 0);
	become_shell(argv);
}

static void run_timeout(const void *data)
{
	const struct limited *limited = data;
	int ready[2], status;
	char word[6];
	pid_t pid;

	become(USER);
	ktap_need(!pipe2(ready, O_CLOEXEC), "pipe");
	pid = fork_or_fail();
	if (!pid)
		become_timeout(limited, ready[1]);
	close(ready[1]);
	if (limited->status != OF_ITSELF) {
		ktap_need(read(ready[0], word, sizeof(word)) == sizeof(word),
			  "expected a job that is ready, came its end");
		ktap_need(!kill(pid, SIGALRM), "kill: %s", errno_name(errno));
	}
	status = wait_status(pid);
	status = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
	ktap_expect(status == limited->status, "expected status %d, came %d", limited->status,
		    status);
}

#define WAITS	"echo ready; while :; do sleep 0.05; done"

static const struct limited limits[] = {
	{ "100", "echo ready; exec sleep 100", 124 },
	{ "-s INT 100", "trap \"exit 3\" INT; " WAITS, 124 },
	{ "-k 0.3 100", "trap \"\" TERM; " WAITS, -SIGKILL },
	{ "--preserve-status 100", "trap \"exit 3\" TERM; " WAITS, 3 },
	{ "100", "exit 4", OF_ITSELF },
};

#define BOTH(name, function)							\
	{ name " in bash", function, bash, 30, "shells know of no contexts" },	\
	{ name " in dash", function, dash, 30, "shells know of no contexts" }
#define LIMIT(name, number)							\
	{ name, run_timeout, &limits[number], .anywhere = "timeout knows of no contexts" }

static const struct ktap_case cases[] = {
	BOTH("^C of a job inside", run_interrupt),
	BOTH("^Z, bg and fg of a job inside", run_suspend),
	BOTH("wait for a job inside", run_wait),
	BOTH("pipelines with one half inside", run_pipeline),
	BOTH("a shell inside", run_shell_inside),
	BOTH("a shell inside started by a script", run_shell_in_script),
	BOTH("a job inside that reads in the background", run_stopped_reader),
	BOTH("hang-up of the terminal", run_hang_up),
	BOTH("process 1: a shell", run_init_shell),
	BOTH("process 1: a shell started by a script", run_init_in_script),
	BOTH("process 1: ^Z and fg", run_init_suspend),
	BOTH("process 1: one that reads in the background", run_init_background),
	BOTH("process 1: ^C of it and of who entered later", run_init_interrupt),
	BOTH("process 1: hang-up of the terminal", run_init_hang_up),
	{ "kill of a job inside in bash", run_kill, bash, 30 },
	{ "kill of a job inside in dash", run_kill, dash, 30 },
	LIMIT("timeout ends what is inside", 0),
	LIMIT("timeout with SIGINT", 1),
	LIMIT("timeout with SIGKILL", 2),
	LIMIT("timeout with the status of what is inside", 3),
	LIMIT("timeout of what ends by itself", 4),
};

static int inside(char **argv)
{
	int value = ktap_plain() ? 0 : context_new(0, NULL);

	if (value) {
		fprintf(stderr, "jobs: new context: %s\n", errno_name(-value));
		return 1;
	}
	execvp(argv[0], argv);
	return 127;
}

static void tell(int signal)
{
	(void)signal;
	if (write(STDOUT_FILENO, "continued\n", 10) < 0)
		_exit(1);
}

/*
 * It tells when it runs and when it has been continued, and starts no processes that could be in the
 * middle of something when they are stopped.
 */
static void __attribute__((noreturn)) job(void)
{
	signal(SIGCONT, tell);
	puts("running");
	fflush(stdout);
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "--job"))
		job();
	if (argc > 2 && !strcmp(argv[1], "--inside"))
		return inside(argv + 2);
	ktap_add_all(cases);
	return ktap_main(argc, argv);
}
