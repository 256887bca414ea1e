; el_torito.asm - what only CDs need: INT 13h AH=4Ah to 4Dh, and finding the drive.
;
; Included by: resident.asm, last            Contract: int13_entry
; Source:      El Torito 1.0, section 4

; The packet of AH=4Dh.
struc CATALOGUE
  .size:        resb 1                      ; 00  8
  .count:       resb 1                      ; 01  sectors of 2048 bytes
  .buffer:      resd 1                      ; 02  real-mode far pointer
  .first:       resw 1                      ; 06  from the start of the catalogue
endstruc

; What the loader fills in; core_end is the first byte of this part.
disc_variables:
        times DISC_SPECIFICATION - DISC_CATALOGUE db 0
specification:
        times CD_VARIABLES_LEN - ($ - disc_variables) db 0
%if disc_variables != core_end
  %error "the loader looks for the variables of CDs at core_end"
%endif

el_torito:
        dw      fn_4a_start_emulation, fn_4b_end_emulation, fn_4c_boot, fn_4d_catalogue

ANY_DISC                equ 7Fh             ; DL of AX=4B00h and 4B01h

; ---------------------------------------------------------------------------
; find_disc - a number that is in no map: is it one of our CDs?
; find_call - a drive of the BIOS, or none: is it a call that names no drive?
;
; El Torito gives DL to AH=4Bh only; 4Ah, 4Ch and 4Dh are for the CD that booted,
; whatever is in DL.
;   in      DL, AH; the caller's BX is in caller_bx; find_call: BL
;   stack   the caller's: nothing above INT's own
; ---------------------------------------------------------------------------
find_disc:
        mov     bx, [cs:VAR(BOOT_DISC)]     ; its record; 0 if no CD of ours booted
        test    bx, bx
        jz      .look
        cmp     ah, 4Ah
        jb      .look
        cmp     ah, 4Dh
        ja      .look
        cmp     ah, 4Bh                     ; the others do not look at DL
        jne     our_drive
        cmp     dl, ANY_DISC
        je      our_drive
.look:
        mov     bx, [cs:VAR(RECORDS)]       ; the map has no numbers as high as CDs have
.record:
        cmp     byte [cs:bx + RECORD_CLASS], CLASS_CD
        jne     .next
        cmp     dl, [cs:bx + RECORD_DRIVE]
        je      our_drive
.next:
        add     bx, RECORD_LEN
        cmp     bx, [cs:VAR(E820)]          ; which lies behind the last record
        jb      .record
        jmp     pass_on

find_call:
        cmp     word [cs:VAR(BOOT_DISC)], 0
        je      not_in_ram_nor_el_torito
        cmp     ah, 4Ah
        jb      not_in_ram_nor_el_torito
        cmp     ah, 4Dh
        ja      not_in_ram_nor_el_torito
        cmp     ah, 4Bh
        je      not_in_ram_nor_el_torito
        mov     bx, [cs:VAR(BOOT_DISC)]
        jmp     our_drive

; el_torito_call - a function that is in no class; leaves as int13_entry's do
el_torito_call:
        mov     bl, [ARG(eax) + 1]
        sub     bl, 4Ah                     ; 0 to 3 are ours
        cmp     bl, 3
        ja      unknown_function
        cmp     bl, 1                       ; 4Bh is the CD's, and what it emulates
        jne     .call
        test    byte [CUR(CONFIG)], CONFIG_EL_TORITO
        jz      unknown_function
.call:
        movzx   bx, bl
        add     bx, bx
        call    [el_torito + bx]
        jmp     leave

; ---------------------------------------------------------------------------
; fn_4b_end_emulation - AL = 0: the emulated drive goes; AL = 1: status only
;
;   out     the packet at DS:SI is filled in
; ---------------------------------------------------------------------------
fn_4b_end_emulation:
        mov     al, [ARG(eax)]
        cmp     al, 1
        ja      bad_command
        je      .tell
        mov     ah, [VAR(REPLACED)]         ; what had its number before it came
        call    emulated_place
