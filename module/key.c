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
#include <linux/user_namespace.h>

#include "context.h"

static u64 *serial_of(const struct key *key)
{
	return key->security + vcontext_blob_sizes.lbs_key;
}

struct key **key_place(struct key **place)
{
	struct context *own = current_context();

	/* other user namespaces are of one context anyway */
	if (!own || own == CONTEXT_GONE || place != &init_user_ns.user_keyring_register)
		return place;
	return &own->user_keyrings;
}

/* Does current have keyrings that it must not take along? */
bool keys_held(void)
{
	const struct cred *cred = current_cred();

	return cred->session_keyring || cred->process_keyring || cred->thread_keyring ||
	       cred->request_key_auth;
}

static void drop(struct key **key)
{
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

static int key_alloc_hook(struct key *key, const struct cred *cred, unsigned long flags)
{
	*serial_of(key) = kernel_acts() ? 0 : context_serial(current_context());
	return 0;
}

static int key_permission(key_ref_t ref, const struct cred *cred, enum key_need_perm need)
{
	if (*serial_of(key_ref_to_ptr(ref)) == context_serial(current_context()) || kernel_acts())
		return 0;
	return is_watcher() && need == KEY_NEED_VIEW ? 0 : -EACCES;
}

const struct vcontext_hook key_hooks[] = {
	VCONTEXT_HOOK(key_alloc, key_alloc_hook),
	VCONTEXT_HOOK(key_permission, key_permission),
	{ }
};
