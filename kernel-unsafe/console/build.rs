//! Links the cell at the address that the domain table gives it.

fn main() {
    let script = "../../linker-scripts/kernel.ld";
    println!("cargo:rerun-if-changed={script}");
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("none") {
        let folder = std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
        println!("cargo:rustc-link-arg-bins=-T{folder}/{script}");
        let base = domains::Cell::Console.region().start;
        println!("cargo:rustc-link-arg-bins=--defsym=BASE={base:#x}");
    }
}
