; int13_others.asm - calls for drives that are not ours.
;
; Included by: resident.asm                  Mode: as int13_entry

; ---------------------------------------------------------------------------
; other_drive - call the BIOS for the drive that the map names, put DL back
;
;   in      BL            the BIOS's number; the caller's BX is in caller_bx
;   stack   the caller's: 14 bytes above INT's own, and what the BIOS uses
;
; DL comes back as the caller gave it (PC-DOS loops otherwise), but for AH=08h,
; where it is the number of drives shown, and AH=15h of a hard disk, where CX:DX
; is its size. Of FLAGS only CF changes.
; ---------------------------------------------------------------------------

; The caller's stack while the BIOS works.
struc CALL
  .bp:          resw 1
  .ax:          resw 1
  .dx:          resw 1
  .ip:          resw 1                      ; INT
  .cs:          resw 1
  .flags:       resw 1
endstruc

other_drive:
        push    dx
        push    ax
        mov     dl, bl
        mov     bx, [cs:caller_bx]
        push    bp
        mov     bp, sp
        bt      word [bp + CALL.flags], 0   ; the caller's CF: a BIOS may leave it
        pop     bp
        inc     byte [cs:depth]             ; keeps CF, as POP does
        pushf
        call    far [cs:VAR(OLD_INT13)]
        dec     byte [cs:depth]             ; keeps CF
        push    bp
        mov     bp, sp
        jc      .error
        and     word [bp + CALL.flags], ~FLAGS_CF
        cmp     byte [bp + CALL.ax + 1], DISK_PARAMETERS
        je      .count
        cmp     byte [bp + CALL.ax + 1], 15h
        jne     .put_back
        cmp     ah, 3
        je      .done                       ; CX:DX is the size
        jmp     .put_back
.count:
        test    byte [bp + CALL.dx], 80h
        mov     dl, [cs:VAR(FLOPPIES_SHOWN)]
        jz      .done
        mov     dl, [cs:VAR(DISKS_SHOWN)]
        jmp     .done
.error:
        or      word [bp + CALL.flags], FLAGS_CF
.put_back:
        mov     dl, [bp + CALL.dx]
.done:
        pop     bp
        add     sp, 4                       ; the saved AX and DX
        iret

; ---------------------------------------------------------------------------
; no_drive - a drive that is not there: CF = 1 at once, without a BIOS call
;
;   in      the caller's BX is in caller_bx
;   out     AH = 01h, for AH=15h 00h ("no such drive")
; ---------------------------------------------------------------------------
no_drive:
        mov     bx, [cs:caller_bx]
        cmp     ah, 15h
        mov     ah, STATUS_BAD_COMMAND
        jne     set_carry
        mov     ah, 0
        ; fall through

; set_carry - CF = 1 in the caller's FLAGS, and back to the caller
set_carry:
        push    bp
        mov     bp, sp
        or      word [bp + 2 + STACKED_FLAGS], FLAGS_CF
        pop     bp
        iret
