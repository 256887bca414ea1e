; int13_frame.asm - entry, dispatch and exit of the resident INT 13h handler.
;
; Included by: resident.asm                  Mode: 16-bit real or V86, any CS
; Entered by:  INT 13h
; Stack:       the caller's: 6 bytes of INT itself, nothing more for our drive

; The caller's registers on the private stack, as the entry below leaves them at
; SS:BP. A function reads its arguments and writes its results here, never in
; live registers.
struc FRAME
  .edi:         resd 1                      ; PUSHAD
  .esi:         resd 1
  .ebp:         resd 1
  .esp:         resd 1
  .ebx:         resd 1
  .edx:         resd 1
  .ecx:         resd 1
  .eax:         resd 1
  .es:          resw 1
  .ds:          resw 1
endstruc
%if FRAME_size != 36
  %error "FRAME must match the pushes in int13_entry"
%endif
%define ARG(reg)        bp + FRAME. %+ reg

STACKED_FLAGS           equ 4               ; above IP and CS, in bytes

; ---------------------------------------------------------------------------
; int13_entry - the vector
;
; Function contract: called with DS = CS, SS:BP -> FRAME, DF = 0, IF = 0; returns
; AH = status; may change any register but BP, SP, SS and DS.
; On exit the caller sees AH = status, CF = (AH != 0), all other flags as they
; were, everything else as the function left it in FRAME; the status is also in
; the BIOS data area.
;
; A BIOS that calls INT 13h from inside INT 13h (ThinkPads) means its own drives:
; while `depth` counts a call in progress, nothing is mapped.
; ---------------------------------------------------------------------------
int13_entry:
        cli                                 ; a far call instead of INT leaves them on
        cmp     byte [cs:depth], 0
        jne     .nested
        mov     [cs:caller_bx], bx
        movzx   bx, dl
        test    bl, bl
        js      .high
        cmp     bl, FLOPPY_MAP_LEN
        jae     .not_mapped
        mov     bl, [cs:VAR(FLOPPY_MAP) + bx]
        jmp     .mapped
.high:
        and     bl, 7Fh
        cmp     bl, DISK_MAP_LEN
        jae     .not_mapped
        mov     bl, [cs:VAR(DISK_MAP) + bx]
.mapped:
        cmp     bl, MAP_RAM
        jb      other_drive
        cmp     bl, MAP_NONE
        je      no_drive
        sub     bl, MAP_RAM
        shl     bx, 5                       ; RECORD_LEN
        add     bx, [cs:VAR(RECORDS)]
        jmp     our_drive

.not_mapped:                                ; CDs, PC Cards and the like
        cmp     byte [cs:VAR(DISCS)], 0
        jne     find_disc
.unchanged:
        mov     bx, [cs:caller_bx]
.nested:
        jmp     far [cs:VAR(OLD_INT13)]
%if RECORD_LEN != 1 << 5
  %error "the shift above is for records of 32 bytes"
%endif

; our_drive - BX = offset of the drive's record
our_drive:
        cmp     byte [cs:busy], 0
        jne     no_drive                    ; an interrupt during INT 15h: see copy
        mov     byte [cs:busy], 1
        mov     [cs:caller_esp], esp        ; all of it: the high half is the caller's
        mov     [cs:caller_ss], ss
        mov     ss, [cs:VAR(SEGMENT)]
        mov     esp, stack_top
        push    ds
        push    es
        xchg    bx, [cs:caller_bx]
        pushad
        movzx   ebp, sp
        push    cs
        pop     ds
        push    cs
        pop     es
        cld
        mov     si, [caller_bx]
        mov     di, variables + VAR_CURRENT
        mov     cx, RECORD_LEN / 4
        rep movsd

        mov     ah, [ARG(eax) + 1]
        movzx   bx, byte [CUR(CLASS)]
        shl     bx, 2
        mov     cx, [classes + bx + 2]
        mov     bx, [classes + bx]
        test    byte [CUR(CONFIG)], CONFIG_EL_TORITO
        jz      .look
        cmp     ah, 4Ah
        jb      .look
        cmp     ah, 4Dh
        ja      .look
        mov     bx, functions.el_torito
        mov     cx, functions.el_torito_end
.look:
        cmp     ah, [bx]
        je      .call
        add     bx, 3
        cmp     bx, cx
        jb      .look
        mov     ah, STATUS_BAD_COMMAND
        jmp     .leave
.call:
        call    [bx + 1]
.leave:                                     ; AH = status
        mov     [ARG(eax) + 1], ah
