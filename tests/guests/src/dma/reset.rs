//! A reset while the device has a request.

use std::thread;

use domains::core_call::error;

use super::queue::{Buffer, Queue, WINDOW};
use super::victim::Victim;

/// A request is published before the device is told to start, so that it is
/// under way for as long as that takes; and the device is reset. From then on
/// nothing may arrive, even if it is started again.
pub fn run() -> Result<(), String> {
    is_served()?;
    let (queue, buffer) = request()?;
    expect("a reset", queue.reset().min(0), 0)?;
    let victim = Victim::at(buffer.address)?;
    queue.agree()?;
    queue.finish()?;
    expect("a queue from before", queue.publish(), error::INVALID)?;
    thread::sleep(WINDOW);
    if !victim.is_whole() {
        return Err("harmed: it was written after the reset".to_owned());
    }
    is_served()
}

/// The control: without a reset, the request is served at the start.
fn is_served() -> Result<(), String> {
    let (queue, _) = request()?;
    queue.finish()?;
    match queue.wait() {
        true => Ok(()),
        false => Err("a request from before the start is not served".to_owned()),
    }
}

/// A request that is under way, and what it is to fill.
fn request() -> Result<(Queue, Buffer), String> {
    let mut queue = Queue::prepare()?;
    let buffer = Buffer::new(queue.spare() as u64, 8);
    queue.give(&[buffer]);
    expect("a request", queue.publish(), 0)?;
    Ok((queue, buffer))
}

/// Fails unless `answer` is the one that is expected.
pub fn expect(what: &str, answer: i64, expected: i64) -> Result<(), String> {
    match answer == expected {
        true => Ok(()),
        false => Err(format!("{what}: {answer}, and not {expected}")),
    }
}
