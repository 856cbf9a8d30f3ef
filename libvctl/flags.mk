# SPDX-License-Identifier: LGPL-2.1-or-later
# What libvctl/Makefile and tools/Makefile have in common.

top := $(abspath $(dir $(lastword $(MAKEFILE_LIST)))..)

BUILD   ?= $(top)/build
DESTDIR ?=
PREFIX  ?= /usr/local
override BUILD := $(abspath $(BUILD))

libdir     = $(PREFIX)/lib
includedir = $(PREFIX)/include
sbindir    = $(PREFIX)/sbin
libexecdir = $(PREFIX)/lib/vctl

INSTALL    ?= install
PKG_CONFIG ?= pkg-config

version := $(shell sed -n 's/^.define VCTL_VERSION "\(.*\)"$$/\1/p' $(top)/include/vctl.h)
soname  := libvctl.so.0

try = $(shell $(CC) -Werror $(1) -x c -c -o /dev/null /dev/null 2>/dev/null && echo $(1))

CFLAGS ?= -O2 -g
warnings  := -Wall -Wextra -Werror -Wshadow -Wmissing-prototypes -Wstrict-prototypes
hardening := -fstack-protector-strong $(call try,-fstack-clash-protection) \
	     $(call try,-fcf-protection)
# Fortified functions need the optimiser; the tests are built without and have the sanitizers.
fortify   := $(if $(filter -O1 -O2 -O3 -Os,$(CFLAGS)),-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
sanitize  := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

base_cflags := -std=gnu11 -fvisibility=hidden -D_GNU_SOURCE $(warnings) \
	       -I$(top)/include -I$(top)/include/uapi -MMD -MP
# What nobody calls is left out: a program that is linked statically reads fewer pages to start.
sections  := -ffunction-sections -fdata-sections
ALL_CFLAGS   = $(CFLAGS) $(base_cflags) $(hardening) $(fortify) $(sections) $(CPPFLAGS)
ALL_LDFLAGS  = -Wl,-z,relro,-z,now -Wl,-z,noexecstack -Wl,--as-needed -Wl,--gc-sections $(LDFLAGS)

# A line for each file; make V=1 shows the commands, make -s nothing.  The letters that make was
# given are the first word of MAKEFLAGS, which begins with "--" if there are none.
silent := $(findstring s,$(filter-out --%,$(firstword -$(MAKEFLAGS))))
Q      := $(if $(V),,@)
say     = $(if $(V)$(silent),,@printf '  %-7s %s\n' $(1) $(patsubst $(BUILD)/%,%,$@))
