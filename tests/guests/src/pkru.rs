//! PKRU and the cleared registers after every return from the safe kernel.

use std::arch::asm;

use domains::cpu_page::offset;
use domains::entries::SLOTS;
use domains::layout::CPU_PAGE;
use domains::{Domain, Pkru};
use gate::hooks::PKRU_AFTER_CELL_CALL;

use crate::hooks;

/// Exit, abort, the end of a thread: entries that do not come back. The last is
/// the hooks', which does what its arguments say.
const WITHOUT_RETURN: [u32; 4] = [1, 2, 9, 120];
/// Sleep and block: entries that come back when their argument is over.
const WAITING: [u32; 2] = [6, 17];

/// Calls every entry with arguments that make no sense, and looks at PKRU and
/// at what the gate left in registers.
pub fn run() -> Result<(), String> {
    let expected = Pkru::of(Domain::App).bits();
    for number in (0..SLOTS as u32).filter(|number| !WITHOUT_RETURN.contains(number)) {
        let words: &[u64] = if WAITING.contains(&number) {
            &[0]
        } else {
            &[0, u64::MAX, 0x1000_0000_0000]
        };
        for word in words {
            let after = call(number, *word);
            if after.pkru != expected {
                return Err(format!("entry {number} left PKRU {:#x}", after.pkru));
            }
            if after.left_over != 0 {
                return Err(format!(
                    "entry {number} left {:#x} in registers",
                    after.left_over
                ));
            }
        }
    }
    let behind = hooks::hook(PKRU_AFTER_CELL_CALL, 0, 0);
    if behind != i64::from(Pkru::of(Domain::Safe).bits()) {
        return Err(format!("the return from a cell left PKRU {behind:#x}"));
    }
    println!("pkru {expected:#x} after every entry");
    Ok(())
}

/// What a call left behind.
struct After {
    pkru: u32,
    /// All registers that carry nothing back, or-ed together.
    left_over: u64,
}

fn call(number: u32, word: u64) -> After {
    let pkru: u32;
    let left_over: u64;
    // SAFETY: whatever the entry answers, it may not touch memory for words
    // that are no addresses of the application; that is part of the test.
    unsafe {
        asm!(
            "call qword ptr ds:[{gate}]",
            "or rdi, rsi",
            "or rdi, r8",
            "or rdi, r9",
            "or rdi, r10",
            "or rdi, r11",
            "or rdi, rcx",
            "or rdi, rdx",
            "xor ecx, ecx",
            "rdpkru",
            gate = const CPU_PAGE + offset::APP_TO_SAFE as u64,
            inout("rdi") word => left_over,
            in("rsi") word,
            in("r8") word,
            in("r9") word,
            in("r10") word,
            in("r11") u64::from(number),
            lateout("rax") pkru,
            clobber_abi("C"),
        );
    }
    After { pkru, left_over }
}
