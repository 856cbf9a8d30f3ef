/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef FUZZ_CONF_H
#define FUZZ_CONF_H

#include <stddef.h>
#include <stdint.h>

/* As libFuzzer and AFL call it: one configuration.  It aborts if there is something wrong. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif /* FUZZ_CONF_H */
