//! What went over the card, as QEMU has recorded it (the format of pcap).

use std::fs;
use std::net::Ipv4Addr;
use std::path::Path;

use libtest_mimic::Failed;

/// How a file of this byte order begins.
const MAGIC: [u8; 4] = 0xa1b2_c3d4_u32.to_le_bytes();
/// Bytes of the file's head, and of each frame's.
const HEAD: usize = 24;
const FRAME_HEAD: usize = 16;
/// In a frame of Ethernet: what it carries, and from where if that is IPv4.
const KIND: usize = 12;
const SOURCE: usize = 26;
const IPV4: [u8; 2] = [8, 0];

/// Frames of IPv4 by their sizes, without the head of Ethernet.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Recording {
    pub(super) largest_sent: usize,
    pub(super) largest_came: usize,
    pub(super) sent: usize,
    pub(super) came: usize,
}

impl Recording {
    /// Reads what the machine with this address sent, and what came to it.
    pub(super) fn read(file: &Path, own: Ipv4Addr) -> Result<Recording, Failed> {
        let bytes = fs::read(file)?;
        if !bytes.starts_with(&MAGIC) {
            return Err("no recording".into());
        }
        let mut recording = Recording::default();
        let mut rest = bytes.get(HEAD..).unwrap_or_default();
        while let Some((head, behind)) = rest.split_at_checked(FRAME_HEAD) {
            let [kept, whole] = [8, 12].map(|at| number(head, at));
            // The last one may be cut off.
            let Some((frame, behind)) = behind.split_at_checked(kept) else {
                break;
            };
            recording.take(frame, whole, own);
            rest = behind;
        }
        Ok(recording)
    }

    fn take(&mut self, frame: &[u8], whole: usize, own: Ipv4Addr) {
        if frame.get(KIND..KIND + 2) != Some(&IPV4) {
            return;
        }
        let size = whole.saturating_sub(KIND + 2);
        if frame.get(SOURCE..SOURCE + 4) == Some(&own.octets()) {
            self.largest_sent = self.largest_sent.max(size);
            self.sent += 1;
        } else {
            self.largest_came = self.largest_came.max(size);
            self.came += 1;
        }
    }
}

fn number(head: &[u8], at: usize) -> usize {
    let bytes = [head[at], head[at + 1], head[at + 2], head[at + 3]];
    u32::from_le_bytes(bytes) as usize
}
