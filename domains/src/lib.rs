//! The domain table: the only place that says what a domain is.
//!
//! Names, protection keys, rights, memory regions, gate edges, core calls and
//! the records that travel between the host tool and the guest are declared
//! here once. The kernels, the linker scripts, the host tool, the documents
//! and the fault tests read them from here or are checked against them, so no
//! two numbers in the project are kept equal by a comment.
//!
//! The crate has no unsafe code, allocates nothing and runs on the host and in
//! the guest alike.

#![no_std]
#![forbid(unsafe_code)]

pub mod access;
pub mod archive;
pub mod area;
pub mod attack;
pub mod boot;
pub mod cell;
pub mod cells;
pub mod core_call;
pub mod cpu_page;
pub mod device;
pub mod domain;
pub mod edge;
pub mod entries;
pub mod entry_names;
pub mod errno;
pub mod exception;
pub mod files;
pub mod injection;
pub mod key;
pub mod layout;
pub mod manifest;
pub mod network;
pub mod notice;
pub mod page_fault;
pub mod pkru;
pub mod purpose;
pub mod report;
pub mod restart_limit;
pub mod stack_paint;
pub mod status;
pub mod table;
pub mod windows;

pub use access::{Access, Rights};
pub use area::Area;
pub use cell::Cell;
pub use cells::Cells;
pub use domain::{Domain, Isolation};
pub use injection::Injection;
pub use key::Key;
pub use pkru::Pkru;
pub use purpose::Purpose;
pub use restart_limit::RestartLimit;
