//! Packing: what is stored of images, and how long that takes, for each way to pack.
//!
//! `cargo bench --bench pack -- IMAGE...`; nothing is left out of the images but chunks of zeros.

use std::path::Path;
use std::time::Instant;

use ramkey::image::{Bus, CHUNK_LEN, Compression, Packer, Scan, open, scan};

fn main() {
    let images = std::env::args().skip(1).filter(|argument| argument != "--bench");
    println!(
        "{:>24} {:>12} {:>10} {:>10} {:>6} {:>8} {:>8}",
        "image", "packed", "not zeros", "stored", "ratio", "chunks", "seconds"
    );
    for image in images {
        let path = Path::new(&image);
        let source = open(path).unwrap_or_else(|error| panic!("{image}: {error}"));
        let scan = scan(&*source, &mut |_| ()).unwrap_or_else(|error| panic!("{image}: {error}"));
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let plain = scan.chunks.iter().filter(|chunk| !chunk.zero).count() * CHUNK_LEN;
        for (how, compression, bus) in [
            ("none", Compression::None, Bus::Usb1),
            ("fast", Compression::Fast, Bus::Usb1),
            ("auto usb1", Compression::Auto, Bus::Usb1),
            ("auto usb2", Compression::Auto, Bus::Usb2),
            ("auto cd", Compression::Auto, Bus::Cd),
            ("small", Compression::Small, Bus::Usb1),
        ] {
            let started = Instant::now();
            let packer = &mut Packer::new(compression, bus);
            let packed = scan.clone().pack(&*source, packer, &mut |_| ());
            let packed = packed.unwrap_or_else(|error| panic!("{image}: {error}"));
            let stored = stored_len(&packed);
            let chunks = packed.parts().iter().filter(|part| !part.bytes.is_empty()).count();
            println!(
                "{name:>24} {how:>12} {plain:>10} {stored:>10} {:>6.2} {chunks:>8} {:>8.1}",
                plain as f64 / stored as f64,
                started.elapsed().as_secs_f64()
            );
        }
    }
}

/// Bytes that the chunks take.
fn stored_len(scan: &Scan) -> u64 {
    scan.parts().iter().map(|part| part.bytes.end - part.bytes.start).sum()
}
