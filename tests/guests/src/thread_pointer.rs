//! A driver that changes the thread pointer, which any ring-3 code can.

use std::cell::Cell;

use gate::hooks::MOVE_THREAD_POINTER;

use crate::hooks;

thread_local! {
    static WORD: Cell<u64> = const { Cell::new(0) };
}

/// Has a cell move it to a page that it shares with the kernels;
/// fails if the application's storage is not where it was.
pub fn run() -> Result<(), String> {
    WORD.set(0x5eed);
    let block = gate::client::thread_block();
    let answer = hooks::hook(MOVE_THREAD_POINTER | hooks::CONSOLE, 0x4000_0000, 0);
    if answer != 0 {
        return Err(format!("the driver could not try: {answer}"));
    }
    if gate::client::thread_block() != block || WORD.get() != 0x5eed {
        return Err("the thread pointer moved".into());
    }
    println!("the thread pointer is as it was");
    Ok(())
}
