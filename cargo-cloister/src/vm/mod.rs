//! One run of an image in QEMU.
//!
//! A [`Spec`] says what to boot and how. [`command`] turns it into the exact
//! QEMU command, [`run`] starts that, passes the guest's consoles through and
//! says in an [`Ending`] how it went. What the guest prints and reports goes to
//! a [`Sink`], so that people, programs and benchmarks can listen alike.
//!
//! All channels are Unix sockets in a private directory on which this process
//! listens before QEMU starts: nothing is lost at either end of a run, and
//! nobody else can speak as the guest.

mod accel;
mod boot_file;
pub mod command;
mod confine;
mod counter;
pub(crate) mod emulator;
mod ending;
mod error;
mod injector;
mod launch;
mod lines;
mod linux;
mod memory;
mod network;
mod pieces;
mod session;
mod sink;
mod slots;
mod socket;
mod spec;
mod stdin;
mod virtiofsd;
mod volume;
mod watchdog;

pub use accel::{Accel, AccelChoice, Host};
pub use boot_file::{BootOptions, TooLong};
pub use counter::Counter;
pub use emulator::{Version, WeakWalls};
pub use ending::{Ending, Reason};
pub use error::Error;
pub use injector::Injector;
pub use launch::qemu_program;
pub use lines::{Lines, Utf8Pieces};
pub use linux::{Booted, Linux};
pub use memory::Memory;
pub use network::{
    Backend, Given, Holder, HostName, InvalidAddress, InvalidBackend, InvalidHostName,
    InvalidPublish, Listening, MTU_LEAST, MTU_MOST, Network, NetworkError, PortTrouble,
    Prefixed, Publish, Socket, SocketTrouble, Tap, TapTrouble,
};
pub use session::run;
pub use sink::{Capture, Patience, Sink, Stream};
pub use spec::{Input, Machine, Spec};
pub use virtiofsd::{in_cache as virtiofsd_in_cache, program as virtiofsd_program};
pub use volume::{Driver as VolumeDriver, InvalidVolume, Volume, find as find_volumes};
