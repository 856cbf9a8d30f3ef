// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keys: to each context its own.
 *
 * A key is of the context in which it was made, and of no use elsewhere.  The keyrings of a user,
 * which the kernel makes by itself, are in a register that each context has; session, process and
 * thread keyrings stay behind when a process enters.
 */

#include <linux/cred.h>
#include <linux/key.h>
#include <linux/key-type.h>
#include <linux/string.h>
#include <linux/user_namespace.h>

#include "context.h"

#define KEYCTL_32	288	/* see in_syscall() */

struct key **key_place(struct key **place)
{
	struct context *own = current_context();

	/* other user namespaces are of one context anyway */
	if (!own || own == CONTEXT_GONE || place != &init_user_ns.user_keyring_register)
		return place;
	return &own->user_keyrings;
}

static void drop(struct key **key)
{
	if (!*key)
		return;
	key_put(*key);
	*key = NULL;
}

void keys_leave(struct cred *new)
{
	drop(&new->session_keyring);
	drop(&new->process_keyring);
	drop(&new->thread_keyring);
	drop(&new->request_key_auth);
}

static bool is_keyring(const struct key *key)
{
	return !strcmp(key->type->name, "keyring");
}

/* The register of persistent keyrings is one for all, so they are context 0's. */
static bool is_persistent(const struct key *key)
{
	return is_keyring(key) &&
	       (strstarts(key->description, "_persistent.") ||
		strstarts(key->description, ".persistent"));
}

static int key_alloc_hook(struct key *key, const struct cred *cred, unsigned long flags)
{
	if (current_context() && is_persistent(key))
		return -EOPNOTSUPP;
	key->context = kernel_acts() ? 0 : context_serial(current_context());
	return 0;
}

/*
 * What the kernel itself has to find in the process of somebody: its keyrings, whose names users
 * can't make, certificates; and for those whom it calls to help in context 0 the request.
 */
static bool is_kernels(const struct key *key, enum key_need_perm need)
{
	if (!current_context())
		return !strcmp(key->type->name, ".request_key_auth");
	if (key->context || need != KEY_NEED_SEARCH)
		return false;
	if (!strcmp(key->type->name, "asymmetric"))	/* keyctl() would use them */
		return !in_syscall(__NR_keyctl, KEYCTL_32);
	return is_keyring(key) && key->description[0] == '.';
}

/*
 * Does the kernel act for itself, with credentials of its own?  Those with which it searches for
 * names and users are root's, with a thread keyring that no context has made; others are users',
 * which an io_uring has kept.
 */
static bool are_kernels(const struct cred *cred)
{
	return cred != current_real_cred() && cred->thread_keyring &&
	       !cred->thread_keyring->context &&
	       cap_issubset(CAP_FULL_SET, cred->cap_permitted);
}

static int key_permission(key_ref_t ref, const struct cred *cred, enum key_need_perm need)
{
	const struct key *key = key_ref_to_ptr(ref);

	if (key->context == context_serial(current_context()) || kernel_acts())
		return 0;
	/* a list has the credentials of who has opened it */
	if ((need != KEY_NEED_VIEW && are_kernels(cred)) || is_kernels(key, need))
		return 0;
	return is_watcher() && need == KEY_NEED_VIEW ? 0 : -EACCES;
}

const struct vcontext_hook key_hooks[] = {
	VCONTEXT_HOOK(key_alloc, key_alloc_hook),
	VCONTEXT_HOOK(key_permission, key_permission),
	{ }
};
