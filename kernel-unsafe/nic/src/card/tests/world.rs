//! A card for tests, with its rings, its desk and what stands in its buffers.
//!
//! It sees of a ring what was published, as the real one does behind the core.

use std::alloc::{Layout, alloc_zeroed};
use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::ptr::{self, NonNull};

use domains::network::packets;
use virtio_drivers::transport::{DeviceStatus, DeviceType, InterruptStatus, Transport};
use virtio_drivers::{BufferDirection, Hal, PhysAddr, Result};
use zerocopy::{FromBytes, Immutable, IntoBytes};

use crate::reach::Reach;

const PAGE: usize = 4096;
const DESCRIPTOR: usize = 16;

thread_local! {
    /// Each test has a thread, and so a world, of its own.
    static WORLD: RefCell<World> = RefCell::new(World::default());
}

/// All that is outside.
#[derive(Default)]
pub(super) struct World {
    /// The most entries of a queue.
    pub(super) queue_max: u32,
    /// The configuration.
    pub(super) configuration: [u8; 12],
    /// Queues by number.
    pub(super) queues: [Queue; 2],
    /// What stands at which address.
    pub(super) memory: HashMap<u64, u64>,
    /// Frames that come when something is published in the queue to receive by,
    /// behind that.
    pub(super) come_late: VecDeque<u32>,
    /// The buffers of those, and their sizes.
    pub(super) came_late: VecDeque<(usize, usize)>,
    /// How often the status was read.
    pub(super) status_reads: usize,
}

/// A queue as the device has it.
#[derive(Default)]
pub(super) struct Queue {
    size: usize,
    table: usize,
    available: usize,
    used: usize,
    /// How far the device sees the available ring, and how far it has used it.
    seen: u16,
    next: u16,
    told: u16,
    /// Whether it interrupts.
    pub(super) interrupts: bool,
    /// How often something was published.
    pub(super) publishes: usize,
    /// Whether the core refuses to.
    pub(super) is_refused: bool,
}

/// What a test does to the world.
pub(super) fn with<T>(act: impl FnOnce(&mut World) -> T) -> T {
    WORLD.with(|world| act(&mut world.borrow_mut()))
}

impl World {
    pub(super) fn load(&self, address: u64) -> u64 {
        self.memory.get(&address).copied().unwrap_or(0)
    }

    pub(super) fn store(&mut self, address: u64, word: u64) {
        self.memory.insert(address, word);
    }

    /// The device writes `size` bytes into the next buffer, which says that its packet
    /// has so many; the buffer, or none if the device has none left.
    pub(super) fn receive(&mut self, size: u32, buffers: u16) -> Option<usize> {
        let (head, buffer) = self.queues[0].next()?;
        let header = packets::buffer(buffer).start + 8;
        self.store(header, u64::from(buffers) << 16);
        self.queues[0].tell(head.into(), size);
        Some(buffer)
    }

    /// The device sends the next frame; its buffer and size, or none if there is none.
    pub(super) fn send(&mut self) -> Option<(usize, usize)> {
        let (head, buffer) = self.queues[1].next()?;
        let size = self.queues[1].size_of(head);
        self.queues[1].tell(head.into(), 0);
        Some((buffer, size))
    }

    fn publish(&mut self, number: u16) -> bool {
        let queue = &mut self.queues[usize::from(number)];
        queue.publishes += 1;
        if queue.is_refused {
            return false;
        }
        queue.see();
        while number == 0
            && let Some(size) = self.come_late.pop_front()
        {
            let buffer = self.receive(size, 1);
            self.came_late.extend(buffer.map(|it| (it, size as usize)));
        }
        true
    }
}

impl Queue {
    /// How many entries the device has.
    pub(super) fn has(&self) -> usize {
        usize::from(self.seen.wrapping_sub(self.next))
    }

    /// Looks at what was published.
    fn see(&mut self) {
        self.interrupts = half(self.available) & 1 == 0;
        self.seen = half(self.available + 2);
    }

    /// Takes the next entry: its head and its buffer.
    fn next(&mut self) -> Option<(u16, usize)> {
        if self.has() == 0 {
            return None;
        }
        let place = self.available + 4 + usize::from(self.next) % self.size * 2;
        self.next = self.next.wrapping_add(1);
        let head = half(place);
        let address: u64 = read(self.table + DESCRIPTOR * usize::from(head));
        let is_it = |buffer: &usize| packets::buffer(*buffer).start == address;
        Some((
            head,
            (0..packets::COUNT).find(is_it).expect("it is a buffer"),
        ))
    }

    fn size_of(&self, head: u16) -> usize {
        read::<u32>(self.table + DESCRIPTOR * usize::from(head) + 8) as usize
    }

