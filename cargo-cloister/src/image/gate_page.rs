//! The gate page of an image, by its digest.
//!
//! [`super::verify`] proves of a gate page what the walls stand on: that each
//! change of rights is checked, and looks at its token. What else the page does,
//! such as clearing registers, it knows by its digest only, and of no digest is it
//! known from an image alone whose page it is. A build knows, and compares; later
//! the tool knows the pages that it has built of its sources, and refuses others.

use std::fmt;

use domains::layout::{GATE_PAGE, PAGE_SIZE};
use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};

use super::elf::Program;
use super::packed::Packed;
use super::{Component, ImageError, pages};

/// A gate page, told from any other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GatePage([u8; 32]);

impl GatePage {
    /// The one in the linked component `file`.
    pub fn built(file: &[u8]) -> Result<GatePage, ImageError> {
        let program = Program::read(Component::Gate, file)?;
        let pieces = pages::pieces(&program)?;
        let piece = pieces.iter().find(|piece| piece.address == GATE_PAGE);
        Ok(GatePage::of(piece.map_or(&[], |piece| &piece.bytes)))
    }

    /// The one of `image`.
    pub(super) fn packed(image: &Packed) -> GatePage {
        let pages = image.segments.iter().find(|it| it.start() == GATE_PAGE);
        let bytes = pages.map(|pages| image.contents(pages));
        GatePage::of(&bytes.unwrap_or_default())
    }

    /// Zeroes at the end may be left out.
    fn of(bytes: &[u8]) -> GatePage {
        let size = usize::try_from(PAGE_SIZE).expect("a page is small");
        let mut page = bytes.to_vec();
        page.resize(page.len().max(size), 0);
        GatePage(Sha256::digest(&page).into())
    }
}

impl fmt::Display for GatePage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Serialize for GatePage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::pack::pack;
    use crate::image::testing::{self, MPK};

    #[test]
    fn a_page_is_the_same_before_and_after_it_is_packed() {
        let parts = testing::parts();
        let image = pack(&parts, MPK).expect("sound parts");
        let image = Packed::read(&image).expect("it was just packed");
        let built = GatePage::built(&parts.gate).expect("a gate page");
        assert_eq!(built, GatePage::packed(&image));
        let mut code = testing::gate_code();
        code.push(0x90);
        let other = GatePage::built(&testing::gate_file(&code)).expect("a gate page");
        assert_ne!(built, other);
        assert_eq!(built.to_string().len(), 64);
    }
}
