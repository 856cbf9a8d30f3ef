// SPDX-License-Identifier: GPL-2.0-only
/* Forms, by newt. */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <newt.h>
#include <slang.h>

#include "cleanup.h"
#include "form.h"
#include "message.h"

#define BUTTONS_MAX	3
#define FIELDS_MAX	24
#define AROUND		12	/* lines that a window has besides its fields, with the screen's own */
#define TEXT_WIDTH	68

static const int ends[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };

/* Whoever ends us finds the terminal as it was: nothing else happens while a key is waited for. */
static void on_end(int number)
{
	newtFinished();
	raise(number);
}

static void catch_ends(bool on)
{
	struct sigaction action = { .sa_handler = SIG_DFL };

	if (on) {
		action.sa_handler = on_end;
		action.sa_flags = (int)SA_RESETHAND | SA_NODEFER;
	}
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		sigaction(ends[i], &action, NULL);
}

const char *form_begin(void)
{
	const char *term = getenv("TERM");

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return "there is no terminal for forms";
	if (!term || SLtt_initialize(NULL) < 0)
		return "this kind of terminal (TERM) is not known, or can't do forms";

	setlocale(LC_CTYPE, "");
	if (!message_colour(stdout) && setenv("NEWT_MONO", "1", 1) < 0)
		return "out of memory";
	if (newtInit() != 0)
		return "the terminal can't do forms";

	catch_ends(true);
	newtCls();
	newtPushHelpLine(" Arrows, Enter: next field   Tab: buttons   F1: help   Esc: back");
	return NULL;
}

void form_end(void)
{
	newtFinished();
	catch_ends(false);
}

/* Texts from anywhere are shown, by a library that wants them writable. */
static char *shown(const char *text)
{
	char *copy = strdup(text);

	for (char *line = copy; line && *line; line++) {
		char *end = strchrnul(line, '\n');
		char kept = *end;

		*end = '\0';
		message_defuse(line);
		*end = kept;
		line = end;
		if (!*line)
			break;
	}

	return copy;
}

static int screen_lines(void)
{
	int columns, lines;

	newtGetScreenSize(&columns, &lines);
	return lines;
}

/* As high as it has to be, or as there is room. */
static newtComponent text_box(const char *text)
{
	auto_free char *copy = shown(text);
	auto_free char *lines = newtReflowText(copy ? copy : (char *)"", TEXT_WIDTH, 4, 4, NULL,
					       NULL);
	int width = 0, height = 0;
	newtComponent box;

	for (const char *line = lines; line && *line; line += *line == '\n') {
		size_t length = strcspn(line, "\n");

		width = (int)length > width ? (int)length : width;
		height++;
		line += length;
	}
	if (height <= screen_lines() - AROUND)
		return newtTextboxReflowed(-1, -1, copy ? copy : (char *)"", TEXT_WIDTH, 4, 4, 0);

	box = newtTextbox(-1, -1, width, screen_lines() - AROUND, NEWT_FLAG_SCROLL);
	newtTextboxSetText(box, lines);
	return box;
}

static newtGrid button_bar(const char *const *buttons, newtComponent *pressed)
{
	newtGrid bar = newtCreateGrid(BUTTONS_MAX, 1);

	for (int i = 0; buttons[i] && i < BUTTONS_MAX; i++) {
		pressed[i] = newtButton(-1, -1, buttons[i]);
		newtGridSetField(bar, i, 0, NEWT_GRID_COMPONENT, pressed[i], i ? 2 : 0, 0, 0, 0, 0,
				 0);
	}
	return bar;
}

/* A window with a text, something in the middle, and buttons; all of it is in the form. */
static newtComponent open_window(const char *title, const char *text, newtComponent middle,
				 const char *const *buttons, newtComponent *pressed)
{
	newtComponent form = newtForm(NULL, NULL, 0);
	auto_free char *copy = shown(title);
	newtGrid grid = newtCreateGrid(1, 3);

	newtGridSetField(grid, 0, 0, NEWT_GRID_COMPONENT, text_box(text), 0, 0, 0, 1,
			 NEWT_ANCHOR_LEFT, 0);
	if (middle)
		newtGridSetField(grid, 0, 1, NEWT_GRID_COMPONENT, middle, 0, 0, 0, 1, 0, 0);
	newtGridSetField(grid, 0, 2, NEWT_GRID_SUBGRID, button_bar(buttons, pressed), 0, 0, 0, 0, 0,
			 NEWT_GRID_FLAG_GROWX);
	newtGridWrappedWindow(grid, copy ? copy : (char *)"");
	newtGridAddComponentsToForm(grid, form, 1);
	newtGridFree(grid, 1);
	newtFormAddHotKey(form, NEWT_KEY_ESCAPE);
	newtFormAddHotKey(form, NEWT_KEY_F1);
	return form;
}

static void close_window(newtComponent form)
{
	newtFormDestroy(form);
	newtPopWindow();
}

/* How a form was left. */
enum left {
	LEFT_BACK = -1,
	LEFT_HELP = -2,
	LEFT_ELSE = -3,		/* by something that is no button */
};

