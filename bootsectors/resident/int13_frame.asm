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
; Function contract: called with DS = CS, SS:BP -> FRAME, SI = the drive's record, DF
; = 0, IF = 0; returns AH = status; may change any register but BP, SP, SS and DS.
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
        jne     pass_on_nested
        mov     [cs:caller_bx], bx
        movzx   bx, dl
        xor     bl, 80h                     ; hard disks are the usual case
        cmp     bl, DISK_MAP_LEN
        jae     other_class
        mov     bl, [cs:VAR(DISK_MAP) + bx]
        ; fall through

; mapped - BL = what the map says of the number: a RAM drive, a drive of the BIOS, or none
mapped:
        cmp     bl, MAP_RAM
        jb      not_in_ram
        cmp     bl, MAP_NONE
        je      not_in_ram
        sub     bl, MAP_RAM
        shl     bx, 5                       ; RECORD_LEN
        add     bx, [cs:VAR(RECORDS)]
        ; fall through

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
        mov     bp, sp
        push    cs
        pop     ds
        cld
        mov     si, [caller_bx]
        mov     [current_record], si
        movzx   bx, byte [ARG(eax) + 1]
        cmp     bl, FUNCTIONS_LOW
        jb      .look
        cmp     bl, FUNCTIONS_FIRST
        jb      unknown_function
        sub     bl, FUNCTIONS_FIRST - FUNCTIONS_LOW
        cmp     bl, (functions.end - functions) / 2
        jae     unknown_function
.look:
        add     bx, bx
        mov     bx, [functions + bx]
        movzx   cx, byte [CUR(CLASS)]
        bt      bx, cx                      ; CLASS values are bits of the table's words
        jnc     no_such_call
        and     bx, HANDLER_MASK
        call    bx
        ; fall through

; leave - back to the caller: AH = status, for its AH, its CF and the BIOS data area
;   stack   SP -> FRAME
leave:
        mov     [ARG(eax) + 1], ah
leave_with_result:                          ; the same, but the caller's AH is a result
        mov     es, [zero]
        mov     si, [current_record]
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

; no_such_call - the class has no such function; the calls of El Torito have no class
no_such_call:
        cmp     word [VAR(BOOT_DISC)], 0
        jne     el_torito_call
unknown_function:
        mov     ah, STATUS_BAD_COMMAND
        jmp     leave

; other_class - a floppy, or what no map has; BX = DL with bit 7 inverted
other_class:
        xor     bl, 80h
        cmp     bl, FLOPPY_MAP_LEN
        jae     .not_mapped
        mov     bl, [cs:VAR(FLOPPY_MAP) + bx]
        jmp     mapped
.not_mapped:                                ; CDs, PC Cards and the like
        cmp     byte [cs:VAR(DISCS)], 0
        jne     find_disc
        ; fall through

; pass_on - the call goes to the BIOS as it is; the caller's BX is in caller_bx
pass_on:
        mov     bx, [cs:caller_bx]
pass_on_nested:                             ; BX was not touched
        jmp     far [cs:VAR(OLD_INT13)]

; not_in_ram - BL = the BIOS's number, or MAP_NONE
not_in_ram:
        cmp     byte [cs:VAR(DISCS)], 0
        jne     find_call
not_in_ram_nor_el_torito:
        cmp     bl, MAP_NONE
        je      no_drive
        jmp     other_drive
%if RECORD_LEN != 1 << 5
  %error "the shift above is for records of 32 bytes"
%endif

FUNCTIONS_LOW           equ 25h             ; 00h to 24h, then 41h to 4Eh
FUNCTIONS_FIRST         equ 41h
HANDLER_MASK            equ (1 << CLASS_FLOPPY) - 1
FLOPPY                  equ 1 << CLASS_FLOPPY
HARD_DISK               equ 1 << CLASS_HARD_DISK
CD                      equ 1 << CLASS_CD
NOBODY                  equ 0

