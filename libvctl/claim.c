// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "claim.h"
#include "cleanup.h"
#include "error.h"
#include "lock.h"

int claim_read(const struct vctl_conf *conf, struct claim *claim, struct vctl_error **err)
{
	claim->count = 0;
	if (conf->address_count > VCONTEXT_ADDRESSES_MAX)
		return vctl_error_set(err, VCTL_BAD_CONF, EINVAL, conf->path,
				      "IPROOT has more addresses than a vserver can have",
				      "use 64 at most");

	for (size_t i = 0; i < conf->address_count; i++) {
		int result = alias_resolve(&conf->addresses[i], &claim->aliases[i], err);

		if (result < 0)
			return result;
		claim->addresses[i] = claim->aliases[i].address;
		claim->count = i + 1;
	}

	return 0;
}

char *claim_text(const struct claim *claim)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bool failed = !out;

	for (size_t i = 0; !failed && i < claim->count; i++) {
		auto_free char *address = vctl_address_format(&claim->addresses[i]);

		failed = !address || fprintf(out, "%s%s", i ? " " : "", address) < 0;
	}
	if (out && fclose(out) == 0 && !failed)
		return text;

	free(text);
	return NULL;
}

static bool is_same(const struct vcontext_address *a, const struct vcontext_address *b)
{
	return a->family == b->family && memcmp(a->address, b->address, sizeof(a->address)) == 0;
}

static int in_use(const struct vcontext_address *address, const char *why, const char *advice,
		  struct vctl_error **err)
{
	auto_free char *text = vctl_address_format(address);
	char what[80];

	snprintf(what, sizeof(what), "address %s", text ? text : "");
	return vctl_error_set(err, VCTL_IN_USE, EADDRINUSE, what, why, advice);
}

static int compare_with(const char *other, const struct state *state, const struct claim *claim,
			struct vctl_error **err)
{
	char why[VCTL_NAME_MAX + 32];

	for (size_t i = 0; i < state->alias_count * claim->count; i++) {
		const struct vcontext_address *address = &claim->addresses[i % claim->count];

		if (!is_same(address, &state->aliases[i / claim->count].address))
			continue;
		snprintf(why, sizeof(why), "vserver %s has it", other);
		return in_use(address, why, "stop that one, or choose another address", err);
	}

	return 0;
}

static int look_at_vservers(const struct vctl_vserver *vs, const struct claim *claim,
			    struct vctl_error **err)
{
	auto_fd int dir = state_dir(true, err);
	char **names;
	int result;

	if (dir < 0)
		return dir;
	result = vctl_vserver_list(&names, err);
	if (result < 0)
		return result;

	for (size_t i = 0; result == 0 && names[i]; i++) {
		auto_state struct state other = STATE_NONE;

		if (strcmp(names[i], vs->name) == 0)
			continue;
		/* One that can't be read is its own affair. */
		if (state_read(dir, names[i], &other, NULL) == 0)
			result = compare_with(names[i], &other, claim, err);
	}
	vctl_names_free(names);

	return result;
}

/* An address that is to be made and that the machine has; with our mark it is one that is left. */
static int look_at_machine(const struct claim *claim, struct vctl_error **err)
{
	for (size_t i = 0; i < claim->count; i++) {
		char device[IFNAMSIZ];
		char why[IFNAMSIZ + 32];
		bool ours;
		int result;

		if (!*claim->aliases[i].device)
			continue;
		result = alias_find(&claim->addresses[i], device, &ours, err);
		if (result < 0)
			return result;
		if (result == 0 || ours)
			continue;
		snprintf(why, sizeof(why), "this machine has it on %s", device);
		return in_use(&claim->addresses[i], why,
			      "choose another one, or leave the device out of IPROOT and "
			      "IPROOTDEV to share it with the machine", err);
	}

	return 0;
}

int claim_look(const struct vctl_vserver *vs, const struct claim *claim, struct vctl_error **err)
{
	int result = claim->count ? look_at_vservers(vs, claim, err) : 0;

	return result < 0 ? result : look_at_machine(claim, err);
}

