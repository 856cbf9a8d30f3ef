// SPDX-License-Identifier: LGPL-2.1-or-later
/* IPROOT and what goes with it: the addresses that a vserver is tied to. */
#include <arpa/inet.h>
#include <ctype.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "address.h"
#include "cleanup.h"
#include "conf_value.h"

#define NOT_TIED	"0.0.0.0"
#define ANY_PREFIX	(-1)
#define LABEL_MAX	63	/* between the dots of a host name */
#define LETTERS		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS		"0123456789"
#define ADVICE_FORMS	"write it as 10.0.0.1, 10.0.0.1/24 or eth0:10.0.0.1/24"
#define ADVICE_DEVICE	"ip link lists the devices"

/* One of IPROOT while it is read; the strings are parts of one word. */
struct item {
	const char *word;	/* all of it, for messages */
	char *device;		/* NULL: none is named */
	char *text;
	char *mask;		/* NULL: none */
	bool digits;		/* @text is the address, and no name */
	struct vcontext_address address;
};

/* As the kernel takes them. */
static bool is_device(const char *name)
{
	size_t length = strlen(name);

	if (length == 0 || length >= IFNAMSIZ || strcmp(name, ".") == 0 ||
	    strcmp(name, "..") == 0)
		return false;
	for (; *name; name++) {
		if (*name == '/' || *name == ':' || isspace((unsigned char)*name) ||
		    iscntrl((unsigned char)*name))
			return false;
	}

	return true;
}

static bool is_host(const char *name)
{
	if (strlen(name) > ADDRESS_NAME)
		return false;

	do {
		size_t length = strspn(name, LETTERS DIGITS "-");

		if (length == 0 || length > LABEL_MAX || *name == '-' || name[length - 1] == '-')
			return false;
		name += length;
		/* A dot may be the last: it is a full name then. */
		name += *name == '.';
	} while (*name && name[-1] == '.');

	return !*name;
}

/* Without a device it may be one itself, like br_lan. */
static bool is_name(const struct item *item)
{
	return is_host(item->text) ||
	       (!item->device && is_device(item->text) && isalnum((unsigned char)*item->text) &&
		strspn(item->text, LETTERS DIGITS "-._") == strlen(item->text));
}

static void split(struct item *item, char *word)
{
	char *colon;

	item->text = word;
	item->mask = strchr(word, '/');
	if (item->mask)
		*item->mask++ = '\0';
	item->digits = vctl_address_digits(item->text, &item->address);
	colon = strchr(item->text, ':');
	if (item->digits || !colon)
		return;

	*colon = '\0';
	item->device = item->text;
	item->text = colon + 1;
	item->digits = vctl_address_digits(item->text, &item->address);
}

static int check_form(const struct vctl_conf_place *place, const struct item *item)
{
	char shown[CONF_SHOWN];
	const char *why;
	struct in_addr ipv4;

	if (item->device && !is_device(item->device))
		why = "the part before the colon can't be the name of a device";
	else if (item->digits)
		return 0;
	else if (!*item->text)
		why = "there is no address in it";
	else if (strchr(item->word, ','))
		return vctl_conf_refuse(place, "put blanks between addresses",
					"%s is not an address", vctl_conf_shown(item->word, shown));
	else if (strchr(item->text, ':'))
		why = "this is not an IPv6 address";
	else if (strspn(item->text, DIGITS ".") == strlen(item->text) ||
		 inet_aton(item->text, &ipv4))
		why = "this is not an IPv4 address";
	else if (!is_name(item))
		why = "this is neither an address nor the name of a host";
	else
		return 0;

	return vctl_conf_refuse(place, ADVICE_FORMS, "%s: %s", vctl_conf_shown(item->word, shown),
				why);
}

/* That of a name is one of IPv4: its address is looked for among those first. */
static int read_mask(const struct vctl_conf_place *place, struct item *item,
		     const struct vctl_conf_draft *draft, int *prefix)
{
	struct vcontext_address named = { .family = AF_INET, .prefix = 32 };
	struct vcontext_address *address = item->digits ? &item->address : &named;
	char shown[CONF_SHOWN];

	*prefix = address->family == AF_INET ? draft->prefix : ANY_PREFIX;
	if (!item->mask) {
		if (*prefix != ANY_PREFIX)
			address->prefix = (uint8_t)*prefix;
		return 0;
	}
	if (!vctl_address_mask(item->mask, address))
		return vctl_conf_refuse(place,
					address->family == AF_INET ?
						"a mask is a number from 0 to 32 or like "
						"255.255.255.0, and may be left out" :
						"the mask of an IPv6 address is a number from 0 to "
						"128, and may be left out",
					"%s: what is behind the slash is no mask",
					vctl_conf_shown(item->word, shown));

	*prefix = address->prefix;
	return 0;
}

static int check_address(const struct vctl_conf_place *place, struct item *item,
			 const struct vctl_conf_draft *draft, int prefix)
{
	struct vcontext_address *address = &item->address;
	const struct vctl_reason *fault;
	char shown[CONF_SHOWN];

	if (!item->digits)
		return 0;

	vctl_conf_shown(item->word, shown);
	if (address->family == AF_INET && draft->has_broadcast)
		address->broadcast = draft->broadcast;
	else if (prefix != ANY_PREFIX)
		address->broadcast = vctl_address_last(address);
	fault = vctl_address_fault(address);
	if (fault)
		return vctl_conf_refuse(place, fault->advice, "%s: %s", shown, fault->why);
	if (draft->conf->loopback && vctl_address_loopback(address))
		return vctl_conf_refuse(place, "leave it out, or write LOOPBACK=no",
					"%s: it belongs to the private loopback", shown);

	return 0;
}

