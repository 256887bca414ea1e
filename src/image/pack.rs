//! Packs the chunks of images, so that less is read from the stick.
//!
//! Each chunk is a Zstandard frame of its own that may refer to the bytes before the chunk. A layout needs to know how long
//! each is before anything is written. What was made then is kept for the writing, up to [`KEPT_LEN_MAX`]; the rest is made
//! again, so nothing that grows with an image is kept, in memory or on a disk, but the hash of each MiB of the stored bytes.
//! By those an image that was changed meanwhile is seen. Every frame is unpacked by the loader's own decoder before it is
//! believed.
//!
//! The frames depend on the image, the compression, the bus and the version of libzstd, which is pinned, and on nothing else:
//! not on the machine, nor on how many threads there are, nor on what was kept.

use std::io;
use std::sync::Arc;

use super::chunk::{CHUNK_LEN, Chunk};
use super::compression::{Bus, Compression};
use super::frame::Effort;
use super::hash::chunk_value;
use super::packed::{Growing, Kept, Packed};
use super::source::Source;
use super::spool::Spool;
use super::workers::Workers;

/// Most packed bytes of all images together that are kept in memory until they are written: 64 MiB.
const KEPT_LEN_MAX: usize = 64 << 20;

/// Packs the images of a stick.
#[derive(Clone, Debug)]
pub struct Packer {
    effort: Option<Effort>,
    workers: Workers,
    /// How many more packed bytes may be kept in memory.
    room: usize,
    /// Where the others are kept.
    spool: Option<Arc<dyn Spool>>,
}

impl Packer {
    /// Packs as hard as is said for what the stick is loaded from, on all processors.
    pub fn new(compression: Compression, bus: Bus) -> Self {
        Self { effort: compression.effort(bus), workers: Workers::all(), room: KEPT_LEN_MAX, spool: None }
    }

    /// The same for several sticks, each of which is written at its own pace: what is packed is kept in `spool` as long as there is
    /// room, and not in memory; without one it is packed again for each.
    #[must_use]
    pub fn spooled(self, spool: Option<Arc<dyn Spool>>) -> Self {
        Self { room: 0, spool, ..self }
    }

    /// Whether it packs anything.
    pub fn packs(&self) -> bool {
        self.effort.is_some()
    }

    /// Packs the image in `source`, whose chunks are `chunks`. `None` if no chunk is worth it.
    ///
    /// # Errors
    ///
    /// What reading says; `InvalidData` if the image is another than was scanned.
    pub(super) fn pack(
        &mut self,
        source: &dyn Source,
        chunks: &[Chunk],
        progress: &mut dyn FnMut(u64),
    ) -> io::Result<Option<Packed>> {
        let Some(effort) = self.effort else { return Ok(None) };
        let mut growing = Growing::new(effort, self.workers);
        let wanted: Vec<usize> = (0..chunks.len()).filter(|&index| !chunks[index].zero).collect();
        let (mut left, mut next) = (&wanted[..], 0);
        let mut zeros_until = |growing: &mut Growing, end: usize, progress: &mut dyn FnMut(u64)| {
            for index in next..end {
                growing.push_zeros();
                progress(len_of(source, index));
            }
            next = end + 1;
        };
        while !left.is_empty() {
            let made = self.workers.some(source, effort, left, &|frames, index, window| {
                // What it may refer to is proven as it is itself: it may have been read long after it was packed.
                let before = window.before.chunks(CHUNK_LEN).zip(index - effort.before_of(index)..);
                for (data, index) in before.chain([(window.data, index)]) {
                    let value = chunk_value(data, (index * CHUNK_LEN) as u64, chunks.len());
                    if value != chunks[index].chaining_value {
                        let changed = "the image was changed while it was read";
                        return Err(io::Error::new(io::ErrorKind::InvalidData, changed));
                    }
                }
                let is_worth_it = |frame: &Vec<u8>| effort.worth.is(frame.len(), window.data.len());
                Ok(frames.pack(window)?.filter(is_worth_it).ok_or_else(|| window.data.to_vec()))
            })?;
            let (now, later) = left.split_at(made.len());
            for (&index, bytes) in now.iter().zip(made) {
                zeros_until(&mut growing, index, progress);
                match bytes {
                    Ok(frame) => {
                        let kept = self.keep(&frame);
                        growing.push_packed(&frame, kept);
                    }
                    Err(data) => growing.push_raw(&data),
                }
                progress(len_of(source, index));
            }
            left = later;
        }
        zeros_until(&mut growing, chunks.len(), progress);
        Ok(growing.finish())
    }

