/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef ARCHIVE_H
#define ARCHIVE_H

/**
 * archive_unpack - unpack an archive of the format ustar into the current directory
 * @path: a file or a disk that holds it
 *
 * What is there is replaced.  Directories keep the mode that they have, owners are root.
 *
 * Return: NULL, or what went wrong: the name of a member with errno set, or @path itself.
 */
const char *archive_unpack(const char *path);

#endif
