/* SPDX-License-Identifier: GPL-2.0-only */
/* The template of a page, as a string. Its data goes where @DATA@ is. */
	.section .rodata
	.globl page_html
page_html:
	.incbin "report/page.html"
	.byte 0
	.section .note.GNU-stack, "", %progbits
