; resident.asm - the engine: INT 13h and INT 15h for drives in RAM.
;
; Entered by:  the heads' jumps (head_memdisk.asm, head_grub4dos.asm), from code
;              we know nothing about
; Lives at:    the top of base memory, at offset 0 of a segment of its own behind
;              the heads; the loader copies it there, fills in resident.rs's
;              fields, and appends the records and the E820 table
;
;   offset        use
;   0             engine header: where the entries and the variables are
;   variables     what the loader fills in (resident.rs)
;   stack         512 bytes of private stack; until the first INT 13h its
;                 bottom holds the hand-off routine
;   core_end      what only CDs need; left out when there is none
;   records       one for each RAM drive
;   then          E820 table
;
; Drives: three classes, floppies from 00h, hard disks from 80h, CDs from E0h
; down. Each number of the first two means what the map says: a RAM drive, a
; drive of the BIOS, or none. A stick that is hidden stands in no map.

%include "assert.inc"
%include "bios.inc"
%include "layout.inc"

        cpu 386
        bits 16
        org 0

%define VAR(name)       variables + VAR_ %+ name
%define CUR(name)       si + RECORD_ %+ name

header:
        assert_at "engine_int13", ENGINE_INT13
        dw      int13_entry
        assert_at "engine_int15", ENGINE_INT15
        dw      int15_entry
        assert_at "engine_hand_off", ENGINE_HAND_OFF
        dw      hand_off
        assert_at "engine_variables", ENGINE_VARIABLES
        dw      variables
        assert_at "engine_len_core", ENGINE_LEN_CORE
        dw      core_end
        assert_at "engine_len_all", ENGINE_LEN_ALL
        dw      all_end

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
%include "hand_off.asm"
%include "el_torito.asm"
