//! Links a cell at the address that the domain table gives it.
//!
//! All cells are built by this. Which one it is, the name of its package says:
//! `cell-` and the name in its row.

use std::env;

use domains::Cell;

fn main() {
    let script = "../../linker-scripts/kernel.ld";
    println!("cargo:rerun-if-changed={script}");
    if env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("none") {
        let folder = env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
        println!("cargo:rustc-link-arg-bins=-T{folder}/{script}");
        let base = cell().region().start;
        println!("cargo:rustc-link-arg-bins=--defsym=BASE={base:#x}");
    }
}

fn cell() -> Cell {
    let package = env::var("CARGO_PKG_NAME").expect("cargo sets it");
    let name = package.strip_prefix("cell-").unwrap_or_default();
    let cell = Cell::ALL.into_iter().find(|cell| cell.name() == name);
    cell.unwrap_or_else(|| panic!("the domain table has no row for the package `{package}`"))
}
