; emulated.asm - a disk or floppy that a CD emulates: the CD beside it, the end of the emulation, its return, and a second
; boot.
;
; Defines: MEDIA       how the catalogue says that it boots: 1 to 3 a floppy, 4 a hard disk
;          NUMBER      number of the emulated drive
;          BLOCKS      blocks of the CD
;          BOOT        first block of what is emulated

%include "guest.inc"

BLOCK_LEN               equ 2048
CD                      equ 0E0h
ANY_CD                  equ 7Fh
STARTED                 equ 600h            ; below the guest: left alone by AH=4Ch
STARTED_ONCE            equ 0E0E0CDCDh

packet                  equ WORK
answer                  equ WORK + 40h

main:
        cmp     dword [STARTED], STARTED_ONCE
        je      second_start
        cmp     byte [drive], NUMBER
        must    e, "DL at the start"
        cmp     word [entry_cs], 0
        must    e, "CS at the start"
        mov     dl, NUMBER
        mov     al, 1
        call    status
        call    emulated_reads
%ifndef REFERENCE
        mov     dl, ANY_CD
        mov     al, 1
        call    status
        mov     dl, CD
        mov     al, 1
        call    status
        call    cd_reads

        ; It ends: nothing is at its number, and the CD is where it was.
        mov     dl, NUMBER
        mov     al, 0
        call    status
        bios    0201h, 0, 1, NUMBER, 0, "AH=02h of what has gone"
        refused "AH=02h of what has gone"
        call    cd_reads
        mov     dl, CD
        mov     al, 1
        call    status

        ; A packet of another image does not bring it back; its own does.
        inc     dword [answer + 4]
        mov     word [in + REGISTERS.esi], answer
        bios    4A00h, 0, 0, CD, 0, "AH=4Ah of another image"
        refused "AH=4Ah of another image"
        bios    0201h, 0, 1, NUMBER, 0, "AH=02h of what was not brought back"
        refused "AH=02h of what was not brought back"
        dec     dword [answer + 4]
        bios    4A00h, 0, 0, CD, 0, "AH=4Ah"
        worked  "AH=4Ah"
        call    emulated_reads
        bios    4A00h, 0, 0, CD, 0, "AH=4Ah of what is there"
        worked  "AH=4Ah of what is there"
        call    emulated_reads

        ; It ends, and boots again.
        mov     dl, ANY_CD
        mov     al, 0
        call    status
        mov     dword [STARTED], STARTED_ONCE
        mov     word [in + REGISTERS.esi], answer
        bios    4C00h, 0, 0, CD, 0, "AH=4Ch"
        mov     si, .text
        jmp     failed
.text:          db "AH=4Ch came back", 0
%else
        jmp     pass
%endif

second_start:
        cmp     byte [drive], NUMBER
        must    e, "AH=4Ch: DL at the start"
        mov     dword [STARTED], 0
        call    emulated_reads
        call    cd_reads
        jmp     pass

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
        mov     al, [answer + 1]
        and     al, 0Fh
        cmp     al, MEDIA
        must    e, "AH=4Bh: the medium"
        cmp     byte [answer + 2], NUMBER
        must    e, "AH=4Bh: the drive"
        cmp     dword [answer + 4], BOOT
        must    e, "AH=4Bh: the image"
        mov     al, [answer + 11h]
        and     al, 3Fh
        cmp     al, TRACK_SECTORS
        must    e, "AH=4Bh: sectors of a track"
%ifndef REFERENCE                           ; as AH=08h has them; SeaBIOS counts from 1
        cmp     byte [answer + 12h], HEADS - 1
        must    e, "AH=4Bh: the last head"
        cmp     byte [answer + 10h], CYLINDERS - 1
        must    e, "AH=4Bh: the last cylinder"
%endif
        cmp     byte [answer + 13h], 0D1h
        must    e, "AH=4Bh: more than the packet"
        ret

; Sectors of the emulated drive, the last one too.
emulated_reads:
        mov     ebx, GUEST_SECTORS
        call    emulated_read
        mov     ebx, DISK_SECTORS / 2
        call    emulated_read
        mov     ebx, DISK_SECTORS - 1
        call    emulated_read
        ret

; in      EBX = sector
emulated_read:
        push    ebx
        call    poison
        mov     eax, [esp]
        call    to_chs
        mov     dl, NUMBER
        bios    0201h, 0, cx, dx, 0, "AH=02h of the emulated drive"
        worked  "AH=02h of the emulated drive"
        pop     ebx
        mov     esi, BUFFER
        mov     ecx, 1
        call    is_disk
        must    e, "AH=02h of the emulated drive: the bytes"
        ret

; The last block of the CD, whose numbers count from the CD's start.
cd_reads:
        mov     dword [packet], 00010010h
        mov     dword [packet + 4], BUFFER_SEGMENT << 16
        mov     dword [packet + 8], BLOCKS - 1
        mov     dword [packet + 12], 0
        mov     word [in + REGISTERS.esi], packet
        call    poison
        bios    4200h, 0, 0, CD, 0, "AH=42h of the CD"
        worked  "AH=42h of the CD"
        mov     ax, BUFFER_SEGMENT
        mov     es, ax
        mov     eax, (BLOCKS - 1) * 512
        imul    eax, eax, PATTERN
        cmp     eax, [es:0]
        push    cs
        pop     es
        must    e, "AH=42h of the CD: the bytes"
        mov     dword [packet + 8], BLOCKS
        bios    4200h, 0, 0, CD, 0, "AH=42h behind the CD"
        refused "AH=42h behind the CD"
        ret

%include "end.inc"
