// SPDX-License-Identifier: GPL-2.0-only
/*
 * getaddrinfo() for a static program, in which the C library's own would load parts of another
 * version, or of nobody knows whom: getent(1) is asked, a program of the system's.  It does what
 * libvctl needs: names of hosts, no services and no numbers.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <spawn.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>

#include "cleanup.h"

#define NO_GETENT "getent, which looks up hosts, can't be run; it comes with the C library"

struct answer {
	struct addrinfo info;
	struct sockaddr_storage place;
};

/* What no name server is to be asked, such as a label of an address (eth0:1). */
static bool is_host_name(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789.-_";

	/* What is not ASCII may be a name of other letters. */
	for (; *name; name++) {
		if ((unsigned char)*name < 0x80 && !strchr(letters, *name))
			return false;
	}

	return true;
}

/* In either of its directories, whatever PATH says; 0, or an errno value. */
static int spawn(const char *name, int output, pid_t *child)
{
	char *argv[] = { (char *)"getent", (char *)"ahosts", (char *)"--", (char *)name, NULL };
	posix_spawn_file_actions_t actions;
	int error = posix_spawn_file_actions_init(&actions);

	if (error != 0)
		return error;

	error = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (error == 0)
		error = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	if (error == 0)
		error = posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null",
							 O_WRONLY, 0);
	if (error == 0)
		error = posix_spawn(child, "/usr/bin/getent", &actions, NULL, argv, environ);
	if (error == ENOENT)
		error = posix_spawn(child, "/bin/getent", &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);

	return error;
}

/* 1: @line, "ADDRESS STREAM ...", is an answer; 0: it is none; or an error of getaddrinfo(). */
static int take(char *line, struct addrinfo ***end)
{
	char *rest = NULL;
	char *text = strtok_r(line, " \t\n", &rest);
	char *type = strtok_r(NULL, " \t\n", &rest);
	struct sockaddr_in *ipv4;
	struct sockaddr_in6 *ipv6;
	struct answer *answer;

	if (!text || !type || strcmp(type, "STREAM") != 0)
		return 0;
	answer = calloc(1, sizeof(*answer));
	if (!answer)
		return EAI_MEMORY;

	ipv4 = (struct sockaddr_in *)&answer->place;
	ipv6 = (struct sockaddr_in6 *)&answer->place;
	if (inet_pton(AF_INET, text, &ipv4->sin_addr) == 1) {
		answer->place.ss_family = AF_INET;
		answer->info.ai_addrlen = sizeof(*ipv4);
	} else if (inet_pton(AF_INET6, text, &ipv6->sin6_addr) == 1) {
		answer->place.ss_family = AF_INET6;
		answer->info.ai_addrlen = sizeof(*ipv6);
	} else {
		/* That of a link needs to be told the device as well. */
		free(answer);
		return 0;
	}

	answer->info.ai_family = answer->place.ss_family;
	answer->info.ai_socktype = SOCK_STREAM;
	answer->info.ai_addr = (struct sockaddr *)&answer->place;
	**end = &answer->info;
	*end = &answer->info.ai_next;
	return 1;
}

/* 0 with at least one answer, or an error of getaddrinfo(). */
static int read_answers(FILE *file, struct addrinfo **list)
{
	auto_free char *line = NULL;
	struct addrinfo **end = list;
	size_t room = 0;
	int taken = 0;

	while (taken >= 0 && getline(&line, &room, file) > 0)
		taken = take(line, &end);

	/* It doesn't tell a name that isn't there from a server that isn't. */
	return taken < 0 ? taken : *list ? 0 : EAI_AGAIN;
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *wanted,
		struct addrinfo **list)
{
	auto_file FILE *file = NULL;
	int ends[2];
	pid_t child;
	int result;

	(void)service;
	(void)wanted;
	*list = NULL;
	if (!is_host_name(name))
		return EAI_NONAME;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return EAI_SYSTEM;

	errno = spawn(name, ends[1], &child);
	close(ends[1]);
	if (errno != 0) {
		close(ends[0]);
		return EAI_FAIL;
	}

	file = fdopen(ends[0], "r");
	if (!file)
		close(ends[0]);
	result = file ? read_answers(file, list) : EAI_MEMORY;
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	if (result == 0)
		return 0;

	freeaddrinfo(*list);
	*list = NULL;
	return result;
}

void freeaddrinfo(struct addrinfo *list)
{
	while (list) {
		struct addrinfo *next = list->ai_next;

		/* The first member of its answer. */
		free(list);
		list = next;
	}
}

/* Of those above, libvctl has words of its own for all but this. */
const char *gai_strerror(int error)
{
	return error == EAI_FAIL ? NO_GETENT : "it can't be looked up";
}
