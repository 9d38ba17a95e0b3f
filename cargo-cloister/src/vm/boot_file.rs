//! The boot options: arguments, environment and settings of one run.

use std::time::Duration;

use domains::boot::{MmioBlock, OPTIONS_MAX, OptionsHeader};
use domains::device::MMIO_SLOTS;
use domains::network::Setting;
use domains::{Cell, Injection, RestartLimit};
use zerocopy::IntoBytes;

use super::Volume;

/// What one run tells its program.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct BootOptions {
    /// The arguments, the program's name first.
    pub arguments: Vec<Vec<u8>>,
    /// The environment, as `NAME=value`.
    pub environment: Vec<Vec<u8>>,
    /// How much the kernels say: 0 only failures, to 3 for debugging.
    pub log_level: u32,
    /// Folders of the host that the guest sees.
    pub volumes: Vec<Volume>,
    /// How long a volume's server may take to answer; for ever, if not said.
    pub volume_limit: Option<Duration>,
    /// How long a call of a cell may take, in milliseconds, if not as its row says.
    pub cell_deadline_ms: Option<u32>,
    /// How often a cell may be started anew, if not as its row says.
    pub restart_limit: Option<RestartLimit>,
    /// What is given for the network, and what the guest is called.
    pub network: Setting,
    /// What cells are made to do wrong; of two for one cell the last.
    pub injections: Vec<(Cell, Injection)>,
}

/// More arguments and environment than a guest accepts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error, miette::Diagnostic)]
#[error("arguments and environment take {size} bytes, and a guest accepts {OPTIONS_MAX}")]
#[diagnostic(
    code(cloister::too_many_arguments),
    help("pass long input on standard input")
)]
pub struct TooLong {
    /// How many bytes there were.
    pub size: usize,
}

impl BootOptions {
    /// The module that QEMU hands to the guest, which has so many CPUs, and its
    /// devices in these slots of the PCI bus, a bit each, or these blocks of
    /// registers.
    pub fn encode(
        &self,
        cpus: u32,
        pci_slots: u32,
        mmio: [MmioBlock; MMIO_SLOTS],
    ) -> Result<Vec<u8>, TooLong> {
        let volumes: Vec<Vec<u8>> = self.volumes.iter().map(Volume::told).collect();
        let strings: Vec<u8> = self
            .arguments
            .iter()
            .chain(&self.environment)
            .chain(&volumes)
            .flat_map(|text| text.iter().copied().chain([0]))
            .collect();
        let size = size_of::<OptionsHeader>() + strings.len();
        if size > OPTIONS_MAX {
            return Err(TooLong { size });
        }
        let header = self.header(strings.len());
        let header = header.with_cpus(cpus).with_pci_slots(pci_slots);
        let header = header.with_mmio(mmio);
        Ok([header.as_bytes(), &strings].concat())
    }

    fn header(&self, strings: usize) -> OptionsHeader {
        let count = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        let limit = |limit: Duration| u32::try_from(limit.as_millis()).unwrap_or(u32::MAX);
        let header = OptionsHeader::new(
            count(self.arguments.len()),
            count(self.environment.len()),
            strings as u64,
            self.log_level,
        )
        .with_volumes(
            count(self.volumes.len()),
            self.volume_limit.map_or(0, limit),
        )
        .with_cell_deadline(self.cell_deadline_ms.unwrap_or(0))
        .with_network(self.network)
        .with_restart_limit(self.restart_limit.unwrap_or(RestartLimit::OF_ROW));
        let injections = self.injections.iter();
        injections.fold(header, |header, (cell, injection)| {
            header.with_injection(*cell, *injection)
        })
    }
}

#[cfg(test)]
mod tests {
    use domains::injection::{self, Misdeed};
    use domains::network::setting::{Text, flag};

    use super::*;
    use zerocopy::FromBytes;

    #[test]
    fn strings_follow_a_header_that_the_guest_accepts() {
        let options = BootOptions {
            arguments: vec![b"hello".to_vec(), b"".to_vec()],
            environment: vec![b"A=1".to_vec()],
            log_level: 2,
            volumes: vec!["/x:/y:ro".parse().expect("a volume")],
            volume_limit: Some(Duration::from_secs(3)),
            cell_deadline_ms: Some(40),
            restart_limit: Some(RestartLimit::NONE),
            network: Setting {
                flags: flag::STATIC_V4,
                address_v4: [10, 0, 0, 2],
                host: Text::new(b"web").expect("it is short"),
                ..Setting::NONE
            },
            injections: vec![injection::parse("hostfs=hang,once=9").expect("it is one")],
        };
        let mut mmio = [MmioBlock::NONE; MMIO_SLOTS];
        mmio[0] = MmioBlock::new(0xfeb0_0e00, 12);
        let bytes = options.encode(3, 1 << 2, mmio).expect("short");
        let (header, strings) = OptionsHeader::read_from_prefix(&bytes).expect("a header");
        assert!(header.is_valid(bytes.len()));
        assert_eq!(
            (header.arguments, header.environment, header.log_level),
            (2, 1, 2)
        );
        assert_eq!((header.volumes, header.volume_limit_ms), (1, 3000));
        assert_eq!(header.cell_deadline_ms, 40);
        assert_eq!(header.restart_limit, RestartLimit::NONE);
        let hang = header.injections[Cell::Hostfs.number()];
        assert_eq!(hang.at(9), Some(Misdeed::Hang));
        assert_eq!((header.cpus, header.pci_slots), (3, 1 << 2));
        assert_eq!(header.mmio, mmio);
        assert_eq!(header.network, options.network);
        assert_eq!(strings, b"hello\0\0A=1\0r022/y\0");
    }

    #[test]
    fn what_the_guest_would_refuse_is_not_sent() {
        let arguments = vec![vec![b'x'; OPTIONS_MAX]];
        assert!(
            BootOptions {
                arguments,
                ..BootOptions::default()
            }
            .encode(1, 0, [MmioBlock::NONE; MMIO_SLOTS])
            .is_err()
        );
    }
}
