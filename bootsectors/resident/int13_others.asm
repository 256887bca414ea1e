; int13_others.asm - calls for drives that are not ours.
;
; Included by: resident.asm                  Mode: as int13_entry

; ---------------------------------------------------------------------------
; other_drive - find the BIOS's number for the caller's, call, put DL back
;
; With `shown` drives of the class visible and `real` in the BIOS:
;   number < shown           a BIOS drive: less one if the RAM disk is of this
;                            class, more one from the stick's number on
;   shown <= number < real   the place that the stick left: no such drive
;   number >= real           nothing of ours (CDs, PC Cards): unchanged; but the
;                            first ABSENT of a class that the BIOS has not are
;                            refused
;
;   stack   the caller's: 14 bytes above INT's own, and what the BIOS uses
;
; DL comes back as the caller gave it (PC-DOS loops otherwise), but for AH=08h,
; where it is the number of drives shown, and AH=15h of a hard disk, where CX:DX
; is its size. Of FLAGS only CF changes.
; ---------------------------------------------------------------------------

ABSENT                  equ 4

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
        mov     al, dl
        and     ax, 7Fh                     ; AL = number in the class, AH = 0
        test    dl, dl
        mov     dx, [cs:mbft + VAR_DISKS_REAL]      ; DL = real, DH = shown
        js      .counted
        mov     dx, [cs:mbft + VAR_FLOPPIES_REAL]
.counted:
        cmp     al, dh
        jae     .not_shown

        ; The class bit of the caller's drive is in the pushed DL.
        push    bp
        mov     bp, sp
        mov     dl, [bp + CALL.dx]
        pop     bp
        xor     dl, [cs:mbft + MBFT_DRIVE]
        js      .other_class
        dec     ax                          ; behind the RAM disk
.other_class:
        xor     dl, [cs:mbft + MBFT_DRIVE]  ; the caller's DL again
        and     dl, 80h
        or      al, dl
        mov     dl, [cs:mbft + VAR_STICK_DRIVE]
        mov     ah, dl
        xor     ah, al
        js      .mapped                     ; the stick is of the other class
        cmp     al, dl
        jb      .mapped
        inc     ax                          ; past the stick
.mapped:
        mov     dl, al
        jmp     .call

.not_shown:
        cmp     al, dl
        jb      .no_drive
        cmp     al, ABSENT
        jae     .unchanged
        test    dl, dl                      ; some BIOSes hang at drives that they
        jz      .no_drive                   ;   never had: they are not asked
.unchanged:
        pop     ax
        pop     dx
        jmp     far [cs:previous]
.no_drive:
        pop     ax
        pop     dx
        jmp     refuse

.call:
        pop     ax
        push    ax
        push    bp
        mov     bp, sp
        mov     dh, [bp + CALL.dx + 1]
        bt      word [bp + CALL.flags], 0   ; the caller's CF: a BIOS may leave it
        pop     bp
        inc     byte [cs:depth]             ; keeps CF, as POP does
        pushf
        call    far [cs:previous]
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
        mov     dl, [cs:mbft + VAR_FLOPPIES_SHOWN]
        jz      .done
        mov     dl, [cs:mbft + VAR_DISKS_SHOWN]
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
; refuse - a drive that is not there: CF = 1 at once, without a BIOS call
;
;   out     AH = 01h, for AH=15h 00h ("no such drive")
; ---------------------------------------------------------------------------
refuse:
        cmp     ah, 15h
        mov     ah, STATUS_BAD_COMMAND
        jne     .set
        mov     ah, 0
.set:
        push    bp
        mov     bp, sp
        or      word [bp + 2 + STACKED_FLAGS], FLAGS_CF
        pop     bp
        iret
