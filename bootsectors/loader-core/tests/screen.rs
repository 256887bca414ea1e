//! What the screen shows and what keys do.

use ramkey_loader_core::geometry::{Chs, Geometry, partition_entry};
use ramkey_loader_core::menu::{Action, Key, Menu, MenuEntry};
use ramkey_loader_core::progress::{Clock, Progress, TICKS_PER_DAY, seconds, ticks};
use ramkey_loader_core::text::Line;

fn line(write: impl FnOnce(&mut Line<80>) -> &mut Line<80>) -> String {
    let mut line = Line::new();
    write(&mut line);
    String::from_utf8(line.as_bytes().to_vec()).unwrap()
}

#[test]
fn numbers_are_written_as_people_read_them() {
    for value in [0, 1, 9, 10, 99, 100, 65_535, 1_000_000_000, u32::MAX] {
        assert_eq!(line(|line| line.decimal(value)), value.to_string());
        assert_eq!(line(|line| line.decimal_wide(value, 7)), format!("{value:7}"));
        assert_eq!(line(|line| line.hex(value.into(), 8)), format!("{value:08X}"));
    }
    assert_eq!(line(|line| line.hex(0x1_2345_6789_ABCD, 16)), "000123456789ABCD");
    assert_eq!(line(|line| line.hex(0x1234, 2)), "34");
    assert_eq!(line(|line| line.hash(&[0x0F, 0xA0, 0xFF])), "0fa0ff");
    for (bytes, expected) in
        [(0, "0.0"), (104_857, "0.0"), (104_858, "0.1"), (1_474_560, "1.4"), (0xFFF0_0000, "4095.0")]
    {
        assert_eq!(line(|line| line.mib(bytes, b'.')), expected);
    }
    for (time, expected) in [(0, "0 s"), (59, "59 s"), (60, "1:00"), (185, "3:05"), (6000, "100:00")] {
        assert_eq!(line(|line| line.time(time)), expected);
    }
    assert_eq!(line(|line| line.text("ab").pad_to(5).byte(b'|')), "ab   |");
}

#[test]
fn a_full_line_drops_the_rest() {
    let mut line = Line::<4>::new();
    line.text("abc").decimal(123).pad_to(99);
    assert_eq!(line.as_bytes(), b"abc1");
    assert_eq!(line.clear().text("x").as_bytes(), b"x");
}

#[test]
fn ticks_are_seconds_also_across_midnight() {
    assert_eq!((seconds(0), seconds(18), seconds(19), seconds(182), seconds(1092)), (0, 0, 1, 10, 60));
    assert_eq!((ticks(0), ticks(1), ticks(10), ticks(254)), (0, 19, 182, 4623));
    for second in 0..=u8::MAX {
        assert_eq!(seconds(ticks(second)), second.into());
    }
    let mut clock = Clock::new(TICKS_PER_DAY - 5);
    assert_eq!(clock.elapsed(TICKS_PER_DAY - 1), 4);
    assert_eq!(clock.elapsed(3), 8);
    assert_eq!(clock.elapsed(13), 18);
    assert_eq!(clock.elapsed(12), 18, "a counter that goes back is no day");
    assert_eq!(clock.elapsed(14), 20);
}

#[test]
fn speed_and_time_left_follow_from_bytes_and_ticks() {
    let mut progress = Progress::new(10 << 20);
    assert_eq!((progress.percent(), progress.kib_per_second(), progress.seconds_left()), (0, None, None));
    progress.advance(1 << 20, 182);
    assert_eq!(
        (progress.percent(), progress.kib_per_second(), progress.seconds_left()),
        (10, Some(102), Some(91))
    );
    progress.advance(-(1 << 20), 364);
    assert_eq!((progress.done(), progress.kib_per_second(), progress.seconds_left()), (0, Some(0), None));
    progress.advance(i32::MAX, 364);
    assert_eq!((progress.percent(), progress.seconds_left()), (100, Some(0)));
    assert_eq!(Progress::new(0).percent(), 100);
}

#[test]
fn the_largest_image_overflows_nothing() {
    let total = 0xFFF0_0000;
    let mut progress = Progress::new(total - 1);
    for _ in 0..2 {
        progress.advance(0x7FF7_FFFF, 9);
    }
    assert_eq!((progress.done(), progress.percent()), (total - 2, 99), "100 is the end");
    let mut progress = Progress::new(total);
    let mut last = 0;
    for step in 0..4095 {
        progress.advance(1 << 20, step * 3);
        assert!(progress.percent() >= last && (progress.percent() < 100 || progress.done() == total));
        last = progress.percent();
        let exact = progress.done().checked_div(u64::from(step) * 3).map(|rate| rate * 182 / 10 / 1024);
        let close = |(found, exact): (u32, u64)| u64::from(found).abs_diff(exact) <= 1 + exact / 1000;
        assert!(progress.kib_per_second().zip(exact).is_none_or(close), "step {step}");
    }
    assert_eq!(progress.percent(), 100);
}

