; resident.asm - what stays in memory: INT 13h and INT 15h for a disk in RAM.
;
; Entered by:  INT 13h and INT 15h, from code we know nothing about
; Lives at:    the top of base memory, at offset 0 of a segment that is a
;              multiple of 1 KiB; the loader copies it there, fills in
;              resident.rs's fields and appends the E820 table
;
;   offset        use
;   0             header: where the entries and the MDI are
;   10            safe hook, then the code
;   mbft          mBFT, MDI and patch area as drivers read them (resident.rs)
;   + 160         our variables
;   stack         512 bytes of private stack; until the first INT 13h its
;                 bottom holds the hand-off routine
;   size          E820 table
;
; Drives (class: floppies from 00h, hard disks from 80h): the RAM disk is number
; 0 of its class, the BIOS's drives of that class follow it, and the stick is in
; no count and gets no call.

%include "assert.inc"
%include "bios.inc"
%include "layout.inc"

        cpu 386
        bits 16
        org 0

header:
        assert_at "int13", RESIDENT_INT13
        dw      safe_hook
        assert_at "int15", RESIDENT_INT15
        dw      int15_entry
        assert_at "mdi", RESIDENT_MDI
        dw      mbft + MBFT_MDI
        assert_at "size", RESIDENT_SIZE
        dw      resident_end
        assert_at "iret", RESIDENT_IRET
        dw      return

        assert_at "safe_hook", RESIDENT_SAFE_HOOK
safe_hook:
        jmp     strict near int13_entry     ; readers skip these three bytes
        db      "$INT13SF"
        db      "MEMDISK "
        assert_at "previous", RESIDENT_SAFE_HOOK + SAFE_HOOK_PREVIOUS
previous:
        dd      0                           ; filled in: INT 13h before us
        assert_at "flags", RESIDENT_SAFE_HOOK + SAFE_HOOK_FLAGS
        dd      0                           ; WinVBlock claims the disk with bit 0
        assert_at "mbft_pointer", RESIDENT_SAFE_HOOK + SAFE_HOOK_MBFT
        dd      0                           ; filled in: linear address of the mBFT

return:
        iret

%include "int13_frame.asm"
%include "int13_others.asm"
%include "fn_02_read.asm"
%include "fn_08_parameters.asm"
%include "fn_15_drive_type.asm"
%include "fn_42_extended_read.asm"
%include "fn_48_extended_parameters.asm"
%include "int15_entry.asm"
%include "copy.asm"
%include "a20.asm"
%include "tables.asm"
