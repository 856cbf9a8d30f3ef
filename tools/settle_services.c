// SPDX-License-Identifier: GPL-2.0-only
/* Services that care for hardware, the kernel, or the machine's own network and disks. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "settle.h"
#include "below.h"

/* By the names of their scripts; systemd has those with .service behind. */
static const char *const services[] = {
	"acpi-support", "acpid", "alsa-utils", "apparmor", "auditd", "bluetooth", "bootlogd",
	"bootlogs", "checkfs.sh", "checkroot-bootclean.sh", "checkroot.sh", "chrony", "chronyd",
	"console-setup", "console-setup.sh", "containerd", "cryptdisks", "cryptdisks-early",
	"docker", "firewalld", "fwupd", "halt", "hdparm", "hwclock.sh", "hwclockfirst.sh",
	"irqbalance", "keyboard-setup", "keyboard-setup.sh", "kmod", "libvirtd", "lm-sensors",
	"lvm2", "lvm2-lvmpolld", "mcelog", "mdadm", "mdadm-raid", "mdadm-waitidle",
	"modprobe", "mountall.sh", "mountall-bootclean.sh", "mountdevsubfs.sh",
	"mountkernfs.sh", "mountnfs.sh", "mountnfs-bootclean.sh", "multipathd", "network",
	"network-manager", "networking", "NetworkManager", "NetworkManager-wait-online",
	"nftables", "ntp", "ntpd", "ntpsec", "open-vm-tools", "plymouth", "procps",
	"qemu-guest-agent", "reboot", "rebootmgr", "resolvconf-pull-resolved", "rngd", "sendsigs",
	"smartd", "smartmontools", "thermald", "udev", "udev-finish", "umountfs", "umountnfs.sh",
	"umountroot", "urandom", "vgauth", "virtlogd", "vservers", "wpa_supplicant",
};

/* What only systemd has, or by another name. */
static const char *const units[] = {
	"console-getty.service", "dev-hugepages.mount", "dev-mqueue.mount", "docker.socket",
	"e2scrub_all.timer", "e2scrub_reap.service", "fstrim.timer", "getty@.service",
	"getty-static.service", "kmod-static-nodes.service", "libvirtd.socket",
	"proc-sys-fs-binfmt_misc.automount", "serial-getty@.service",
	"sys-fs-fuse-connections.mount",
	"sys-kernel-config.mount", "sys-kernel-debug.mount", "sys-kernel-tracing.mount",
	"systemd-binfmt.service", "systemd-hwdb-update.service", "systemd-modules-load.service",
	"systemd-networkd-wait-online.service", "systemd-networkd.service",
	"systemd-networkd.socket", "systemd-remount-fs.service", "systemd-resolved.service",
	"systemd-sysctl.service", "systemd-timesyncd.service", "systemd-udev-settle.service",
	"systemd-udev-trigger.service", "systemd-udevd-control.socket",
	"systemd-udevd-kernel.socket", "systemd-udevd.service", "vservers.target",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool is_ours(const char *service)
{
	for (size_t i = 0; i < COUNT(services); i++) {
		if (strcmp(services[i], service) == 0)
			return true;
	}

	return false;
}

/* S20name becomes K01name, as update-rc.d has it for services that the administrator disabled. */
static int disable_link(int directory, const char *name, void *data)
{
	auto_free char *new = NULL;

	(void)data;
	if (name[0] != 'S' || !isdigit((unsigned char)name[1]) ||
	    !isdigit((unsigned char)name[2]) || !is_ours(name + 3))
		return 0;
	if (asprintf(&new, "K01%s", name + 3) < 0) {
		new = NULL;
		return -1;
	}

	return below_rename(directory, "", name, new);
}

/* What stops things at the end only a machine has, too, and there it is not even called to stop. */
static int drop_link(int directory, const char *name, void *data)
{
	(void)data;
	if (!strchr("SK", name[0]) || !isdigit((unsigned char)name[1]) ||
	    !isdigit((unsigned char)name[2]) || !is_ours(name + 3))
		return 0;

	return below_drop(directory, name);
}

static int disable_scripts(int tree)
{
	static const char levels[] = "S0123456";

	for (const char *level = levels; *level; level++) {
		int (*each)(int, const char *, void *) = strchr("06", *level) ? drop_link :
										disable_link;
		char path[32];

		snprintf(path, sizeof(path), "etc/rc%c.d", *level);
		if (below_each(tree, path, each, NULL) < 0)
			return -1;
		snprintf(path, sizeof(path), "etc/rc.d/rc%c.d", *level);
		if (below_each(tree, path, each, NULL) < 0)
			return -1;
	}

	return 0;
}

static int mask(int tree, const char *unit)
{
	static const char *const places[] = { "usr/lib/systemd/system", "lib/systemd/system",
					      "etc/systemd/system" };
	bool there = false;
	char path[256];

	for (size_t i = 0; i < COUNT(places) && !there; i++) {
		snprintf(path, sizeof(path), "%s/%s", places[i], unit);
		there = below_exists(tree, path);
	}
	if (!there)
		return 0;

	if (below_make(tree, "etc/systemd/system", 0755) < 0)
		return -1;
	snprintf(path, sizeof(path), "etc/systemd/system/%s", unit);
	return below_link(tree, path, "/dev/null");
}

int settle_services(int tree)
{
	char unit[128];

	if (disable_scripts(tree) < 0)
		return -1;
	for (size_t i = 0; i < COUNT(services); i++) {
		snprintf(unit, sizeof(unit), "%s.service", services[i]);
		if (mask(tree, unit) < 0)
			return -1;
	}
	for (size_t i = 0; i < COUNT(units); i++) {
		if (mask(tree, units[i]) < 0)
			return -1;
	}

	return 0;
}
