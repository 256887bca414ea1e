; int13_hdd.asm - a hard disk answers INT 13h as a hard disk, and changes nothing that it should not.
;
; Defines: CYLINDERS too. Under a real BIOS (REFERENCE) the last cylinder may be
; kept for itself, and packets may be longer than we ask.

%include "guest.inc"

%define PACKET          WORK
%define ANSWER          (WORK + 100h)
%define DATA_LBA        (GUEST_SECTORS + 20)

main:
        cmp     byte [drive], 80h
        must    e, "DL is 80h"
        call    asks
        call    bad_addresses
        call    every_sector_by_chs
        call    every_sector_by_edd
        call    odd_buffers
        call    bad_packets
        call    writes
        jmp     pass

; What the disk says of itself.
asks:
        bios    1500h, 0, 0, 80h, MAY_CX | MAY_DX, "AH=15h"
        test    byte [out + REGISTERS.flags], FLAG_CF
        must    z, "AH=15h: CF"
        cmp     byte [out + REGISTERS.eax + 1], 3
        must    e, "AH=15h: a hard disk"
%ifndef REFERENCE
        mov     ax, [out + REGISTERS.ecx]
        shl     eax, 16
        mov     ax, [out + REGISTERS.edx]
        cmp     eax, DISK_SECTORS
        must    e, "AH=15h: sectors"
%endif

        bios    0800h, 0, 0, 80h, MAY_BX | MAY_CX | MAY_DX | MAY_DI | MAY_ES, "AH=08h"
        worked  "AH=08h"
        mov     al, [BDA_DISKS]
        cmp     [out + REGISTERS.edx], al
        must    e, "AH=08h: DL is the number of disks at 475h"
%ifndef REFERENCE
        cmp     byte [out + REGISTERS.edx + 1], HEADS - 1
        must    e, "AH=08h: heads"
        mov     al, [out + REGISTERS.ecx]
        and     al, 3Fh
        cmp     al, TRACK_SECTORS
        must    e, "AH=08h: sectors of a track"
        mov     ax, [out + REGISTERS.ecx]
        shr     al, 6
        xchg    al, ah
        cmp     ax, CYLINDERS - 1
        must    e, "AH=08h: cylinders"
%endif

        bios    4100h, 55AAh, 0, 80h, MAY_BX | MAY_CX, "AH=41h"
        test    byte [out + REGISTERS.flags], FLAG_CF
        must    z, "AH=41h: CF"
        cmp     word [out + REGISTERS.ebx], 0AA55h
        must    e, "AH=41h: BX"
        test    byte [out + REGISTERS.ecx], 1
        must    nz, "AH=41h: packet calls"
        cmp     byte [out + REGISTERS.eax + 1], 21h
        must    ae, "AH=41h: version"

        call    parameters

%macro accepts 2
        bios    %1, 0, 1, 80h, 0, %2
        worked  %2
%endmacro
        accepts 0000h, "AH=00h"
        accepts 0401h, "AH=04h"
        accepts 0C00h, "AH=0Ch"
        accepts 0D00h, "AH=0Dh"
        accepts 1000h, "AH=10h"
        accepts 1100h, "AH=11h"
        bios    7F00h, 0, 1, 80h, 0, "AH=7Fh"
        refused "AH=7Fh"
        cmp     byte [out + REGISTERS.eax + 1], 1
        must    e, "AH=7Fh: status"
        bios    0501h, 0, 1, 80h, 0, "AH=05h"
%ifndef REFERENCE
        refused "AH=05h, format"
%endif
        ret

BDA_DISKS               equ 475h
BDA_STATUS              equ 474h

; AH=48h with buffers of several lengths.
parameters:
        mov     word [in + REGISTERS.esi], ANSWER
        mov     bx, lengths
.next:
        mov     cx, 80
        mov     di, ANSWER
        mov     al, 0D1h
        rep     stosb
        mov     ax, [bx]
        mov     [ANSWER], ax
        push    bx
        bios    4800h, 0, 0, 80h, 0, "AH=48h"
        worked  "AH=48h"
        pop     bx
        mov     eax, [ANSWER + 16]
        cmp     eax, DISK_SECTORS
        must    e, "AH=48h: sectors"
        cmp     dword [ANSWER + 20], 0
        must    e, "AH=48h: high half of sectors"
        cmp     word [ANSWER + 24], 512
        must    e, "AH=48h: bytes of a sector"
