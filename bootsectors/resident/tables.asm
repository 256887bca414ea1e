; tables.asm - what the engine keeps, and what the loader fills in.
;
; Included by: resident.asm

FLAT_DATA               equ 8

        align   2, db 0
own_gdt                 equ $ - 8           ; nobody reads the first descriptor
        dw      0FFFFh                      ; FLAT_DATA: base 0, 4 GiB
zero:
        dw      0
        db      0, ACCESS_DATA_BIOS, 0CFh, 0
own_gdt_len             equ $ - own_gdt
caller_gdt:
        times 6 db 0

        align   2, db 0
caller_esp:     dd 0
caller_ss:      dw 0
caller_bx:      dw 0                        ; then the offset of the drive's record
current_record: dw 0                        ; the same, of the call in progress
a20_word:       dw 0
A20_WORD                equ a20_word - own_gdt
busy:           db 0                        ; a call for a drive of ours is in progress
depth:          db 0                        ; calls in progress that we passed on
a20_was_off:    db 0                        ; times that it was, in this copy
a20_turn:       db 0
outcome:        db 0                        ; status of a transfer that the disk's end cut, else 0;
                                            ;   who tells it clears it
                align 2, db 0
moved:          dw 0                        ; its sectors of 512 bytes, if it was cut

        align   2, db 0
variables:
        times VAR_GDT_LIMIT - ($ - variables) db 0
own_gdt_register:
        dw      own_gdt_len - 1
        dd      own_gdt                     ; VAR_GDT_BASE: linear when filled in
        times VARIABLES_LEN - ($ - variables) db 0

        align   2, db 0
move_gdt:                                   ; for INT 15h AH=87h; the BIOS fills in the second,
        times 16 db 0                       ;   and two more, which lie on the stack
move_source:
        dw      0FFFFh, 0
        db      0, ACCESS_DATA_BIOS, 0, 0
move_target:
        dw      0FFFFh, 0
        db      0, ACCESS_DATA_BIOS, 0, 0
