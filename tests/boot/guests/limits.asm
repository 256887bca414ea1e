; limits.asm - how much one call of INT 13h moves: counts that no BIOS takes, transfers over the disk's end, and packets of
; every length.
;
; SeaBIOS and Bochs refuse AL = 0 and more than 128 sectors by CHS; SeaBIOS refuses
; packets of more than 64 KiB, and moves what is there of a transfer over the end. No
; BIOS of them looks at a packet's length, or for 55AAh in BX of AH=41h.
;
; Defines: NUMBER      drive number, 00h or 80h; a floppy has no packets
;          CYLINDERS

%include "guest.inc"

PACKET                  equ WORK
LAST                    equ DISK_SECTORS - 1
DATA_LBA                equ GUEST_SECTORS + 20

main:
        mov     eax, LAST
        call    to_chs
        mov     dl, NUMBER
        mov     [last_cx], cx
        mov     [last_dx], dx
        call    counts
        call    over_the_end
%if NUMBER >= 80h
        call    packets
        call    lengths
        call    other_calls
%endif
        jmp     pass

; ask count, "what": AL sectors from 0/0/1 on are read, written and verified by nobody
%macro ask 2
        call    poison
        bios    0200h | (%1), 0, 1, NUMBER, 0, %2
        call    is_refused
        must    e, %2
        bios    0300h | (%1), 0, 1, NUMBER, 0, %2
        call    is_refused
        must    e, %2
        bios    0400h | (%1), 0, 1, NUMBER, 0, %2
        call    is_refused
        must    e, %2
%endmacro

counts:
        ask     0, "no sector"
        ask     129, "129 sectors"
        ask     250, "250 sectors"
        ask     255, "255 sectors"
        call    poison
        bios    0280h, 0, 1, NUMBER, 0, "128 sectors"
        worked  "128 sectors"
        cmp     byte [out + REGISTERS.eax], 128
        must    e, "128 sectors: AL"
        mov     esi, BUFFER
        xor     ebx, ebx
        mov     ecx, 128
        call    is_disk
        must    e, "128 sectors: the bytes"
        ret

; is_refused - the last call had CF = 1 and AH = 01h, and BUFFER is untouched
;   out     ZF = 1        yes
is_refused:
        test    byte [out + REGISTERS.flags], FLAG_CF
        jz      .done                       ; ZF = 1 would be a yes
        cmp     byte [out + REGISTERS.eax + 1], 1
        jne     .done
        mov     esi, BUFFER
        mov     ecx, 8192
        jmp     is_poison
.done:
        cmp     sp, 0                       ; ZF = 0
        ret

; The last sector and two more: one is moved, and said.
over_the_end:
%ifndef REFERENCE
        call    poison
        bios    0203h, 0, [last_cx], [last_dx], 0, "over the end"
        refused "over the end"
        cmp     word [out + REGISTERS.eax], 0201h
        must    e, "over the end: AH=02h, AL=1"
        call    only_last
        must    e, "over the end: the last sector, and nothing behind it"
        bios    0403h, 0, [last_cx], [last_dx], 0, "AH=04h over the end"
        refused "AH=04h over the end"
        ; Written, with other bytes, and put back.
        push    word BUFFER_SEGMENT
        pop     fs
        not     dword [fs:0]
        mov     eax, [fs:0]
        push    eax
        bios    0302h, 0, [last_cx], [last_dx], 0, "AH=03h over the end"
        refused "AH=03h over the end"
        cmp     word [out + REGISTERS.eax], 0201h
        must    e, "AH=03h over the end: AH=02h, AL=1"
        call    poison
        bios    0201h, 0, [last_cx], [last_dx], 0, "the last sector"
        worked  "the last sector"
        push    word BUFFER_SEGMENT
        pop     fs
        pop     eax
        cmp     eax, [fs:0]
        must    e, "AH=03h over the end: the last sector is written"
        not     dword [fs:0]
        bios    0301h, 0, [last_cx], [last_dx], 0, "putting it back"
        worked  "putting it back"
        ; The sector behind the last, and none.
%if CYLINDERS < 1024
        call    poison
        bios    0201h, 0, (CYLINDERS & 0FFh) << 8 | CYLINDERS >> 8 << 6 | 1, NUMBER, 0, "behind the end"
        refused "behind the end"
        cmp     word [out + REGISTERS.eax], 0200h
        must    e, "behind the end: AH=02h, AL=0"
%endif
%endif
        ret

; only_last - BUFFER has the last sector, and behind it what was there; out ZF = 1
only_last:
        mov     esi, BUFFER
        mov     ebx, LAST
        mov     ecx, 1
        call    is_disk
        jne     .done
        mov     esi, BUFFER + 512
        mov     ecx, 8192
        call    is_poison
.done:
        ret

%if NUMBER >= 80h
; A packet for AX sectors from EBX into BUFFER.
packet:
        mov     word [PACKET], 10h
        mov     [PACKET + 2], ax
        mov     dword [PACKET + 4], BUFFER_SEGMENT << 16
        mov     [PACKET + 8], ebx
        mov     dword [PACKET + 12], 0
        mov     word [in + REGISTERS.esi], PACKET
        ret