.tell:
        mov     es, [ARG(ds)]
        mov     di, [ARG(esi)]
        mov     si, specification
        mov     cx, SPECIFICATION_LEN
        rep movsb                           ; to the caller, whatever AL was
        mov     ah, STATUS_OK
        ret

; ---------------------------------------------------------------------------
; fn_4a_start_emulation - the drive that the packet at DS:SI names, if it is ours,
; is there again; fn_4c_boot - and boots
;
;   out     AH = 01h      the packet names another boot image
; ---------------------------------------------------------------------------
fn_4a_start_emulation:
        mov     es, [ARG(ds)]
        mov     di, [ARG(esi)]
        mov     al, [es:di + SPECIFICATION_EMULATION]
        xor     al, [specification + SPECIFICATION_EMULATION] ; the low four bits are the kind
        test    al, 0Fh
        jnz     bad_command
        mov     eax, [es:di + SPECIFICATION_LOAD_LBA]
        cmp     eax, [specification + SPECIFICATION_LOAD_LBA]
        jne     bad_command
        mov     ah, [emulated_is]           ; what it was in the map before it went
        cmp     ah, MAP_NONE
        je      .there                      ; it never went
        call    emulated_place
.there:
        mov     ah, STATUS_OK
        ret

fn_4c_boot:
        call    fn_4a_start_emulation
        test    ah, ah
        jnz     .failed
        mov     esi, [VAR(BOOT_SOURCE)]     ; the boot image again, to where it
        mov     ecx, [VAR(BOOT_BYTES)]      ;   was loaded first
        movzx   edi, word [VAR(BOOT_TARGET) + 2]
        shl     edi, 4                      ; segment to linear address
        movzx   eax, word [VAR(BOOT_TARGET)]
        add     edi, eax
        call    copy_to_caller
        jc      .failed
        mov     byte [busy], 0              ; this call never comes back
        xor     eax, eax
        mov     ss, ax
        mov     esp, MBR_LOAD
        movzx   edx, byte [VAR(BOOT_DRIVE)]
        mov     ds, ax
        mov     es, ax
        sti
        jmp     far [cs:VAR(BOOT_TARGET)]   ; DS is 0 already
.failed:
        ret

; emulated_place - exchange AH with what the map says of the emulated drive
;   kills   BX AH
emulated_place:
        mov     bx, [VAR(EMULATED)]
        test    bx, bx
        jz      .none
        xchg    ah, [variables + bx]
        cmp     ah, MAP_RAM                 ; what was there: a RAM drive?
        jb      .none
        cmp     ah, MAP_NONE
        je      .none
        mov     [emulated_is], ah           ; what AH=4Ah puts back
.none:
        ret
emulated_is:    db MAP_NONE

; ---------------------------------------------------------------------------
; fn_4d_catalogue - the boot catalogue, by the packet at DS:SI
; ---------------------------------------------------------------------------
fn_4d_catalogue:
        mov     si, [VAR(BOOT_DISC)]        ; whatever DL is: El Torito asks this disc
        mov     es, [ARG(ds)]
        mov     bx, [ARG(esi)]
        movzx   ecx, byte [es:bx + CATALOGUE.count]
        cmp     cl, TRANSFER_MAX
        ja      out_of_bounds
        movzx   edi, word [es:bx + CATALOGUE.buffer + 2]
        shl     edi, 4                      ; segment to linear address
        movzx   eax, word [es:bx + CATALOGUE.buffer]
        add     edi, eax
        movzx   eax, word [es:bx + CATALOGUE.first]
        add     eax, [disc_variables + DISC_CATALOGUE] ; its first block
        call    inside_disc
        jc      .done
        call    to_caller
        jc      .failed
        mov     ah, [outcome]               ; inside_disc may have cut the run
.failed:
        mov     byte [outcome], STATUS_OK
.done:
        ret
all_end:
