//! Code that the program makes: what runs, and what never may.

mod race;

use domains::core_call::test_hook::{FORGET_HERE_ONLY, SKIP_SCAN};
use gate::hooks::{CORE_HOOK, LOAD};
use hermit_abi::{EACCES, PROT_EXEC, PROT_NONE, PROT_READ, PROT_WRITE, mprotect};

use crate::hooks;
use crate::mapping::Mapping;

const PAGE: usize = 4096;
const BOTH: u32 = PROT_READ | PROT_WRITE;
const CODE: u32 = PROT_READ | PROT_EXEC;
/// `mov eax, 42; ret`
const ANSWER: [u8; 6] = [0xb8, 42, 0, 0, 0, 0xc3];
const WRPKRU: [u8; 3] = [0x0f, 0x01, 0xef];

/// Runs the test called `what`.
pub fn run(what: &[&str]) -> Result<(), String> {
    match what {
        ["jit"] => jit(),
        ["wrpkru"] => wrpkru(),
        ["wrpkru", "mutant"] => {
            hooks::hook(CORE_HOOK, SKIP_SCAN as usize, 1);
            wrpkru()
        }
        ["race"] => race::run(),
        ["race", "mutant"] => {
            hooks::hook(CORE_HOOK, FORGET_HERE_ONLY as usize, 1);
            race::run()
        }
        ["keys"] => keys(),
        ["write-code"] => {
            let code = answer()?;
            code.write(0, &[0xc3]);
            Err("code was written".into())
        }
        ["execute-data"] => {
            let data = new(1)?;
            data.write(0, &ANSWER);
            Err(format!("data was executed: {}", call(&data, 0)))
        }
        ["execute-unmapped"] => {
            let code = answer()?;
            let start = code.start;
            drop(code);
            // SAFETY: none is claimed: this must fault.
            let function: extern "C" fn() -> u32 = unsafe { std::mem::transmute(start) };
            Err(format!("code that is gone was executed: {}", function()))
        }
        other => Err(format!("no such test: {other:?}")),
    }
}

fn new(pages: usize) -> Result<Mapping, String> {
    Mapping::new(pages * PAGE, BOTH).map_err(|error| format!("mmap: {error}"))
}

/// A page with a function that can be called.
fn answer() -> Result<Mapping, String> {
    let code = new(1)?;
    code.write(0, &ANSWER);
    match code.protect(CODE) {
        0 => Ok(code),
        error => Err(format!("mprotect: {error}")),
    }
}

fn call(code: &Mapping, offset: usize) -> u32 {
    // SAFETY: a function without arguments is there.
    let function: extern "C" fn() -> u32 = unsafe { std::mem::transmute(code.byte(offset)) };
    function()
}

/// Writes functions and calls them, several times over.
fn jit() -> Result<(), String> {
    let code = answer()?;
    for number in 40..50_u8 {
        if code.protect(BOTH) != 0 {
            return Err("code cannot be written again".into());
        }
        code.write(1, &[number]);
        if code.protect(CODE) != 0 {
            return Err("code cannot be executed again".into());
        }
        if call(&code, 0) != u32::from(number) {
            return Err(format!("the function did not answer {number}"));
        }
        // SAFETY: code can be read.
        if unsafe { code.byte(1).read() } != number {
            return Err("code cannot be read".into());
        }
    }
    println!("42 and others");
    Ok(())
}

/// Tries to make WRPKRU executable, at every offset of a page and over its
/// borders, in both orders.
fn wrpkru() -> Result<(), String> {
    let pages = new(3)?;
    let page = |number: usize| pages.byte(number * PAGE);
    // SAFETY: nobody refers to the pages.
    let protect = |number, protection| unsafe { mprotect(page(number), PAGE, protection) };
    let mut through = 0;
    for offset in 0..PAGE - 2 {
        pages.write(PAGE + offset, &WRPKRU);
        through += usize::from(protect(1, CODE) != -EACCES);
        protect(1, BOTH);
        through += usize::from(offset % 64 == 0 && pages.protect(CODE) != -EACCES);
        pages.protect(BOTH);
        pages.write(PAGE + offset, &[0x90; 3]);
    }
    for offset in [PAGE - 2, PAGE - 1, 2 * PAGE - 2, 2 * PAGE - 1] {
        let (low, high) = (offset / PAGE, offset / PAGE + 1);
        pages.write(offset, &WRPKRU);
        for (first, second) in [(low, high), (high, low)] {
            if protect(first, CODE) != 0 {
                return Err("half of it is harmless".into());
            }
            through += usize::from(protect(second, CODE) != -EACCES);
            pages.protect(BOTH);
        }
        // Withheld, promised or read-only does not matter.
        protect(high, PROT_NONE);
        protect(low, CODE);
        through += usize::from(protect(high, CODE) != -EACCES);
        pages.protect(BOTH);
        pages.write(offset, &[0x90; 3]);
    }
    match through {
        0 => println!("none got through"),
        _ => return Err(format!("{through} got through")),
    }
    // What was refused can be written as before, and executed when it is good.
    pages.write(0, &ANSWER);
    if pages.protect(CODE) == 0 && call(&pages, 0) == 42 {
        Ok(())
    } else {
        Err("good code cannot be executed".into())
    }
}

/// Maps, changes and unmaps pages over and over: their key stays, so that the
/// cell `console` never reads them.
fn keys() -> Result<(), String> {
    let can_read = |address: *mut u8| {
        hooks::hook(LOAD | hooks::CONSOLE, address.expose_provenance(), 0) >= 0
    };
    for round in 0..10 {
        let pages = new(if round % 2 == 0 { 1 } else { 600 })?;
        pages.write(0, b"secret");
        for protection in [BOTH, PROT_READ, CODE, BOTH] {
            pages.protect(protection);
            if can_read(pages.start) {
                return Err(format!("the console read a page in round {round}"));
            }
        }
    }
    println!("none was read");
    Ok(())
}
