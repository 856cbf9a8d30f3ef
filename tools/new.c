// SPDX-License-Identifier: GPL-2.0-only
/* vctl new: forms to build a vserver, or to change the configuration of one. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "config.h"
#include "draft.h"
#include "form.h"
#include "message.h"
#include "vserver.h"

static const struct option_entry options[] = {
	{ 0 },
};

/* Those keys that the first form has; the second one has all. */
static const struct {
	const char *key;
	const char *label;
	enum field_kind kind;
} first_keys[] = {
	{ "IPROOT", "Addresses", FIELD_TEXT },
	{ "IPROOTDEV", "Network device", FIELD_TEXT },
	{ "S_HOSTNAME", "Host name", FIELD_TEXT },
	{ "ONBOOT", "Start at boot", FIELD_YES },
};

#define FIRST_KEYS	(sizeof(first_keys) / sizeof(first_keys[0]))
#define FIELDS		(1 + DRAFT_OPTIONS + FIRST_KEYS)

static const char *const ok[] = { "OK", NULL };

/* What a new file says of a key, without what makes it a comment. */
static char *help_of(const char *key)
{
	const struct vctl_conf_key *keys = vctl_conf_key_list();
	char *help, *to;

	while (strcmp(keys->name, key) != 0)
		keys++;
	help = strdup(keys->comment);
	to = help;
	for (const char *from = keys->comment; help && *from; from++) {
		if (from[0] == '#' && from[1] == ' ')
			from++;
		else
			*to++ = *from == '\n' ? ' ' : *from;
	}
	if (help)
		*to = '\0';
	return help;
}

/* A field that works on what is in the draft. */
static struct field field_of(enum field_kind kind, const char *label, const char *help, char **value)
{
	struct field field = { .kind = kind, .label = label, .help = help, .value = *value };

	return field;
}

/* The form's answer; what was filled in is in the draft again. */
static int fill(const char *title, const char *text, struct field *fields, char ***places,
		size_t count, const char *const *buttons, size_t *focus)
{
	int answer = form_fill(title, text, fields, count, buttons, focus);

	for (size_t i = 0; i < count; i++)
		*places[i] = fields[i].value;
	return answer;
}

static int fill_first(struct draft *draft, size_t *focus)
{
	static const char *const buttons[] = { "Build", "All settings", "Back", NULL };
	const struct draft_option *option = draft->method->options;
	char *help[FIRST_KEYS];
	struct field fields[FIELDS];
	char **places[FIELDS];
	size_t count = 0;
	int answer;

	places[count] = &draft->name;
	fields[count++] = field_of(FIELD_TEXT, "Name",
				   "Up to 64 letters, digits, '.', '_' and '-'; the first a letter "
				   "or digit.", &draft->name);
	for (size_t i = 0; i < DRAFT_OPTIONS && option[i].option; i++) {
		places[count] = &draft->options[i];
		fields[count++] = field_of(option[i].kind, option[i].label, option[i].help,
					   &draft->options[i]);
	}
	for (size_t i = 0; i < FIRST_KEYS; i++) {
		char **value = draft_value(draft, first_keys[i].key);

		help[i] = help_of(first_keys[i].key);
		places[count] = value;
		fields[count++] = field_of(first_keys[i].kind, first_keys[i].label,
					   help[i] ? help[i] : "", value);
	}

	answer = fill("A new vserver", draft->method->summary, fields, places, count, buttons,
		      focus);
	for (size_t i = 0; i < FIRST_KEYS; i++)
		free(help[i]);
	return answer;
}

static int fill_all(struct draft *draft, size_t *focus)
{
	static const char *const buttons[] = { "OK", "Back", NULL };
	const struct vctl_conf_key *keys = vctl_conf_key_list();
	char *help[DRAFT_KEYS];
	struct field fields[DRAFT_KEYS];
	char **places[DRAFT_KEYS];
	size_t count = 0;
	int answer;

	for (; keys[count].name; count++) {
		help[count] = help_of(keys[count].name);
		places[count] = &draft->values[count];
		fields[count] = field_of(FIELD_TEXT, keys[count].name,
					 help[count] ? help[count] : "", &draft->values[count]);
	}

	answer = fill(*draft->name ? draft->name : "A new vserver",
		      "Its configuration. What is empty has the default; F1 tells of each.", fields,
		      places, count, buttons, focus);
	for (size_t i = 0; i < count; i++)
		free(help[i]);
	return answer == 1 ? FORM_BACK : answer;
}

static bool is_right(const struct draft *draft, size_t *focus)
{
	auto_free char *why = NULL;

	draft_check(draft, focus, &why);
	if (why)
		form_tell("This can't be", why, ok);
	return !why;
}

/* All settings, until they are right or one goes back. */
static int fill_all_right(struct draft *draft)
{
	size_t focus = 0;
	int answer;

	do {
		answer = fill_all(draft, &focus);
	} while (answer != FORM_BACK && !is_right(draft, &focus));
	return answer;
}