%ifndef REFERENCE
        cmp     dword [ANSWER + 4], CYLINDERS
        must    e, "AH=48h: cylinders"
        cmp     dword [ANSWER + 8], HEADS
        must    e, "AH=48h: heads"
        cmp     dword [ANSWER + 12], TRACK_SECTORS
        must    e, "AH=48h: sectors of a track"
%endif
        mov     di, [bx]
        mov     ax, [ANSWER]
        cmp     ax, di
        must    be, "AH=48h: not more than there is room for"
        cmp     word [ANSWER + di], 0D1D1h
        must    e, "AH=48h: nothing behind the buffer"
        add     bx, 2
        cmp     bx, lengths.end
        jb      .next

        mov     word [ANSWER], 25
        bios    4800h, 0, 0, 80h, 0, "AH=48h, 25 bytes"
        refused "AH=48h, 25 bytes"
        ret
lengths:        dw 26, 30, 66, 74
.end:

; Addresses outside the geometry or the disk: refused, and nothing transferred.
%macro no_read 4                            ; count, CX, DX, text
        call    poison
        bios    0200h | (%1), 0, %2, %3, 0, %4
        refused %4
        mov     esi, BUFFER
        mov     ecx, 4096
        call    is_poison
        must    e, {%4, ": nothing transferred"}
        mov     al, [out + REGISTERS.eax + 1]
        mov     [status], al
        bios    0100h, 0, 1, 80h, 0, "AH=01h"
%ifndef MEMDISK
        mov     al, [status]
        cmp     [out + REGISTERS.eax + 1], al
        must    e, {%4, ": AH=01h tells the status again"}
        mov     al, [status]
        cmp     [BDA_STATUS], al
        must    e, {%4, ": the status is at 474h"}
%endif
%endmacro
status:         db 0

bad_addresses:
        no_read 1, 0, 80h, "sector 0"
        no_read 1, 1, 80h | HEADS << 8, "a head too many"
%if TRACK_SECTORS < 63
        no_read 1, TRACK_SECTORS + 1, 80h, "a sector too many"
%endif
%if CYLINDERS < 1024
        no_read 1, (CYLINDERS & 0FFh) << 8 | CYLINDERS >> 8 << 6 | 1, 80h, "a cylinder too many"
%endif
        ret

; Every sector by CHS, a track at a time; the status afterwards is 0.
every_sector_by_chs:
        xor     ebp, ebp
.track:
        call    poison
        mov     eax, ebp
        call    to_chs
        mov     dl, 80h
        mov     [last_cx], cx
        mov     [last_dx], dx
        mov     eax, DISK_SECTORS
        sub     eax, ebp
        cmp     eax, TRACK_SECTORS
        jbe     .sized
        mov     eax, TRACK_SECTORS
.sized:
        mov     [count], ax
        mov     ah, 2
        mov     [last_ax], ax
        bios    [last_ax], 0, [last_cx], [last_dx], 0, "AH=02h"
        worked  "AH=02h"
        mov     al, [count]
        cmp     [out + REGISTERS.eax], al
        must    e, "AH=02h: AL is the number of sectors"
        mov     esi, BUFFER
        mov     ebx, ebp
        movzx   ecx, word [count]
        call    is_disk
        must    e, "AH=02h: the bytes"
        movzx   esi, word [count]
        shl     esi, 9
        add     esi, BUFFER
        mov     ecx, 512
        call    is_poison
        must    e, "AH=02h: nothing behind the sectors"
        movzx   eax, word [count]
        add     ebp, eax
        cmp     ebp, LAST_BY_CHS
        jb      .track

        ; Two tracks in one call.
        mov     eax, TRACK_SECTORS - 1
        call    to_chs
        mov     dl, 80h
        mov     [last_cx], cx
        mov     [last_dx], dx
        bios    0203h, 0, [last_cx], [last_dx], 0, "AH=02h over a track's end"
        worked  "AH=02h over a track's end"
        mov     esi, BUFFER
        mov     ebx, TRACK_SECTORS - 1
        mov     ecx, 3
        call    is_disk
        must    e, "AH=02h over a track's end: the bytes"
        ret

