; cd.asm - INT 13h of a CD in RAM that booted without emulation: sectors of 2048 bytes, El Torito's calls, and nothing
; that a disk has.
;
; Defines: BLOCKS      blocks of the CD
;          CATALOGUE   block of the boot catalogue
;          BOOT        first block of the boot image, which is this guest
;          NUMBER      drive number that it should have

%include "guest.inc"

BLOCK_LEN               equ 2048
AFTER_GUEST             equ BOOT + GUEST_SECTORS / 4    ; blocks from here on hold numbers
STARTED                 equ 600h            ; below the guest: left alone by AH=4Ch
STARTED_ONCE            equ 0CD0CD0CDh

struc DAP
  .size:        resw 1
  .count:       resw 1
  .buffer:      resd 1
  .lba:         resq 1
  .flat:        resq 1
endstruc

packet                  equ WORK
answer                  equ WORK + 40h

main:
        cmp     dword [STARTED], STARTED_ONCE
        je      second_start
        cmp     byte [drive], NUMBER
        must    e, "DL at the start"
%ifndef REFERENCE
        cmp     word [entry_cs], 7C0h
        must    e, "CS at the start"
%endif
        call    extensions
        call    parameters
        call    reads
        call    limits
        call    no_disk
        call    others
        call    specification
        call    catalogue
%ifdef REFERENCE
        jmp     pass
%else
        jmp     boot_again
%endif

extensions:
        bios    4100h, 55AAh, 0, NUMBER, MAY_BX | MAY_CX, "AH=41h"
        test    byte [out + REGISTERS.flags], FLAG_CF
        must    z, "AH=41h: CF"
        cmp     word [out + REGISTERS.ebx], 0AA55h
        must    e, "AH=41h: BX"
        test    byte [out + REGISTERS.ecx], 1
        must    nz, "AH=41h: CX"
        ret

parameters:
        mov     di, answer
        mov     cx, 40
        mov     ax, 0D1D1h
        rep     stosw
        mov     word [answer], 30
        mov     word [in + REGISTERS.esi], answer
        bios    4800h, 0, 0, NUMBER, 0, "AH=48h"
        worked  "AH=48h"
        cmp     word [answer + 18h], BLOCK_LEN
        must    e, "AH=48h: bytes in a sector"
%ifndef REFERENCE
        cmp     word [answer], 30
        must    e, "AH=48h: bytes of the answer"
        cmp     dword [answer + 10h], BLOCKS
        must    e, "AH=48h: sectors"
        cmp     dword [answer + 14h], 0
        must    e, "AH=48h: the high half of the sectors"
        test    word [answer + 2], 2
        must    z, "AH=48h: a CD has no geometry"
        mov     word [answer], 25
        bios    4800h, 0, 0, NUMBER, 0, "AH=48h with too little room"
        refused "AH=48h with too little room"
%endif
        ret

; EBX = block, CX = count, EAX = far pointer: a packet of 16 bytes.
prepare:
        mov     dword [packet + DAP.size], 10h
        mov     [packet + DAP.count], cx
        mov     [packet + DAP.buffer], eax
        mov     [packet + DAP.lba], ebx
        mov     dword [packet + DAP.lba + 4], 0
        mov     word [in + REGISTERS.esi], packet
        ret

; EBX = block, CX = count, EAX = far pointer. Reads and compares; the block's numbers count from the CD's start.
read_and_compare:
        call    prepare
        push    ebx
        push    ecx
        call    poison
        bios    4200h, 0, 0, NUMBER, 0, "AH=42h"
        worked  "AH=42h"
        pop     ecx
        pop     ebx
        cmp     [packet + DAP.count], cx
        must    e, "AH=42h: the count stays"
        movzx   ecx, cx
        shl     ecx, 2
        shl     ebx, 2
        movzx   esi, word [packet + DAP.buffer + 2]
        shl     esi, 4
        movzx   eax, word [packet + DAP.buffer]
        add     esi, eax
        push    esi
        push    ecx
        call    is_disk
        must    e, "AH=42h: the bytes"
        pop     ecx
        pop     esi
        shl     ecx, 9
        add     esi, ecx
        mov     ecx, 512
        call    is_poison
        must    e, "AH=42h: more than the sectors"
        ret

