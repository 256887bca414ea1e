; fn_08_parameters.asm - INT 13h AH=08h, and MEMDISK's installation check.
;
; Included by: resident.asm                  Contract: int13_entry

; ---------------------------------------------------------------------------
; fn_08_parameters
;
;   out     AL = 0, CH/CL = last cylinder (at most 1023) and sectors per track,
;           DH = last head, DL = drives of this class that are shown
;           floppy: BX = CMOS drive type, ES:DI -> diskette parameter table
;
; Installation check (MEMDISK's documentation): "ME", "MD", "IS", "K?" in the high
; halves of EAX, ECX, EDX, EBX; answered with "!M", "EM", "DI", "SK" there, and
; ES:DI -> MDI.
; ---------------------------------------------------------------------------
fn_08_parameters:
        mov     byte [ARG(eax)], 0
        movzx   eax, word [CUR(CYLINDERS)]
        cmp     ax, 1024
        jbe     .cylinders
        mov     ax, 1024
.cylinders:
        dec     ax                          ; the last one counts from 0
        mov     [ARG(ecx) + 1], al
        shl     ah, 6                       ; bits 8 and 9 of it, above the sectors
        or      ah, [CUR(SECTORS_PER_TRACK)]
        mov     [ARG(ecx)], ah
        mov     al, [CUR(HEADS)]
        dec     al                          ; 256 heads are 0 in a byte: the last is 255
        mov     ah, al
        mov     al, [VAR(DISKS_SHOWN)]
        cmp     byte [CUR(CLASS)], CLASS_HARD_DISK
        je      .counted
        mov     al, [CUR(TYPE)]
        cbw                                 ; AH = 0: no type is above 7Fh
        mov     [ARG(ebx)], ax
        les     di, [CUR(DPT)]
        mov     [ARG(es)], es
        mov     [ARG(edi)], di
        mov     ah, [CUR(HEADS)]
        dec     ah
        mov     al, [VAR(FLOPPIES_SHOWN)]
.counted:
        mov     [ARG(edx)], ax

        cmp     word [CUR(HEAD)], 0
        je      .done                       ; GRUB4DOS has no installation check
        cmp     word [ARG(eax) + 2], "ME"   ; + 2: the high half of the register
        jne     .done
        cmp     word [ARG(ecx) + 2], "MD"
        jne     .done
        cmp     word [ARG(edx) + 2], "IS"
        jne     .done
        cmp     word [ARG(ebx) + 2], "K?"
        jne     .done
        mov     word [ARG(eax) + 2], "!M"
        mov     word [ARG(ecx) + 2], "EM"
        mov     word [ARG(edx) + 2], "DI"
        mov     word [ARG(ebx) + 2], "SK"
        mov     ax, [CUR(HEAD)]             ; the segment of the tables that it wants
        mov     [ARG(es)], ax
        mov     word [ARG(edi)], HEAD_MBFT + MBFT_MDI
.done:
        mov     ah, STATUS_OK
        ret