static bool is_there(const char *path)
{
	struct stat stat;

	return lstat(path, &stat) == 0;
}

/* A name that a new one can have. */
static bool name_is_right(const struct draft *draft)
{
	vctl_auto_vserver struct vctl_vserver *vs = NULL;
	vctl_auto_error struct vctl_error *err = NULL;
	auto_free char *why = NULL;

	if (vctl_vserver_open(draft->name, &vs, &err) < 0) {
		if (asprintf(&why, "%s: %s (%s)", vctl_error_what(err), vctl_error_why(err),
			     vctl_error_advice(err)) < 0)
			why = NULL;
	} else if (is_there(vctl_vserver_conf(vs)) || is_there(vctl_vserver_tree(vs))) {
		if (asprintf(&why, "vserver %s: there is such a vserver already", draft->name) < 0)
			why = NULL;
	} else {
		return true;
	}

	form_tell("This can't be", why ? why : "The name is not right.", ok);
	return false;
}

static bool options_are_right(const struct draft *draft, size_t *focus)
{
	const struct draft_option *option = draft->method->options;

	for (size_t i = 0; i < DRAFT_OPTIONS && option[i].option; i++) {
		auto_free char *why = NULL;

		if (!option[i].needed || *draft->options[i])
			continue;
		*focus = 1 + i;
		if (asprintf(&why, "%s: this has to be filled in", option[i].label) < 0)
			why = NULL;
		form_tell("This can't be", why ? why : option[i].label, ok);
		return false;
	}

	return true;
}

/* Shows what will be done; true: do it. */
static bool confirm(char *const *line, const char *button)
{
	const char *const buttons[] = { button, "Back", NULL };
	auto_free char *command = draft_text(line);
	auto_free char *text = NULL;

	if (!command || asprintf(&text, "This is going to be done, and can be done without forms "
				 "by this command:\n\n%s", command) < 0) {
		text = NULL;
		return false;
	}

	return form_tell("Summary", text, buttons) == 0;
}

/* The first form, until it is right; FORM_BACK, or 0. */
static int fill_new(struct draft *draft)
{
	size_t focus = 0;

	for (;;) {
		int answer = fill_first(draft, &focus);
		size_t key = 0;

		if (answer == FORM_BACK || answer == 2)
			return FORM_BACK;
		if (answer == 1) {
			fill_all_right(draft);
			continue;
		}
		if (!name_is_right(draft)) {
			focus = 0;
			continue;
		}
		if (options_are_right(draft, &focus) && is_right(draft, &key))
			return 0;
	}
}

/* As the command line does it, in a process whose signals are its own. */
static enum status run_command(const struct command *command, char **line)
{
	int argc = 0;
	int status;
	pid_t child;

	while (line[argc])
		argc++;
	fflush(NULL);
	child = fork();
	if (child < 0)
		return message_system(command->name, NULL);
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		status = (int)command->run(command, argc, line);
		_exit(message_flush() < 0 ? STATUS_FAILED : status);
	}

	signal(SIGINT, SIG_IGN);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	signal(SIGINT, SIG_DFL);
	return WIFEXITED(status) ? (enum status)WEXITSTATUS(status) : STATUS_FAILED;
}

static bool ask(const char *question)
{
	char answer[16];

	fprintf(stderr, "%s [Y/n] ", question);
	fflush(stderr);
	return fgets(answer, sizeof(answer), stdin) && answer[0] != 'n' && answer[0] != 'N';
}

static enum status start(const char *name)
{
	char *line[] = { (char *)command_start.name, (char *)name, NULL };

	return ask("Start it now?") ? run_command(&command_start, line) : STATUS_DONE;
}

/* Again to the forms: -1; else the exit status. */
static int build(const struct draft *draft)
{
	char **line = draft_line(draft);
	enum status status;

	if (!line || !confirm(line, "Build")) {
		vctl_names_free(line);
		return -1;
	}

	form_end();
	status = run_command(&command_build, line);
	vctl_names_free(line);
	if (status == STATUS_DONE)
		return (int)start(draft->name);
	if (!ask("Back to the form?") || form_begin())
		return (int)status;
	return -1;
}

static int choose_method(struct draft *draft)
{
	const struct draft_method *methods = draft_methods();
	const char *lines[8] = { NULL };
	char text[8][80];
	int chosen = 0;

	for (size_t i = 0; methods[i].name; i++) {
		snprintf(text[i], sizeof(text[i]), "%-12s %s", methods[i].name,
			 methods[i].summary);
		lines[i] = text[i];
		chosen = draft->method == &methods[i] ? (int)i : chosen;
	}

	chosen = form_menu("A new vserver", "What is it made from?", lines, chosen);
	if (chosen == FORM_BACK || draft->method == &methods[chosen])
		return chosen;
	return draft_choose(draft, &methods[chosen]) < 0 ? FORM_BACK : chosen;
}

