/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the parts of the reader of configuration files have for each other. */
#ifndef VCTL_CONF_VALUE_H
#define VCTL_CONF_VALUE_H

#include <sys/stat.h>

#include <vctl_vserver.h>

#include "error.h"

#define CONF_SIZE_MAX	(1024 * 1024)
#define CONF_KEYS_MAX	20
#define CONF_SHOWN	48	/* room for a word in a message */

#define CONF_BLANKS	" \t\n"

/* Where something is, to tell about it. */
struct vctl_conf_place {
	const char *path;	/* "": of no file */
	int line;		/* 0: not in a line */
	const char *key;	/* NULL: not about one */
	size_t begin, end;	/* of the assignment that was found, in the text */
	struct vctl_error **err;
};

/* A configuration while it is read.  What belongs together is looked at when all of it is there. */
struct vctl_conf_draft {
	struct vctl_conf *conf;
	bool seen[CONF_KEYS_MAX];	/* by the order of the keys */
	int lines[CONF_KEYS_MAX];
	char *addresses;		/* IPROOT as it is */
	int addresses_line;
	char *device;			/* IPROOTDEV */
	int prefix;			/* IPROOTMASK; -1: none */
	bool has_broadcast;		/* IPROOTBCAST */
	uint32_t broadcast;
};

/** vctl_conf_shown() - A word as it can be shown: not too long, nothing that terminals obey */
const char *vctl_conf_shown(const char *word, char room[CONF_SHOWN]);

/**
 * vctl_conf_refuse() - VCTL_BAD_CONF at a place
 * @place: where, and where the error goes
 * @advice: what would be right; NULL: nothing to say
 * @why: format of the reason
 *
 * Return: -EINVAL.
 */
__attribute__((format(printf, 3, 4)))
int vctl_conf_refuse(const struct vctl_conf_place *place, const char *advice, const char *why, ...);

/** vctl_conf_no_memory() - -ENOMEM, with its error */
int vctl_conf_no_memory(const struct vctl_conf_place *place);

/** vctl_conf_keys() - The names of all keys, ending with NULL */
const char *const *vctl_conf_keys(void);

/** vctl_conf_key() - The key of this name, as vctl_conf_keys() has it; NULL: there is none */
const char *vctl_conf_key(const char *name);

/** vctl_conf_key_like() - The key that may have been meant; NULL: none is similar */
const char *vctl_conf_key_like(const char *name);

/** vctl_conf_bad_key() - There is no such key; returns -EINVAL */
int vctl_conf_bad_key(const struct vctl_conf_place *place, const char *name);

/** vctl_conf_draft_init() - Begin with the defaults; returns 0 or -ENOMEM */
int vctl_conf_draft_init(struct vctl_conf_draft *draft, const struct vctl_conf_place *place);

/** vctl_conf_draft_clear() - Free what it has, the configuration included if it still is there */
void vctl_conf_draft_clear(struct vctl_conf_draft *draft);

/**
 * vctl_conf_set() - Take the value of a key
 * @draft: where it goes
 * @place: where it is, with the key as vctl_conf_keys() has it
 * @value: without quotes
 *
 * Return: 0, -EINVAL or -ENOMEM.
 */
int vctl_conf_set(struct vctl_conf_draft *draft, const struct vctl_conf_place *place,
		  const char *value);

/** vctl_conf_finish() - Look at what belongs together; returns 0, -EINVAL or -ENOMEM */
int vctl_conf_finish(struct vctl_conf_draft *draft, const struct vctl_conf_place *place);

/* Values that have a file of their own. */
int vctl_conf_set_limits(struct vctl_conf_draft *draft, const struct vctl_conf_place *place,
			 const char *value);
int vctl_conf_set_addresses(struct vctl_conf_draft *draft, const struct vctl_conf_place *place,
			    const char *value);
int vctl_conf_set_device(struct vctl_conf_draft *draft, const struct vctl_conf_place *place,
			 const char *value);
int vctl_conf_set_mask(struct vctl_conf_draft *draft, const struct vctl_conf_place *place,
		       const char *value);
int vctl_conf_set_broadcast(struct vctl_conf_draft *draft, const struct vctl_conf_place *place,
			    const char *value);
int vctl_conf_finish_addresses(struct vctl_conf_draft *draft,
			       const struct vctl_conf_place *place);

/**
 * vctl_conf_assign - What to do with an assignment
 * @data: handed to it
 * @place: of its key
 * @value: without quotes
 *
 * Return: 0, or a negative errno value, which ends the scan.
 */
typedef int vctl_conf_assign(void *data, const struct vctl_conf_place *place, const char *value);

/**
 * vctl_conf_load() - The text of a configuration file
 * @path: it
 * @text: out: to be freed; not ending with NUL
 * @length: out: bytes of it
 * @stat: out: of the file
 * @err: out: the error
 *
 * Return: as vctl_conf_read().
 */
int vctl_conf_load(const char *path, char **text, size_t *length, struct stat *stat,
		   struct vctl_error **err);

/**
 * vctl_conf_scan() - Find the assignments in a text
 * @path: what to call it
 * @text: not ending with NUL
 * @length: bytes of it
 * @assign: what to do with each
 * @data: handed to @assign
 * @err: out: the error
 *
 * Return: 0, -EINVAL, -ENOMEM or what @assign has returned.
 */
int vctl_conf_scan(const char *path, const char *text, size_t length, vctl_conf_assign *assign,
		   void *data, struct vctl_error **err);

/** vctl_conf_quote() - A value as it can stand behind KEY=; to be freed; NULL: no memory */
char *vctl_conf_quote(const char *value);

#endif /* VCTL_CONF_VALUE_H */
