// SPDX-License-Identifier: GPL-2.0-only
/* A program that ends, without a library. */
void _start(void);

void _start(void)
{
	asm volatile("syscall" : : "a" (60 /* exit */), "D" (0) : "rcx", "r11", "memory");
	__builtin_unreachable();
}
