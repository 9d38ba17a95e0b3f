//! The kinds of memory that ring 3 can see, each with a key of its own.

use core::fmt;

/// What a page holds. The protection key of the page says the same.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Area {
    /// All ring-3 code, gates included: fetched by all, read by none.
    Text,
    /// The safe kernel's data, stacks and heap.
    Safe,
    /// The unsafe kernel's data, stack, heap, device registers and rings.
    Unsafe,
    /// The application's data, stacks, heap and thread-local storage.
    App,
    /// Buffers passed between safe and unsafe kernel.
    Frames,
    /// Time page, boot information and the CPU's own page.
    Info,
}

impl Area {
    /// Every area, in the order of the table's rows.
    pub const ALL: [Area; 6] = [
        Area::Text,
        Area::Safe,
        Area::Unsafe,
        Area::App,
        Area::Frames,
        Area::Info,
    ];

    /// The word for it in reports and on command lines.
    pub const fn name(self) -> &'static str {
        match self {
            Area::Text => "text",
            Area::Safe => "safe",
            Area::Unsafe => "unsafe",
            Area::App => "app",
            Area::Frames => "frames",
            Area::Info => "info",
        }
    }

    /// The area called `name`.
    pub fn from_name(name: &str) -> Option<Area> {
        Area::ALL.into_iter().find(|area| area.name() == name)
    }
}

impl fmt::Display for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