; What CHS reaches: SeaBIOS keeps the last cylinder for itself in AH=08h only.
%if DISK_SECTORS > 1024 * HEADS * TRACK_SECTORS
LAST_BY_CHS             equ 1024 * HEADS * TRACK_SECTORS
%else
LAST_BY_CHS             equ DISK_SECTORS
%endif

; Every sector by EDD, 127 or 128 at a time, into a buffer that begins 512 bytes before a 64 KiB boundary.
every_sector_by_edd:
        mov     word [in + REGISTERS.esi], PACKET
        xor     ebp, ebp
        mov     word [count], 128
.run:
        xor     word [count], 127 ^ 128
        call    poison
        mov     eax, DISK_SECTORS
        sub     eax, ebp
        movzx   ecx, word [count]
        cmp     eax, ecx
        jbe     .sized
        mov     eax, ecx
.sized:
        mov     [packet_count], ax
        call    packet
        mov     dword [PACKET + 4], (BUFFER_SEGMENT + 0FE0h) << 16
        mov     [PACKET + 8], ebp
        bios    4200h, 0, 0, 80h, 0, "AH=42h"
        worked  "AH=42h"
        mov     ax, [packet_count]
        cmp     [PACKET + 2], ax
        must    e, "AH=42h: the packet's count stays"
        mov     esi, BUFFER + 0FE00h
        mov     ebx, ebp
        movzx   ecx, word [packet_count]
        call    is_disk
        must    e, "AH=42h: the bytes"
        mov     esi, BUFFER + 0FE00h - 512
        mov     ecx, 512
        call    is_poison
        must    e, "AH=42h: nothing before the buffer"
        movzx   esi, word [packet_count]
        shl     esi, 9
        add     esi, BUFFER + 0FE00h
        mov     ecx, 512
        call    is_poison
        must    e, "AH=42h: nothing behind the buffer"
        movzx   eax, word [packet_count]
        add     ebp, eax
        cmp     ebp, DISK_SECTORS
        jb      .run
        call    packet
        bios    4400h, 0, 0, 80h, 0, "AH=44h"
        worked  "AH=44h"
        bios    4700h, 0, 0, 80h, 0, "AH=47h"
        worked  "AH=47h"
        ret

; A packet for [packet_count] sectors from DATA_LBA into BUFFER.
packet:
        push    ax
        mov     word [PACKET], 10h
        mov     ax, [packet_count]
        mov     [PACKET + 2], ax
        pop     ax
        mov     dword [PACKET + 4], BUFFER_SEGMENT << 16
        mov     dword [PACKET + 8], DATA_LBA
        mov     dword [PACKET + 12], 0
        ret

; Buffers at unusual places.
odd_buffers:
        mov     word [packet_count], 2
        ; Offset FF00h: the transfer leaves the segment's 64 KiB.
        call    poison
        bios    0202h, 0FF00h, TRACK_SECTORS - 1, 80h, 0, "AH=02h to offset FF00h"
        worked  "AH=02h to offset FF00h"
        mov     esi, BUFFER + 0FF00h
        mov     ebx, TRACK_SECTORS - 2
        mov     ecx, 2
        call    is_disk
        must    e, "AH=02h to offset FF00h: the bytes"
        ; An odd address.
        call    poison
        call    packet
        mov     word [PACKET + 4], 1
        bios    4200h, 0, 0, 80h, 0, "AH=42h to an odd address"
        worked  "AH=42h to an odd address"
        mov     esi, BUFFER + 1
        mov     ebx, DATA_LBA
        mov     ecx, 2
        call    is_disk
        must    e, "AH=42h to an odd address: the bytes"
        ; Just below the base memory's end.
        mov     ax, [413h]
        shl     ax, 6
        sub     ax, 40h                     ; two sectors
        call    packet
        mov     [PACKET + 6], ax
        movzx   ebp, ax
        shl     ebp, 4
        bios    4200h, 0, 0, 80h, 0, "AH=42h to the top of base memory"
        worked  "AH=42h to the top of base memory"
        mov     esi, ebp
        mov     ebx, DATA_LBA
        mov     ecx, 2
        call    is_disk
        must    e, "AH=42h to the top of base memory: the bytes"
