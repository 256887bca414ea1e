; watch.asm - gets control back from an INT 13h or INT 15h call that hangs.
;
; Included by: stage2.asm, disc.asm         Mode: 16-bit real
;
; Some BIOSes hang in a transfer that is longer than they can (SYSLINUX mailing list;
; GRUB4DOS asks its users to say "single sectors"). As long as the timer ticks, the
; call can be abandoned: after WATCH_TICKS the tick throws the BIOS's stack away and
; goes on behind the call, which then has failed with STATUS_ABANDONED.
;
; A BIOS that hangs with interrupts off cannot be left. Against that a user holds
; Shift at the start: then single sectors are asked for from the beginning.

; ---------------------------------------------------------------------------
; watch_start - from now on a call is watched
;
;   in      AX            where to go on, in segment 0
;           DS = 0
;   out     the caller puts SP, as it must be there, into [watch_tick.sp]
;   kills   EAX
; ---------------------------------------------------------------------------
watch_start:
        mov     [watch_tick.resume], ax
        mov     word [watch_tick.left], WATCH_TICKS
        mov     eax, [VECTOR_TIMER]
        mov     [watch_tick.old], eax
        mov     eax, watch_tick             ; segment 0
        mov     [VECTOR_TIMER], eax
        ret

; watch_end - the call came back, or was abandoned; DS = 0; kills EAX, keeps flags
watch_end:
        mov     eax, [watch_tick.old]
        mov     [VECTOR_TIMER], eax
        ret

; ---------------------------------------------------------------------------
; watch_tick - INT 8
; ---------------------------------------------------------------------------
watch_tick:
        pushf
        call    far [cs:.old]
        dec     word [cs:.left]
        jz      .abandon
        iret
.abandon:
        xor     ax, ax
        mov     ss, ax
        mov     sp, [cs:.sp]
        mov     ds, ax
        inc     word [BOOT_INFO + INFO_ABANDONED]
        mov     ah, STATUS_ABANDONED
        stc
        jmp     [cs:.resume]

        align   4, db 0
.old:           dd 0
.left:          dw 0
.sp:            dw 0
.resume:        dw 0
