//! Whole pages of one owner, cut from a component's loadable ranges.
//!
//! A page is the unit of a wall, so a range is widened to whole pages, cut
//! where its rights change (data that is read-only once relocated), and
//! refused where two ranges meet in one page.

use domains::Area;
use domains::layout::PAGE_SIZE;
use domains::manifest::rights;

use super::ImageError;
use super::elf::{Load, Program};

/// Pages with the same owner and the same rights.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    /// The first address; page aligned.
    pub(crate) address: u64,
    /// The bytes from there on; the rest of the pages is zero.
    pub(crate) bytes: Vec<u8>,
    /// How many pages.
    pub(crate) pages: u64,
    /// What they hold.
    pub(crate) area: Area,
    /// Bits of [`rights`].
    pub(crate) rights: u8,
}

impl Piece {
    /// The address behind the last page.
    pub(crate) fn end(&self) -> u64 {
        self.address + self.size()
    }

    /// How many bytes the pages have.
    pub(crate) fn size(&self) -> u64 {
        self.pages * PAGE_SIZE
    }
}

/// The pages of `program`, by address.
pub(crate) fn pieces(program: &Program) -> Result<Vec<Piece>, ImageError> {
    let mut pieces = Vec::new();
    for load in &program.loads {
        let whole = piece(program, load)?;
        pieces.extend(cut_read_only(whole, load, program.relro));
    }
    pieces.sort_by_key(|piece| piece.address);
    match pieces
        .windows(2)
        .find(|pair| pair[0].end() > pair[1].address)
    {
        Some(pair) => {
            let page = pair[1].address;
            Err(program.layout(format!("two of its segments share the page at {page:#x}")))
        }
        None => Ok(pieces),
    }
}

/// The first address of the page around `address`.
pub(crate) const fn page_start(address: u64) -> u64 {
    address & !(PAGE_SIZE - 1)
}

/// `address`, or the start of the next page.
pub(crate) const fn page_end(address: u64) -> u64 {
    page_start(address + PAGE_SIZE - 1)
}

fn piece(program: &Program, load: &Load) -> Result<Piece, ImageError> {
    let (start, end) = (page_start(load.address), page_end(load.end()));
    let rights = rights_of(program, load)?;
    let area = match program.component.data_area() {
        _ if load.executable => Area::Text,
        Some(area) => area,
        None => return Err(program.layout("it belongs to no area".into())),
    };
    let mut bytes = vec![0; offset(load.address - start)];
    bytes.extend_from_slice(&load.bytes);
    Ok(Piece {
        address: start,
        bytes,
        pages: (end - start) / PAGE_SIZE,
        area,
        rights,
    })
}

fn rights_of(program: &Program, load: &Load) -> Result<u8, ImageError> {
    match (load.writable, load.executable) {
        (true, true) => Err(program.layout(format!(
            "its segment at {:#x} is both writable and executable",
            load.address
        ))),
        (true, false) => Ok(rights::WRITE),
        (false, true) => Ok(rights::EXECUTE),
        (false, false) => Ok(0),
    }
}

/// Cuts the pages that are read-only once relocated out of `piece`, which
/// holds `load`. A page that also holds writable data stays writable.
fn cut_read_only(piece: Piece, load: &Load, relro: Option<(u64, u64)>) -> Vec<Piece> {
    let Some((start, end)) = relro.filter(|_| piece.rights & rights::WRITE != 0) else {
        return vec![piece];
    };
    let first = if start <= load.address {
        page_start(start)
    } else {
        page_end(start)
    };
    let last = if end >= load.end() {
        page_end(end)
    } else {
        page_start(end)
    };
    let (first, last) = (first.max(piece.address), last.min(piece.end()));
    if first >= last {
        return vec![piece];
    }
    let mut middle = part(&piece, first, last);
    middle.rights &= !rights::WRITE;
    let parts = [
        part(&piece, piece.address, first),
        middle,
        part(&piece, last, piece.end()),
    ];
    parts.into_iter().filter(|part| part.pages > 0).collect()
}

fn part(piece: &Piece, first: u64, last: u64) -> Piece {
    let size = piece.bytes.len();
    let from = offset(first - piece.address).min(size);
    let to = offset(last - piece.address).min(size);
    Piece {
        address: first,
        bytes: piece.bytes[from..to].to_vec(),
        pages: (last - first) / PAGE_SIZE,
        ..*piece
    }
}

fn offset(distance: u64) -> usize {
    usize::try_from(distance).expect("an image fits into memory")
}
