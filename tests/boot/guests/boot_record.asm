; boot_record.asm - the boot sector of a partition: it believes its BPB, and the entry that DS:SI points to.
;
; Entered by:  a master boot record at 0000:7C00, DS:SI -> partition entry
; It reads its own sector again, at the LBA of the BPB's hidden sectors, and looks
; at the table in sector 0 of the disk.

                cpu 386
                bits 16
                org 7C00h

BUFFER_SEGMENT          equ 1000h
BPB_HIDDEN              equ 7C1Ch

        jmp     start
        times 3Eh - ($ - $$) db 0
start:
        mov     al, '1'
        cmp     dl, 80h
        jne     fail
        xor     ax, ax
        mov     ds, ax
        mov     ss, ax
        mov     sp, 7C00h
        mov     ax, BUFFER_SEGMENT
        mov     es, ax
        cld
        ; Sector 0 has one active entry, which begins where the BPB says.
        mov     ax, 0201h
        xor     bx, bx
        mov     cx, 1
        mov     dx, 80h
        int     13h
        mov     al, '2'
        jc      fail
        mov     al, '3'
        cmp     byte [es:1BEh], 80h
        jne     fail
        mov     al, '4'
        mov     ebx, [BPB_HIDDEN]
        cmp     [es:1BEh + 8], ebx
        jne     fail
        mov     al, '5'
        test    ebx, ebx
        jz      fail
        ; That sector is this one.
        mov     [packet + 8], ebx
        mov     ah, 42h
        mov     dl, 80h
        mov     si, packet
        int     13h
        mov     al, '6'
        jc      fail
        mov     si, start
        mov     di, start - 7C00h
        mov     cx, 100
        repe    cmpsb
        mov     al, '7'
        jne     fail
        mov     al, 10h
        out     0F4h, al
fail:
        out     0E9h, al
        mov     al, 11h
        out     0F4h, al
.halt:
        hlt
        jmp     .halt

        align   4, db 0
packet: db      10h, 0, 1, 0
        dw      0, BUFFER_SEGMENT
        dq      0

        times 510 - ($ - $$) db 0
        dw      0AA55h
