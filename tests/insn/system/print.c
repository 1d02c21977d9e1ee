/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "system.h"

#define UART_DR (*(volatile uint32_t *)0x09000000)

void put(const char *text)
{
	while (*text)
		UART_DR = (uint8_t)*text++;
}

void put_hex(uint32_t val)
{
	for (int i = 28; i >= 0; i -= 4)
		UART_DR = (uint8_t) "0123456789abcdef"[val >> i & 15];
}

void put_dec(uint32_t val)
{
	char digit[2] = { (char)('0' + val % 10) };

	if (val > 9)
		put_dec(val / 10);
	put(digit);
}

bool ended(void)
{
	if (state.vector != 1)
		return false;
	if (state.spsr & 0x20)
		return *(uint16_t *)(state.excp_lr - 2) == T16_END;
	return *(uint32_t *)(state.excp_lr - 4) == A32_END;
}
