//! Who owns a frame: one byte in the owner table.
//!
//! A frame has exactly one owner. W^X over frames follows: code belongs to
//! [`Area::Text`], which no core call maps, and no frame of text is ever mapped
//! a second time.

use domains::Area;

/// The owner of a frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Owner {
    /// Not memory, or memory that the machine keeps to itself.
    Absent,
    /// Nobody: may be handed out.
    Free,
    /// The core's image, the owner table, what the boot loader left.
    Core,
    /// A page table.
    Table,
    /// A saved context.
    Context,
    /// A page that ring 3 sees.
    Area(Area),
}

const FIRST_AREA: u8 = 8;

impl Owner {
    /// The byte that stands for it.
    pub(crate) const fn encode(self) -> u8 {
        match self {
            Owner::Absent => 0,
            Owner::Free => 1,
            Owner::Core => 2,
            Owner::Table => 3,
            Owner::Context => 4,
            Owner::Area(area) => FIRST_AREA + area as u8,
        }
    }

    /// The owner that `byte` stands for; an unknown byte is nobody's memory.
    pub(crate) fn decode(byte: u8) -> Owner {
        match byte {
            1 => Owner::Free,
            2 => Owner::Core,
            3 => Owner::Table,
            4 => Owner::Context,
            _ => byte
                .checked_sub(FIRST_AREA)
                .and_then(|area| Area::ALL.get(usize::from(area)))
                .map_or(Owner::Absent, |area| Owner::Area(*area)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_owner_survives_its_byte() {
        let areas = Area::ALL.into_iter().map(Owner::Area);
        let others = [
            Owner::Absent,
            Owner::Free,
            Owner::Core,
            Owner::Table,
            Owner::Context,
        ];
        for owner in others.into_iter().chain(areas) {
            assert_eq!(Owner::decode(owner.encode()), owner);
        }
        assert_eq!(Owner::decode(0xff), Owner::Absent);
    }
}
