//! Why an image is not started: a record for the host, a line for people.

use domains::Isolation;
use domains::report::{Reason, Record, Refusal, feature};
use domains::status;

use super::plan::Shortage;
use crate::report::{self, line};

/// The CPU lacks the features `missing`.
pub(super) fn cpu(isolation: Isolation, missing: u64) -> ! {
    for (bit, name) in feature::NAMES.iter().enumerate() {
        if missing >> bit & 1 == 1 {
            line(format_args!(
                "cloister: isolation {isolation} needs a CPU with {name}"
            ));
        }
    }
    end(Reason::Cpu, missing, 0)
}

/// There is too little memory.
pub(super) fn memory(Shortage { need, have }: Shortage) -> ! {
    let (need_kib, have_kib) = (need.div_ceil(1024), have / 1024);
    line(format_args!(
        "cloister: needs {need_kib} KiB of memory, has {have_kib} KiB"
    ));
    end(Reason::Memory, need, have)
}

/// The image is not what it should be.
pub(super) fn image(why: &str) -> ! {
    line(format_args!("cloister: the image is corrupt: {why}"));
    end(Reason::Image, 0, 0)
}

/// The loader is none that the core knows.
pub(super) fn loader() -> ! {
    line(format_args!(
        "cloister: was not started by a PVH loader with a memory map"
    ));
    end(Reason::Image, 0, 0)
}

fn end(reason: Reason, need: u64, have: u64) -> ! {
    report::send(Record::Refuse(Refusal { reason, need, have }));
    report::end(status::NOT_STARTED)
}
