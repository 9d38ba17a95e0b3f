//! What can go wrong.

/// A sort of fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A bit of a register is another.
    Register,
    /// A bit of the domain's data is another.
    Memory,
    /// An instruction is left out.
    Skip,
    /// An instruction is executed twice.
    Again,
    /// A store goes elsewhere.
    Store,
    /// A function returns something else.
    Return,
    /// The code goes round and round.
    Stuck,
}

impl Kind {
    const ALL: [Kind; 7] = [
        Kind::Register,
        Kind::Memory,
        Kind::Skip,
        Kind::Again,
        Kind::Store,
        Kind::Return,
        Kind::Stuck,
    ];

    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Register => "register",
            Kind::Memory => "memory",
            Kind::Skip => "skip",
            Kind::Again => "again",
            Kind::Store => "store",
            Kind::Return => "return",
            Kind::Stuck => "stuck",
        }
    }

    /// The kind that has this name.
    pub fn from_name(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}
