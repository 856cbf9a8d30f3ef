# SPDX-License-Identifier: GPL-2.0-only
#
# make help tells what there is.  Everything that is made goes to build/.

PREFIX  ?= /usr/local
DESTDIR ?=
CC      ?= gcc
CFLAGS  ?= -O2 -g
export CC CFLAGS

BUILD := $(CURDIR)/build

# The kernel that a module for this machine is built for: the running one, if it has the stub.
running  := /lib/modules/$(shell uname -r)/build
has_stub  = $(shell grep -sx CONFIG_SECURITY_VCONTEXT=y $(1)/include/config/auto.conf)
KDIR     ?= $(if $(call has_stub,$(running)),$(running))

no_module = $(if $(wildcard $(running)),the running kernel lacks the stub patch,no headers of the \
	running kernel are here)

# The kernel of a guest: guest-stage is told which, and where it is.
KERNEL    ?= stub
KERNELDIR ?=

module_sources := $(shell find Kbuild module include -type f -name '[!.]*')

sub = $(MAKE) --no-print-directory -C $(1) BUILD=$(BUILD)

.PHONY: all libraries tools module demo bench check check-long shell install deps clean help guest-stage
.DELETE_ON_ERROR:

all: libraries tools $(if $(KDIR),module)
	$(if $(KDIR),,@echo "Without vcontext.ko: $(no_module) (make KDIR=DIRECTORY builds it for \
	the kernel there, make check for the kernel of the tests).")

libraries tools: | have-build-deps
libraries:
	+$(call sub,libvctl) all

tools: libraries
	+$(call sub,tools) all

# What is missing is installed, for building alone or for the tests too; a look at the list costs
# a tenth of a second.  make install does without.
.PHONY: have-deps have-build-deps
have-deps deps:
	@qemu-tests/deps

have-build-deps:
	@qemu-tests/deps --build

# $(call build-module,KERNEL DIRECTORY,COPY OF THE SOURCES,MORE ARGUMENTS): in a copy, so that the
# sources stay clean and kernels don't get in each other's way.
define build-module
	mkdir -p $(2) && \
	rsync -a --delete --include='*/' --include='*.[ch]' --include=Kbuild --exclude='*' \
		Kbuild module include $(2)/ && \
	$(MAKE) --no-print-directory -C $(1) M=$(2) $(3) modules
endef

module: stub-in-kernel | have-build-deps
	+$(call build-module,$(KDIR),$(BUILD)/module)

.PHONY: stub-in-kernel
stub-in-kernel:
	$(if $(KDIR),,@echo "make module: $(no_module) (give KDIR=DIRECTORY of a kernel built with \
	the stub patch)" >&2; exit 1)
	$(if $(call has_stub,$(KDIR)),,@echo "make module: the kernel in $(KDIR) lacks the stub \
	patch (see the README; CONFIG_SECURITY_VCONTEXT=y is to be in its \
	include/config/auto.conf)" >&2; exit 1)

# What a guest gets from here: process 1, and an archive of modules, libraries and tools.
guest     := $(BUILD)/guest
staged_ko := $(if $(filter-out plain%,$(KERNEL)),$(BUILD)/module-$(KERNEL)/vcontext.ko)

guest-stage: $(guest)/init $(guest)/ticks $(guest)/$(KERNEL).tar

$(guest)/init: qemu-tests/init.c qemu-tests/archive.c qemu-tests/archive.h
	mkdir -p $(guest)
	$(CC) -O2 -Wall -Wextra -Werror -static -s -o $@.new $(filter %.c,$^)
	mv $@.new $@

$(BUILD)/module-%/vcontext.ko: $(module_sources) \
		$(if $(KERNELDIR),$(KERNELDIR)/Module.symvers)
	+$(call build-module,$(KERNELDIR),$(@D),W=1) >$(@D).log 2>&1 || \
		{ cat $(@D).log >&2; exit 1; }
	touch $@

$(guest)/ticks: qemu-tests/ticks.c
	mkdir -p $(guest)
	$(CC) -O2 -Wall -Wextra -Werror -o $@.new $<
	mv $@.new $@

