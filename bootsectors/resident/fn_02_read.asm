; fn_02_read.asm - INT 13h AH=02h, 03h, 04h, 0Ch: reads and writes by CHS.
;
; Included by: resident.asm                  Contract: int13_entry

TRANSFER_MAX            equ 128             ; sectors in one call, as SeaBIOS and Bochs

; ---------------------------------------------------------------------------
; fn_02_read, fn_03_write - AL sectors from CH/CL/DH to or from ES:BX
;
;   out     AH = 0        AL unchanged: all sectors
;           AH = 01h      AL = 0: no sector was asked for, or more than TRANSFER_MAX
;           AH = 02h      AL = sectors that were moved: the disk ends behind them. 0
;                         when the first one is outside
;           AH = 03h      AL = 0: the disk is read-only
; With CONFIG_FAKE_WRITE a write inside the disk reports success and is dropped.
; The buffer may cross a 64 KiB boundary: memory has no DMA pages.
; ---------------------------------------------------------------------------
fn_02_read:
        call    from_chs
        jc      chs_failed
        call    to_caller
        jc      chs_failed
        ; fall through

; chs_moved - the end of a transfer by CHS: AL = sectors, AH = status
chs_moved:
        mov     al, [moved]
        mov     [ARG(eax)], al
        mov     ah, [outcome]
        ret
chs_failed:
        mov     byte [ARG(eax)], 0
        ret

fn_03_write:
        test    byte [CUR(CONFIG)], CONFIG_READ_ONLY
        mov     ah, STATUS_WRITE_PROTECTED
        jnz     chs_failed
        call    from_chs
        jc      chs_failed
        mov     bx, [current_record]
        test    byte [bx + RECORD_CONFIG], CONFIG_FAKE_WRITE
        jnz     chs_moved
        call    from_caller
        jc      chs_failed
        jmp     chs_moved

; fn_04_verify - AL sectors from CH/CL/DH are inside the disk, or AH as for fn_02_read
fn_04_verify:
        call    from_chs
.looked:
        jc      .failed
        mov     ah, [outcome]
.failed:
        ret

; fn_0c_seek - the sector at CH/CL/DH is inside the disk, or AH = 02h
fn_0c_seek:
        mov     al, 1
        call    from_chs.count
        jmp     fn_04_verify.looked

; ---------------------------------------------------------------------------
; from_chs - the caller's CHS, count and buffer as linear addresses
;
;   in      SI            the drive's record
;   out     CF = 0        as inside, EDI = the caller's buffer
;           CF = 1        AH = status
;   kills   EAX EBX EDX
;
; Systems probe a geometry by what fails, so heads and sectors are checked, and
; the cylinder by the disk's end. The largest product is 1023 * 255 * 63, which
; 32 bits hold.
; ---------------------------------------------------------------------------
from_chs:
        mov     al, [ARG(eax)]
.count:
        movzx   ecx, al
        dec     al
        cmp     al, TRANSFER_MAX            ; 0 is 255 now
        mov     ah, STATUS_BAD_COMMAND
        cmc
        jc      .done
        movzx   eax, byte [ARG(ecx) + 1]
        mov     ah, [ARG(ecx)]
        shr     ah, 6                       ; AX = cylinder, 0 to 1023
        movzx   ebx, word [CUR(HEADS)]
        mul     ebx
        movzx   edx, byte [ARG(edx) + 1]
        cmp     edx, ebx
        jae     not_found
        add     eax, edx
        mul     dword [CUR(SECTORS_PER_TRACK)]
        movzx   ebx, byte [ARG(ecx)]
        and     bl, 3Fh
        jz      not_found
        cmp     ebx, [CUR(SECTORS_PER_TRACK)]
        ja      not_found
        dec     ebx
        add     eax, ebx
        movzx   edi, word [ARG(es)]
        shl     edi, 4
        movzx   ebx, word [ARG(ebx)]
        add     edi, ebx
        ; fall through

; ---------------------------------------------------------------------------
; inside - EAX = LBA, ECX = sectors, both of 512 bytes: what of them is on the disk?
;
;   in      SI            the drive's record
;   out     CF = 0        ESI = address in the RAM disk, ECX = bytes, [moved] = ECX in
;                         sectors, [outcome] = status when they are moved: a drive
;                         moves what it has, and then fails
;           CF = 1        AH = STATUS_NOT_FOUND: nothing
;   kills   EAX EDX
; ---------------------------------------------------------------------------
inside:
        mov     byte [outcome], STATUS_OK
        mov     edx, [CUR(SECTORS)]
        sub     edx, eax                    ; sectors from here to the end
        jbe     not_found
        cmp     ecx, edx
        jbe     .fits
        mov     ecx, edx
        mov     byte [outcome], STATUS_NOT_FOUND
.fits:
        mov     [moved], cx
        shl     eax, SECTOR_SHIFT
        shl     ecx, SECTOR_SHIFT
        add     eax, [CUR(DISK)]
        xchg    eax, esi
        clc
from_chs.done:
        ret
not_found:
        mov     ah, STATUS_NOT_FOUND
        stc
        ret
