//! A stick that is in use in any way that a kernel has is refused, and nothing of it changes.

use ramkey::emulator::Controller;

use super::guest::Guest;
use super::stick::{KIND, Key, boots, image};

/// How the stick is put to use, what the refusal says, and how the use is ended.
const USES: [(&str, &str, &str); 4] = [
    ("mkdir -p /mnt && mount -t vfat -o ro NODE1 /mnt", "sda1 is mounted on /mnt", "umount /mnt"),
    ("losetup -r /dev/loop3 NODE1", "loop3", "losetup -d /dev/loop3"),
    (
        "dmsetup create --noudevsync --noudevrules mine --table '0 2048 linear NODE 4096'",
        "held by",
        "dmsetup remove --noudevsync --noudevrules mine",
    ),
    ("mkswap NODE1 >/dev/null && swapon NODE1", "sda1 is swap space in use", "swapoff NODE1"),
];

#[test]
fn a_stick_in_use_is_refused_and_stays_as_it_is() {
    let image = image(1);
    let mut guest = Guest::start(Controller::Xhci, &[("one.img", &image)]);
    let folder = tempfile::tempdir().expect("a folder for the stick");
    let key = Key::with_stick(folder.path(), "IN-USE", 4, &image);
    let node = guest.plug(&key);
    for (begin, reason, end) in USES {
        let line = |text: &str| text.replace("NODE", &node);
        guest.run(&line(begin)).expect(0);
        let before = key.hash();
        for command in ["write /one.img --yes", "reflash /one.img"] {
            let refused = guest.run(&format!("ramkey {command} --to {node} {KIND}"));
            refused.expect(3).says(&[&format!("{node} is refused"), reason]);
        }
        assert_eq!(key.hash(), before, "{begin}: the stick was written to");
        guest.run(&line(end)).expect(0);
        guest.run(&format!("ramkey write /one.img --to {node} --dry-run {KIND}")).expect(0);
    }
    let part = guest.run(&format!("ramkey write /one.img --to {node}1 --yes {KIND}"));
    part.expect(3).says(&["it is a partition"]);

    // A mount that a program uses stays, and so does the stick; one that nobody uses is ended when the user says so.
    guest
        .run(&format!("mkdosfs {node}1 && mount -t vfat {node}1 /mnt && echo mine >/mnt/mine && sync"))
        .expect(0);
    let (before, unmount) =
        (key.hash(), format!("ramkey write /one.img --to {node} --yes --unmount --timeout 0 {KIND}"));
    let used = guest.run(&format!("cd /mnt; {unmount}; status=$?; cd /; ( exit $status )"));
    used.expect(3).says(&["/mnt"]);
    assert_eq!(key.hash(), before, "the stick was written to");
    guest.run("grep -q mine /mnt/mine").expect(0);
    guest.run(&unmount).expect(0).says(&["/mnt"]);
    guest.run("grep /mnt /proc/mounts").expect(1);
    guest.run(&format!("ramkey verify {node}")).expect(0);
    drop(guest);
    boots(&key.path, &image);
}
