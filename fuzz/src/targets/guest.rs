//! What host and guest tell each other.

use std::ffi::CStr;

use domains::archive;
use domains::boot::{OptionsHeader, VolumeText};
use domains::notice::Notice;
use domains::report::Record;
use gate::info;
use zerocopy::FromBytes;

use super::{about, seen, words};
use crate::target::Seen;

/// The files of an image: each lies in the archive, and there are no more than records.
pub fn archive(bytes: &[u8]) -> Seen {
    let mut count = 0;
    for item in archive::items(bytes) {
        assert!(item.path.len() <= bytes.len() && item.content.len() <= bytes.len());
        count += 1;
    }
    assert!(count <= bytes.len() / size_of::<archive::Record>());
    let all = archive::count(bytes, bytes.len() as u64);
    assert!(all == count, "{count} can be read, and {all} are counted");
    seen(about(count))
}

/// Boot options: their head, their strings, and what is said of volumes.
pub fn boot_options(bytes: &[u8]) -> Seen {
    let Ok((head, rest)) = OptionsHeader::read_from_prefix(bytes) else {
        return seen(0);
    };
    let strings: Vec<&CStr> = info::strings(rest).collect();
    let size: usize = strings.iter().map(|it| it.count_bytes() + 1).sum();
    assert!(size <= rest.len(), "strings lie where they are said to lie");
    let volumes: Vec<_> = strings
        .iter()
        .filter_map(|text| {
            let text = text.to_bytes();
            let volume = VolumeText::read(text)?;
            let head = VolumeText::head(volume.is_writable, volume.umask);
            assert_eq!([&head[..], volume.path].concat(), text);
            Some(volume.is_writable)
        })
        .collect();
    seen((head.is_valid(bytes.len()), about(strings.len()), volumes))
}

/// Lines of the control channel: what is read is said the same way again.
pub fn reports(bytes: &[u8]) -> Seen {
    let text = String::from_utf8_lossy(bytes);
    let records: Vec<_> = text.lines().map(str::parse::<Record>).collect();
    for record in records.iter().flatten() {
        assert_eq!(record.to_string().parse(), Ok(*record));
    }
    let kind = |record: &Result<Record, _>| record.as_ref().ok().map(std::mem::discriminant);
    let kinds: Vec<_> = records.iter().map(kind).take(4).collect();
    seen(kinds)
}

/// Numbers that the safe kernel lets out: what is read is said the same way again.
pub fn notices(bytes: &[u8]) -> Seen {
    let all: Vec<u64> = words(bytes).collect();
    let mut found = 0;
    for pair in all.windows(2) {
        let (number, value) = (pair[0], pair[1]);
        if let Some(notice) = Notice::read(number, value) {
            assert_eq!(notice.words(), [number, value]);
        }
        if let Some((record, sort)) = Record::told(number, value) {
            assert_eq!(record.to_string().parse(), Ok(record));
            found += 1 + sort;
        }
    }
    seen(found.min(9))
}