reads:
        mov     ebx, AFTER_GUEST
        mov     cx, 1
        mov     eax, BUFFER_SEGMENT << 16
        call    read_and_compare
        mov     ebx, BLOCKS - 1
        mov     cx, 1
        mov     eax, BUFFER_SEGMENT << 16
        call    read_and_compare
        ; A run, and a buffer that crosses 64 KiB.
        mov     ebx, BLOCKS - 16
        mov     cx, 16
        mov     eax, BUFFER_SEGMENT << 16
        call    read_and_compare
%ifndef REFERENCE
        mov     ebx, AFTER_GUEST + 3
        mov     cx, 60
        mov     eax, (BUFFER_SEGMENT << 16) | 0F00h
        call    read_and_compare
        ; A flat address behind the packet.
        mov     ebx, AFTER_GUEST + 1
        mov     cx, 2
        mov     eax, -1
        call    prepare
        mov     byte [packet + DAP.size], 24
        mov     dword [packet + DAP.flat], BUFFER
        mov     dword [packet + DAP.flat + 4], 0
        call    poison
        bios    4200h, 0, 0, NUMBER, 0, "AH=42h to a flat address"
        worked  "AH=42h to a flat address"
        mov     esi, BUFFER
        mov     ebx, (AFTER_GUEST + 1) * 4
        mov     ecx, 8
        call    is_disk
        must    e, "AH=42h to a flat address: the bytes"
%endif
        ret

; in      EBX = block, CX = count, EDX = high half of the block
outside:
        mov     eax, BUFFER_SEGMENT << 16
        call    prepare
        mov     [packet + DAP.lba + 4], edx
        call    poison
        bios    4200h, 0, 0, NUMBER, 0, "AH=42h outside the CD"
        refused "AH=42h outside the CD"
%ifndef REFERENCE
        cmp     byte [out + REGISTERS.eax + 1], 2
        must    e, "AH=42h outside the CD: AH=02h"
        cmp     word [packet + DAP.count], 0
        must    e, "AH=42h outside the CD: count 0"
        mov     esi, BUFFER
        mov     ecx, 8000h
        call    is_poison
        must    e, "AH=42h outside the CD: something was moved"
        bios    0100h, 0, 0, NUMBER, 0, "AH=01h"
        cmp     byte [out + REGISTERS.eax + 1], 2
        must    e, "AH=01h: the status of the last call"
%endif
        ret

limits:
        xor     edx, edx
        mov     ebx, BLOCKS
        mov     cx, 1
        call    outside
%ifndef REFERENCE
        ; Over the end: what is there is moved, and said.
        mov     ebx, BLOCKS - 1
        mov     cx, 3
        mov     eax, BUFFER_SEGMENT << 16
        call    prepare
        call    poison
        bios    4200h, 0, 0, NUMBER, 0, "AH=42h over the end"
        refused "AH=42h over the end"
        cmp     byte [out + REGISTERS.eax + 1], 2
        must    e, "AH=42h over the end: AH=02h"
        cmp     word [packet + DAP.count], 1
        must    e, "AH=42h over the end: count 1"
        mov     esi, BUFFER
        mov     ebx, (BLOCKS - 1) * 4
        mov     ecx, 4
        call    is_disk
        must    e, "AH=42h over the end: the bytes of the last block"
        mov     esi, BUFFER + BLOCK_LEN
        mov     ecx, 8000h
        call    is_poison
        must    e, "AH=42h over the end: nothing behind them"
        ; More than a call moves.
        mov     ebx, AFTER_GUEST
        mov     cx, 129
        mov     eax, BUFFER_SEGMENT << 16
        call    prepare
        call    poison
        bios    4200h, 0, 0, NUMBER, 0, "AH=42h of 129 blocks"
        refused "AH=42h of 129 blocks"
        cmp     byte [out + REGISTERS.eax + 1], 9
        must    e, "AH=42h of 129 blocks: AH=09h"
        mov     esi, BUFFER
        mov     ecx, 8000h
        call    is_poison
        must    e, "AH=42h of 129 blocks: nothing is moved"
        ; Numbers whose multiples of 4 begin again at 0.
        xor     edx, edx
        mov     ebx, 40000000h + AFTER_GUEST
        mov     cx, 1
        call    outside
        xor     edx, edx
        mov     ebx, 0FFFFFFFFh
        mov     cx, 1
        call    outside
        mov     edx, 1
        mov     ebx, AFTER_GUEST
        mov     cx, 1
        call    outside
        mov     ebx, AFTER_GUEST
        mov     cx, 0
        mov     eax, BUFFER_SEGMENT << 16
        call    prepare
        bios    4200h, 0, 0, NUMBER, 0, "AH=42h of no sectors"
        worked  "AH=42h of no sectors"
