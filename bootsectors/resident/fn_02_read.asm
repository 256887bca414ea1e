; fn_02_read.asm - INT 13h AH=02h, 03h, 04h, 0Ch: reads and writes by CHS.
;
; Included by: resident.asm                  Contract: int13_entry

; ---------------------------------------------------------------------------
; fn_02_read, fn_03_write - AL sectors from CH/CL/DH to or from ES:BX
;
;   out     AH = 0        AL unchanged: all sectors
;           AH = 02h      AL = 0: outside the disk, nothing was moved
;           AH = 03h      AL = 0: the disk is read-only
; With CONFIG_FAKE_WRITE a write inside the disk reports success and is dropped.
; The buffer may cross a 64 KiB boundary: memory has no DMA pages. AL = 0 moves
; nothing and is no error.
; ---------------------------------------------------------------------------
fn_02_read:
        call    from_chs
        jc      .failed
        call    copy_to_caller
        jc      .failed
        mov     ah, STATUS_OK
        ret
fn_03_write:
        test    byte [CUR(CONFIG)], CONFIG_READ_ONLY
        mov     ah, STATUS_WRITE_PROTECTED
        jnz     fn_02_read.failed
        call    from_chs
        jc      fn_02_read.failed
        test    byte [CUR(CONFIG)], CONFIG_FAKE_WRITE
        jnz     fn_02_read.done
        call    copy_from_caller
        jnc     fn_02_read.done
fn_02_read.failed:
        mov     byte [ARG(eax)], 0
        ret
fn_02_read.done:
        mov     ah, STATUS_OK
        ret

; fn_04_verify - AL sectors from CH/CL/DH are inside the disk, or AH = 02h
fn_04_verify:
        call    from_chs
        jc      .failed
        mov     ah, STATUS_OK
.failed:
        ret

; fn_0c_seek - the sector at CH/CL/DH is inside the disk, or AH = 02h
fn_0c_seek:
        mov     al, 1
        call    from_chs.count
        jc      .failed
        mov     ah, STATUS_OK
.failed:
        ret

; ---------------------------------------------------------------------------
; from_chs - the caller's CHS, count and buffer as linear addresses
;
;   out     CF = 0        ESI = address in the RAM disk, EDI = the caller's
;                         buffer, ECX = bytes
;           CF = 1        AH = STATUS_NOT_FOUND
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
; inside - EAX = LBA, ECX = sectors, both of 512 bytes: are they inside the disk?
;
;   out     as from_chs
; ---------------------------------------------------------------------------
inside:
        mov     edx, [CUR(SECTORS)]
        sub     edx, eax                    ; sectors from here to the end
        jb      not_found
        cmp     edx, ecx
        jb      not_found
        shl     eax, SECTOR_SHIFT
        shl     ecx, SECTOR_SHIFT
        add     eax, [CUR(DISK)]
        xchg    eax, esi
        clc
        ret
not_found:
        mov     ah, STATUS_NOT_FOUND
        stc
        ret