; fn number, handler, who has it
%macro fn 3
  %if ($ - functions) / 2 != (%1) - ((%1) >= FUNCTIONS_FIRST) * (FUNCTIONS_FIRST - FUNCTIONS_LOW)
    %error "the table of functions has a gap"
  %endif
        dw      (%2 - header) + %3
%endmacro
; none first, last
%macro none 2
        times (%2) - (%1) + 1 dw NOBODY
%endmacro
        align   2, db 0
functions:
        fn      00h, fn_ok, FLOPPY + HARD_DISK + CD     ; reset: nothing to reset, and the
        fn      01h, fn_01_status, FLOPPY + HARD_DISK + CD ;   pulled stick is left alone
        fn      02h, fn_02_read, FLOPPY + HARD_DISK
        fn      03h, fn_03_write, FLOPPY + HARD_DISK
        fn      04h, fn_04_verify, FLOPPY + HARD_DISK
        none    05h, 07h
        fn      08h, fn_08_parameters, FLOPPY + HARD_DISK
        fn      09h, fn_ok, FLOPPY + HARD_DISK          ; set drive parameters
        none    0Ah, 0Bh
        fn      0Ch, fn_0c_seek, FLOPPY + HARD_DISK
        fn      0Dh, fn_ok, FLOPPY + HARD_DISK          ; reset hard disk
        none    0Eh, 0Fh
        fn      10h, fn_ok, FLOPPY + HARD_DISK          ; drive ready
        fn      11h, fn_ok, FLOPPY + HARD_DISK          ; recalibrate
        none    12h, 13h
        fn      14h, fn_ok, HARD_DISK                   ; controller diagnostic
        fn      15h, fn_15_drive_type, FLOPPY + HARD_DISK
        fn      16h, fn_ok, FLOPPY + HARD_DISK          ; disk not changed
        none    17h, 20h
        fn      21h, fn_02_read, HARD_DISK              ; read multiple (PS/2)
        fn      22h, fn_03_write, HARD_DISK             ; write multiple
        fn      23h, fn_ok, HARD_DISK                   ; set features
        fn      24h, fn_ok, HARD_DISK                   ; set multiple mode
        fn      41h, fn_41_extended_check, HARD_DISK + CD ; floppies have no EDD functions
        fn      42h, fn_42_extended_read, HARD_DISK + CD
        fn      43h, fn_43_extended_write, HARD_DISK + CD
        fn      44h, fn_44_extended_verify, HARD_DISK + CD
        fn      45h, fn_45_lock, HARD_DISK + CD
        fn      46h, fn_46_eject, HARD_DISK + CD
        fn      47h, fn_44_extended_verify, HARD_DISK + CD ; extended seek
        fn      48h, fn_48_extended_parameters, HARD_DISK + CD
        fn      49h, fn_ok, HARD_DISK + CD              ; media not changed
        none    4Ah, 4Dh                                ; el_torito.asm
        fn      4Eh, fn_4e_configuration, HARD_DISK + CD
.end:

; fn_45_lock - INT 13h AH=45h: AL = 0, not locked
fn_45_lock:
        mov     byte [ARG(eax)], 0
        ; fall through

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
;   55AAh in BX is not asked for: SeaBIOS and Bochs do not either.
fn_41_extended_check:
        mov     word [ARG(ebx)], EXT_CHECK_ANSWER
        mov     word [ARG(ecx)], 7
        mov     byte [ARG(eax) + 1], 30h
        ; fall through

; succeed_with_result - the end of a function that left a result in the caller's AH
;   stack   SP -> the return to `leave`, which would put the status there; it is dropped
succeed_with_result:
        mov     ah, STATUS_OK
        pop     bx
        jmp     leave_with_result

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
        jnz     fn_45_lock
        ; fall through

; bad_command - the end of a function: AH = 01h
bad_command:
        mov     ah, STATUS_BAD_COMMAND
        ret
