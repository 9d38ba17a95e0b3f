//! Words on the core's own console, for when there is no other.

use core::fmt;

use domains::status;
use gate::core_call;

/// Writes to the core's own console.
#[derive(Debug)]
pub struct CoreConsole;

impl fmt::Write for CoreConsole {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        core_call::print(text.as_bytes());
        Ok(())
    }
}

/// Prints a line on the core's own console.
pub fn say(line: fmt::Arguments<'_>) {
    let mut console = CoreConsole;
    // The console's write never fails, so nor does formatting.
    let _ = fmt::Write::write_fmt(&mut console, format_args!("safe kernel: {line}\n"));
}

/// Says why the kernel cannot go on, and ends the machine.
pub fn die(why: fmt::Arguments<'_>) -> ! {
    say(why);
    core_call::exit(status::KERNEL_FAILED)
}
