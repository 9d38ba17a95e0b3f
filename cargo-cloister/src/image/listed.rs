//! Instructions that are harmless here, but worth knowing about.
//!
//! XRSTOR could change PKRU if the core enabled that state in XCR0, which it
//! never does; WRGSBASE changes a register that no gate reads. Both may stand
//! anywhere. They are found by their bytes, at any offset, and classified by a
//! decoder.

use iced_x86::{Decoder, DecoderOptions, Mnemonic};
use serde::Serialize;

use super::scan::Run;

/// The opcodes that the listed instructions contain, behind their prefixes.
const OPCODES: [[u8; 2]; 2] = [[0x0f, 0xae], [0x0f, 0xc7]];
/// F3 and REX can stand in front of an opcode.
const PREFIXES_MAX: u64 = 2;

/// An instruction that is only listed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Listed {
    /// Where it begins.
    pub address: u64,
    /// Its name.
    pub instruction: &'static str,
}

/// Every listed instruction in `run`, at whatever byte offset.
pub fn listed(run: &Run) -> Vec<Listed> {
    let opcodes = OPCODES.iter().flat_map(|opcode| run.find(opcode));
    let mut found: Vec<Listed> = opcodes
        .filter_map(|address| classify(run, address))
        .collect();
    found.sort_by_key(|listed| listed.address);
    found.dedup_by_key(|listed| listed.address);
    found
}

/// The instruction with the opcode at `address`: the longest that decodes to
/// one of the listed.
fn classify(run: &Run, address: u64) -> Option<Listed> {
    let starts = (0..=PREFIXES_MAX)
        .rev()
        .filter_map(|back| address.checked_sub(back));
    starts
        .filter(|start| *start >= run.start)
        .find_map(|start| {
            let mut decoder =
                Decoder::with_ip(64, run.from(start)?, start, DecoderOptions::NONE);
            let instruction = decoder.decode();
            let covers = instruction.next_ip() > address + 1;
            let name = name_of(instruction.mnemonic()).filter(|_| covers)?;
            Some(Listed {
                address: start,
                instruction: name,
            })
        })
}

fn name_of(mnemonic: Mnemonic) -> Option<&'static str> {
    match mnemonic {
        Mnemonic::Xrstor | Mnemonic::Xrstor64 => Some("xrstor"),
        Mnemonic::Xrstors | Mnemonic::Xrstors64 => Some("xrstors"),
        Mnemonic::Wrgsbase => Some("wrgsbase"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(bytes: &[u8]) -> Vec<(u64, &'static str)> {
        let run = Run {
            start: 0x1000,
            bytes: bytes.to_vec(),
        };
        listed(&run)
            .into_iter()
            .map(|found| (found.address, found.instruction))
            .collect()
    }

    #[test]
    fn each_is_named_and_its_neighbours_in_the_opcode_map_are_not() {
        assert_eq!(names(&[0x90, 0x0f, 0xae, 0x2f]), [(0x1001, "xrstor")]);
        assert_eq!(names(&[0x48, 0x0f, 0xc7, 0x1f]), [(0x1000, "xrstors")]);
        assert_eq!(
            names(&[0xf3, 0x48, 0x0f, 0xae, 0xd8]),
            [(0x1000, "wrgsbase")]
        );
        assert!(names(&[0x0f, 0xae, 0xe8]).is_empty(), "lfence");
        assert!(names(&[0x0f, 0xae, 0x27]).is_empty(), "xsave");
        assert!(names(&[0xf3, 0x0f, 0xc7, 0xf8]).is_empty(), "rdpid");
    }

    #[test]
    fn one_hidden_in_an_immediate_is_found() {
        let mov = [0xb8, 0x0f, 0xae, 0x2f, 0x90];
        assert_eq!(names(&mov), [(0x1001, "xrstor")]);
    }
}
