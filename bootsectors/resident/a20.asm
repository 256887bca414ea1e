; a20.asm - reach memory above 1 MiB, whatever the caller did to A20.
;
; Included by: resident.asm

A20_TRIES               equ 6               ; each method twice
A20_POLLS               equ 0               ; 65536 reads of the controller's status

; ---------------------------------------------------------------------------
; a20_switch - AL = 1 switches A20 on, AL = 0 off
;
; By the method that worked at boot; when none is known, by each in turn: the
; caller tests and calls again.
;   kills   EAX
; ---------------------------------------------------------------------------
a20_switch:
        pushad
        mov     ah, [VAR(A20_METHOD)]       ; 1 BIOS, 2 keyboard controller, 3 port 92h
        test    ah, ah
        jnz     .known
        inc     byte [a20_turn]             ; not known: the next one in turn
        mov     ah, [a20_turn]
        cmp     ah, 3
        jbe     .known
        mov     ah, 1
        mov     [a20_turn], ah
.known:
        dec     ah
        jz      .bios
        dec     ah
        jz      .keyboard_controller

        mov     ah, al                      ; port 92h; bit 0 would reset the machine
        in      al, PORT_92
        and     al, ~(PORT_92_A20 | PORT_92_RESET)
        shl     ah, 1                       ; = PORT_92_A20, or 0
        or      al, ah
        out     PORT_92, al
        jmp     .done

.bios:
        mov     ah, SYS_A20 >> 8            ; AL says which way already
        pushf                               ; as INT would: the BIOS ends with IRET
        call    far [VAR(OLD_INT15)]
        cli                                 ; which it may have changed, and DS
        push    cs
        pop     ds
        jmp     .done

.keyboard_controller:
%if KBC_OUTPUT_A20_ON != KBC_OUTPUT_A20_OFF + 2
  %error "A20 is bit 1 of the controller's output port"
%endif
        mov     ah, al
        add     ah, ah                      ; A20 is bit 1
        or      ah, KBC_OUTPUT_A20_OFF
        call    .ready                      ; a byte that it does not expect is lost
        mov     al, KBC_WRITE_OUTPUT
        out     KBC_STATUS, al
        call    .ready
        mov     al, ah
        out     KBC_DATA, al
        call    .ready
        mov     al, KBC_NULL
        out     KBC_STATUS, al
        call    .ready
.done:
        popad
        ret

; .ready - wait until the controller takes a byte, or 65536 polls (no controller)
.ready:
        mov     cx, A20_POLLS
.poll:
        in      al, KBC_STATUS
        test    al, 2
        loopnz  .poll
        ret
