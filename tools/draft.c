// SPDX-License-Identifier: GPL-2.0-only
/* What the forms of "vctl new" come to. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "config.h"
#include "draft.h"

#define PLAIN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:,+@%-"

static const struct draft_method methods[] = {
	{ "copy", "a copy of this machine's system, or of another directory",
	  { { FIELD_TEXT, "--from", "Directory",
	      "Where the system is that is copied. Empty: this machine's, /.", false } } },
	{ "debootstrap", "a fresh Debian",
	  { { FIELD_TEXT, "--suite", "Release",
	      "As bookworm. Empty: this machine's, else bookworm.", false },
	    { FIELD_TEXT, "--mirror", "Mirror",
	      "URL of a mirror, or a directory that is one or has packages. Empty: the usual.",
	      false },
	    { FIELD_TEXT, "--include", "More packages", "Their names, with commas between.",
	      false },
	    { FIELD_TEXT, "--variant", "Variant", "The set of packages, as minbase. Empty: the "
	      "usual.", false },
	    { FIELD_TEXT, "--from", "Archive",
	      "A root file system, or what debootstrap --make-tarball made, instead of a mirror.",
	      false } } },
	{ "tar", "any root file system in an archive",
	  { { FIELD_TEXT, "--from", "Archive", "The file, compressed or not.", true } } },
	{ "clone", "another vserver, with which it shares its programs",
	  { { FIELD_TEXT, "--from", "Vserver", "The name of the other one.", true },
	    { FIELD_YES, "--copy", "Full copies", "Share no file with it.", false } } },
	{ "skeleton", "empty directories", { { 0 } } },
	{ 0 },
};

const struct draft_method *draft_methods(void)
{
	return methods;
}

/* 0, or -1 for want of memory. */
static int give(char **value, const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		return -1;

	free(*value);
	*value = copy;
	return 0;
}

int draft_new(struct draft *draft)
{
	const struct vctl_conf_key *keys = vctl_conf_key_list();

	for (size_t i = 0; keys[i].name; i++) {
		if (give(&draft->values[i], keys[i].built ? keys[i].built : "") < 0)
			return -1;
	}

	return give(&draft->name, "");
}

int draft_choose(struct draft *draft, const struct draft_method *method)
{
	draft->method = method;
	for (size_t i = 0; i < DRAFT_OPTIONS && method->options[i].option; i++) {
		if (give(&draft->options[i],
			 method->options[i].kind == FIELD_YES ? "no" : "") < 0)
			return -1;
	}

	return 0;
}

int draft_read(struct draft *draft, const char *name, struct vctl_error **err)
{
	const struct vctl_conf_key *keys = vctl_conf_key_list();
	vctl_auto_vserver struct vctl_vserver *vs = NULL;
	int result = vctl_vserver_open(name, &vs, err);

	if (result == 0)
		result = vctl_conf_settings(vctl_vserver_conf(vs), &draft->before, err);
	if (result < 0)
		return result;

	for (size_t i = 0; keys[i].name; i++) {
		const char *value = config_value(draft->before, keys[i].name);

		if (give(&draft->values[i], value ? value : "") < 0)
			return -ENOMEM;
	}
	return give(&draft->name, name) < 0 ? -ENOMEM : 0;
}

void draft_free(struct draft *draft)
{
	for (size_t i = 0; i < DRAFT_KEYS; i++)
		free(draft->values[i]);
	for (size_t i = 0; i < DRAFT_OPTIONS; i++)
		free(draft->options[i]);
	vctl_names_free(draft->before);
	free(draft->name);
	*draft = (struct draft){ 0 };
}

char **draft_value(struct draft *draft, const char *key)
{
	const struct vctl_conf_key *keys = vctl_conf_key_list();
	size_t at = 0;

	while (strcmp(keys[at].name, key) != 0)
		at++;
	return &draft->values[at];
}

/* Words of a command line that is being put together. */
struct words {
	char **all;
	size_t count;
	bool failed;
};

