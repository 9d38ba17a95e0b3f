//! `flate2`, with its backend in Rust.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::{GzDecoder, ZlibDecoder};
use flate2::write::{GzEncoder, ZlibEncoder};

/// What gzip made of [`TEXT`].
const FILE: [u8; 81] = [
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0xff, 0x0d, 0xc6, 0xc1, 0x09, 0x80,
    0x30, 0x10, 0x04, 0xc0, 0xbf, 0x55, 0x6c, 0x01, 0xc1, 0x56, 0xac, 0x21, 0x24, 0x1b, 0x72,
    0x10, 0x6f, 0xe1, 0x3c, 0x14, 0xbb, 0xd7, 0x79, 0xcd, 0xe1, 0x44, 0x48, 0xa3, 0x40, 0xff,
    0xda, 0x92, 0x5d, 0xc9, 0x28, 0xa8, 0xde, 0xc1, 0x9b, 0xf1, 0x62, 0x32, 0x4e, 0x4b, 0x98,
    0xa3, 0xa2, 0x71, 0x2d, 0x68, 0x20, 0x27, 0x2d, 0xa0, 0xc7, 0xf7, 0xed, 0x03, 0xcb, 0x59,
    0x14, 0x65, 0x41, 0x00, 0x00, 0x00,
];
const TEXT: &str = "One roof, one cloister, and every hermit in a cell of their own.\n";

/// What another program compressed is read, and a damaged file is noticed.
pub fn foreign_file() -> bool {
    let mut damaged = FILE;
    damaged[40] ^= 1;
    unzipped(&FILE).is_ok_and(|text| text == TEXT.as_bytes()) && unzipped(&damaged).is_err()
}

fn unzipped(file: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut text = Vec::new();
    GzDecoder::new(file).read_to_end(&mut text)?;
    Ok(text)
}

/// 256 KiB come back as they were, by either format, and take less in between.
pub fn there_and_back() -> bool {
    let data: Vec<u8> = (0..1_u32 << 18)
        .map(|n| (n / 7 % 251) as u8 ^ (n % 13) as u8)
        .collect();
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(&data).unwrap();
    let gzip = gzip.finish().unwrap();

    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
    zlib.write_all(&data).unwrap();
    let zlib = zlib.finish().unwrap();
    let mut back = Vec::new();
    ZlibDecoder::new(&zlib[..]).read_to_end(&mut back).unwrap();
    back == data && unzipped(&gzip).unwrap() == data && gzip.len().max(zlib.len()) < data.len()
}