%ifndef REFERENCE
        ; A 64-bit flat address (EDD 3.0).
        call    poison
        call    packet
        mov     word [PACKET], 18h
        mov     dword [PACKET + 4], 0FFFFFFFFh
        mov     dword [PACKET + 16], BUFFER + 8000h
        mov     dword [PACKET + 20], 0
        bios    4200h, 0, 0, 80h, 0, "AH=42h to a flat address"
        worked  "AH=42h to a flat address"
        mov     esi, BUFFER + 8000h
        mov     ebx, DATA_LBA
        mov     ecx, 2
        call    is_disk
        must    e, "AH=42h to a flat address: the bytes"
%endif
        ret

; Packets that ask for what is not there.
%macro no_packet 1
        bios    4200h, 0, 0, 80h, 0, %1
        refused %1
        mov     esi, BUFFER
        mov     ecx, 4096
        call    is_poison
        must    e, {%1, ": nothing transferred"}
%endmacro

bad_packets:
        call    poison
        call    packet
        mov     dword [PACKET + 8], DISK_SECTORS
        no_packet "the sector behind the last"
%ifndef REFERENCE
        cmp     word [PACKET + 2], 0
        must    e, "the sector behind the last: the packet's count is 0"
        bios    4600h, 0, 0, 80h, 0, "AH=46h"
        refused "AH=46h, eject"
        cmp     byte [out + REGISTERS.eax + 1], 0B2h
        must    e, "AH=46h: not removable"
%endif
        call    packet
        mov     dword [PACKET + 12], 1
        no_packet "an address of more than 32 bits"
        call    packet
        mov     dword [PACKET + 8], 0FFFFFFFFh
        no_packet "the largest address of 32 bits"
        ret

; Writes, by both ways, are read back by the other; then the sector is put back.
writes:
        mov     word [packet_count], 1
        call    packet
        bios    4200h, 0, 0, 80h, 0, "before a write"
        worked  "before a write"
        call    invert
        mov     eax, DATA_LBA
        call    to_chs
        mov     dl, 80h
        mov     [last_cx], cx
        mov     [last_dx], dx
        bios    0301h, 0, [last_cx], [last_dx], 0, "AH=03h"
%ifdef READ_ONLY
        refused "AH=03h on a read-only disk"
        cmp     byte [out + REGISTERS.eax + 1], 3
        must    e, "AH=03h on a read-only disk: status"
        call    packet
        bios    4300h, 0, 0, 80h, 0, "AH=43h"
        refused "AH=43h on a read-only disk"
        ret
%else
        worked  "AH=03h"
        cmp     byte [out + REGISTERS.eax], 1
        must    e, "AH=03h: AL is the number of sectors"
        call    poison
        call    packet
        bios    4200h, 0, 0, 80h, 0, "reading what AH=03h wrote"
        worked  "reading what AH=03h wrote"
        call    invert
        mov     esi, BUFFER
        mov     ebx, DATA_LBA
        mov     ecx, 1
        call    is_disk
        must    e, "reading what AH=03h wrote: the bytes"
        call    packet
        bios    4300h, 0, 0, 80h, 0, "AH=43h"
        worked  "AH=43h"
        call    poison
        bios    0201h, 0, [last_cx], [last_dx], 0, "reading what AH=43h wrote"
        worked  "reading what AH=43h wrote"
        mov     esi, BUFFER
        mov     ebx, DATA_LBA
        mov     ecx, 1
        call    is_disk
        must    e, "reading what AH=43h wrote: the bytes"
        call    packet
        mov     dword [PACKET + 8], DISK_SECTORS
        bios    4300h, 0, 0, 80h, 0, "writing behind the last sector"
        refused "writing behind the last sector"
        ret
%endif

invert:
        push    es
        mov     ax, BUFFER_SEGMENT
        mov     es, ax
        xor     di, di
        mov     cx, 128
.word:
        not     dword [es:di]
        add     di, 4
        loop    .word
        pop     es
        ret

count:          dw 0
packet_count:   dw 2
last_ax:        dw 0
last_cx:        dw 0
last_dx:        dw 0

%include "end.inc"