static int run_form(newtComponent form, const newtComponent *pressed)
{
	struct newtExitStruct left;

	newtFormRun(form, &left);
	if (left.reason == NEWT_EXIT_HOTKEY && left.u.key == NEWT_KEY_F1)
		return LEFT_HELP;
	if (left.reason != NEWT_EXIT_COMPONENT)
		return LEFT_BACK;
	for (int i = 0; i < BUTTONS_MAX; i++) {
		if (pressed[i] && left.u.co == pressed[i])
			return i;
	}

	return LEFT_ELSE;
}

int form_menu(const char *title, const char *text, const char *const *lines, int chosen)
{
	static const char *const buttons[] = { "OK", "Back", NULL };
	newtComponent pressed[BUTTONS_MAX] = { NULL };
	newtComponent list, form;
	long count = 0;
	int most = screen_lines() - AROUND;
	int left;

	while (lines[count])
		count++;
	most = most < 3 ? 3 : most;
	list = newtListbox(-1, -1, count < most ? (int)count : most,
			   NEWT_FLAG_RETURNEXIT | (count > most ? NEWT_FLAG_SCROLL : 0));
	for (long i = 0; i < count; i++) {
		auto_free char *copy = shown(lines[i]);

		newtListboxAppendEntry(list, copy ? copy : "", (void *)i);
	}
	newtListboxSetCurrent(list, chosen);

	form = open_window(title, text, list, buttons, pressed);
	newtFormSetCurrent(form, list);
	do {
		left = run_form(form, pressed);
	} while (left == LEFT_HELP);
	chosen = (int)(long)newtListboxGetCurrent(list);
	close_window(form);

	return left == LEFT_BACK || left == 1 ? FORM_BACK : chosen;
}

/* The fields of a form: a form in the form, which scrolls if it has to. */
struct inner {
	newtComponent form;
	newtComponent bar;		/* NULL: all fields fit in */
	newtComponent parts[FIELDS_MAX];
};

static void make_fields(struct inner *inner, struct field *fields, size_t count)
{
	int most = screen_lines() - AROUND;
	int height = (int)count < most ? (int)count : most;
	int widest = 0;

	inner->bar = NULL;

	height = height < 2 ? 2 : height;
	for (size_t i = 0; i < count; i++) {
		if ((int)strlen(fields[i].label) > widest)
			widest = (int)strlen(fields[i].label);
	}
	if ((int)count > height)
		inner->bar = newtVerticalScrollbar(TEXT_WIDTH - 1, 0, height, NEWT_COLORSET_WINDOW,
						   NEWT_COLORSET_ACTCHECKBOX);
	inner->form = newtForm(inner->bar, NULL, 0);
	newtFormSetBackground(inner->form, NEWT_COLORSET_WINDOW);
	newtFormSetHeight(inner->form, height);
	newtFormSetWidth(inner->form, TEXT_WIDTH);
	for (size_t i = 0; i < count; i++) {
		struct field *field = &fields[i];
		int at = widest + 2;

		inner->parts[i] = field->kind == FIELD_YES ?
			newtCheckbox(at, (int)i, "", strcmp(field->value, "yes") == 0 ? '*' : ' ',
				     " *", NULL) :
			newtEntry(at, (int)i, field->value, TEXT_WIDTH - at - 2, NULL,
				  NEWT_FLAG_SCROLL);
		newtFormAddComponents(inner->form, newtLabel(0, (int)i, field->label),
				      inner->parts[i], NULL);
	}
}

static void take_fields(const struct inner *inner, struct field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		newtComponent part = inner->parts[i];
		char *value = strdup(fields[i].kind == FIELD_TEXT ? newtEntryGetValue(part) :
				     newtCheckboxGetValue(part) == '*' ? "yes" : "no");

		/* Without memory it stays as it was. */
		if (!value)
			continue;
		free(fields[i].value);
		fields[i].value = value;
	}
}

static size_t focus_of(const struct inner *inner, size_t count)
{
	newtComponent current = newtFormGetCurrent(inner->form);

	for (size_t i = 0; i < count; i++) {
		if (inner->parts[i] == current)
			return i;
	}

	return 0;
}

int form_fill(const char *title, const char *text, struct field *fields, size_t count,
	      const char *const *buttons, size_t *focus)
{
	static const char *const ok[] = { "OK", NULL };
	newtComponent pressed[BUTTONS_MAX] = { NULL };
	struct inner inner;
	newtComponent form;
	int left;

	make_fields(&inner, fields, count);
	form = open_window(title, text, inner.form, buttons, pressed);
	newtFormSetCurrent(inner.form, inner.parts[*focus]);
	newtFormSetCurrent(form, inner.form);
	for (;;) {
		left = run_form(form, pressed);
		*focus = focus_of(&inner, count);
		if (left == LEFT_HELP)
			form_tell(fields[*focus].label, fields[*focus].help, ok);
		else if (left != LEFT_ELSE)
			break;
	}
	take_fields(&inner, fields, count);
	close_window(form);
	if (inner.bar)
		newtComponentDestroy(inner.bar);

	return left == LEFT_BACK ? FORM_BACK : left;
}

int form_tell(const char *title, const char *text, const char *const *buttons)
{
	newtComponent pressed[BUTTONS_MAX] = { NULL };
	newtComponent form = open_window(title, text, NULL, buttons, pressed);
	int left;

	do {
		left = run_form(form, pressed);
	} while (left == LEFT_HELP);
	close_window(form);

	return left == LEFT_BACK ? FORM_BACK : left;
}
