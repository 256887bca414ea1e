; fn_02_read.asm - INT 13h AH=02h, 03h, 04h, 0Ch: reads and writes by CHS.
;
; Included by: resident.asm                  Contract: int13_entry

%if TRANSFER_MAX != 1 << 7
  %error "from_chs looks at the sign"
%endif

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

; chs_moved - the end of a transfer by CHS that moved what there is
;   in      [outcome]     status; if it is an error, [moved] sectors were moved
;   out     AH = status, the caller's AL = sectors
chs_moved:
        mov     ah, [outcome]
        test    ah, ah
        jnz     .cut
        ret
.cut:
        mov     al, [moved]
        jmp     chs_count

; chs_failed - the end of a transfer by CHS that moved nothing
;   in      AH            status
chs_failed:
        mov     al, 0
chs_count:                                  ; AL = sectors that were moved
        mov     [ARG(eax)], al
        mov     byte [outcome], STATUS_OK
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
        ; fall through

; chs_looked - the end of a function that moves nothing; CF and AH as from_chs
chs_looked:
        jc      .failed
        mov     ah, STATUS_OK
        xchg    ah, [outcome]
.failed:
        ret

; fn_0c_seek - the sector at CH/CL/DH is inside the disk, or AH = 02h
fn_0c_seek:
        mov     al, 1
        call    from_chs_sectors
        jmp     chs_looked

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
        ; fall through

; from_chs_sectors - as from_chs, AL sectors
from_chs_sectors:
        movzx   ecx, al
        dec     al
        js      bad_count                   ; 0, or above TRANSFER_MAX
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
        dec     ebx                         ; sector 0: more than any track has
        cmp     ebx, [CUR(SECTORS_PER_TRACK)]
        jae     not_found
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
;   out     CF = 0        ESI = address in the RAM disk, ECX = bytes, [outcome] = status
;                         when they are moved. If that is an error, the disk ends
;                         behind them, and [moved] says how many sectors they are: a
;                         drive moves what it has, and then fails
;           CF = 1        AH = STATUS_NOT_FOUND: nothing
;   kills   EAX EDX
; ---------------------------------------------------------------------------
inside:
        mov     edx, [CUR(SECTORS)]
        sub     edx, eax                    ; sectors from here to the end
        jbe     not_found
        cmp     ecx, edx
        jbe     .fits
        mov     ecx, edx
        mov     [moved], cx
        mov     byte [outcome], STATUS_NOT_FOUND
.fits:
        shl     eax, SECTOR_SHIFT
        shl     ecx, SECTOR_SHIFT
        add     eax, [CUR(DISK)]            ; CF = 0: RAM disks end below 4 GiB
        xchg    eax, esi
        ret

; bad_count, not_found - the ends of from_chs, from_packet and inside: CF = 1, AH = status
bad_count:
        mov     ah, STATUS_BAD_COMMAND
        stc
        ret
not_found:
        mov     ah, STATUS_NOT_FOUND
        stc
        ret
