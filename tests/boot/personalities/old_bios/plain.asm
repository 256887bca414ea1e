; plain.asm - a boot sector that believes the BIOS: what shows that a personality bites.
;
; Entered by:  BIOS at 0000:7C00, DL = drive
; Defines:     BY_EDD or BY_CHS; without both, EDD is what it asks for
; Leaves to:   never: writes 10h (all data was right) or 11h to port F4h
;
; It takes CS for 0, DL for the stick, its BPB for its own, DF for clear, the clock
; for running, AH=08h for the geometry; it reads long runs at once, and tries once.
; Each doubleword of sector n of its stick is n * PATTERN.
;
;   linear        use
;   0x00007C00    this sector
;   0x00010000    a run that fills 64 KiB
;   0x0001E000    a run that crosses into the next 64 KiB

        cpu 386
        bits 16
        org 7C00h

PATTERN                 equ 9E3779B1h
TICKS                   equ 46Ch            ; linear: BIOS data area, timer
WAIT_READS              equ 4000000         ; of a port; each takes a bus cycle, 1 us
%ifdef BY_CHS
LONGEST                 equ 128
%else
LONGEST                 equ 127             ; EDD: most of a packet
%endif

        jmp     short start
        nop
        times 0x1C - ($ - $$) db 0
bpb_hidden:     dd 0
        times 0x3E - ($ - $$) db 0

start:
        mov     ax, cs
        mov     ds, ax
        mov     ss, ax
        mov     sp, 7C00h
        mov     [drive], dl
%ifdef BY_CHS
        mov     ah, 8
        int     13h
        jc      fail
        and     cx, 3Fh
        mov     [track], cx
        movzx   dx, dh
        inc     dx
        mov     [heads], dx
%endif
        mov     si, runs
.run:
        mov     eax, [si]                   ; LBA
        add     eax, [bpb_hidden]
        push    si
        call    read
        pop     si
        jc      fail
        call    compare
        jne     fail
        add     si, 8
        cmp     si, runs.end
        jb      .run

        mov     bl, [TICKS]                 ; its progress bar waits for the clock
        mov     ecx, WAIT_READS
.wait:
        in      al, 80h
        cmp     bl, [TICKS]
        jne     .pass
        dec     ecx
        jnz     .wait
        jmp     fail
.pass:
        mov     al, 10h
        jmp     say
fail:
        mov     al, 11h
say:
        out     0F4h, al
.halt:
        hlt
        jmp     .halt

; read - the run at SI from LBA EAX; CF as the BIOS says
%ifdef BY_CHS
read:
        xor     edx, edx
        movzx   ecx, word [track]
        div     ecx
        inc     dx
        mov     bx, dx                      ; sector
        xor     edx, edx
        movzx   ecx, word [heads]
        div     ecx
        mov     ch, al
        mov     cl, ah
        shl     cl, 6
        or      cl, bl
        mov     dh, dl
        mov     dl, [drive]
        mov     al, [si + 4]
        mov     es, [si + 6]
        xor     bx, bx
        mov     ah, 2
        int     13h
        ret
%else
read:
        mov     [packet.lba], eax
        mov     ax, [si + 4]
        mov     [packet.count], ax
        mov     ax, [si + 6]
        mov     [packet.segment], ax
        mov     ah, 41h
        mov     bx, 55AAh
        mov     dl, [drive]
        int     13h
        jc      .no
        cmp     bx, 0AA55h
        jne     .no
        mov     si, packet
        mov     ah, 42h
        mov     dl, [drive]
        int     13h
        ret
.no:
        stc
        ret
%endif

; compare - ZF = whether each doubleword of the run at SI is right
compare:
        pushad
        push    ds
        mov     edx, [si]
        mov     cx, [si + 4]
        mov     ds, [si + 6]
.sector:
        imul    ebx, edx, PATTERN
        xor     si, si
        mov     bp, 128
.word:
        lodsd                               ; DF is taken for clear
        cmp     eax, ebx
        jne     .done
        dec     bp
        jnz     .word
        inc     edx
        mov     ax, ds
        add     ax, 32
        mov     ds, ax
        loop    .sector
        cmp     al, al
.done:
        pop     ds
        popad
        ret

drive:          db 0
%ifdef BY_CHS
track:          dw 0
heads:          dw 0
%endif
        align   4, db 0
; run LBA, sectors, segment
%macro run 3
        dd      %1
        dw      %2, %3
%endmacro
runs:
        run     1, 1, 1000h
        run     70, 1, 1000h
        run     2100, LONGEST, 1000h
        run     9000, 32, 1E00h
        run     20000, 1, 1000h
.end:
%ifndef BY_CHS
packet:         db 10h, 0
.count:         dw 0
                dw 0
.segment:       dw 0
.lba:           dq 0
%endif

        times 510 - ($ - $$) db 0
        dw      0AA55h