%endif
        ret

; What a CD has not.
no_disk:
        mov     ebx, AFTER_GUEST
        mov     cx, 1
        mov     eax, BUFFER_SEGMENT << 16
        call    prepare
%ifndef MEMDISK                             ; which writes to the CD
        bios    4300h, 0, 0, NUMBER, 0, "AH=43h"
        refused "AH=43h"
%endif
        bios    0201h, 0, 1, NUMBER, 0, "AH=02h of a CD"
        refused "AH=02h of a CD"
        bios    0301h, 0, 1, NUMBER, 0, "AH=03h of a CD"
        refused "AH=03h of a CD"
        bios    0800h, 0, 0, NUMBER, 0, "AH=08h of a CD"
        refused "AH=08h of a CD"
%ifndef REFERENCE
        bios    0401h, 0, 1, NUMBER, 0, "AH=04h of a CD"
        refused "AH=04h of a CD"
        bios    1500h, 0, 0, NUMBER, 0, "AH=15h of a CD"
        refused "AH=15h of a CD"
        ; It was not written.
        mov     ebx, AFTER_GUEST
        mov     cx, 1
        mov     eax, BUFFER_SEGMENT << 16
        call    read_and_compare
        ; The CD is the only drive.
        bios    0800h, 0, 0, 80h, MAY_BX | MAY_CX | MAY_DX | MAY_DI | MAY_ES, "AH=08h of a hard disk"
        test    byte [out + REGISTERS.flags], FLAG_CF
        must    nz, "AH=08h: there is a hard disk"
        bios    4100h, 55AAh, 0, 0E1h, 0, "AH=41h of another CD"
        refused "AH=41h of another CD"
%endif
        ret

others:
%ifndef MEMDISK                             ; which refuses it
        bios    0000h, 0, 0, NUMBER, 0, "AH=00h"
        worked  "AH=00h"
%endif
        mov     ebx, AFTER_GUEST
        mov     cx, 1
        mov     eax, BUFFER_SEGMENT << 16
        call    prepare
%ifndef REFERENCE
        bios    4400h, 0, 0, NUMBER, 0, "AH=44h"
        worked  "AH=44h"
        bios    4700h, 0, 0, NUMBER, 0, "AH=47h"
        worked  "AH=47h"
        bios    4502h, 0, 0, NUMBER, 0, "AH=45h"
        worked  "AH=45h"
        bios    4600h, 0, 0, NUMBER, 0, "AH=46h"
        refused "AH=46h"
        bios    4900h, 0, 0, NUMBER, 0, "AH=49h"
        worked  "AH=49h"
        mov     byte [wanted], 0
.configuration:
        movzx   eax, byte [wanted]
        mov     [note], eax
        add     ax, 4E00h
        bios    ax, 0, 0, NUMBER, 0, "AH=4Eh"
        mov     cl, [wanted]
        mov     ax, 01011010b               ; 1, 3, 4 and 6
        shr     ax, cl
        test    al, 1
        jz      .refused
        worked  "AH=4Eh"
        cmp     byte [out + REGISTERS.eax], 0
        must    e, "AH=4Eh: AL"
        jmp     .next
.refused:
        refused "AH=4Eh of what memory cannot do"
.next:
        inc     byte [wanted]
        cmp     byte [wanted], 9
        jb      .configuration
%endif
        ret

; in      DL = number, AL = 0 or 1
status:
        mov     di, answer
        mov     cx, 20
        push    ax
        mov     ax, 0D1D1h
        rep     stosw
        pop     ax
        mov     word [in + REGISTERS.esi], answer
        mov     ah, 4Bh
        mov     dh, 0
        bios    ax, 0, 0, dx, 0, "AH=4Bh"
        worked  "AH=4Bh"
        cmp     byte [answer], 13h
        must    e, "AH=4Bh: bytes of the packet"
        test    byte [answer + 1], 0Fh
        must    z, "AH=4Bh: no emulation"
        cmp     byte [answer + 2], NUMBER
        must    e, "AH=4Bh: the drive"
        cmp     dword [answer + 4], BOOT
        must    e, "AH=4Bh: the boot image"
        cmp     byte [answer + 13h], 0D1h
        must    e, "AH=4Bh: more than the packet"
