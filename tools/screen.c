// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vterm.h>

#include "cleanup.h"
#include "clock.h"
#include "columns.h"
#include "label.h"
#include "screen.h"

#define LOOK_MS		500	/* a frame is not looked up more often */
#define COLUMNS_LEAST	10	/* for the program, however narrow the terminal is */
#define ROW_ROOM	64	/* bytes of a cell at most, with all that it looks like */

struct screen {
	struct map *map;
	screen_write out;
	void *data;
	struct label label;
	int64_t looked;
	VTerm *vterm;
	VTermScreen *cells;
	int rows, columns;
	char **shown;		/* each row as it is on the terminal; NULL: not known */
	VTermPos cursor;
	bool hidden;		/* the cursor */
	bool bell;
	bool drawn;
	bool changed;
	bool lead;		/* the last byte was the first one of U+0080 to U+00BF */
};

/* The look of cells, in the words of a terminal. */
struct look {
	char sgr[ROW_ROOM];
};

/* A row that is being written down. */
struct row {
	char *bytes;
	size_t used;
	struct look look;
};

static int on_damage(VTermRect rect, void *user)
{
	(void)rect;
	((struct screen *)user)->changed = true;
	return 1;
}

static int on_cursor(VTermPos pos, VTermPos old, int visible, void *user)
{
	struct screen *screen = user;

	(void)old;
	(void)visible;
	screen->cursor.row = pos.row < 0 ? 0 : pos.row;
	screen->cursor.col = pos.col < 0 ? 0 : pos.col;
	screen->changed = true;
	return 1;
}

static int on_property(VTermProp property, VTermValue *value, void *user)
{
	struct screen *screen = user;

	if (property == VTERM_PROP_CURSORVISIBLE) {
		screen->hidden = !value->boolean;
		screen->changed = true;
	}
	return 1;
}

static int on_bell(void *user)
{
	((struct screen *)user)->bell = true;
	return 1;
}

static const VTermScreenCallbacks calls = {
	.damage = on_damage,
	.movecursor = on_cursor,
	.settermprop = on_property,
	.bell = on_bell,
};

struct screen *screen_new(struct map *map, screen_write out, void *data)
{
	struct screen *screen = calloc(1, sizeof(*screen));

	if (!screen)
		return NULL;

	screen->map = map;
	screen->out = out;
	screen->data = data;
	screen->label = label_measure(map);
	screen->looked = now_ms();
	return screen;
}

void screen_forget(struct screen *screen)
{
	for (int row = 0; screen->shown && row < screen->rows; row++) {
		free(screen->shown[row]);
		screen->shown[row] = NULL;
	}
	screen->changed = screen->drawn;
}

void screen_free(struct screen *screen)
{
	if (!screen)
		return;

	screen_forget(screen);
	free(screen->shown);
	if (screen->vterm)
		vterm_free(screen->vterm);
	free(screen);
}

static int make_cells(struct screen *screen)
{
	screen->vterm = vterm_new(screen->rows, screen->columns);
	if (!screen->vterm)
		return -1;

	vterm_set_utf8(screen->vterm, 1);
	screen->cells = vterm_obtain_screen(screen->vterm);
	vterm_screen_enable_altscreen(screen->cells, 1);
	vterm_screen_set_callbacks(screen->cells, &calls, screen);
	vterm_screen_reset(screen->cells, 1);
	screen->changed = false;
	return 0;
}

int screen_resize(struct screen *screen, int rows, int columns)
{
	screen_forget(screen);
	free(screen->shown);
	screen->rows = rows > 0 ? rows : 1;
	screen->columns = columns - label_width(screen->label);
	if (screen->columns < COLUMNS_LEAST)
		screen->columns = COLUMNS_LEAST;
	screen->shown = calloc((size_t)screen->rows, sizeof(*screen->shown));
	if (!screen->shown || (!screen->vterm && make_cells(screen) < 0))
		return 0;

	vterm_set_size(screen->vterm, screen->rows, screen->columns);
	return screen->columns;
}

/* U+0080 to U+009F, which names may have, steer a terminal too: another one takes their place. */
void screen_take(struct screen *screen, const char *bytes, size_t count)
{
	char part[4096];

	while (count > 0) {
		size_t length = count < sizeof(part) ? count : sizeof(part);

		for (size_t i = 0; i < length; i++) {
			bool steers = screen->lead && (unsigned char)bytes[i] >= 0x80 &&
				      (unsigned char)bytes[i] <= 0x9f;

			part[i] = steers ? (char)0xbf : bytes[i];
			screen->lead = (unsigned char)bytes[i] == 0xc2;
		}
		vterm_input_write(screen->vterm, part, length);
		bytes += length;
		count -= length;
	}
}

