//! Who owns a frame: one byte in the owner table.
//!
//! A frame has exactly one owner, and is mapped for ring 3 at one place. W^X
//! over frames follows: the entry there never has both rights. Code of the
//! image belongs to [`Area::Text`], which no core call maps.

use domains::Area;
use zerocopy::FromBytes;

/// The owner of a frame, as its byte.
#[derive(Clone, Copy, PartialEq, Eq, Debug, FromBytes)]
#[repr(transparent)]
pub(crate) struct Owner(u8);

impl Owner {
    /// Not memory, or memory that the machine keeps to itself.
    pub(crate) const ABSENT: Owner = Owner(0);
    /// Nobody: may be handed out.
    pub(crate) const FREE: Owner = Owner(1);
    /// The core's image, the owner table, what the boot loader left.
    pub(crate) const CORE: Owner = Owner(2);
    /// A page table.
    pub(crate) const TABLE: Owner = Owner(3);
    /// A saved context.
    pub(crate) const CONTEXT: Owner = Owner(4);
    /// Nobody: kept back for needs.
    pub(crate) const RESERVE: Owner = Owner(5);
    /// What a cell starts with: the core's, which keeps it.
    pub(crate) const TEMPLATE: Owner = Owner(6);

    /// A page that ring 3 sees.
    pub(crate) const fn area(area: Area) -> Owner {
        Owner(8 + area.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_area_owns_like_another_or_like_the_core() {
        let others = [
            Owner::ABSENT,
            Owner::FREE,
            Owner::CORE,
            Owner::TABLE,
            Owner::CONTEXT,
            Owner::RESERVE,
            Owner::TEMPLATE,
        ];
        for area in Area::ALL {
            assert!(!others.contains(&Owner::area(area)));
            let same = Area::ALL
                .into_iter()
                .filter(|other| Owner::area(*other) == Owner::area(area));
            assert_eq!(same.count(), 1);
        }
    }
}
