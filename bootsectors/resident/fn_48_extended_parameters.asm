; fn_48_extended_parameters.asm - INT 13h AH=48h (EDD 1.1, with EDD 2's pointer).
;
; Included by: resident.asm                  Contract: int13_entry

struc EDD_PARAMETERS
  .size:        resw 1                      ; 00  in: room; out: bytes filled in
  .info:        resw 1                      ; 02
  .cylinders:   resd 1                      ; 04
  .heads:       resd 1                      ; 08
  .track:       resd 1                      ; 0C  sectors per track
  .sectors:     resq 1                      ; 10
  .sector_len:  resw 1                      ; 18
  .dpte:        resd 1                      ; 1A  EDD 2; FFFF:FFFF is none
endstruc
%if EDD_PARAMETERS_size != 30
  %error "the EDD 2 parameter block has 30 bytes"
%endif
EDD_1_SIZE              equ EDD_PARAMETERS.dpte

INFO_ALWAYS             equ 0029h           ; DMA is transparent, verify, lockable
INFO_CHS                equ 0002h           ; the geometry is valid

; ---------------------------------------------------------------------------
; fn_48_extended_parameters - fill the block at DS:SI
;
;   out     AH = 0, or 01h when the block has room for less than EDD 1's 26 bytes
; ---------------------------------------------------------------------------
fn_48_extended_parameters:
        mov     es, [ARG(ds)]
        mov     di, [ARG(esi)]
        cmp     word [es:di + EDD_PARAMETERS.size], EDD_1_SIZE
        jb      bad_command
        cmp     word [es:di + EDD_PARAMETERS.size], EDD_PARAMETERS_size
        mov     ax, EDD_1_SIZE
        jb      .sized
        mov     ax, EDD_PARAMETERS_size
        or      dword [es:di + EDD_PARAMETERS.dpte], -1
.sized:
        stosw                               ; .size
        movzx   ecx, word [CUR(CYLINDERS)]
        mov     ax, INFO_ALWAYS | INFO_CHS
        cmp     cx, 1024
        jbe     .info
        mov     al, INFO_ALWAYS             ; so for every CD, which has 65535
.info:
        stosw                               ; .info
        xchg    eax, ecx
        stosd                               ; .cylinders
        movzx   eax, word [CUR(HEADS)]
        stosd                               ; .heads
        mov     eax, [CUR(SECTORS_PER_TRACK)]
        stosd                               ; .track
        mov     eax, [CUR(SECTORS)]
        mov     cl, [CUR(SECTOR_SHIFT)]
        sub     cl, SECTOR_SHIFT
        shr     eax, cl
        stosd                               ; .sectors
        xor     eax, eax
        stosd
        mov     ax, SECTOR_SIZE
        shl     ax, cl
        stosw                               ; .sector_len
        mov     ah, STATUS_OK
        ret