#[test]
fn chs_and_lba_agree_and_saturate() {
    for (heads, sectors_per_track) in [(1, 1), (2, 18), (16, 63), (255, 63), (256, 63)] {
        let geometry = Geometry { heads, sectors_per_track };
        let end = 1024 * u32::from(heads) * u32::from(sectors_per_track);
        for lba in (0..end).step_by(977).chain([end - 1]) {
            let chs = geometry.locate(lba).unwrap();
            assert!(
                chs.sector >= 1 && u16::from(chs.sector) <= sectors_per_track && u16::from(chs.head) < heads
            );
            assert_eq!(geometry.lba(chs), lba);
        }
        assert_eq!(geometry.locate(end), None);
        let last = Chs { cylinder: 1023, head: (heads - 1) as u8, sector: sectors_per_track as u8 };
        for lba in [end - 1, end, u32::MAX] {
            assert_eq!(geometry.locate_saturating(lba), last);
        }
    }
    let chs = Chs { cylinder: 0x312, head: 7, sector: 63 };
    assert_eq!(chs.packed(), [7, 0xFF, 0x12]);
}

#[test]
fn a_partition_entry_is_what_fdisk_writes() {
    let geometry = Geometry { heads: 16, sectors_per_track: 63 };
    let entry = partition_entry(&geometry, 0x06, 63, 20_097);
    assert_eq!(entry, [0x80, 1, 1, 0, 0x06, 15, 63, 19, 63, 0, 0, 0, 0x81, 0x4E, 0, 0]);
    let large = partition_entry(&Geometry { heads: 255, sectors_per_track: 63 }, 0x0C, 63, u32::MAX);
    assert_eq!(large[5..8], [254, 0xFF, 0xFF]);
}

fn menu(rows: usize, timeout: u8, fits: &[bool]) -> Menu {
    let mut menu = Menu::new(rows, timeout);
    for &fits in fits {
        assert!(menu.push(MenuEntry { title: *Line::new().text("x"), fits }));
    }
    menu
}

#[test]
fn arrows_move_and_scroll_and_stop_at_the_ends() {
    let mut menu = menu(3, 0, &[true; 5]);
    assert_eq!(menu.key(Key::Up), Action::None);
    let mut seen = vec![];
    for _ in 0..5 {
        let action = menu.key(Key::Down);
        seen.push((action, menu.selected(), menu.window()));
    }
    let expected = [
        (Action::Redraw, 1, 0..3),
        (Action::Redraw, 2, 0..3),
        (Action::Redraw, 3, 1..4),
        (Action::Redraw, 4, 2..5),
        (Action::None, 4, 2..5),
    ];
    assert_eq!(seen, expected);
    assert_eq!((menu.key(Key::Up), menu.window()), (Action::Redraw, 2..5));
    assert_eq!((menu.key(Key::Home), menu.selected(), menu.window()), (Action::Redraw, 0, 0..3));
    assert_eq!((menu.key(Key::End), menu.selected(), menu.window()), (Action::Redraw, 4, 2..5));
    assert_eq!(menu.key(Key::Enter), Action::Boot(4));
}

#[test]
fn digits_boot_and_what_does_not_fit_is_refused() {
    let mut menu = menu(10, 0, &[false, true, false]);
    assert_eq!(menu.selected(), 1, "the first that fits");
    assert_eq!(menu.key(Key::Digit(2)), Action::Boot(1));
    assert_eq!(menu.key(Key::Digit(3)), Action::Refused(2));
    assert_eq!(menu.selected(), 2);
    assert_eq!(menu.key(Key::Enter), Action::Refused(2));
    for digit in [0, 4, 9] {
        assert_eq!((menu.key(Key::Digit(digit)), menu.selected()), (Action::None, 2));
    }
    assert_eq!(Menu::new(5, 0).key(Key::Enter), Action::None);
}

#[test]
fn the_countdown_boots_unless_a_key_is_pressed() {
    let mut running = menu(5, 3, &[true, true]);
    assert_eq!(running.seconds_left(), Some(3));
    let end = ticks(3);
    let redraws = (1..end).filter(|tick| running.tick(*tick) == Action::Redraw).count();
    assert_eq!((redraws, running.seconds_left()), (3, Some(0)));
    assert_eq!(running.tick(end), Action::Boot(0));
    assert_eq!(running.tick(end + 1), Action::None);

    for key in [Key::Other, Key::Up, Key::Digit(9)] {
        let mut stopped = menu(5, 3, &[true, true]);
        assert_eq!(stopped.key(key), Action::Redraw, "the countdown leaves the screen");
        assert_eq!((stopped.tick(end * 2), stopped.seconds_left()), (Action::None, None));
    }
    assert_eq!(menu(5, 255, &[true]).tick(0), Action::Boot(0), "255 does not wait");
    assert_eq!(menu(5, 0, &[true]).tick(u32::MAX), Action::None, "0 waits for ever");
    assert_eq!(menu(5, 1, &[false]).tick(100), Action::Refused(0));
}

#[test]
fn sixteen_entries_are_the_most() {
    let mut menu = menu(5, 0, &[true; 16]);
    assert!(!menu.push(MenuEntry { title: Line::new(), fits: true }));
    assert_eq!(menu.count(), 16);
    assert!(menu.entry(15).is_some() && menu.entry(16).is_none());
}
