//! Who waits for a device that has gone silent, while the drivers go.

use std::io::{self, Read};
use std::thread;

use gate::hooks::LOAD;

use super::device::{Device, roles};
use crate::dma::queue::{Queue, WINDOW};
use crate::hooks::{CONSOLE, hook};

/// Nothing is mapped there.
const NOWHERE: usize = 8;

/// A thread waits for input; the drivers reset its console, which never
/// interrupts again, and fault. The thread gets an error.
pub fn input() -> Result<(), String> {
    let queue = Queue::begin()?;
    let main = roles().consoles[0].ok_or("there is no console")? as u64;
    let reader = thread::spawn(|| io::stdin().read(&mut [0]));
    // It is to wait by then.
    thread::sleep(WINDOW);
    Device::new(&queue, main).reset();
    hook(LOAD | CONSOLE, NOWHERE, 0);
    match reader.join() {
        Ok(Err(error)) => {
            println!("who waited for input was told: {error}");
            Ok(())
        }
        other => Err(format!("not an error for who waited: {other:?}")),
    }
}