size_t screen_answer(struct screen *screen, char *bytes, size_t room)
{
	return vterm_output_read(screen->vterm, bytes, room);
}

static VTermScreenCell cell_at(const struct screen *screen, int row, int column)
{
	VTermPos place = { .row = row, .col = column };
	VTermScreenCell cell = { .width = 1 };

	if (row >= 0 && column >= 0)
		vterm_screen_get_cell(screen->cells, place, &cell);
	return cell;
}

/* A byte for each column, those that are not ASCII being replaced. */
static void read_row(const struct screen *screen, int row, char *text)
{
	for (int column = 0; column < screen->columns; column++) {
		uint32_t c = cell_at(screen, row, column).chars[0];

		text[column] = c == 0 ? ' ' : c < 0x7f ? (char)c : '?';
	}
	text[screen->columns] = '\0';
}

/* "3" for the foreground, "4" for the background, and which colour. */
static int write_colour(char *text, size_t room, const VTermColor *colour, int ground)
{
	if (VTERM_COLOR_IS_RGB(colour))
		return snprintf(text, room, ";%d8;2;%u;%u;%u", ground, colour->rgb.red,
				colour->rgb.green, colour->rgb.blue);
	if (colour->indexed.idx < 8)
		return snprintf(text, room, ";%d%u", ground, colour->indexed.idx);

	return snprintf(text, room, ";%d8;5;%u", ground, colour->indexed.idx);
}

static struct look look_of(const VTermScreenCell *cell)
{
	struct look look = { "" };
	size_t used;

	used = (size_t)snprintf(look.sgr, sizeof(look.sgr), "\033[0%s%s%s%s%s",
				cell->attrs.bold ? ";1" : "", cell->attrs.italic ? ";3" : "",
				cell->attrs.underline ? ";4" : "", cell->attrs.blink ? ";5" : "",
				cell->attrs.reverse ? ";7" : "");
	if (!VTERM_COLOR_IS_DEFAULT_FG(&cell->fg))
		used += (size_t)write_colour(look.sgr + used, sizeof(look.sgr) - used, &cell->fg,
					     3);
	if (!VTERM_COLOR_IS_DEFAULT_BG(&cell->bg))
		used += (size_t)write_colour(look.sgr + used, sizeof(look.sgr) - used, &cell->bg,
					     4);
	snprintf(look.sgr + used, sizeof(look.sgr) - used, "m");
	return look;
}

static void add(struct row *row, const char *text)
{
	size_t length = strlen(text);

	memcpy(row->bytes + row->used, text, length);
	row->used += length;
}

static void add_look(struct row *row, const VTermScreenCell *cell)
{
	struct look look = look_of(cell);

	if (strcmp(look.sgr, row->look.sgr) != 0)
		add(row, look.sgr);
	row->look = look;
}

static void add_character(struct row *row, uint32_t c)
{
	char bytes[5] = "";

	if (c < 0x20 || (c >= 0x7f && c <= 0x9f)) {
		bytes[0] = '?';
	} else if (c < 0x80) {
		bytes[0] = (char)c;
	} else if (c < 0x800) {
		bytes[0] = (char)(0xc0 | c >> 6);
		bytes[1] = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		bytes[0] = (char)(0xe0 | c >> 12);
		bytes[1] = (char)(0x80 | (c >> 6 & 0x3f));
		bytes[2] = (char)(0x80 | (c & 0x3f));
	} else {
		bytes[0] = (char)(0xf0 | c >> 18);
		bytes[1] = (char)(0x80 | (c >> 12 & 0x3f));
		bytes[2] = (char)(0x80 | (c >> 6 & 0x3f));
		bytes[3] = (char)(0x80 | (c & 0x3f));
	}
	add(row, bytes);
}

static bool is_blank(const VTermScreenCell *cell)
{
	return (cell->chars[0] == 0 || cell->chars[0] == ' ') && !cell->attrs.reverse &&
	       !cell->attrs.underline && VTERM_COLOR_IS_DEFAULT_BG(&cell->bg);
}

/* Where the blank cells at its end begin. */
static int end_of(const struct screen *screen, int row)
{
	int end = screen->columns;

	while (end > 0) {
		VTermScreenCell cell = cell_at(screen, row, end - 1);

		if (!is_blank(&cell))
			break;
		end--;
	}

	return end;
}

