/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef REBOOT_LOG_H
#define REBOOT_LOG_H

/**
 * reboot_log() - Tell in one line on standard error, as "rebootmgr: NAME: ..."
 * @name: of the vserver that it is about; NULL: of none
 * @format: as printf() has it; control characters in what comes of it are replaced
 */
__attribute__((format(printf, 2, 3)))
void reboot_log(const char *name, const char *format, ...);

#endif /* REBOOT_LOG_H */
