; v86.asm - INT 13h called in virtual-8086 mode, as under EMM386: the monitor moves the memory, INT 15h AH=87h.
;
; The monitor is this guest's own: every INT comes to it as a general protection
; fault; it makes the move of AH=87h itself, or refuses it when it is told to,
; and passes all other interrupts on. Interrupts stay off throughout.

%include "guest.inc"

IDT_AT                  equ 0C000h
TSS_AT                  equ 0C800h          ; and a map that allows every port
IO_MAP_LEN              equ 2001h
MONITOR_STACK           equ 0F000h
VM_STACK                equ 7C00h

CODE                    equ 08h
DATA                    equ 10h
TASK                    equ 18h
TSS_LEN                 equ 104
EFLAGS_V86              equ 0002_3002h      ; VM, IOPL 3, IF off
VECTOR_GP               equ 13

FIRST                   equ 30              ; LBA of the reads
MOVE_MAX                equ 8000h           ; bytes in one AH=87h, as ramkey promises

; What the fault leaves on the monitor's stack, above PUSHAD.
struc FAULT
  .edi:         resd 1
  .esi:         resd 1
  .ebp:         resd 1
  .esp0:        resd 1
  .ebx:         resd 1
  .edx:         resd 1
  .ecx:         resd 1
  .eax:         resd 1
  .error:       resd 1
  .eip:         resd 1
  .cs:          resd 1
  .eflags:      resd 1
  .esp:         resd 1
  .ss:          resd 1
  .es:          resd 1
endstruc

main:
        cli
        in      al, 92h                     ; A20, which a monitor needs
        or      al, 2
        and     al, 0FEh
        out     92h, al
        mov     di, IDT_AT                  ; all vectors but one are a failure
        mov     cx, 256
.gate:
        mov     ax, unexpected
        stosw
        mov     ax, CODE
        stosw
        mov     ax, 8E00h
        stosw
        xor     ax, ax
        stosw
        loop    .gate
        mov     word [IDT_AT + VECTOR_GP * 8], general_protection
        mov     di, TSS_AT
        mov     cx, TSS_LEN + IO_MAP_LEN
        rep     stosb
        dec     byte [TSS_AT + TSS_LEN + IO_MAP_LEN - 1]        ; the map ends with ones
        mov     dword [TSS_AT + 4], MONITOR_STACK
        mov     word [TSS_AT + 8], DATA
        mov     word [TSS_AT + 66h], TSS_LEN
        lgdt    [gdt_register]
        lidt    [idt_register]
        mov     eax, cr0
        or      al, 1
        mov     cr0, eax
        jmp     CODE:.protected
        bits 32
.protected:
        mov     ax, DATA
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        mov     esp, MONITOR_STACK
        mov     ax, TASK
        ltr     ax
        xor     eax, eax
        push    eax                         ; GS FS DS ES SS
        push    eax
        push    eax
        push    eax
        push    eax
        push    dword VM_STACK
        push    dword EFLAGS_V86
        push    eax                         ; CS
        push    dword virtual
        iretd

; unexpected - any other exception: nothing here should cause one
unexpected:
        mov     dx, EXIT_PORT
        mov     al, EXIT_FAIL
        out     dx, al
.halt:
        jmp     .halt

; general_protection - an INT of the virtual machine
general_protection:
        pushad
        mov     ebp, esp
        mov     ax, DATA
        mov     ds, ax
        mov     es, ax
        mov     ebx, [ebp + FAULT.cs]
        shl     ebx, 4
        add     ebx, [ebp + FAULT.eip]
        cmp     byte [ebx], 0CDh            ; INT n
        jne     unexpected
        add     word [ebp + FAULT.eip], 2
        movzx   eax, byte [ebx + 1]
        cmp     al, 15h
        jne     .pass_on
        cmp     byte [ebp + FAULT.eax + 1], 87h
        je      .move
.pass_on:
        movzx   edi, word [ebp + FAULT.ss]
        shl     edi, 4
        sub     word [ebp + FAULT.esp], 6
        movzx   ecx, word [ebp + FAULT.esp]
        add     edi, ecx
        mov     ecx, [ebp + FAULT.eip]
        mov     [edi], cx
        mov     ecx, [ebp + FAULT.cs]
        mov     [edi + 2], cx
        mov     ecx, [ebp + FAULT.eflags]
        mov     [edi + 4], cx
        and     dword [ebp + FAULT.eflags], ~FLAG_IF
        movzx   ecx, word [eax * 4]
        mov     [ebp + FAULT.eip], ecx
        movzx   ecx, word [eax * 4 + 2]
        mov     [ebp + FAULT.cs], ecx
        jmp     .back