/* @front: what is put in front, to look like the cell at @like; NULL: nothing.  NULL: no memory. */
static char *write_row(const struct screen *screen, int number, const char *front, size_t like)
{
	size_t room = (size_t)screen->columns * 2 * ROW_ROOM + LABEL_MAX + 2 * ROW_ROOM;
	struct row row = { .bytes = malloc(room) };
	int end = end_of(screen, number);

	if (!row.bytes)
		return NULL;

	/* Behind the last column of a terminal it would take that, too. */
	add(&row, "\033[0m\033[K");
	if (front) {
		VTermScreenCell cell = cell_at(screen, number, (int)like);

		add_look(&row, &cell);
		add(&row, front);
	}
	for (int column = 0; column < end;) {
		VTermScreenCell cell = cell_at(screen, number, column);

		add_look(&row, &cell);
		add_character(&row, cell.chars[0] ? cell.chars[0] : ' ');
		for (int i = 1; i < VTERM_MAX_CHARS_PER_CELL && cell.chars[0] && cell.chars[i]; i++)
			add_character(&row, cell.chars[i]);
		column += cell.width > 0 ? cell.width : 1;
	}
	add(&row, "\033[0m");
	row.bytes[row.used] = '\0';

	return row.bytes;
}

/* What is shown there is it already, or it is sent.  Takes @bytes. */
static int show_row(struct screen *screen, int row, char *bytes)
{
	char place[24];

	if (!bytes)
		return 0;
	if (screen->shown[row] && strcmp(screen->shown[row], bytes) == 0) {
		free(bytes);
		return 0;
	}

	free(screen->shown[row]);
	screen->shown[row] = bytes;
	snprintf(place, sizeof(place), "\033[%d;1H", row + 1);
	return screen->out(screen->data, place, strlen(place)) < 0 ||
	       screen->out(screen->data, bytes, strlen(bytes)) < 0 ? -1 : 0;
}

/* Of the table to which a row belongs. */
struct table {
	bool is;
	struct columns columns;
};

/*
 * What is to be put in front of a row, written to @text; NULL: nothing.  A line with "PID = ..." is
 * no header but an explanation or a question; with a number it is a process of that name.
 */
static const char *front_of(struct screen *screen, const char *line, struct table *table,
			    char *text)
{
	pid_t number = table->is ? columns_number(&table->columns, line) : 0;

	if (number == 0 && !strchr(line, '=') && columns_read(line, &table->columns)) {
		table->is = true;
		return label_title(screen->label, text);
	}

	return number > 0 ? label_of(screen->label, map_find(screen->map, number), text) : NULL;
}

static int draw_rows(struct screen *screen, bool *cursor_moved)
{
	auto_free char *line = malloc((size_t)screen->columns + 1);
	struct table table = { .is = false };
	char text[LABEL_MAX];

	for (int row = 0; line && row < screen->rows; row++) {
		const char *front;
		size_t like;

		read_row(screen, row, line);
		front = front_of(screen, line, &table, text);
		if (front && row == screen->cursor.row)
			*cursor_moved = true;
		like = front ? table.columns.end - 1 : 0;
		if (show_row(screen, row, write_row(screen, row, front, like)) < 0)
			return -1;
	}

	return 0;
}

static int draw_cursor(struct screen *screen, bool moved)
{
	int column = screen->cursor.col + 1 + (moved ? label_width(screen->label) : 0);
	char text[48];

	snprintf(text, sizeof(text), "\033[%d;%dH\033[?25%c%s", screen->cursor.row + 1, column,
		 screen->hidden ? 'l' : 'h', screen->bell ? "\a" : "");
	screen->bell = false;
	return screen->out(screen->data, text, strlen(text));
}

/* True if what is in front has become wider. */
static bool look_again(struct screen *screen)
{
	struct label label;

	if (now_ms() - screen->looked < LOOK_MS)
		return false;
	map_look(screen->map, NULL);
	screen->looked = now_ms();

	label = label_measure(screen->map);
	if (label.ids <= screen->label.ids && label.names <= screen->label.names)
		return false;
	if (label.ids > screen->label.ids)
		screen->label.ids = label.ids;
	if (label.names > screen->label.names)
		screen->label.names = label.names;
	return true;
}

int screen_draw(struct screen *screen)
{
	static const char begin[] = "\033[0m\033[H\033[2J\033[?25l";
	static const char hide[] = "\033[?25l";
	bool moved = false;

	if (!screen->changed)
		return 0;
	screen->changed = false;
	if (look_again(screen))
		return 1;

	if (screen->out(screen->data, screen->drawn ? hide : begin,
			strlen(screen->drawn ? hide : begin)) < 0)
		return -1;
	screen->drawn = true;
	if (draw_rows(screen, &moved) < 0)
		return -1;
	return draw_cursor(screen, moved);
}

void screen_leave(struct screen *screen)
{
	char text[48];

	if (!screen->drawn)
		return;
	snprintf(text, sizeof(text), "\033[0m\033[%d;1H\033[?25h\n", screen->rows);
	screen->out(screen->data, text, strlen(text));
}
