; int13.asm - a call of INT 13h, and the checksum of what it brought.
;
; Included by: sector_read.asm, disc.asm    Mode: 16-bit real, CS = DS = ES = SS = 0,
;                                           BP = BOOT_INFO

; Places in BOOT_INFO, relative to BP. What begins at INFO_LEN lies behind the record
; that the loader gets: three bytes and two dwords of sector_read.asm, and these.
DRIVE                   equ INFO_DRIVE
STATUS                  equ INFO_STATUS
LOADED                  equ INFO_LEN + 3
LOADED_UNTIL            equ INFO_LEN + 8    ; dword: first LBA that could not be read

; Values of LOADED: what stage 2 finds in memory beside itself.
LOADED_NOT              equ 0               ; nothing
LOADED_ALL              equ 1               ; the loader
LOADED_PART             equ 2               ; a part of it

; ---------------------------------------------------------------------------
; bios - INT 13h for [DRIVE]
;
;   in      as the function; DL is set here
;   out     as the function, and DS = ES = 0, BP = BOOT_INFO, IF = 1, DF = 0
;           [STATUS] = AH if CF = 1
;   stack   what the BIOS uses: the stack has 29 KiB
;
; CF is set before: a BIOS that lacks the function may leave it alone.
; ---------------------------------------------------------------------------
bios:
        mov     dl, [bp + DRIVE]
        stc
        int     INT_DISK
.back:
        push    cs
        pop     ds
        push    cs
        pop     es
        mov     bp, BOOT_INFO
        sti
        cld
        jnc     .done
        mov     [bp + STATUS], ah
.done:
        ret

; ---------------------------------------------------------------------------
; sum - checksum of CX words of 32 bits from SI on
;
;   out     EDX
;   kills   EAX CX SI
; ---------------------------------------------------------------------------
sum:
        xor     edx, edx
.word:
        lodsd
        rol     edx, CHECKSUM_ROTATE
        add     edx, eax
        loop    .word
        ret