static bool is_same(const struct item *item, const char *text)
{
	struct vcontext_address other;
	bool digits = vctl_address_digits(text, &other);

	if (digits && item->digits)
		return vctl_address_same(&item->address, &other);
	return !digits && !item->digits && strcasecmp(item->text, text) == 0;
}

static int check_new(const struct vctl_conf_place *place, const struct item *item,
		     const struct vctl_conf *conf)
{
	char shown[CONF_SHOWN];

	for (size_t i = 0; i < conf->address_count; i++) {
		if (is_same(item, conf->addresses[i].text))
			return vctl_conf_refuse(place, "keep one of them", "%s is there twice",
						vctl_conf_shown(item->text, shown));
	}
	if (conf->address_count == VCONTEXT_ADDRESSES_MAX)
		return vctl_conf_refuse(place, NULL, "there are more than %d addresses",
					VCONTEXT_ADDRESSES_MAX);

	return 0;
}

static int add(struct vctl_conf_draft *draft, const struct vctl_conf_place *place,
	       const struct item *item, int prefix)
{
	struct vctl_conf *conf = draft->conf;
	struct vctl_conf_address *added = &conf->addresses[conf->address_count++];
	const char *device = item->device ? item->device : draft->device;

	added->line = place->line;
	added->prefix = prefix;
	if (draft->has_broadcast && !(item->digits && item->address.family == AF_INET6)) {
		added->has_broadcast = true;
		added->broadcast = draft->broadcast;
	}
	added->text = strdup(item->text);
	if (device)
		added->device = strdup(device);
	return added->text && (added->device || !device) ? 0 : vctl_conf_no_memory(place);
}

static int read_item(struct vctl_conf_draft *draft, const struct vctl_conf_place *place,
		     const char *word)
{
	auto_free char *copy = strdup(word);
	struct item item = { .word = word };
	int result, prefix = ANY_PREFIX;

	if (!copy)
		return vctl_conf_no_memory(place);
	if (strcmp(word, NOT_TIED) == 0)
		return vctl_conf_refuse(place, "leave it out, or the others",
					NOT_TIED " is for a vserver that is not tied");

	split(&item, copy);
	result = check_form(place, &item);
	if (result == 0)
		result = read_mask(place, &item, draft, &prefix);
	if (result == 0)
		result = check_address(place, &item, draft, prefix);
	if (result == 0)
		result = check_new(place, &item, draft->conf);
	return result < 0 ? result : add(draft, place, &item, prefix);
}

int vctl_conf_finish_addresses(struct vctl_conf_draft *draft, const struct vctl_conf_place *place)
{
	struct vctl_conf_place here = *place;
	char *rest = NULL, *word, *next;
	int result = 0;

	here.key = vctl_conf_key("IPROOT");
	here.line = draft->addresses_line;
	word = draft->addresses ? strtok_r(draft->addresses, CONF_BLANKS, &rest) : NULL;
	next = word ? strtok_r(NULL, CONF_BLANKS, &rest) : NULL;
	if (!word || (!next && strcmp(word, NOT_TIED) == 0))
		return 0;

	draft->conf->addresses = calloc(VCONTEXT_ADDRESSES_MAX, sizeof(*draft->conf->addresses));
	if (!draft->conf->addresses)
		return vctl_conf_no_memory(&here);
	while (word && result == 0) {
		result = read_item(draft, &here, word);
		word = next;
		next = next ? strtok_r(NULL, CONF_BLANKS, &rest) : NULL;
	}

	return result;
}

int vctl_conf_set_addresses(struct vctl_conf_draft *draft, const struct vctl_conf_place *place,
			    const char *value)
{
	draft->addresses_line = place->line;
	draft->addresses = strdup(value);
	return draft->addresses ? 0 : vctl_conf_no_memory(place);
}

int vctl_conf_set_device(struct vctl_conf_draft *draft, const struct vctl_conf_place *place,
			 const char *value)
{
	char shown[CONF_SHOWN];

	if (!*value)
		return 0;
	if (!is_device(value))
		return vctl_conf_refuse(place, ADVICE_DEVICE, "%s can't be the name of a device",
					vctl_conf_shown(value, shown));

	draft->device = strdup(value);
	return draft->device ? 0 : vctl_conf_no_memory(place);
}

int vctl_conf_set_mask(struct vctl_conf_draft *draft, const struct vctl_conf_place *place,
		       const char *value)
{
	struct vcontext_address address = { .family = AF_INET, .prefix = 32 };
	char shown[CONF_SHOWN];

	if (!*value)
		return 0;
	if (!vctl_address_mask(value, &address))
		return vctl_conf_refuse(place,
					"a mask is a number from 0 to 32 or like 255.255.255.0",
					"%s is no mask", vctl_conf_shown(value, shown));

	draft->prefix = address.prefix;
	return 0;
}

/* Any network's last address can be one, and that of all networks. */
int vctl_conf_set_broadcast(struct vctl_conf_draft *draft, const struct vctl_conf_place *place,
			    const char *value)
{
	struct in_addr ipv4;
	char shown[CONF_SHOWN];

	if (!*value)
		return 0;
	if (inet_pton(AF_INET, value, &ipv4) != 1 ||
	    ntohl(ipv4.s_addr) >> IN_CLASSA_NSHIFT == 0 || IN_MULTICAST(ntohl(ipv4.s_addr)))
		return vctl_conf_refuse(place, "leave it out for that of the network",
					"%s is no broadcast address",
					vctl_conf_shown(value, shown));

	draft->has_broadcast = true;
	draft->broadcast = ipv4.s_addr;
	return 0;
}
