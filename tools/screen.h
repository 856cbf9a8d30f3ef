/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a program would show on a terminal of its own, shown on a wider one with two more columns in
 * front of its tables of processes.
 */
#ifndef SCREEN_H
#define SCREEN_H

#include <stdbool.h>
#include <stddef.h>

#include "map.h"

struct screen;

/* Takes bytes for a descriptor of its own; 0, or -1 if there is nobody any more. */
typedef int (*screen_write)(void *data, const char *bytes, size_t count);

/**
 * screen_new() - A screen that nothing is on yet
 * @map: who is in which context; looked at again now and then
 * @out: takes what the terminal is to show
 * @data: handed to it
 *
 * Return: it, to be freed with screen_free(); NULL: no memory.
 */
struct screen *screen_new(struct map *map, screen_write out, void *data);

/** screen_free() - Free it; NULL is fine */
void screen_free(struct screen *screen);

/**
 * screen_resize() - The terminal has another size
 * @rows, @columns: its own
 *
 * Return: how many columns there are for the program; 0: no memory.
 */
int screen_resize(struct screen *screen, int rows, int columns);

/** screen_take() - Take what the program writes; screen_draw() shows it */
void screen_take(struct screen *screen, const char *bytes, size_t count);

/** screen_answer() - What the program is to read because it asked the terminal; how many bytes */
size_t screen_answer(struct screen *screen, char *bytes, size_t room);

/**
 * screen_draw() - Show what has changed
 *
 * Return: 0; 1 if the columns in front need more room now: screen_resize() has to be called; -1:
 * nobody takes it any more.
 */
int screen_draw(struct screen *screen);

/** screen_forget() - What is on the terminal is not known any more */
void screen_forget(struct screen *screen);

/** screen_leave() - Put the cursor below it, if anything was shown at all */
void screen_leave(struct screen *screen);

#endif /* SCREEN_H */
