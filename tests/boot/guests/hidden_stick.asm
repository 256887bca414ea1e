; hidden_stick.asm - no call reaches the pulled stick, and nothing waits for it.
;
; Looks at every drive number as a DOS does. A call that reaches the stick would
; hang for 26 s in the BIOS' USB driver, so each call is timed by the BIOS' ticks.
;
; Defines: DISKS       hard disks that there should be, with the RAM disk
;          FIRST       number of the first hard disk that is not the RAM disk
;          FLOPPY_RAM  the RAM disk is drive 0

%include "guest.inc"

BDA_DISKS               equ 475h
BDA_TICKS               equ 46Ch
TICKS_MAX               equ 182             ; ten seconds for one call: also a busy machine is done by then
WORD_OF_INTERNAL        equ 1A7E55AAh       ; first word of an internal disk's sector 1

main:
        cmp     byte [BDA_DISKS], DISKS
        must    e, "the number of hard disks at 475h"
        mov     bp, 80h
.drive:
        mov     byte [there], 0
        mov     ax, bp
        cmp     al, 80h + DISKS
        jae     .look
        mov     byte [there], 1
.look:
        movzx   eax, bp
        mov     [note_drive], eax

        call    begin
        bios    0800h, 0, 0, bp, MAY_BX | MAY_CX | MAY_DX | MAY_DI | MAY_ES, "AH=08h"
        call    finish
        must    be, "AH=08h waits"
        cmp     byte [there], 1
        jne     .no_parameters
        worked  "AH=08h of a disk that is there"
        cmp     byte [out + REGISTERS.edx], DISKS
        must    e, "AH=08h: DL is the number of disks"
        jmp     .type
.no_parameters:
        test    byte [out + REGISTERS.flags], FLAG_CF
        must    nz, "AH=08h of a disk that is not there: CF"
.type:
        call    begin
        bios    1500h, 0, 0, bp, MAY_CX | MAY_DX, "AH=15h"
        call    finish
        must    be, "AH=15h waits"
        cmp     byte [there], 1
        jne     .no_type
        cmp     byte [out + REGISTERS.eax + 1], 3
        must    e, "AH=15h: a hard disk"
        jmp     .packets
.no_type:
        cmp     byte [out + REGISTERS.eax + 1], 3
        must    ne, "AH=15h of a disk that is not there"
.packets:
        call    begin
        bios    4100h, 55AAh, 0, bp, MAY_BX | MAY_CX, "AH=41h"
        call    finish
        must    be, "AH=41h waits"
        cmp     byte [there], 1
        jne     .no_packets
        test    byte [out + REGISTERS.flags], FLAG_CF
        must    z, "AH=41h of a disk that is there"
        jmp     .read
.no_packets:
        test    byte [out + REGISTERS.flags], FLAG_CF
        must    nz, "AH=41h of a disk that is not there"
.read:
        call    begin
        bios    0201h, 0, 2, bp, 0, "AH=02h"
        call    finish
        must    be, "AH=02h waits"
        cmp     byte [there], 1
        jne     .no_read
        worked  "AH=02h of a disk that is there"
        jmp     .reset
.no_read:
        refused "AH=02h of a disk that is not there"
        jmp     .next
.reset:
        call    begin
        bios    0000h, 0, 0, bp, 0, "AH=00h"
        call    finish
        must    be, "AH=00h waits"
.next:
        inc     bp
        cmp     bp, 90h
        jb      .drive

        call    internal_disk
        call    floppies
        jmp     pass

; The internal disk, if there is one, has its own data under its new number.
internal_disk:
%if FIRST < 80h + DISKS
        bios    0201h, 0, 2, FIRST, 0, "AH=02h of the internal disk"
        worked  "AH=02h of the internal disk"
        mov     ax, BUFFER_SEGMENT
        mov     es, ax
        cmp     dword [es:0], WORD_OF_INTERNAL
        push    cs
        pop     es
        must    e, "the internal disk has its own data"
        mov     word [WORK], 10h
        mov     word [WORK + 2], 1
        mov     dword [WORK + 4], BUFFER_SEGMENT << 16
        mov     dword [WORK + 8], 1
        mov     dword [WORK + 12], 0
        mov     word [in + REGISTERS.esi], WORK
        call    poison
        bios    4200h, 0, 0, FIRST, 0, "AH=42h of the internal disk"
        worked  "AH=42h of the internal disk"
        mov     ax, BUFFER_SEGMENT
        mov     es, ax
        cmp     dword [es:0], WORD_OF_INTERNAL
        push    cs
        pop     es
        must    e, "the internal disk has its own data, by packet"
%endif
        ret

; A drive that is no RAM disk must not answer as one.
floppies:
        mov     al, [410h]
        and     al, 0C1h
%ifdef FLOPPY_RAM
        cmp     al, 1
        must    e, "one floppy drive is counted"
%endif
        call    begin
        bios    0201h, 0, 1, 1, 0, "AH=02h of the second floppy drive"
        call    finish
        must    be, "AH=02h of the second floppy drive waits"
        refused "AH=02h of the second floppy drive"
        ret

begin:
        mov     eax, [BDA_TICKS]
        mov     [ticks], eax
        ret

; CF or ZF = 1: the call took no longer than TICKS_MAX; [note] is the drive.
finish:
        mov     eax, [note_drive]
        mov     [note], eax
        mov     eax, [BDA_TICKS]
        sub     eax, [ticks]
        cmp     eax, TICKS_MAX
        ret

there:          db 0
ticks:          dd 0
note_drive:     dd 0

%include "end.inc"
