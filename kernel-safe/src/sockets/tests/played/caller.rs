//! What an application calls with: descriptions, buffers and names.

use alloc::vec;
use alloc::vec::Vec;

use domains::layout::APP;
use domains::network::Name;
use gate::played;
use gate::user::UserSlice;
use zerocopy::{FromZeros, IntoBytes};

use crate::object::Description;
use crate::object::flags::{NONBLOCK, READ_WRITE};

/// What never waits.
pub(in crate::sockets::tests) fn nonblocking() -> Description {
    let description = Description::new();
    description.begin(READ_WRITE | NONBLOCK);
    description
}

/// What waits.
pub(in crate::sockets::tests) fn blocking() -> Description {
    let description = Description::new();
    description.begin(READ_WRITE);
    description
}

/// An address of the application.
const MEMORY: usize = APP.heap().start as usize;
/// Where names lie.
pub(in crate::sockets::tests) const NAME: usize = MEMORY + (64 << 20);

/// A buffer of the application.
pub(in crate::sockets::tests) fn buffer(bytes: &[u8]) -> UserSlice {
    played::write(MEMORY, bytes);
    UserSlice::new(MEMORY, bytes.len())
}

/// The first bytes of that buffer.
pub(in crate::sockets::tests) fn bytes(count: i64) -> Vec<u8> {
    let mut bytes = vec![0; count as usize];
    played::read(MEMORY, &mut bytes);
    bytes
}

/// A name of the application; its address.
pub(in crate::sockets::tests) fn name(name: Name) -> usize {
    played::write(NAME, name.as_bytes());
    NAME
}

/// The name that lies there.
pub(in crate::sockets::tests) fn told_name() -> Name {
    let mut name = Name::new_zeroed();
    played::read(NAME, name.as_mut_bytes());
    name
}
