; old_bios.asm - option ROM: an old BIOS with the faults that its parameters name.
;
; It stands between the machine's own BIOS and the stick. It boots the stick in its
; own way (boot.inc), answers INT 13h for it under its own number (int13.inc,
; transfer.inc), and INT 15h where that asks for memory or A20 (int15.inc).
;
; Entered by:  the BIOS, far call to offset 3, before the boot
; Leaves to:   the BIOS, with INT 18h and INT 19h hooked
; Defines:     SET_NAME for any NAME of parameters.inc, to change it
; Says:        on port E9h, a letter in braces for each kind of call, once for
;              calls of one kind in a row, so that a test knows what was in the way:
;              B boots the stick         c read by CHS      e read by EDD
;              g AH=08h                  k AH=41h           p AH=48h
;              z reset                   o another drive    u unknown function
;              x address out of range    l too long, refused
;              h hangs                   H hangs for good   w wrapped in 64 KiB
;              f a fault of the drive    n calls itself     d packet spoiled
;              s data spoiled
;              m E820h                   v E801h or 88h     a A20
;              ! nothing boots (INT 18h), or no boot sector
;
;   linear        use
;   0x00007C00    the first sector, as this BIOS shows it
;   top of base   RESIDENT_KIB: a copy of this ROM that can be written, its
;   memory        variables, the sector and the stack of the boot
;
; The BIOS write-protects ROMs, so init copies all of this to base memory and
; hooks the vectors there. Offsets are the same in both places.

        cpu 386
        bits 16
        org 0

%include "parameters.inc"

ROM_SECTORS             equ 8
RESIDENT_KIB            equ 8
VECTOR_13               equ 13h * 4
VECTOR_15               equ 15h * 4
VECTOR_18               equ 18h * 4
VECTOR_19               equ 19h * 4
BDA_EQUIPMENT           equ 410h            ; word: bit 0 a floppy drive, bits 6-7 more
BDA_BASE_MEMORY         equ 413h            ; word, KiB
BDA_DISK_COUNT          equ 475h            ; byte
DEBUG_PORT              equ 0E9h
PORT_92                 equ 92h
SECTOR_SIZE             equ 512
REAL_DRIVE              equ 80h             ; the stick's number under the machine's own BIOS
FLAGS_CF                equ 0001h
FLAGS_IF                equ 0200h
FLAGS_DF                equ 0400h

STATUS_OK               equ 00h
STATUS_BAD_COMMAND      equ 01h
STATUS_WRITE_PROTECTED  equ 03h
STATUS_NOT_FOUND        equ 04h
STATUS_CRC              equ 10h
STATUS_CHANGED          equ 06h
STATUS_NO_MEDIUM        equ 80h

; trace 'x' - say once that calls of this kind arrive
%macro trace 1
        push    ax
        mov     al, %1
        call    say_kind
        pop     ax
%endmacro

        db      55h, 0AAh, ROM_SECTORS
init:
        push    ds
        push    es
        pushad
        xor     ax, ax
        mov     ds, ax
        mov     ax, [BDA_BASE_MEMORY]
        sub     ax, RESIDENT_KIB
        mov     [BDA_BASE_MEMORY], ax
        sub     word [BDA_BASE_MEMORY], TAKEN_KIB
        shl     ax, 6
        mov     es, ax
        xor     si, si
        xor     di, di
        mov     cx, ROM_SECTORS * SECTOR_SIZE
        cld
        cs rep movsb
        mov     word [VECTOR_18], int18
        mov     [VECTOR_18 + 2], es
        mov     word [VECTOR_19], int19
        mov     [VECTOR_19 + 2], es
        popad
        pop     es
        pop     ds
        retf

%include "boot.inc"
%include "int13.inc"
%include "transfer.inc"
%include "int15.inc"

; ---------------------------------------------------------------------------
; say_kind - the letter AL in braces on port E9h, unless it was the last one (or TRACE_EACH)
;
;   kills   AX
; ---------------------------------------------------------------------------
say_kind:
%if !TRACE_EACH
        cmp     [cs:last_kind], al
        je      .done
%endif
        mov     [cs:last_kind], al
        mov     ah, al
        mov     al, '{'
        out     DEBUG_PORT, al
        mov     al, ah
        out     DEBUG_PORT, al
        mov     al, '}'
        out     DEBUG_PORT, al
.done:
        ret

last_kind:      db 0

%if $ - $$ > ROM_SECTORS * SECTOR_SIZE - 1
  %error the ROM is longer than ROM_SECTORS
%endif
        times ROM_SECTORS * SECTOR_SIZE - ($ - $$) db 0

; Behind the copy in base memory.
MAP_ENTRIES             equ 16
SECTOR_BUFFER           equ ROM_SECTORS * SECTOR_SIZE
MAP                     equ SECTOR_BUFFER + SECTOR_SIZE
BOOT_STACK              equ RESIDENT_KIB * 1024 - 4
