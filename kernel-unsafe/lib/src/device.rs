//! A device, by core calls.

use domains::Cell;
use domains::device::{Kind, feature};
use gate::core_call::driver;
use virtio_drivers::transport::{DeviceStatus, DeviceType, InterruptStatus, Transport};
use virtio_drivers::{Error, PhysAddr, Result};
use zerocopy::{FromBytes, Immutable, IntoBytes};

/// The largest piece of the configuration that one call reads.
const PIECE: usize = 4;

/// A device of the core's table.
#[derive(Clone, Debug)]
pub struct Device {
    number: usize,
    kind: Kind,
    /// The queues that were set up, a bit for each.
    ready: u64,
}

impl Device {
    /// Device number `number`.
    pub const fn new(number: usize, kind: Kind) -> Device {
        Device {
            number,
            kind,
            ready: 0,
        }
    }

    /// The cell that drives it.
    pub const fn cell(&self) -> Cell {
        self.kind.cell()
    }

    /// Its number.
    pub const fn number(&self) -> usize {
        self.number
    }

    /// Resets the device and agrees with it on its features, as far as they are
    /// among `wanted`; those it has. None if it refuses.
    pub fn begin(&mut self, wanted: u64) -> Option<u64> {
        let features = self.read_device_features() & wanted;
        let accepted = driver::device_begin(self.number, features | feature::VERSION_1);
        u64::try_from(accepted).ok()
    }

    /// Whether a queue was set up.
    pub const fn has_queue(&self, queue: u16) -> bool {
        self.ready >> (queue % 64) & 1 != 0
    }
}

impl Transport for Device {
    fn device_type(&self) -> DeviceType {
        match self.kind {
            Kind::Network => DeviceType::Network,
            Kind::Console => DeviceType::Console,
            Kind::Entropy => DeviceType::EntropySource,
            // The list of `virtio-drivers` has no FUSE, and nothing asks.
            Kind::Ninep | Kind::FileSystem => DeviceType::_9P,
        }
    }

    fn read_device_features(&mut self) -> u64 {
        u64::try_from(driver::device_begin(self.number, 0)).unwrap_or(0)
    }

    fn write_driver_features(&mut self, features: u64) {
        driver::device_begin(self.number, features);
    }

    fn max_queue_size(&mut self, queue: u16) -> u32 {
        u32::try_from(driver::device_queue(self.number, queue, 0, 0)).unwrap_or(0)
    }

    fn notify(&mut self, queue: u16) {
        driver::publish(self.number, queue);
    }

    fn get_status(&self) -> DeviceStatus {
        // The core keeps it.
        DeviceStatus::empty()
    }

    fn set_status(&mut self, status: DeviceStatus) {
        // The core writes the rest of it when features are accepted.
        if status.contains(DeviceStatus::DRIVER_OK) {
            driver::device_start(self.number);
        }
    }

    fn set_guest_page_size(&mut self, _: u32) {}

    fn requires_legacy_layout(&self) -> bool {
        false
    }

    fn queue_set(&mut self, queue: u16, size: u32, rings: PhysAddr, _: PhysAddr, _: PhysAddr) {
        let size = u16::try_from(size).unwrap_or(0);
        let is_set = driver::device_queue(self.number, queue, size, rings as usize) == 0;
        self.ready |= u64::from(is_set) << (queue % 64);
    }

    fn queue_unset(&mut self, _: u16) {}

    fn queue_used(&mut self, queue: u16) -> bool {
        self.has_queue(queue)
    }

    fn ack_interrupt(&mut self) -> InterruptStatus {
        // The core did.
        InterruptStatus::empty()
    }

    fn read_config_generation(&self) -> u32 {
        // Each piece is read as a whole by the core.
        0
    }

    fn read_config_space<T: FromBytes + IntoBytes>(&self, offset: usize) -> Result<T> {
        let mut value = T::new_zeroed();
        let bytes = value.as_mut_bytes();
        let size = bytes.len().min(PIECE);
        for (number, piece) in bytes.chunks_exact_mut(size.max(1)).enumerate() {
            let word = driver::device_config(self.number, offset + number * size, size);
            let word = u32::try_from(word).map_err(|_| Error::ConfigSpaceMissing)?;
            piece.copy_from_slice(&word.to_le_bytes()[..size]);
        }
        Ok(value)
    }

    fn write_config_space<T: IntoBytes + Immutable>(&mut self, _: usize, _: T) -> Result<()> {
        Err(Error::Unsupported)
    }
}
