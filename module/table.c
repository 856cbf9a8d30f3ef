// SPDX-License-Identifier: GPL-2.0-only
/*
 * The living contexts by id.
 *
 * A tree through the contexts themselves: to make a context allocates nothing else, and can't fail
 * for want of memory half-way.  (An xarray would need up to three nodes of its own for the only
 * context of a distant id, which is what a machine makes that runs one job after another.)
 */

#include <linux/rbtree.h>
#include <linux/spinlock.h>

#include "context.h"

static DEFINE_SPINLOCK(table_lock);	/* inside tasklist_lock, which interrupts take */
static struct rb_root table = RB_ROOT;			/* under table_lock, as the following */
static struct rb_node *last;				/* of the highest id; NULL: none */
static u32 table_count;					/* read without, too */
static u32 next_id = VCONTEXT_ID_ALLOT_MIN;

static struct context *entry(const struct rb_node *node)
{
	return rb_entry_safe(node, struct context, node);
}

/* The context with the lowest id from @id on, or NULL. */
static struct context *find_from(u32 id)
{
	struct rb_node *node = table.rb_node;
	struct context *found = NULL;

	while (node) {
		if (entry(node)->id < id) {
			node = node->rb_right;
		} else {
			found = entry(node);
			node = node->rb_left;
		}
	}
	return found;
}

/* The first free id from @id to the highest, or VCONTEXT_ID_ANY. */
static u32 free_id_from(u32 id)
{
	struct context *context;

	if (!last || entry(last)->id < id)
		return id;
	context = find_from(id);
	while (context && context->id == id && id < VCONTEXT_ID_MAX) {
		id++;
		context = entry(rb_next(&context->node));
	}
	return context && context->id == id ? VCONTEXT_ID_ANY : id;
}

static u32 allot_id(void)
{
	u32 id = free_id_from(next_id);

	if (id == VCONTEXT_ID_ANY)
		id = free_id_from(VCONTEXT_ID_ALLOT_MIN);
	if (id != VCONTEXT_ID_ANY)
		next_id = id < VCONTEXT_ID_MAX ? id + 1 : VCONTEXT_ID_ALLOT_MIN;
	return id;
}

static bool less(struct rb_node *a, const struct rb_node *b)
{
	return entry(a)->id < entry(b)->id;
}

/* Most of them get a higher id than all others, for which no walk through the tree is needed. */
static void insert(struct context *context)
{
	if (last && entry(last)->id > context->id) {
		rb_add(&context->node, &table, less);
		return;
	}
	rb_link_node(&context->node, last, last ? &last->rb_right : &table.rb_node);
	rb_insert_color(&context->node, &table);
	last = &context->node;
}

/* Give @context the id @id, or any that is free.  Returns 0, EBUSY (in use), ENOSPC (none free). */
int table_add(struct context *context, u32 id)
{
	int err = 0;

	spin_lock_irq(&table_lock);
	context->id = id == VCONTEXT_ID_ANY ? allot_id() : id;
	if (context->id == VCONTEXT_ID_ANY) {
		err = -ENOSPC;
	} else if (id != VCONTEXT_ID_ANY && free_id_from(id) != id) {
		err = -EBUSY;
	} else {
		insert(context);
		WRITE_ONCE(table_count, table_count + 1);
	}
	spin_unlock_irq(&table_lock);
	return err;
}

void table_remove(struct context *context)
{
	unsigned long flags;

	spin_lock_irqsave(&table_lock, flags);
	if (last == &context->node)
		last = rb_prev(last);
	rb_erase(&context->node, &table);
	WRITE_ONCE(table_count, table_count - 1);
	spin_unlock_irqrestore(&table_lock, flags);
}

/* The living context @id with one more user, or NULL. */
struct context *table_get(u32 id)
{
	struct context *context;

	spin_lock_irq(&table_lock);
	context = find_from(id);
	if (context && (context->id != id || !refcount_inc_not_zero(&context->users)))
		context = NULL;
	spin_unlock_irq(&table_lock);
	return context;
}

/* The lowest id in use from @id on, or VCONTEXT_ID_ANY. */
u32 table_next_id(u32 id)
{
	struct context *context;
	u32 next;

	spin_lock_irq(&table_lock);
	context = find_from(id);
	next = context ? context->id : VCONTEXT_ID_ANY;
	spin_unlock_irq(&table_lock);
	return next;
}

/* How many contexts live besides context 0. */
u32 table_size(void)
{
	return READ_ONCE(table_count);
}