__attribute__((format(printf, 2, 3)))
static void add(struct words *words, const char *format, ...)
{
	char **more = reallocarray(words->all, words->count + 2, sizeof(*more));
	va_list list;

	if (more)
		words->all = more;
	va_start(list, format);
	if (!more || vasprintf(&more[words->count], format, list) < 0)
		words->failed = true;
	else
		words->all[++words->count] = NULL;
	va_end(list);
}

static char **finish(struct words *words)
{
	if (!words->failed)
		return words->all;

	if (words->all)
		words->all[words->count] = NULL;
	vctl_names_free(words->all);
	return NULL;
}

/* Those that are not as they would be anyway. */
static void add_settings(struct words *words, const struct draft *draft, const char *option)
{
	const struct vctl_conf_key *keys = vctl_conf_key_list();

	for (size_t i = 0; keys[i].name; i++) {
		const char *usual = keys[i].built ? keys[i].built : "";

		if (strcmp(draft->values[i], usual) == 0)
			continue;
		if (option)
			add(words, "%s", option);
		add(words, "%s=%s", keys[i].name, draft->values[i]);
	}
}

void draft_check(const struct draft *draft, size_t *key, char **why)
{
	const struct vctl_conf_key *keys = vctl_conf_key_list();
	vctl_auto_error struct vctl_error *err = NULL;
	struct words words = { 0 };
	const char *what;
	char **settings;

	*why = NULL;
	for (size_t i = 0; keys[i].name; i++) {
		if (*draft->values[i])
			add(&words, "%s=%s", keys[i].name, draft->values[i]);
	}
	settings = finish(&words);
	if (vctl_conf_check((const char *const *)settings, &err) == 0) {
		vctl_names_free(settings);
		return;
	}

	vctl_names_free(settings);
	what = vctl_error_what(err);
	for (size_t i = 0; keys[i].name; i++) {
		if (strcmp(keys[i].name, what) == 0)
			*key = i;
	}
	if (asprintf(why, "%s: %s%s%s%s", what, vctl_error_why(err),
		     vctl_error_advice(err) && *vctl_error_advice(err) ? " (" : "",
		     vctl_error_advice(err) ? vctl_error_advice(err) : "",
		     vctl_error_advice(err) && *vctl_error_advice(err) ? ")" : "") < 0)
		*why = strdup(what);
}

static char **line_of_build(const struct draft *draft)
{
	const struct draft_option *options = draft->method->options;
	struct words words = { 0 };

	add(&words, "build");
	add(&words, "--method");
	add(&words, "%s", draft->method->name);
	for (size_t i = 0; i < DRAFT_OPTIONS && options[i].option; i++) {
		bool flag = options[i].kind == FIELD_YES;

		if (!*draft->options[i] || (flag && strcmp(draft->options[i], "yes") != 0))
			continue;
		add(&words, "%s", options[i].option);
		if (!flag)
			add(&words, "%s", draft->options[i]);
	}
	add_settings(&words, draft, "--set");
	add(&words, "%s", draft->name);
	return finish(&words);
}

static char **line_of_set(const struct draft *draft)
{
	const struct vctl_conf_key *keys = vctl_conf_key_list();
	struct words words = { 0 };

	add(&words, "set");
	add(&words, "%s", draft->name);
	for (size_t i = 0; keys[i].name; i++) {
		const char *before = config_value(draft->before, keys[i].name);

		if (strcmp(draft->values[i], before ? before : "") == 0)
			continue;
		if (*draft->values[i]) {
			add(&words, "%s=%s", keys[i].name, draft->values[i]);
		} else {
			add(&words, "--unset");
			add(&words, "%s", keys[i].name);
		}
	}
	return finish(&words);
}

char **draft_line(const struct draft *draft)
{
	return draft->before ? line_of_set(draft) : line_of_build(draft);
}

char *draft_text(char *const *line)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	if (!out)
		return NULL;

	fputs("vctl", out);
	for (; *line; line++) {
		putc(' ', out);
		if (**line && strspn(*line, PLAIN "=") == strlen(*line)) {
			fputs(*line, out);
			continue;
		}
		putc('\'', out);
		for (const char *byte = *line; *byte; byte++)
			fputs(*byte == '\'' ? "'\\''" : (char[]){ *byte, '\0' }, out);
		putc('\'', out);
	}
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}

	return text;
}
