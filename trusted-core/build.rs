//! Links the core at the address that the domain table gives it.

use std::env;
use std::path::Path;

use domains::layout;

fn main() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../linker-scripts/core.ld");
    println!("cargo:rerun-if-changed={}", script.display());
    println!("cargo:rerun-if-changed=build.rs");
    if env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("none") {
        let offset = layout::CORE_OFFSET;
        let base = offset + layout::CORE_PHYSICAL;
        println!("cargo:rustc-link-arg-bins=-T{}", script.display());
        println!("cargo:rustc-link-arg-bins=--defsym=OFFSET={offset:#x}");
        println!("cargo:rustc-link-arg-bins=--defsym=BASE={base:#x}");
    }
}