void claim_warn(const struct claim *claim, const struct vctl_watch *watch)
{
	for (size_t i = 0; i < claim->count; i++) {
		auto_free char *text = vctl_address_format(&claim->addresses[i]);
		vctl_auto_error struct vctl_error *err = NULL;
		char device[IFNAMSIZ], what[80];
		bool ours;

		if (*claim->aliases[i].device ||
		    alias_find(&claim->addresses[i], device, &ours, NULL) != 0)
			continue;
		snprintf(what, sizeof(what), "address %s", text ? text : "");
		vctl_error_set(&err, VCTL_BAD_ADDRESS, EADDRNOTAVAIL, what,
			       "this machine doesn't have it, and no service gets it",
			       "IPROOTDEV tells the device on which it is made");
		tell_warn(watch, err);
	}
}

/* No vserver says that it is its: whoever has made it has left nothing but this. */
static int take_orphan(const struct alias *alias, struct vctl_error **err)
{
	struct alias left = *alias;
	bool ours;
	int result = alias_find(&alias->address, left.device, &ours, err);

	return result > 0 && ours ? alias_remove(&left, err) : result;
}

static int add(struct vctl_vserver *vs, const struct alias *alias, struct state *state,
	       struct vctl_error **err)
{
	struct alias *more = reallocarray(state->aliases, state->alias_count + 1, sizeof(*more));
	int result;

	if (!more)
		return vctl_error_set(err, VCTL_SYSTEM, ENOMEM, vs_what(vs).text, NULL, NULL);
	state->aliases = more;
	result = take_orphan(alias, err);
	if (result < 0)
		return result;

	state->aliases[state->alias_count++] = *alias;
	result = vs_write(vs, state, err);
	if (result == 0)
		result = alias_add(alias, vs->name, err);
	/* It has come to be somebody else's just now, and is not to be taken away again. */
	if (result == -EADDRINUSE)
		state->alias_count--;
	return result;
}

int claim_take(struct vctl_vserver *vs, const struct claim *claim, struct state *state,
	       struct vctl_error **err)
{
	int result;

	if (claim->count == 0)
		return 0;
	/* Two that want the same have to find out. */
	result = lock_take(vs->lock_fd, "", true);
	if (result < 0)
		return vctl_error_set(err, VCTL_SYSTEM, -result, vs_what(vs).text, NULL, NULL);

	result = claim_look(vs, claim, err);
	for (size_t i = 0; result >= 0 && i < claim->count; i++) {
		if (*claim->aliases[i].device)
			result = add(vs, &claim->aliases[i], state, err);
	}
	lock_give(vs->lock_fd, "");

	return result < 0 ? result : 0;
}

/* The first error; the others are tried, too. */
int claim_drop(struct vctl_vserver *vs, const struct state *state, struct vctl_error **err)
{
	int result = 0;

	if (state->alias_count == 0)
		return 0;
	lock_take(vs->lock_fd, "", true);
	for (size_t i = state->alias_count; i-- > 0;) {
		int failed = alias_remove(&state->aliases[i], result == 0 ? err : NULL);

		if (failed < 0 && result == 0)
			result = failed;
	}
	lock_give(vs->lock_fd, "");

	return result;
}

void claim_context_owner(const struct vctl_vserver *vs, uint32_t id,
			 char owner[VCTL_NAME_MAX + 1])
{
	auto_fd int dir = state_dir(true, NULL);
	char **names;

	*owner = '\0';
	if (dir < 0 || vctl_vserver_list(&names, NULL) < 0)
		return;

	for (size_t i = 0; !*owner && names[i]; i++) {
		auto_state struct state other = STATE_NONE;

		if (strcmp(names[i], vs->name) != 0 &&
		    state_read(dir, names[i], &other, NULL) == 0 && other.context == id)
			snprintf(owner, VCTL_NAME_MAX + 1, "%s", names[i]);
	}
	vctl_names_free(names);
}
