; report.asm - the numbers that were found, for a boot that stops before the loader.
;
; Included by: stage2.asm                   Mode: 16-bit real, DS = 0,
;                                           BP = BOOT_INFO
;
; The loader has a report of its own, with the same words (docs/errors.md).

; In the text, a byte below 32 is followed by an offset in BOOT_INFO:
AS_HEX                  equ 1               ; 8 bits
AS_WORD                 equ 2               ; 16 bits, decimal
AS_DWORD                equ 3               ; 32 bits, decimal
AS_WORKS                equ 4               ; a MEASURED mask: "works" or "no"

; ---------------------------------------------------------------------------
; report - the numbers of BOOT_INFO, on a few lines
;
;   kills   EAX ECX EDX SI
; ---------------------------------------------------------------------------
report:
        mov     si, .text
.next:
        xor     eax, eax
        lodsb
        test    al, al
        jz      .done
        cmp     al, AS_WORKS
        jbe     .number
        call    print_char
        jmp     .next
.number:
        mov     cl, al
        lodsb                               ; EAX = offset, or mask
        cmp     cl, AS_WORKS
        je      .works
        mov     edx, eax
        add     dx, bp
        xchg    di, dx
        mov     eax, [di]
        xchg    di, dx
        cmp     cl, AS_DWORD
        je      .decimal
        cmp     cl, AS_WORD
        je      .word
        call    print_byte
        jmp     .next
.word:
        movzx   eax, ax
.decimal:
        call    print_decimal
        jmp     .next
.works:
        push    si
        test    [bp + INFO_MEASURED], al
        mov     si, .yes
        jnz     .say
        mov     si, .no
.say:
        call    print
        pop     si
        jmp     .next
.done:
        ret

.yes:           db "works", 0
.no:            db "no", 0
.text:
        db      13, 10, "drive ", AS_HEX, INFO_DRIVE, "h, the BIOS passed ", AS_HEX, INFO_BIOS_DL, "h"
        db      13, 10, "EDD: ", AS_WORKS, MEASURED_EDD, ", hidden ", AS_DWORD, INFO_EDD_HIDDEN
        db      ", AH=41h says ", AS_HEX, INFO_EDD_VERSION, "h ", AS_HEX, INFO_EDD_CLAIMS, "h"
        db      13, 10, "CHS: ", AS_WORKS, MEASURED_CHS, ", hidden ", AS_DWORD, INFO_CHS_HIDDEN
        db      ", heads ", AS_WORD, INFO_HEADS, ", sectors ", AS_WORD, INFO_SECTORS_PER_TRACK
        db      ", AH=08h says ", AS_WORD, INFO_TOLD_CYLINDERS, "/", AS_WORD, INFO_TOLD_HEADS
        db      "/", AS_WORD, INFO_TOLD_SECTORS
        db      13, 10, "transfer ", AS_WORD, INFO_TRANSFER, ", calls that hung ", AS_WORD, INFO_ABANDONED
        db      ", boot area at LBA ", AS_DWORD, INFO_BOOT_LBA, 13, 10, 0
