; plain.asm - a boot loader that believes the BIOS of a CD: what shows that a personality bites.
;
; Entered by:  BIOS at 0000:7C00 or 07C0:0000, DL = drive
; Defines:     BOOT, BLOCKS  first block of what is booted; blocks of the disc
;              EMULATED  it starts from the disk that a disc emulates, of SECTORS sectors
;              HEADS, TRACK, CYLINDERS  with EMULATED: the table of a hard disk
;              BY_CALL   the disc's drive is what AX=4B01h says; with EMULATED: ends that by
;                        AX=4B00h, then reads the disc, which is DISC_DRIVE
; Leaves to:   never: writes 10h (all data was right) or 11h to port F4h
;
; It takes all of itself for loaded, DL for the drive, AX=4B01h for the truth (with
; DL = 7Fh), the packet's 19 bytes for all that is written, DF for clear. It reads
; long runs at once, and tries once. Each doubleword of the disc behind this code is
; its index on the disc, times PATTERN.
;
;   linear        use
;   0x00007C00    this loader
;   0x00010000    a run that fills 64 KiB
;   0x0001E000    a run that crosses into the next 64 KiB

        cpu 386
        bits 16
        org 7C00h

PATTERN                 equ 9E3779B1h
BLOCK_SECTORS           equ 4
LENGTH                  equ 2048            ; bytes of this loader
RUN                     equ 32              ; blocks
%ifndef EMULATED
  %define READS_DISC
%elifdef BY_CALL
  %define READS_DISC
%endif

        jmp     0:start
start:
        mov     ax, cs
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        mov     sp, 7C00h
        sti
        mov     [drive], dl
%ifdef EMULATED
        call    read_emulated
        jne     fail
%else
        cmp     dword [end], PATTERN
        jne     fail
%endif
%ifdef BY_CALL
        mov     si, specification
%ifdef EMULATED
        mov     ax, 4B00h
        mov     dl, [drive]
        int     13h
        jc      fail
        mov     byte [drive], DISC_DRIVE
%else
        mov     ax, 4B01h
        mov     dl, 7Fh
        int     13h
        jc      fail
        cmp     dword [behind], PATTERN
        jne     fail
        mov     al, [specification + 2]
        mov     [drive], al
%endif
%endif
%ifdef READS_DISC
        call    read_disc
        jne     fail
%endif
        mov     al, 10h
        jmp     say
fail:
        mov     al, 11h
say:
        out     0F4h, al
.halt:
        hlt
        jmp     .halt

%ifdef EMULATED
; ---------------------------------------------------------------------------
; read_emulated - ZF = whether the disk's sectors are right, by the geometry of AH=08h
; ---------------------------------------------------------------------------
read_emulated:
        mov     ah, 8
        mov     dl, [drive]
        int     13h
        jc      .done_wrong
        and     cx, 3Fh
        mov     [track], cx
        movzx   dx, dh
        inc     dx
        mov     [heads], dx
        xor     ax, ax
        mov     es, ax
        mov     si, runs
.run:
        mov     eax, [si]
        push    si
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
        pop     si
        jc      .done_wrong
        mov     eax, [si]
        add     eax, BOOT * BLOCK_SECTORS
        movzx   ecx, word [si + 4]
        mov     dx, [si + 6]
        call    compare
        jne     .done
        add     si, 8
        cmp     si, runs.end
        jb      .run
        cmp     al, al
.done:
        ret
.done_wrong:
        or      sp, sp
        ret

track:          dw 0
heads:          dw 0
; run sector, sectors, segment
%macro run 3
        dd      %1
        dw      %2, %3
%endmacro
        align   4, db 0
runs:
        run     8, 4, 1000h
        run     1200, 70, 1E00h
        run     SECTORS - 1, 1, 1000h
.end:
%endif

%ifdef READS_DISC
; ---------------------------------------------------------------------------
; read_disc - ZF = whether the disc's blocks are right, by AH=42h
; ---------------------------------------------------------------------------
read_disc:
        mov     si, disc_runs
.run:
        mov     eax, [si]
        mov     [packet.lba], eax
        mov     ax, [si + 4]
        mov     [packet.count], ax
        mov     ax, [si + 6]
        mov     [packet.segment], ax
        push    si
        mov     si, packet
        mov     ah, 42h
        mov     dl, [drive]
        int     13h
        pop     si
        jc      .wrong
        mov     eax, [si]
        shl     eax, 2
        movzx   ecx, word [packet.count]
        shl     ecx, 2
        mov     dx, [si + 6]
        call    compare
        jne     .done
        add     si, 8
        cmp     si, disc_runs.end
        jb      .run
        cmp     al, al
.done:
        ret
.wrong:
        or      sp, sp
        ret

; disc_run block, blocks, segment
%macro disc_run 3
        dd      %1
        dw      %2, %3
%endmacro
        align   4, db 0
disc_runs:
        disc_run BOOT + 1, 1, 1000h
        disc_run BOOT + 40, RUN, 1000h
        disc_run BOOT + 400, 9, 1E00h
        disc_run BLOCKS - 4, 4, 1000h
.end:
packet:         db 10h, 0
.count:         dw 0
                dw 0
.segment:       dw 0
.lba:           dq 0
%endif

; ---------------------------------------------------------------------------
; compare - ZF = whether ECX sectors at DX:0000 are those of the disc from EAX on
;
;   kills   EAX ECX DX DI ES
; ---------------------------------------------------------------------------
compare:
        shl     eax, 7
        imul    eax, eax, PATTERN
.sector:
        mov     es, dx
        xor     di, di
.word:
        scasd
        jne     .done
        add     eax, PATTERN
        cmp     di, 512
        jb      .word
        add     dx, 32
        dec     ecx
        jnz     .sector
.done:
        ret

drive:          db 0
%ifdef BY_CALL
specification:  times 13h db 0
behind:         dd PATTERN
%endif

%ifdef HEADS
        times 446 - ($ - $$) db 0
        db      80h, 1, 1, 0, 6, HEADS - 1, TRACK, CYLINDERS - 1
        dd      TRACK, SECTORS - TRACK
%endif
        times 510 - ($ - $$) db 0
        dw      0AA55h
        times LENGTH - 4 - ($ - $$) db 0
end:            dd PATTERN
