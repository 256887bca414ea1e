; dos.asm - boot sector of the FAT volume that is made of a folder: starts a DOS.
;
; Entered by:  a master boot record or the BIOS, 16-bit real mode, at linear 7C00,
;              DL = drive
; Leaves to:   the system's file at [entry]. CS:IP is all that every system wants;
;              the rest is what one or the other of them wants:
;                DL        drive; BL too, where the boot sector moved
;                AX:BX     LBA of the first sector of data, where it did not move
;                CH        media descriptor
;                DI        first cluster of the file
;                DS:SI     the diskette parameter table that INT 1Eh points to
;                SS:BP     this sector; [SS:BP - 4] has the LBA of the data, and the stack
;                          the address of vector 1Eh and what it points to
;                0050:0000 first sector of the root directory, as far as no file is there
;
;   linear        use
;   0x00000500    first sector of the root directory
;   0x00000600    FreeDOS
;   0x00000700    any other system
;   0x00007C00    this sector; the stack below it
;   0x00027C00    this sector, if a file is loaded over its first place
;
; The host program lays the volume out: the file is among the first entries of the root
; directory, in one piece, and the root directory is whole sectors.

%include "assert.inc"
%include "bios.inc"
%include "layout.inc"

        cpu 386
        bits 16
        org MBR_LOAD

VECTOR_DISKETTE         equ 1Eh * 4

; Fields of the BIOS parameter block (Microsoft, FAT32 File System Specification 1.03)
%define BPB_CLUSTER     bp + 0Dh
%define BPB_RESERVED    bp + 0Eh
%define BPB_FATS        bp + 10h
%define BPB_ROOT        bp + 11h
%define BPB_MEDIA       bp + 15h
%define BPB_FAT_SECTORS bp + 16h
%define BPB_HIDDEN      bp + 1Ch
%define BPB_DRIVE       bp + 24h

; Fields of a directory entry
ENTRY_LEN               equ 32
ENTRY_CLUSTER           equ 26
ENTRY_FILE_LEN          equ 28
NAME_LEN                equ 11

%define NO_FILE         "Not there: "
%strlen NO_FILE_LEN     NO_FILE

%define DRIVE           [BPB_DRIVE]
%define TRACK_SECTORS   [bp + 18h]
%define HEADS           [bp + 1Ah]
%define FIELD(label)    bp + (label) - MBR_LOAD

        jmp     short code
        nop
        times DOS_CODE - ($ - $$) db 0      ; BIOS parameter block
code:
        cli
        cld
        xor     ax, ax
        mov     ds, ax
        mov     bp, MBR_LOAD
        mov     es, [own_segment]           ; 0: the copy is this sector itself
        mov     si, bp
        mov     di, bp
        mov     cx, SECTOR_SIZE / 2
        rep movsw
        push    es
        pop     ss
        mov     sp, bp                      ; behind a write to SS no interrupt comes
        sti
        push    es
        push    .moved                      ; the same IP in the new segment
        retf
.moved:
        mov     [BPB_DRIVE], dl             ; systems read it there
        movzx   eax, word [BPB_FAT_SECTORS] ; reserved sectors, then the FATs
        movzx   edx, byte [BPB_FATS]
        mul     edx
        movzx   edx, word [BPB_RESERVED]
        add     eax, edx
        add     eax, [BPB_HIDDEN]           ; EAX = root directory
        movzx   edx, word [BPB_ROOT]
        shr     dx, 4                       ; 16 entries in a sector
        add     edx, eax
        push    edx                         ; [bp - 4] = data

        push    DOS_ROOT                    ; a segment
        pop     es
        call    sector_read
        jc      disk_error
        push    ss                          ; the fields of the sector are there
        pop     ds
        xor     di, di                      ; ES:DI: the first entry
        mov     cx, DOS_ROOT_LOOKED
.entry:
        push    cx
        push    di
        mov     si, name
        mov     cx, NAME_LEN
        repe cmpsb                          ; the name with its extension
        pop     di
        pop     cx
        je      .found
        add     di, ENTRY_LEN
        loop    .entry
        mov     si, no_file
        jmp     failed
.found:
        mov     ecx, [es:di + ENTRY_FILE_LEN]
        add     ecx, SECTOR_SIZE - 1        ; bytes to sectors, rounded up
        shr     ecx, SECTOR_SHIFT
        movzx   eax, word [FIELD(sectors_max)] ; some systems read the rest themselves
        cmp     ecx, eax
        jbe     .counted
        mov     ecx, eax
.counted:
        movzx   eax, word [es:di + ENTRY_CLUSTER]
        push    ax                          ; [bp - 6]: for DI
        dec     ax                          ; clusters count from 2
        dec     ax
        movzx   edx, byte [BPB_CLUSTER]
        mul     edx
        add     eax, [bp - 4]               ; EAX = first sector of the file
        mov     es, [FIELD(entry_segment)]
.sector:
        call    sector_read
        jc      disk_error
        mov     dx, es
        add     dx, SECTOR_SIZE / 16        ; the segment moves: no offset overflows
        mov     es, dx
        inc     eax
        loop    .sector                     ; the host program takes no empty file

        pop     di                          ; first cluster
        xor     ax, ax
        mov     es, ax
        mov     ds, ax
        lds     si, [VECTOR_DISKETTE]       ; the table of the diskette's parameters
        push    ds                          ; as MS-DOS left it on its stack
        push    si
        push    ax
        push    VECTOR_DISKETTE
        mov     dl, [BPB_DRIVE]
        mov     ch, [BPB_MEDIA]
        mov     ax, [bp - 2]                ; AX:BX = [bp - 4], the first sector of data
        mov     bx, [bp - 4]
        cmp     word [FIELD(own_segment)], 0 ; which of the two registers it wants
        je      .start
        mov     bl, dl
.start:
        sti
        jmp     far [FIELD(entry)]

disk_error:
        mov     si, no_disk
failed:
        push    ss                          ; DS may be the diskette table's
        pop     ds
.letter:
        lodsb
        test    al, al
        jz      .wait
        mov     ah, VIDEO_TELETYPE
        mov     bx, 7                       ; page 0; grey, where the mode has colours
        int     INT_VIDEO
        jmp     .letter
.wait:
        mov     ah, KEYBOARD_TAKE
        int     INT_KEYBOARD
        int     INT_RESTART                 ; after a key: perhaps another medium is in
.halt:
        hlt
        jmp     .halt

%include "sector_read.asm"

no_disk:        db "Disk error", 0
        assert_room DOS_NAME - NO_FILE_LEN
        times DOS_NAME - NO_FILE_LEN - ($ - $$) db 0
no_file:        db NO_FILE
        assert_at "name", DOS_NAME
name:                                       ; ends the message
        times NAME_LEN + 1 db 0
        assert_at "sectors_max", DOS_SECTORS_MAX
sectors_max:
        dw 0
        assert_at "entry", DOS_ENTRY
entry:
        dw 0
        assert_at "entry_segment", DOS_ENTRY_SEGMENT
entry_segment:
        dw 0
        assert_at "own_segment", DOS_OWN_SEGMENT
own_segment:
        dw 0
        assert_at "magic", DOS_MAGIC
        dw BOOT_MAGIC