%ifndef REFERENCE
        cmp     word [answer + 0Ch], 7C0h
        must    e, "AH=4Bh: the segment"
        cmp     word [answer + 0Eh], GUEST_SECTORS
        must    e, "AH=4Bh: the sectors"
%endif
        ret

specification:
        mov     dl, NUMBER
        mov     al, 1
        call    status
%ifndef REFERENCE
        mov     dl, 7Fh
        mov     al, 1
        call    status
        mov     dl, 7Fh
        mov     al, 0
        call    status
        mov     dl, NUMBER
        mov     al, 0
        call    status
        bios    4B02h, 0, 0, NUMBER, 0, "AX=4B02h"
        refused "AX=4B02h"
        ; The packet names our boot image, or another.
        bios    4A00h, 0, 0, NUMBER, 0, "AH=4Ah"
        worked  "AH=4Ah"
        inc     dword [answer + 4]
        bios    4A00h, 0, 0, NUMBER, 0, "AH=4Ah of another image"
        refused "AH=4Ah of another image"
        bios    4C00h, 0, 0, NUMBER, 0, "AH=4Ch of another image"
        refused "AH=4Ch of another image"
        dec     dword [answer + 4]
        mov     byte [answer + 1], 2
        bios    4C00h, 0, 0, NUMBER, 0, "AH=4Ch of another medium"
        refused "AH=4Ch of another medium"
%endif
        ret

catalogue:
%ifndef REFERENCE
        call    poison
        mov     word [packet], 0108h        ; 8 bytes, one sector
        mov     dword [packet + 2], BUFFER_SEGMENT << 16
        mov     word [packet + 6], 0
        mov     word [in + REGISTERS.esi], packet
        bios    4D00h, 0, 0, NUMBER, 0, "AH=4Dh"
        worked  "AH=4Dh"
        mov     ax, BUFFER_SEGMENT
        mov     es, ax
        mov     eax, [es:1Ch]
        mov     edx, [es:20h]
        mov     ecx, [es:28h]
        mov     ebx, [es:BLOCK_LEN]
        push    cs
        pop     es
        shr     eax, 16
        cmp     ax, 0AA55h
        must    e, "AH=4Dh: the catalogue's first entry"
        cmp     dx, 0088h
        must    e, "AH=4Dh: the entry that boots"
        cmp     ecx, BOOT
        must    e, "AH=4Dh: its boot image"
        cmp     ebx, 0D1D1D1D1h
        must    e, "AH=4Dh: more than a sector"
        ; From the catalogue's fifth sector on: the boot image.
        mov     word [packet + 6], BOOT - CATALOGUE
        bios    4D00h, 0, 0, NUMBER, 0, "AH=4Dh of a later sector"
        worked  "AH=4Dh of a later sector"
        mov     ax, BUFFER_SEGMENT
        mov     es, ax
        mov     ax, [es:0]
        push    cs
        pop     es
        cmp     ax, [7C00h]
        must    e, "AH=4Dh of a later sector: the bytes"
        mov     word [packet + 6], BLOCKS - CATALOGUE
        bios    4D00h, 0, 0, NUMBER, 0, "AH=4Dh behind the CD"
        refused "AH=4Dh behind the CD"
%endif
        ret

; The last call: the CD boots once more.
boot_again:
        mov     dl, NUMBER
        mov     al, 1
        call    status
        mov     dword [STARTED], STARTED_ONCE
        mov     byte [note], 0
        bios    4C00h, 0, 0, NUMBER, 0, "AH=4Ch"
        mov     si, .text
        jmp     failed
.text:          db "AH=4Ch came back", 0

second_start:
        cmp     byte [drive], NUMBER
        must    e, "AH=4Ch: DL at the start"
        cmp     word [entry_cs], 7C0h
        must    e, "AH=4Ch: CS at the start"
        cmp     byte [wanted], 0
        must    e, "AH=4Ch: the guest was not loaded again"
        ; Calls work as before.
        mov     dword [STARTED], 0
        call    reads
        mov     dl, 7Fh
        mov     al, 1
        call    status
        jmp     pass

wanted:         db 0

%include "end.inc"