/* -1: back, or the exit status. */
static int make_new(void)
{
	__attribute__((cleanup(draft_free))) struct draft draft = { 0 };
	int result = -1;

	if (draft_new(&draft) < 0)
		return -1;
	while (result < 0) {
		if (choose_method(&draft) == FORM_BACK)
			return -1;
		while (result < 0 && fill_new(&draft) != FORM_BACK)
			result = build(&draft);
	}

	return result;
}

static int save(const struct draft *draft)
{
	vctl_auto_vserver struct vctl_vserver *vs = NULL;
	char **line = draft_line(draft);
	enum status status;

	if (line && !line[2])
		form_tell(draft->name, "Nothing is to be changed.", ok);
	if (!line || !line[2] || !confirm(line, "Save")) {
		vctl_names_free(line);
		return -1;
	}

	form_end();
	status = run_command(&command_set, line);
	vctl_names_free(line);
	return (int)status;
}

/* Likewise. */
static int change(const char *name)
{
	__attribute__((cleanup(draft_free))) struct draft draft = { 0 };
	vctl_auto_error struct vctl_error *err = NULL;
	auto_free char *why = NULL;
	int result = -1;

	if (draft_read(&draft, name, &err) < 0) {
		if (asprintf(&why, "%s: %s", vctl_error_what(err), vctl_error_why(err)) < 0)
			why = NULL;
		form_tell(name, why ? why : "out of memory", ok);
		return -1;
	}

	while (result < 0 && fill_all_right(&draft) != FORM_BACK)
		result = save(&draft);
	return result;
}

static int choose(char **names)
{
	auto_free const char **lines = NULL;
	auto_free char **texts = NULL;
	size_t count = 0;
	int chosen;

	while (names[count])
		count++;
	lines = calloc(count + 2, sizeof(*lines));
	texts = calloc(count + 1, sizeof(*texts));
	if (!lines || !texts)
		return FORM_BACK;

	lines[0] = "Build a new vserver";
	for (size_t i = 0; i < count; i++) {
		if (asprintf(&texts[i], "Configure %s", names[i]) < 0)
			texts[i] = NULL;
		lines[i + 1] = texts[i] ? texts[i] : names[i];
	}
	chosen = form_menu("Virtual servers", "What is to be done?", lines, 0);
	for (size_t i = 0; i < count; i++)
		free(texts[i]);
	return chosen;
}

/* The exit status. */
static enum status go(char **names, const char *name)
{
	int result = name ? change(name) : -1;

	while (!name && result < 0) {
		int chosen = choose(names);

		if (chosen == FORM_BACK)
			break;
		result = chosen == 0 ? make_new() : change(names[chosen - 1]);
	}
	if (result >= 0)
		return (enum status)result;

	form_end();
	return STATUS_FAILED;
}

/* Not reached: there are no options. */
static int take_option(int value, const char *argument, void *data)
{
	(void)value;
	(void)argument;
	(void)data;
	return 0;
}

static enum status run(const struct command *self, int argc, char **argv)
{
	vctl_auto_vserver struct vctl_vserver *vs = NULL;
	vctl_auto_error struct vctl_error *err = NULL;
	const char *why;
	enum status status;
	char **names;
	int first;
	int go_on = option_parse(self, argc, argv, take_option, NULL, &first);

	if (go_on <= 0)
		return go_on < 0 ? STATUS_USAGE : STATUS_DONE;
	if (first + 1 < argc)
		return message_usage(self, argv[first + 1], "one vserver at a time");
	if (first < argc && vserver_open(argv[first], &vs) != STATUS_DONE)
		return STATUS_USAGE;
	if (vctl_vserver_list(&names, &err) < 0)
		return message_fail(err);
	if (first < argc && !vserver_exists(argv[first])) {
		vctl_names_free(names);
		return vserver_missing(argv[first]);
	}

	why = form_begin();
	if (why) {
		vctl_names_free(names);
		message_error(self->name, why, "vctl build and vctl set do the same");
		return STATUS_FAILED;
	}
	status = go(names, argv[first]);
	vctl_names_free(names);
	return status;
}

const struct command command_new = {
	.name = "new",
	.classic = "newvserver",
	.usage = "[NAME]",
	.summary = "forms to build a vserver, or to configure one",
	.text = "Build a vserver, or change the configuration of NAME or of one that is chosen,\n"
		"by forms on the terminal.  Nothing is done before the last of them shows what\n"
		"is going to be: a command line of vctl build or vctl set, which can do all of\n"
		"this without forms.\n\n"
		"Arrows and Enter move between fields, Tab to the buttons and back; F1 tells of a\n"
		"field, Esc or F12 goes back.",
	.status = "0 done, 1 failed or left without doing anything, 2 wrong usage",
	.options = options,
	.anywhere = true,
	.run = run,
};