.leave_keep_ah:                             ; AH = status, but the caller's AH is a result
        xor     bx, bx
        mov     es, bx
        mov     bx, [CUR(STATUS)]
        mov     [es:bx], ah

        mov     es, [caller_ss]
        mov     bx, [caller_esp]
        and     word [es:bx + STACKED_FLAGS], ~FLAGS_CF
        cmp     ah, 1
        cmc                                 ; CF = (AH != 0)
        adc     word [es:bx + STACKED_FLAGS], 0
        popad
        pop     es
        pop     ds
        mov     ss, [cs:caller_ss]
        mov     esp, [cs:caller_esp]
        mov     byte [cs:busy], 0
        iret

; fn number, handler
%macro fn 2
        db      %1
        dw      %2
%endmacro
functions:
.disk:
        fn      21h, fn_02_read             ; read multiple (PS/2)
        fn      22h, fn_03_write            ; write multiple
        fn      23h, fn_ok                  ; set features
        fn      24h, fn_ok                  ; set multiple mode
.floppy:
        fn      02h, fn_02_read
        fn      03h, fn_03_write
        fn      04h, fn_04_verify
        fn      08h, fn_08_parameters
        fn      09h, fn_ok                  ; set drive parameters
        fn      0Ch, fn_0c_seek
        fn      0Dh, fn_ok                  ; reset hard disk
        fn      10h, fn_ok                  ; drive ready
        fn      11h, fn_ok                  ; recalibrate
        fn      15h, fn_15_drive_type
        fn      16h, fn_ok                  ; disk not changed
.disc:
        fn      00h, fn_ok                  ; reset: nothing to reset, and the pulled
        fn      01h, fn_01_status           ;   stick's controller is left alone
.floppy_end:                                ; floppies have no EDD functions
        fn      41h, fn_41_extended_check
        fn      42h, fn_42_extended_read
        fn      43h, fn_43_extended_write
        fn      44h, fn_44_extended_verify
        fn      45h, fn_45_lock
        fn      46h, fn_46_eject
        fn      47h, fn_44_extended_verify  ; extended seek
        fn      48h, fn_48_extended_parameters
        fn      49h, fn_ok                  ; media not changed
        fn      4Eh, fn_4e_configuration
.disk_end:
.disc_end:
.el_torito:
        fn      4Ah, fn_4a_start_emulation
        fn      4Bh, fn_4b_end_emulation
        fn      4Ch, fn_4c_boot
        fn      4Dh, fn_4d_catalogue
.el_torito_end:

; fn_ok - functions that have nothing to do
fn_ok:
        mov     ah, STATUS_OK
        ret

; fn_01_status - AH = status of the last call, from the BIOS data area
fn_01_status:
        xor     bx, bx
        mov     es, bx
        mov     bx, [CUR(STATUS)]
        mov     ah, [es:bx]
        ret

; fn_41_extended_check - INT 13h AH=41h (EDD 3.0)
;   out     AH = 30h version, AL unchanged, BX = AA55h, CX = 7, CF = 0
;   Without 55AAh in BX the call is a bad command.
fn_41_extended_check:
        cmp     word [ARG(ebx)], EXT_CHECK_ASK
        jne     bad_command
        mov     word [ARG(ebx)], EXT_CHECK_ANSWER
        mov     word [ARG(ecx)], 7
        mov     byte [ARG(eax) + 1], 30h
leave_keep_ah:
        mov     ah, STATUS_OK
        pop     bx                          ; drop the return to .leave
        jmp     our_drive.leave_keep_ah

; fn_45_lock - INT 13h AH=45h: AL = 0, not locked
fn_45_lock:
        mov     byte [ARG(eax)], 0
        mov     ah, STATUS_OK
        ret

; fn_46_eject - INT 13h AH=46h: memory cannot be ejected
fn_46_eject:
        mov     ah, STATUS_NOT_REMOVABLE
        ret

; fn_4e_configuration - INT 13h AH=4Eh: prefetch off, slow PIO and no DMA are what
; memory does; anything else there is nobody to do it
;   in      AL = what is wanted
;   out     AL = 0: only this drive is touched
fn_4e_configuration:
        mov     cl, [ARG(eax)]
        cmp     cl, 6
        ja      bad_command
        mov     al, 01011010b               ; 1, 3, 4 and 6
        shr     al, cl
        test    al, 1
        jz      bad_command
        mov     byte [ARG(eax)], 0
        mov     ah, STATUS_OK
        ret

bad_command:
        mov     ah, STATUS_BAD_COMMAND
        ret
