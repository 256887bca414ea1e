; plain.asm - sector 0 of a stick that starts nothing: says so, and lets the BIOS go on.
;
; Entered by:  the BIOS, 16-bit real mode, at linear 7C00
; Leaves to:   INT 18h: a BIOS of the BIOS Boot Specification (1.01, 6.3.2) tries its
;              next device, older ones say that there is none
;
; The host program adds disk signature and table. No partition is active, but many a
; BIOS starts whatever ends with 55AAh, and would run into zeros.

%include "assert.inc"
%include "bios.inc"
%include "layout.inc"

        cpu 386
        bits 16
        org MBR_LOAD

        jmp     short start
        nop
        times SECTOR0_CODE - ($ - $$) db 0  ; some BIOSes write a BPB there

start:
        cli
        cld
        xor     ax, ax
        mov     ss, ax
        mov     sp, MBR_LOAD
        mov     ds, ax
        sti
        mov     si, text
.letter:
        lodsb
        test    al, al
        jz      .next
        mov     ah, VIDEO_TELETYPE
        mov     bx, 7                       ; page 0; grey, where the mode has colours
        int     INT_VIDEO
        jmp     .letter
.next:
        int     INT_BOOT_FAILED
.halt:
        hlt
        jmp     .halt

text:           db "No system on this stick", 13, 10, 0

        assert_room SECTOR0_DISK_SIGNATURE
        times SECTOR0_MAGIC - ($ - $$) db 0
        assert_at "magic", SECTOR0_MAGIC
        dw BOOT_MAGIC
