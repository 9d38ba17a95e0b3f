//! The entries of the cell.

use domains::device::{Kind, Roles};
use domains::errno;
use gate::cell::nic::Serve;
use gate::info;
use kernel_unsafe::{Device, Machine};
use spin::Mutex;
use virtio_drivers::transport::Transport;

use crate::card::{Card, Refused};
use crate::facts;
#[cfg(feature = "test-hooks")]
use crate::{ask, lies};

/// The only card.
pub(crate) type Only = Card<Machine, Device>;

static CARD: Mutex<Only> = Mutex::new(Card::new());

/// What the gate calls.
#[derive(Debug)]
pub struct Driver;

impl Serve for Driver {
    fn null() -> i64 {
        0
    }

    fn start() -> i64 {
        let mut card = CARD.lock();
        i64::from(card.is_open() || start(&mut card))
    }

    fn exchange(posts: u32, sends: u32, arm: u32) -> i64 {
        let mut card = CARD.lock();
        #[cfg(feature = "test-hooks")]
        if let Some(answer) = lies::told(&mut card, [posts, sends, arm]) {
            return answer;
        }
        let answer = exchange(&mut card, posts, sends, arm);
        #[cfg(feature = "test-hooks")]
        let answer = ask::settle(answer);
        answer
    }

    #[cfg(feature = "test-hooks")]
    fn hook(kind: u32, address: usize, argument: usize) -> i64 {
        match kind {
            gate::hooks::LIE => lies::begin(argument),
            gate::hooks::ASK => ask::run(&mut CARD.lock(), address, argument),
            // SAFETY: none is claimed; images with hooks are for attacks.
            _ => unsafe { gate::hooks::attack(kind, address, argument) },
        }
    }

    #[cfg(not(feature = "test-hooks"))]
    fn hook(_: u32, _: usize, _: usize) -> i64 {
        kernel_unsafe::UNKNOWN
    }
}

/// What a call answers: two counts and what there is to say, or why not.
pub(crate) fn exchange(card: &mut Only, posts: u32, sends: u32, arm: u32) -> i64 {
    if !card.is_open() {
        return -errno::ENODEV;
    }
    match card.exchange(posts as usize, sends as usize, arm) {
        Ok(answer) => answer as i64,
        Err(Refused::Lists) => -errno::EINVAL,
        Err(Refused::Device) => -errno::EIO,
    }
}

/// Starts the card; false if there is none, or it is of no use.
fn start(card: &mut Only) -> bool {
    let Some(number) = Roles::new(&info::boot().devices).network else {
        return false;
    };
    let mut device = Device::new(number, Kind::Network);
    let wanted = facts::wanted(device.read_device_features());
    match device.begin(wanted) {
        Some(features) => card.open(device, number, features),
        None => false,
    }
}
