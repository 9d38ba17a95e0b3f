//! A function that the program writes itself, and calls.
//!
//! Memory is mapped to be written, filled with instructions, and then mapped
//! to be executed: never both at once, which the platform refuses, as it does
//! an instruction that would change the program's rights.

use std::ptr;

use hermit_abi::{EACCES, PROT_EXEC, PROT_READ, PROT_WRITE, mmap, mprotect, munmap};

const PAGE: usize = 4096;
/// `lea eax, [rdi + rdi * 2]; ret`: three times the argument.
const TRIPLE: [u8; 4] = [0x8d, 0x04, 0x7f, 0xc3];
/// `mov eax, 42; ret`
const ANSWER: [u8; 6] = [0xb8, 42, 0, 0, 0, 0xc3];
/// `wrpkru; ret`
const BREAK_OUT: [u8; 4] = [0x0f, 0x01, 0xef, 0xc3];

fn main() {
    let answer = Code::new(&ANSWER).expect("it is harmless");
    println!("the answer is {}", answer.call(0));
    let triple = Code::new(&TRIPLE).expect("it is harmless");
    println!("three times 14 is {}", triple.call(14));
    match Code::new(&BREAK_OUT) {
        Err(error) if error == -EACCES => println!("WRPKRU is refused"),
        other => panic!("WRPKRU is not refused: {other:?}"),
    }
    let both = map(PROT_READ | PROT_WRITE | PROT_EXEC);
    println!(
        "writing and executing at once: {}",
        both.expect_err("it is refused")
    );
}

/// A page with a function.
#[derive(Debug)]
struct Code(*mut u8);

impl Code {
    /// Makes a function of instructions that keep to the C ABI.
    fn new(instructions: &[u8]) -> Result<Code, i32> {
        let code = Code(map(PROT_READ | PROT_WRITE)?);
        // SAFETY: the page is ours, writable, and longer than any function here.
        unsafe {
            code.0
                .copy_from_nonoverlapping(instructions.as_ptr(), instructions.len())
        };
        // SAFETY: nobody writes to the page from here on.
        match unsafe { mprotect(code.0, PAGE, PROT_READ | PROT_EXEC) } {
            0 => Ok(code),
            error => Err(error),
        }
    }

    fn call(&self, argument: u32) -> u32 {
        // SAFETY: the page holds a function of this type.
        let function: extern "C" fn(u32) -> u32 = unsafe { std::mem::transmute(self.0) };
        function(argument)
    }
}

impl Drop for Code {
    fn drop(&mut self) {
        // SAFETY: nobody calls the function any more.
        unsafe { munmap(self.0, PAGE) };
    }
}

/// Maps a page.
fn map(protection: u32) -> Result<*mut u8, i32> {
    let mut page = ptr::null_mut();
    // SAFETY: the place for the address is ours.
    match unsafe { mmap(PAGE, protection, &mut page) } {
        0 => Ok(page),
        error => Err(error),
    }
}