    /// Keeps a frame where there is room.
    fn keep(&mut self, frame: &[u8]) -> Kept {
        if let Some(room) = self.room.checked_sub(frame.len()) {
            self.room = room;
            return Kept::Memory(frame.into());
        }
        let spooled = self.spool.as_ref().and_then(|spool| Some((Arc::clone(spool), spool.put(frame)?)));
        spooled.map_or(Kept::Nowhere, |(spool, offset)| Kept::Spool { spool, offset })
    }
}

/// Bytes of chunk `index` of the image.
fn len_of(source: &dyn Source, index: usize) -> u64 {
    (source.len() - (index * CHUNK_LEN) as u64).min(CHUNK_LEN as u64)
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    use super::super::scan::{Scan, scan};
    use super::*;

    struct Image(Vec<u8>);

    impl Source for Image {
        fn len(&self) -> u64 {
            self.0.len() as u64
        }

        fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
            let bytes = self.0.get(offset as usize..).and_then(|rest| rest.get(..buffer.len()));
            buffer.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
            Ok(())
        }
    }

    /// Chunk after chunk of words of few letters that come back with changes, zeros among them, and a short end.
    fn image() -> Image {
        let mut number: u32 = 0x5EED;
        let mut letters = |len: usize| -> Vec<u8> {
            let next = |number: &mut u32| {
                *number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                *number
            };
            (0..len).map(|_| b"etaoin shrdlu\r\n"[(next(&mut number) >> 24) as usize % 15]).collect()
        };
        let base = letters(CHUNK_LEN / 2);
        let mut bytes = Vec::new();
        for index in 0..31_usize {
            match index % 7 {
                3 => bytes.resize(bytes.len() + CHUNK_LEN, 0),
                // Incompressible, so that raw chunks lie between.
                5 => bytes.extend((0..CHUNK_LEN as u32).map(|at| {
                    (at.wrapping_mul(0x9E37_79B1) ^ (at >> 3).wrapping_mul(0x85EB_CA6B))
                        .wrapping_mul(0xC2B2_AE35)
                        .rotate_left(at % 31) as u8
                })),
                _ => {
                    let from = index * 4099;
                    bytes.extend(letters(CHUNK_LEN / 2));
                    bytes.extend(base.iter().cycle().skip(from).take(CHUNK_LEN / 2));
                }
            }
        }
        bytes.extend(letters(1000));
        Image(bytes)
    }

    fn packed(image: &Image, effort: Effort, threads: usize, room: usize) -> Scan {
        let mut packer = Packer { effort: Some(effort), workers: Workers::new(threads), room, spool: None };
        scan(image, &mut |_| ()).unwrap().pack(image, &mut packer, &mut |_| ()).unwrap()
    }

    fn stored(scan: &Scan, image: &Image) -> Vec<u8> {
        let stored = scan.stored(image);
        let mut bytes = vec![0xD1; stored.len() as usize];
        for (piece, at) in bytes.chunks_mut(300_007).zip((0..).step_by(300_007)) {
            stored.read_at(at, piece).unwrap();
        }
        stored.prove(0, &bytes).unwrap();
        bytes
    }

    #[test]
    fn neither_threads_nor_what_was_kept_in_memory_changes_a_byte() {
        let image = image();
        for how in [Compression::Fast, Compression::Auto] {
            // The same in a time that a test may take: how chunks are shared out does not depend on the level.
            let effort = Effort { level: 7, ..how.effort(Bus::Usb1).unwrap() };
            let first = packed(&image, effort, 1, KEPT_LEN_MAX);
            let bytes = stored(&first, &image);
            for threads in [1, 2, 5] {
                for room in [KEPT_LEN_MAX, bytes.len() / 3, 0] {
                    let again = packed(&image, effort, threads, room);
                    assert_eq!(again.parts(), first.parts(), "{threads} threads, {room} bytes kept");
                    assert!(stored(&again, &image) == bytes, "{threads} threads, {room} bytes kept");
                }
            }
        }
    }

    #[test]
    fn of_what_was_kept_the_image_is_stored_that_was_scanned_and_a_change_of_the_rest_is_seen() {
        let image = image();
        let effort = Compression::Fast.effort(Bus::Usb1).unwrap();
        let mut changed = Image(image.0.clone());
        changed.0[CHUNK_LEN + 100] ^= 1;
        let is_seen = |scan: &Scan, image: &Image| {
            let again = scan.stored(image);
            let mut bytes = vec![0; again.len() as usize];
            again.read_at(0, &mut bytes).unwrap();
            again.prove(0, &bytes).is_err()
        };
        let kept = packed(&image, effort, 2, KEPT_LEN_MAX);
        assert!(stored(&kept, &changed) == stored(&kept, &image));
        assert!(is_seen(&packed(&image, effort, 2, 0), &changed));
        // A chunk that is stored as it is is read again, whatever was kept.
        changed.0[5 * CHUNK_LEN + 100] ^= 1;
        assert!(is_seen(&kept, &changed));
    }

    /// A spool that has room for so many bytes, and gives them back for so many times.
    #[derive(Debug)]
    struct Shelf {
        bytes: Mutex<Vec<u8>>,
        room: usize,
        gives: AtomicUsize,
    }

    impl Spool for Shelf {
        fn put(&self, bytes: &[u8]) -> Option<u64> {
            let mut all = self.bytes.lock().unwrap();
            let offset = all.len();
            if offset + bytes.len() > self.room {
                return None;
            }
            all.extend_from_slice(bytes);
            Some(offset as u64)
        }

        fn get(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
            let left = self.gives.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1));
            left.map_err(|_| io::Error::other("it is gone"))?;
            buffer.copy_from_slice(&self.bytes.lock().unwrap()[offset as usize..][..buffer.len()]);
            Ok(())
        }
    }

    #[test]
    fn what_waits_in_a_spool_is_what_was_packed_also_where_it_has_no_room_or_is_lost() {
        let image = image();
        let effort = Compression::Fast.effort(Bus::Usb1).unwrap();
        let wanted = stored(&packed(&image, effort, 2, KEPT_LEN_MAX), &image);
        for (room, gives) in [(usize::MAX, usize::MAX), (1 << 20, usize::MAX), (usize::MAX, 3), (0, 0)] {
            let shelf = Arc::new(Shelf { bytes: Mutex::default(), room, gives: AtomicUsize::new(gives) });
            let packer =
                Packer { effort: Some(effort), workers: Workers::new(2), room: KEPT_LEN_MAX, spool: None };
            let mut packer = packer.spooled(Some(Arc::clone(&shelf) as Arc<dyn Spool>));
            let scan = scan(&image, &mut |_| ()).unwrap().pack(&image, &mut packer, &mut |_| ()).unwrap();
            assert!(stored(&scan, &image) == wanted, "{room} {gives}");
            let used = gives - shelf.gives.load(Relaxed);
            assert_eq!(used > 0, room > 0, "{room} {gives}: the spool was not used as it should be");
        }
    }

    #[test]
    fn a_change_of_what_a_chunk_refers_to_is_seen_also_where_it_was_zeros() {
        let image = image();
        let effort = Compression::Fast.effort(Bus::Usb1).unwrap();
        let scan = scan(&image, &mut |_| ()).unwrap();
        assert!(scan.chunks[3].zero);
        let mut changed = Image(image.0.clone());
        changed.0[3 * CHUNK_LEN + 5] = 1;
        let mut packer =
            Packer { effort: Some(effort), workers: Workers::new(1), room: KEPT_LEN_MAX, spool: None };
        let error = scan.pack(&changed, &mut packer, &mut |_| ()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn the_room_is_that_of_all_images_together() {
        let image = image();
        let effort = Compression::Fast.effort(Bus::Usb1).unwrap();
        let mut packer =
            Packer { effort: Some(effort), workers: Workers::new(2), room: KEPT_LEN_MAX, spool: None };
        for _ in 0..2 {
            let before = packer.room;
            let scan = scan(&image, &mut |_| ()).unwrap().pack(&image, &mut packer, &mut |_| ()).unwrap();
            let parts = scan.parts();
            let packed =
                parts.iter().filter(|part| matches!(part.form, ramkey_format::capsule::Form::Packed { .. }));
            let lens = packed.map(|part| (part.bytes.end - part.bytes.start) as usize);
            assert_eq!(before - packer.room, lens.sum::<usize>());
            assert!(packer.room < before);
        }
    }
}
