; sector0.asm - sector 0 of a stick: finds the stick's own boot area and proves it.
;
; Entered by:  BIOS, 16-bit real mode, CS:IP = 0000:7C00 or 07C0:0000
; In:          DL = boot drive, perhaps; ES:DI = PnP structure, perhaps
; Leaves to:   stage 2 at 0000:STAGE2_LOAD + BOOT_HEADER_LEN, DS = ES = SS = 0,
;              SP = MBR_LOAD, IF = 1, DF = 0, BOOT_INFO filled but for the A20
;              state and the call entry
;
;   linear        use
;   0x00000600    stack, grows down from MBR_LOAD to here
;   0x00007C00    this sector; bytes 03h-59h belong to the BPB and to BIOSes
;                 that write into it, so no code lies there
;   0x00007E00    BOOT_INFO
;   0x00007E80    BIOS_PACKET: the disk address packet
;   0x00008000    STAGE2_LOAD: boot header and stage 2
;
; Nothing that the BIOS says is believed: the drive is the one that returns the
; boot area with the right checksum, and reads are one sector each, by EDD and by
; CHS in turn. The host patches SECTOR0_BOOT_LBA and SECTOR0_BOOT_CHECKSUM; the
; checksum covers the stick's id, so two sticks are told apart.

%include "assert.inc"
%include "bios.inc"
%include "layout.inc"
%include "errors.inc"

        cpu 386
        bits 16
        org MBR_LOAD

READ_TRIES              equ 4               ; each is EDD, then CHS, then a reset

INFO                    equ BOOT_INFO
DRIVE                   equ INFO + INFO_DRIVE
SECTORS_PER_TRACK       equ INFO + INFO_SECTORS_PER_TRACK
HEADS                   equ INFO + INFO_HEADS
EDD                     equ INFO + INFO_EDD

        jmp     short start
        nop
        times SECTOR0_CODE - ($ - $$) db 0

start:
        cli
        xor     ax, ax
        mov     ss, ax
        mov     sp, MBR_LOAD
        mov     ds, ax
        jmp     0:.normalised               ; some BIOSes enter at 07C0:0000
.normalised:
        sti                                 ; USB BIOSes need their interrupts
        cld
        mov     [INFO + INFO_PNP], di
        mov     [INFO + INFO_PNP + 2], es
        mov     [INFO + INFO_BIOS_DL], dl
        mov     es, ax

.drive:
        test    dl, 70h                     ; no BIOS boots 10h to 7Fh or 90h up, and
        jnz     .next                       ;   some crash when FFh is asked
        mov     [DRIVE], dl
        call    load
        jc      .next

        mov     byte [letter], SECTOR0_CHECKSUM
        mov     si, STAGE2_LOAD
        mov     cx, STAGE2_SECTORS * SECTOR_SIZE / 4
        xor     edx, edx
.sum:
        lodsd
        rol     edx, CHECKSUM_ROTATE
        add     edx, eax
        loop    .sum
        cmp     edx, [checksum]
        jne     .next
        jmp     STAGE2_LOAD + BOOT_HEADER_LEN

.next:                                      ; 80h to 8Fh, then 00h and 01h
        mov     dl, [candidate]
        inc     byte [candidate]
        cmp     dl, 90h
        jne     .last
        mov     dl, 0
        mov     byte [candidate], 1
.last:
        cmp     dl, 2
        jne     .drive

        mov     si, name
.print:
        lodsb
        test    al, al
        jz      .code
        call    print
        jmp     .print
.code:
        mov     al, [status]
        aam     16                          ; AH = high digit, AL = low digit
        xchg    al, ah
        call    print_digit
        xchg    al, ah
        call    print_digit
        int     INT_BOOT_FAILED
.halt:
        hlt
        jmp     .halt