; too_many count: AH=09h, count 0, nothing moved
%macro too_many 1
        call    poison
        mov     ax, %1
        xor     ebx, ebx
        call    packet
        bios    4200h, 0, 0, NUMBER, 0, "a packet of too many sectors"
        refused "a packet of too many sectors"
        cmp     byte [out + REGISTERS.eax + 1], 9
        must    e, "a packet of too many sectors: AH=09h"
        cmp     word [PACKET + 2], 0
        must    e, "a packet of too many sectors: the packet's count is 0"
        mov     esi, BUFFER
        mov     ecx, 8192
        call    is_poison
        must    e, "a packet of too many sectors: nothing is moved"
%endmacro

packets:
        too_many 129
        too_many 200
        too_many 0FFFFh
        call    poison
        mov     ax, 128
        mov     ebx, DATA_LBA
        call    packet
        bios    4200h, 0, 0, NUMBER, 0, "a packet of 128 sectors"
        worked  "a packet of 128 sectors"
        mov     esi, BUFFER
        mov     ebx, DATA_LBA
        mov     ecx, 128
        call    is_disk
        must    e, "a packet of 128 sectors: the bytes"

        ; None: nothing is done, also with a buffer in the resident part.
        call    poison
        xor     ax, ax
        mov     ebx, DATA_LBA
        call    packet
        bios    4200h, 0, 0, NUMBER, 0, "a packet of no sector"
        worked  "a packet of no sector"
        mov     esi, BUFFER
        mov     ecx, 8192
        call    is_poison
        must    e, "a packet of no sector: nothing is moved"
%ifndef REFERENCE
        mov     ax, [413h]
        shl     ax, 6
        inc     ax
        mov     [PACKET + 6], ax
        bios    4200h, 0, 0, NUMBER, 0, "a packet of no sector, over the resident part"
        worked  "a packet of no sector, over the resident part"
        bios    4300h, 0, 0, NUMBER, 0, "a packet of no sector, over the resident part, to be written"
        worked  "a packet of no sector, over the resident part, to be written"
%endif

        ; Over the end.
        call    poison
        mov     ax, 3
        mov     ebx, LAST
        call    packet
        bios    4200h, 0, 0, NUMBER, 0, "a packet over the end"
        refused "a packet over the end"
        cmp     word [PACKET + 2], 1
        must    e, "a packet over the end: the packet's count is 1"
        call    only_last
        must    e, "a packet over the end: the last sector, and nothing behind it"
%ifndef REFERENCE
        mov     ax, 3
        mov     ebx, LAST
        call    packet
        bios    4400h, 0, 0, NUMBER, 0, "AH=44h over the end"
        refused "AH=44h over the end"
        cmp     word [PACKET + 2], 1
        must    e, "AH=44h over the end: the packet's count is 1"
%endif
        ret

; The length of a packet is looked at by nobody.
lengths:
        mov     bp, .all
.next:
        call    poison
        mov     ax, 2
        mov     ebx, DATA_LBA
        call    packet
        mov     al, [bp]
        mov     [PACKET], al
        bios    4200h, 0, 0, NUMBER, 0, "a packet of another length"
        worked  "a packet of another length"
        mov     esi, BUFFER
        mov     ebx, DATA_LBA
        mov     ecx, 2
        call    is_disk
        must    e, "a packet of another length: the bytes"
        inc     bp
        cmp     bp, .end
        jb      .next
        ret
.all:           db 0, 1, 2, 15, 16, 17, 23, 24, 32, 255
.end:

; What guests leave out, and get an answer all the same.
other_calls:
        bios    4100h, 1234h, 0, NUMBER, MAY_BX | MAY_CX, "AH=41h without its number"
        test    byte [out + REGISTERS.flags], FLAG_CF
        must    z, "AH=41h without its number: CF"
        cmp     word [out + REGISTERS.ebx], 0AA55h
        must    e, "AH=41h without its number: BX"
        bios    1400h, 0, 0, NUMBER, 0, "AH=14h"
        worked  "AH=14h"
        ; The high half of EBX in E820h.
        push    es
        push    word BUFFER_SEGMENT
        pop     es
        xor     di, di
        mov     eax, 0E820h
        mov     ebx, 0DEAD0000h
        mov     ecx, 20
        mov     edx, 534D4150h
        int     15h
        pop     es
        must    nc, "E820h with something in the high half of EBX"
        cmp     eax, 534D4150h
        must    e, "E820h with something in the high half of EBX: EAX"
        ; An entry that is not there: AL stays.
        mov     eax, 0E820h
        mov     ebx, 200
        mov     ecx, 20
        mov     edx, 534D4150h
        xor     di, di
        int     15h
        must    c, "E820h of an entry that is not there"
        cmp     ax, 8620h
        must    e, "E820h of an entry that is not there: AX"
        ret
%endif

last_cx:        dw 0
last_dx:        dw 0

%include "end.inc"
