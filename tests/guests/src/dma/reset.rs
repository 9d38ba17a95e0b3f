//! A reset while the device has a request.

use std::thread;

use domains::core_call::error;

use super::queue::{Buffer, Queue, WINDOW};
use super::victim::Victim;

/// A request is published before the device is told to start, so that it is
/// under way for as long as that takes; and the device is reset. From then on
/// nothing may arrive, even if it is started again.
pub fn run() -> Result<(), String> {
    let (queue, buffer) = request()?;
    queue.finish()?;
    if !queue.wait() {
        return Err("the device does not do what it was asked for before".to_owned());
    }
    let (queue, buffer) = (request()?.0, buffer);
    expect("a reset", queue.status(0), 0)?;
    let victim = Victim::at(buffer.address)?;
    queue.agree()?;
    queue.finish()?;
    expect("a queue from before", queue.publish(), error::INVALID)?;
    thread::sleep(WINDOW);
    if !victim.is_whole() {
        return Err("harmed: it was written after the reset".to_owned());
    }
    works_again()
}

/// A request that is under way, and what it is to fill.
fn request() -> Result<(Queue, Buffer), String> {
    let mut queue = Queue::prepare()?;
    let buffer = Buffer::new(queue.spare() as u64, 8);
    queue.give(&[buffer]);
    expect("a request", queue.publish(), 0)?;
    Ok((queue, buffer))
}

fn works_again() -> Result<(), String> {
    let mut queue = Queue::begin()?;
    queue.give(&[Buffer::new(queue.spare() as u64, 8)]);
    expect("a request", queue.publish(), 0)?;
    match queue.wait() {
        true => Ok(()),
        false => Err("the device does not work any more".to_owned()),
    }
}

/// Fails unless `answer` is the one that is expected.
pub fn expect(what: &str, answer: i64, expected: i64) -> Result<(), String> {
    match answer == expected {
        true => Ok(()),
        false => Err(format!("{what}: {answer}, and not {expected}")),
    }
}
