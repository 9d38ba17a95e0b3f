//! Every order in which a cell is started anew while a call is under way.
//!
//! A thread sends a request to a server of files and sleeps until the reply has come.
//! Its cell fails just then, and is started anew. The thread learns that there is no
//! reply, or that it was not sent; it never sleeps for ever, and what it wanted of the
//! old server is never asked of the new one.

extern crate std;

use core::sync::atomic::AtomicBool as Flag;
use std::boxed::Box;

use gate::cell::Faulted;
use gate::played::{self, Player};
use models::{Found, Model, Scenario};

use super::super::interrupts;
use super::*;
use crate::schedule::fake as kernel;
use crate::thread::ThreadRef;

/// Whether the cell was started anew; what it is told is no step of the model.
static IS_NEW: Flag = Flag::new(false);

/// A cell whose server never answers.
struct Silent;

impl Player for Silent {
    fn call(&mut self, _: Cell, number: u32, _: [u64; 4]) -> Result<i64, Faulted> {
        match number {
            Cell::START => {
                IS_NEW.store(true, Ordering::SeqCst);
                Ok(0)
            }
            SUBMIT => {
                let is_new = IS_NEW.load(Ordering::SeqCst);
                assert!(!is_new, "another server is asked");
                Ok(0)
            }
            _ => Ok(super::super::held::AGAIN),
        }
    }
}

/// The number of the entry by which a request is given.
const SUBMIT: u32 = 2;

/// Whether whoever starts the cell anew tells those who wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Care {
    Full,
    TellsNobody,
    /// The thread says that it means the server that there is, whichever that is.
    AnyServer,
}

fn begin_anew(channel: &Channel) {
    let handle = handle(Cell::Hostfs);
    handle.reset();
    handle.lock().state.queues = 1;
    *channel.slots.lock() = Slots::new();
    IN_USE.fetch_or(channel.bit(), Ordering::Release);
    IS_NEW.store(false, Ordering::SeqCst);
    let places = channel.replies.iter();
    places.for_each(|place| while place.waiters().lock().take().is_some() {});
    kernel::reset();
}

fn request(channel: &'static Channel, own: ThreadRef, care: Care) {
    kernel::live_as(own);
    let generation = match care {
        Care::AnyServer => handle(Cell::Hostfs).generation(),
        _ => 0,
    };
    let mut window = Window::take(channel, generation).expect("it is not broken");
    let answer = window.exchange(8, 64);
    assert!(matches!(answer, Err(Trouble::Unsent | Trouble::Unanswered)));
}

fn restart(care: Care) {
    let mut held = handle(Cell::Hostfs).lock();
    assert_eq!(held.convict("a test says so"), DriverError::Restarted);
    // The machine that is played has no volumes.
    held.state.queues = 1;
    drop(held);
    if care != Care::TellsNobody {
        interrupts::on_failure();
    }
}

fn explore(model: Model, care: Care) -> Result<usize, Found> {
    let _play = played::begin(Box::new(Silent));
    let own = kernel::thread();
    let channel = get(0).expect("there is one");
    model.explore(|| {
        begin_anew(channel);
        let scenario = Scenario::new().thread(move || request(channel, own, care));
        let scenario = scenario.thread(move || restart(care));
        scenario.last(|| assert_eq!(kernel::left(), 0, "it was made ready twice"))
    })
}

#[test]
fn no_order_has_a_call_wait_for_what_is_gone() {
    let orders = explore(Model::new(2).deeper_in_full(), Care::Full);
    assert!(orders.expect("it is told") > 300);
}

#[test]
fn who_starts_a_cell_and_tells_nobody_is_caught() {
    let found = explore(Model::new(1), Care::TellsNobody);
    found.expect_err("the call waits").says("wait for ever");
}

#[test]
fn who_takes_any_server_for_his_own_is_caught() {
    let found = explore(Model::new(1), Care::AnyServer);
    found.expect_err("it asks").says("another server is asked");
}