; ---------------------------------------------------------------------------
; load - read the boot header and stage 2 from [DRIVE]
;
;   out     CF = 0        STAGE2_SECTORS sectors are at STAGE2_LOAD
;           CF = 1        [status] = BIOS status of the last failure
;   kills   all but segments
;
; CF and CX of AH=41h are not looked at: a BIOS without packet calls leaves BX
; alone, or fails them, and then CHS is tried.
; ---------------------------------------------------------------------------
load:
        mov     ah, DISK_EXT_CHECK
        mov     bx, EXT_CHECK_ASK
        call    bios
        cmp     bx, EXT_CHECK_ANSWER
        sete    [EDD]

        mov     ah, DISK_PARAMETERS
        xor     di, di                      ; RBIL: guards against BIOS bugs
        call    bios
        jnc     .geometry
        xor     cx, cx
.geometry:
        and     cx, 3Fh
        mov     [SECTORS_PER_TRACK], cx
        movzx   dx, dh
        inc     dx
        mov     [HEADS], dx

        mov     eax, [boot_lba]
        mov     bx, STAGE2_LOAD
.sector:
        call    read
        jc      .done
        inc     ax
        add     bx, SECTOR_SIZE
        cmp     bx, STAGE2_LOAD + STAGE2_SECTORS * SECTOR_SIZE
        jb      .sector                     ; the last comparison clears CF
.done:
        ret

; ---------------------------------------------------------------------------
; read - one sector, by whichever way works
;
;   in      EAX           LBA; by CHS, at most cylinder 255
;           BX            destination in segment 0
;   out     CF            as load
;   kills   nothing else
; ---------------------------------------------------------------------------
read:
        mov     byte [tries], READ_TRIES
.try:
        pushad
        cmp     byte [EDD], 0
        je      .chs
        push    dword 0                     ; the packet, made anew each time
        push    eax
        push    es
        push    bx
        push    1
        push    DAP_size
        mov     si, sp
        mov     ah, DISK_EXT_READ
        call    bios
        popa                                ; drops the packet, keeps CF
        popad
        jnc     .done
        pushad

.chs:
        mov     cx, [SECTORS_PER_TRACK]
        stc
        jcxz    .tried                      ; no geometry: this way fails
        xor     dx, dx
        div     cx
        mov     cx, dx
        inc     cx                          ; sector, from 1
        xor     dx, dx
        div     word [HEADS]
        mov     dh, dl                      ; head
        mov     ch, al                      ; cylinder
        mov     ax, DISK_READ << 8 | 1
        call    bios
.tried:
        popad
        jnc     .done

        pushad
        mov     ah, DISK_RESET
        call    bios
        popad
        dec     byte [tries]
        jnz     .try
        stc
.done:
        ret

; ---------------------------------------------------------------------------
; bios - INT 13h for [DRIVE]
;
;   in      as the function; DL is set here
;   out     as the function, and DS = ES = 0, IF = 1, DF = 0
;           [status] = AH if CF = 1
;   stack   what the BIOS uses: the stack has 29 KiB
; ---------------------------------------------------------------------------
bios:
        mov     dl, [DRIVE]
        int     INT_DISK
        push    cs
        pop     ds
        push    cs
        pop     es
        sti
        cld
        jnc     .done
        mov     [status], ah
.done:
        ret

; print_digit - AL, 0 to 15, as a hex digit; falls into print
print_digit:
        cmp     al, 10
        sbb     al, 69h                     ; 0-9 become 96h-9Fh, A-F A1h-A6h
        das                                 ; and these '0'-'9' and 'A'-'F'

; print - AL on the screen; keeps all registers
print:
        pusha
        mov     ah, VIDEO_TELETYPE
        mov     bx, 7
        int     INT_VIDEO
        popa
        ret

candidate:      db 80h                      ; next drive number to try
tries:          db 0
status:         db 0
name:           db "ramkey "
letter:         db SECTOR0_READ, 0

        assert_room SECTOR0_BOOT_LBA
        times SECTOR0_BOOT_LBA - ($ - $$) db 0
        assert_at "boot_lba", SECTOR0_BOOT_LBA
boot_lba:       dd 0
        assert_at "boot_checksum", SECTOR0_BOOT_CHECKSUM
checksum:       dd 0
        assert_at "disk_signature", SECTOR0_DISK_SIGNATURE
        dd 0
        dw 0
        assert_at "partition_table", SECTOR0_TABLE
        times 64 db 0
        assert_at "magic", SECTOR0_MAGIC
        dw 0AA55h