# Libraries and tools are always asked for: their own makefiles know best what has changed.  The
# archive is made anew only if something has.
$(guest)/$(KERNEL).tar: $(guest)/tools-installed $(staged_ko) \
		$(if $(KERNELDIR),$(KERNELDIR)/Module.symvers)
	rm -rf $(guest)/$(KERNEL)
	mkdir -p $(guest)/$(KERNEL)/usr/lib
	cp -a $(guest)/tools/. $(guest)/$(KERNEL)/
	cp -a $(KERNELDIR)/modules/lib/modules $(guest)/$(KERNEL)/usr/lib/
	$(if $(staged_ko),for directory in $(guest)/$(KERNEL)/usr/lib/modules/*; do \
		install -D -m 0644 $(staged_ko) $$directory/updates/vcontext.ko; done)
	for directory in $(guest)/$(KERNEL)/usr/lib/modules/*; do \
		/sbin/depmod -b $(guest)/$(KERNEL)/usr $${directory##*/}; done
	tar -cf $@.new --format=ustar --owner=0 --group=0 -C $(guest)/$(KERNEL) usr etc
	mv $@.new $@

.PHONY: force
force:

$(guest)/tools-installed: force
	+@$(call sub,libvctl) all
	+@$(call sub,tools) all
	+@if [ ! -e $@ ] || [ -n "$$(find $(BUILD)/libvctl $(BUILD)/tools libvctl tools include \
			-newer $@ -type f | head -n 1)" ]; then \
		rm -rf $(guest)/tools && \
		$(call sub,libvctl) DESTDIR=$(guest)/tools PREFIX=/usr install && \
		$(call sub,tools) DESTDIR=$(guest)/tools PREFIX=/usr install && \
		touch $@; fi

# For qemu-tests/static: the module in a copy of its own, with what MODULE_ARGS has.
.PHONY: copied-module
copied-module:
	+@$(call build-module,$(KERNELDIR),$(BUILD)/$(COPY),$(MODULE_ARGS))

# Unit tests, then what reads the sources, then guests.
check: | have-deps
	+@qemu-tests/check --here

# What takes an hour or more on the debug kernel, the kernel that finds races, and the plain one.
check-long: | have-deps
	@qemu-tests/check --long

demo: | have-deps
	@qemu-tests/demo

# The second as root, because files are marked.  PRICE and BENCH are arguments, e.g. PRICE=--check
# BENCH='--directory DIR'.
bench: tools | have-deps
	@qemu-tests/bench/price $(PRICE)
	@qemu-tests/bench/unify $(BENCH)

# The shell of make's first example; the guest and all that is done in it is gone at its end.
define greeting
You are root of context 0 in a guest; "exit" ends it, and nothing in it is kept.  Try:
  su user -c "chcontext sh -c 'ps ax'"    a user's own context, and what is seen there
  chcontext --ctx 1 ps ax                 the watcher sees every process
  chcontext --ctx 100 bash                a context of this number; "exit" to come back
  vctl info; vctl check                   what this kernel has, and is all in place
endef
export greeting

shell: | have-deps
	@qemu-tests/vm --tty -- bash -c 'echo "$$0"; exec bash -l' "$$greeting"

# Their own makefiles build what is missing.
install: $(if $(KDIR),stub-in-kernel)
	+$(call sub,libvctl) DESTDIR=$(DESTDIR) PREFIX=$(PREFIX) install
	+$(call sub,tools) DESTDIR=$(DESTDIR) PREFIX=$(PREFIX) install
	$(if $(KDIR),+$(MAKE) --no-print-directory install-module)

.PHONY: install-module
install-module: stub-in-kernel
	+$(call build-module,$(KDIR),$(BUILD)/module)
	$(MAKE) -C $(KDIR) M=$(BUILD)/module INSTALL_MOD_PATH=$(DESTDIR) modules_install

clean:
	rm -rf $(BUILD)

help:
	@echo 'make          libraries and tools; the module for a kernel with the stub (KDIR=DIR)'
	@echo 'make demo     boot a guest and play the first examples there'
	@echo 'make bench    what contexts cost in instructions and bytes, beside a plain kernel and'
	@echo '              namespaces (also as JSON, in build/bench/price.json); then vunify against'
	@echo '              hardlink, jdupes and rdfind (as root).  PRICE= and BENCH= are arguments of'
	@echo '              qemu-tests/bench/price (as --check) and of qemu-tests/bench/unify'
	@echo 'make check    unit tests, static checks, tests in guests'
	@echo 'make check-long  the long runs: on the debug kernel, on the plain one, and for data races'
	@echo 'make shell    a root shell in a guest'
	@echo 'make install  DESTDIR= PREFIX=/usr/local; installs no packages'
	@echo 'make deps     install the Debian packages that all this needs; make alone installs'
	@echo '              those for building, make check, demo and shell all'
	@echo 'make clean    remove build/ (kernels and images stay in ~/.cache/vcontext)'
