; loader_sum.asm - the checksum of the loader, where it was loaded to.
;
; Included by: stage2.asm, disc.asm         Mode: 16-bit real, DS = 0

; ---------------------------------------------------------------------------
; loader_sum - checksum of ECX sectors from LOADER_LOAD on
;
;   in      ECX           at least 1
;   out     EDX           the checksum; ECX = 0
;   kills   AX BX SI
; ---------------------------------------------------------------------------
loader_sum:
        shl     ecx, SECTOR_SHIFT - 2
        mov     ax, LOADER_LOAD >> 4
        xor     edx, edx
.paragraph:                                 ; ECX is a multiple of 4
        mov     ds, ax
        xor     si, si
        mov     bx, 4
.sum:
        rol     edx, CHECKSUM_ROTATE
        add     edx, [si]
        add     si, 4
        dec     bx
        jnz     .sum
        inc     ax
        sub     ecx, 4
        jnz     .paragraph
        mov     ds, cx                      ; zero
        ret
