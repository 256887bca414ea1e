; cd_bios.asm - option ROM: a BIOS that boots CDs, with the faults that its parameters name.
;
; It stands between the machine's own BIOS and its CD drive. It boots the disc as El
; Torito says, or in its own way (boot.inc), and answers INT 13h for it under its own
; number and for what it emulates (int13.inc, el_torito.inc, transfer.inc).
;
; Entered by:  the BIOS, far call to offset 3, before the boot
; Leaves to:   the BIOS, with INT 18h and INT 19h hooked
; Defines:     SET_NAME for any NAME of parameters.inc, to change it
; Says:        on port E9h, a letter in braces for each kind of call, once for
;              calls of one kind in a row, so that a test knows what was in the way:
;              B boots the disc          E boots what it emulates
;              c read by CHS             e read by EDD
;              g AH=08h                  k AH=41h           p AH=48h
;              q AX=4B01h                t AX=4B00h         b AH=45h
;              z reset                   o another drive    u unknown function
;              x address out of range    l too long, refused
;              h hangs                   H hangs for good   w wrapped in 64 KiB
;              f a fault of the drive    r not ready        s data spoiled
;              d packet spoiled          i repeated the last block
;              ! nothing boots (INT 18h)
;
;   linear        use
;   0x00007C00    what is booted, unless the catalogue says another segment
;   top of base   RESIDENT_KIB: a copy of this ROM that can be written, its
;   memory        variables, a block and the stack of the boot
;
; The BIOS write-protects ROMs, so init copies all of this to base memory and
; hooks the vectors there. Offsets are the same in both places.
; Source:      El Torito 1.0; EDD 3.0; Ralf Brown's Interrupt List for INT 13h

        cpu 386
        bits 16
        org 0

%include "parameters.inc"

ROM_SECTORS             equ 8
RESIDENT_KIB            equ 8
VECTOR_13               equ 13h * 4
VECTOR_18               equ 18h * 4
VECTOR_19               equ 19h * 4
BDA_EQUIPMENT           equ 410h            ; word: bit 0 a floppy drive, bits 6-7 more
BDA_BASE_MEMORY         equ 413h            ; word, KiB
BDA_TICKS               equ 46Ch            ; dword
BDA_DISK_COUNT          equ 475h            ; byte
DEBUG_PORT              equ 0E9h
SECTOR_SIZE             equ 512
BLOCK_SIZE              equ 2048
BLOCK_SECTORS           equ BLOCK_SIZE / SECTOR_SIZE
REAL_DRIVE              equ 0E0h            ; the drive's number under the machine's own BIOS
FLAGS_CF                equ 0001h
FLAGS_IF                equ 0200h
FLAGS_DF                equ 0400h

STATUS_OK               equ 00h
STATUS_BAD_COMMAND      equ 01h
STATUS_WRITE_PROTECTED  equ 03h
STATUS_NOT_FOUND        equ 04h
STATUS_CHANGED          equ 06h
STATUS_CRC              equ 10h
STATUS_NOT_READY        equ 0AAh

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
%include "el_torito.inc"
%include "transfer.inc"

; hang - for good; does not return
hang:
        trace   'H'
        cli
.forever:
        hlt
        jmp     .forever

; ---------------------------------------------------------------------------
; say_kind - the letter AL in braces on port E9h, unless it was the last one
;
;   kills   AX
; ---------------------------------------------------------------------------
say_kind:
        cmp     [cs:last_kind], al
        je      .done
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
BLOCK                   equ ROM_SECTORS * SECTOR_SIZE
BOOT_STACK              equ RESIDENT_KIB * 1024 - 4