    /// Tells the driver of an entry that was used.
    pub(super) fn tell(&mut self, head: u32, size: u32) {
        let place = self.used + 4 + usize::from(self.told) % self.size * 8;
        write(place, head);
        write(place + 4, size);
        self.told = self.told.wrapping_add(1);
        write(self.used + 2, self.told);
    }
}

fn half(address: usize) -> u16 {
    read(address)
}

fn read<T: FromBytes>(address: usize) -> T {
    let place: *const T = ptr::with_exposed_provenance(address);
    // SAFETY: rings were allocated below, and stay.
    unsafe { place.read_volatile() }
}

fn write<T: IntoBytes>(address: usize, value: T) {
    let place: *mut T = ptr::with_exposed_provenance_mut(address);
    // SAFETY: as above.
    unsafe { place.write_volatile(value) };
}

/// The way to the world.
#[derive(Debug)]
pub(super) struct Outside;

// SAFETY: memory is new, clear, and never freed.
unsafe impl Hal for Outside {
    fn dma_alloc(pages: usize, _: BufferDirection) -> (PhysAddr, NonNull<u8>) {
        let layout = Layout::from_size_align(pages * PAGE, PAGE).expect("it is small");
        // SAFETY: no queue is without a page.
        let memory = unsafe { alloc_zeroed(layout) };
        let memory = NonNull::new(memory).expect("there is memory");
        (memory.as_ptr().expose_provenance() as u64, memory)
    }

    unsafe fn dma_dealloc(_: PhysAddr, _: NonNull<u8>, _: usize) -> i32 {
        0
    }

    unsafe fn mmio_phys_to_virt(_: PhysAddr, _: usize) -> NonNull<u8> {
        unreachable!("there are no registers")
    }

    unsafe fn share(buffer: NonNull<[u8]>, _: BufferDirection) -> PhysAddr {
        buffer.addr().get() as u64
    }

    unsafe fn unshare(_: PhysAddr, _: NonNull<[u8]>, _: BufferDirection) {}
}

impl Reach for Outside {
    fn next_queue(_: usize, _: u16) {}

    fn publish(_: usize, queue: u16) -> bool {
        with(|world| world.publish(queue))
    }

    fn load(address: u64) -> u64 {
        with(|world| world.load(address))
    }

    fn load_half(address: u64) -> u16 {
        let word = with(|world| world.load(address & !7));
        (word >> (address % 8 * 8)) as u16
    }

    fn store(address: u64, word: u64) {
        with(|world| world.store(address, word));
    }
}

/// The card's registers, as the core lets them be seen.
#[derive(Debug)]
pub(super) struct Registers;

impl Transport for Registers {
    fn device_type(&self) -> DeviceType {
        DeviceType::Network
    }

    fn read_device_features(&mut self) -> u64 {
        u64::MAX
    }

    fn write_driver_features(&mut self, _: u64) {}

    fn max_queue_size(&mut self, _: u16) -> u32 {
        with(|world| world.queue_max)
    }

    fn notify(&mut self, _: u16) {}

    fn get_status(&self) -> DeviceStatus {
        DeviceStatus::empty()
    }

    fn set_status(&mut self, _: DeviceStatus) {}

    fn set_guest_page_size(&mut self, _: u32) {}

    fn requires_legacy_layout(&self) -> bool {
        false
    }

    fn queue_set(
        &mut self,
        queue: u16,
        size: u32,
        table: PhysAddr,
        available: PhysAddr,
        used: PhysAddr,
    ) {
        let queue_of = |world: &mut World| {
            world.queues[usize::from(queue)] = Queue {
                size: size as usize,
                table: table as usize,
                available: available as usize,
                used: used as usize,
                ..Queue::default()
            };
        };
        with(queue_of);
    }

    fn queue_unset(&mut self, _: u16) {}

    fn queue_used(&mut self, queue: u16) -> bool {
        with(|world| world.queues[usize::from(queue)].size > 0)
    }

    fn ack_interrupt(&mut self) -> InterruptStatus {
        InterruptStatus::empty()
    }

    fn read_config_generation(&self) -> u32 {
        0
    }

    fn read_config_space<T: FromBytes + IntoBytes>(&self, offset: usize) -> Result<T> {
        let mut value = T::new_zeroed();
        let size = value.as_mut_bytes().len();
        with(|world| {
            world.status_reads += usize::from(offset == 6);
            let bytes = &world.configuration[offset..offset + size];
            value.as_mut_bytes().copy_from_slice(bytes);
        });
        Ok(value)
    }

    fn write_config_space<T: IntoBytes + Immutable>(&mut self, _: usize, _: T) -> Result<()> {
        unreachable!("nobody writes there")
    }
}