.move:
        inc     dword [moves]
        cmp     byte [refuse], 0
        jne     .refuse
        movzx   ebx, word [ebp + FAULT.es]
        shl     ebx, 4
        movzx   ecx, word [ebp + FAULT.esi]
        add     ebx, ecx                    ; six descriptors; source is the third
        mov     esi, [ebx + 18]
        and     esi, 0FFFFFFh
        mov     cl, [ebx + 23]
        shl     ecx, 24
        or      esi, ecx
        mov     edi, [ebx + 26]
        and     edi, 0FFFFFFh
        mov     cl, [ebx + 31]
        shl     ecx, 24
        or      edi, ecx
        movzx   ecx, word [ebp + FAULT.ecx]
        cmp     ecx, MOVE_MAX / 2
        ja      unexpected
        cld
        rep     movsw
        mov     byte [ebp + FAULT.eax + 1], 0
        and     dword [ebp + FAULT.eflags], ~FLAG_CF
        jmp     .back
.refuse:
        mov     byte [ebp + FAULT.eax + 1], 3
        or      dword [ebp + FAULT.eflags], FLAG_CF
.back:
        popad
        add     esp, 4
        iretd

; virtual - what runs in the virtual machine
        bits 16
virtual:
        xor     ax, ax
        mov     ds, ax
        mov     es, ax
        smsw    ax
        test    al, 1
        must    nz, "this is virtual-8086 mode"

        mov     eax, FIRST
        call    to_chs
        mov     dl, [drive]
        push    word BUFFER_SEGMENT
        pop     es
        xor     bx, bx
        mov     ax, 0208h
        int     13h
        must    nc, "AH=02h in V86: CF"
        cmp     ax, 8
        must    e, "AH=02h in V86: AH is 0 and AL the count"
        mov     esi, BUFFER
        mov     ebx, FIRST
        mov     ecx, 8
        call    is_disk
        must    e, "AH=02h in V86: the bytes"
        cmp     dword [moves], 1
        must    e, "the monitor made the move"

        mov     word [packet + 2], 100      ; 50 KiB: two moves
        mov     dword [packet + 8], FIRST + 50
        mov     si, packet
        mov     ah, 42h
        mov     dl, [drive]
        int     13h
        must    nc, "AH=42h in V86: CF"
        mov     esi, BUFFER
        mov     ebx, FIRST + 50
        mov     ecx, 100
        call    is_disk
        must    e, "AH=42h in V86: the bytes"
        cmp     dword [moves], 3
        must    e, "at most 32 KiB in one move"

        mov     word [packet + 2], 1        ; the first sector of these goes elsewhere
        mov     dword [packet + 8], FIRST + 60
        mov     si, packet
        mov     ax, 4300h
        mov     dl, [drive]
        int     13h
        must    nc, "AH=43h in V86: CF"
        mov     word [packet + 4], 8000h
        mov     si, packet
        mov     ah, 42h
        mov     dl, [drive]
        int     13h
        must    nc, "reading what was written: CF"
        mov     esi, BUFFER + 8000h
        mov     ebx, FIRST + 50
        mov     ecx, 1
        call    is_disk
        must    e, "reading what was written: the bytes"

        inc     byte [refuse]
        mov     si, packet
        mov     ah, 42h
        mov     dl, [drive]
        int     13h
        must    c, "a move that the monitor refuses is an error"
        cmp     ah, 20h
        must    e, "as a failure of the controller"
        cmp     word [packet + 2], 0
        must    e, "and nothing was moved"
        jmp     pass

refuse:         db 0
                align 4, db 0
moves:          dd 0
packet:         db 16, 0
                dw 0, 0, BUFFER_SEGMENT
                dq 0
gdt:            dq 0
                dw 0FFFFh, 0, 9A00h, 00CFh
                dw 0FFFFh, 0, 9200h, 00CFh
                dw TSS_LEN + IO_MAP_LEN - 1, TSS_AT, 8900h, 0
gdt_register:   dw gdt_register - gdt - 1
                dd gdt
idt_register:   dw 256 * 8 - 1
                dd IDT_AT

%include "end.inc"
