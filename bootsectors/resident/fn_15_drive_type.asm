; fn_15_drive_type.asm - INT 13h AH=15h.
;
; Included by: resident.asm                  Contract: int13_entry

; ---------------------------------------------------------------------------
; fn_15_drive_type
;
;   out     floppy:       AH = 02h (with change line); CX and DX are left alone,
;                         or the DOS of Windows 98 SE resets for ever
;           hard disk:    AH = 03h, CX:DX = sectors
;           CF = 0
; AH is a type and no status, hence the other way out.
; ---------------------------------------------------------------------------
fn_15_drive_type:
        mov     byte [ARG(eax) + 1], 02h
        test    byte [CUR(DRIVE)], 80h
        jz      succeed_with_result
        mov     byte [ARG(eax) + 1], 03h
        mov     eax, [CUR(SECTORS)]
        mov     [ARG(edx)], ax
        shr     eax, 16
        mov     [ARG(ecx)], ax
        jmp     succeed_with_result
