//! Switching A20 on, on machines of every kind: what works, what lies, what is missing, and what it costs.

use ramkey_loader_core::a20::{DELAY, KBC_DATA, KBC_STATUS, Machine, Method, POLLS, PORT_92, switch_on};

/// A machine on which only some things work.
#[derive(Default)]
struct Board {
    on: bool,
    bios: bool,
    controller: Controller,
    /// Whether the controller's A20 bit is wired.
    wired: bool,
    port_92: Option<u8>,
    /// Whether port 92h switches A20.
    fast: bool,
    /// Tests for which a switch has no effect yet.
    delay: u32,
    pending: Option<u32>,
    reads: u32,
    writes: Vec<(u16, u8)>,
    asked: u32,
}

#[derive(Default, Clone, Copy, PartialEq)]
enum Controller {
    /// All its ports read FFh.
    #[default]
    Absent,
    Good,
    /// It never takes a byte.
    Busy,
    /// It takes no byte before the one that it holds is fetched.
    Full,
}

impl Board {
    fn switch(&mut self) {
        if self.delay == 0 { self.on = true } else { self.pending = Some(self.delay) }
    }
}

impl Machine for Board {
    fn is_on(&mut self) -> bool {
        if let Some(left) = &mut self.pending {
            *left -= 1;
            if *left == 0 {
                (self.on, self.pending) = (true, None);
            }
        }
        self.on
    }

    fn ask_bios(&mut self) {
        self.asked += 1;
        if self.bios {
            self.switch();
        }
    }

    fn input(&mut self, port: u16) -> u8 {
        self.reads += 1;
        match (port, self.controller) {
            (DELAY, _) | (KBC_STATUS | KBC_DATA, Controller::Absent) => 0xFF,
            (KBC_STATUS, Controller::Good) => 0x1C,
            (KBC_STATUS, Controller::Busy) => 0x1E,
            (KBC_STATUS, Controller::Full) => 0x1D,
            (KBC_DATA, controller) => {
                if controller == Controller::Full {
                    self.controller = Controller::Good;
                }
                0x45
            }
            (PORT_92, _) => self.port_92.unwrap_or(0xFF),
            _ => panic!("port {port:X} is nobody's business"),
        }
    }

    fn output(&mut self, port: u16, value: u8) {
        self.writes.push((port, value));
        match port {
            KBC_STATUS => assert!([0xD1, 0xFF].contains(&value) && self.controller == Controller::Good),
            KBC_DATA => {
                assert_eq!(self.writes[self.writes.len() - 2], (KBC_STATUS, 0xD1));
                assert_eq!(value & 0x03, 0x03, "A20, and bit 0 must stay set: it is the reset line");
                if self.wired {
                    self.switch();
                }
            }
            PORT_92 => {
                assert_eq!(value & 1, 0, "bit 0 resets the machine");
                if self.fast && value & 2 != 0 {
                    self.switch();
                }
            }
            _ => panic!("port {port:X} is nobody's business"),
        }
    }
}

#[test]
fn a_line_that_is_on_is_left_alone() {
    let mut board = Board { on: true, bios: true, ..Board::default() };
    assert_eq!(switch_on(&mut board, Method::None), Some(Method::None));
    assert_eq!((board.reads, board.asked, board.writes.len()), (0, 0, 0));
}

#[test]
fn each_method_is_found_when_it_is_the_only_one() {
    let controller = Controller::Good;
    let boards = [
        (Method::Bios, Board { bios: true, ..Board::default() }),
        (Method::KeyboardController, Board { controller, wired: true, ..Board::default() }),
        (Method::KeyboardController, Board { controller: Controller::Full, wired: true, ..Board::default() }),
        (Method::Port92, Board { port_92: Some(0x01), fast: true, ..Board::default() }),
        (Method::Port92, Board { controller, port_92: Some(0x24), fast: true, ..Board::default() }),
        (
            Method::Port92,
            Board { controller: Controller::Busy, port_92: Some(0), fast: true, ..Board::default() },
        ),
    ];
    for (method, mut board) in boards {
        assert_eq!(switch_on(&mut board, Method::None), Some(method));
        assert!(board.on && board.asked == 1, "{method:?}");
    }
}

#[test]
fn a_line_that_takes_its_time_is_waited_for() {
    for delay in [1, 2, 1000, POLLS - 1] {
        let mut board = Board { controller: Controller::Good, wired: true, delay, ..Board::default() };
        assert_eq!(switch_on(&mut board, Method::None), Some(Method::KeyboardController), "{delay} tests");
        assert!(!board.writes.iter().any(|(port, _)| *port == PORT_92), "{delay}: port 92h is not needed");
    }
}

#[test]
fn what_works_in_the_end_costs_a_bounded_number_of_port_reads() {
    let controllers = [Controller::Absent, Controller::Good, Controller::Busy, Controller::Full];
    for controller in controllers {
        for port_92 in [None, Some(0)] {
            // Nothing works.
            let mut board = Board { controller, port_92, ..Board::default() };
            assert_eq!(switch_on(&mut board, Method::None), None);
            // The BIOS, the controller, and port 92h are each waited for once; the controller may be busy as well.
            assert!(board.reads <= 4 * POLLS, "{} reads", board.reads);
        }
    }
    let mut board = Board { port_92: Some(0), fast: true, ..Board::default() };
    switch_on(&mut board, Method::None);
    assert!(board.reads < POLLS + 100, "a controller that is not there is not waited for: {}", board.reads);
    assert_eq!(board.writes, [(PORT_92, 2)], "and gets no command");
}

#[test]
fn what_worked_once_is_tried_first_and_costs_nothing() {
    let mut board = Board { port_92: Some(0), fast: true, ..Board::default() };
    assert_eq!(switch_on(&mut board, Method::None), Some(Method::Port92));
    let before = board.reads;
    board.on = false;
    assert_eq!(switch_on(&mut board, Method::Port92), Some(Method::Port92));
    assert_eq!((board.reads - before, board.asked), (1, 1), "the BIOS is not asked again");

    // What worked may stop to work.
    let mut board = Board { bios: true, ..Board::default() };
    assert_eq!(switch_on(&mut board, Method::Port92), Some(Method::Bios));
}
