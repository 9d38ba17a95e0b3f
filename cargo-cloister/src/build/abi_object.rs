//! The object that is linked to every application.
//!
//! Hermit's ABI is a static library in Rust, with a panic handler, an
//! allocator and a copy of core of its own: linked as it is, it would clash
//! with the same symbols of std. So it becomes one relocatable object in which
//! every symbol but those of the ABI is local. Its name holds the hash of its
//! content: cargo links a program again exactly when the object changes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use object::build::elf::Builder;
use object::read::archive::ArchiveFile;
use object::{Object, ObjectSymbol, elf};
use sha2::{Digest, Sha256};

use super::folders::{Folders, install};
use super::toolchain::Toolchain;
use super::{BuildError, cargo, flags};

const PACKAGE: &str = "app-abi";
/// What is built, in words.
const WHAT: &str = "the application's side of the ABI";
/// The library's name in cargo's messages.
const LIBRARY: &str = "app_abi";
/// The symbols that stay global, besides everything that begins with `sys_`.
const SYMBOLS: [&str; 7] = [
    "_start", "memcpy", "memmove", "memset", "memcmp", "bcmp", "strlen",
];

/// Builds the object; where it lies.
pub(super) fn build(
    folders: &Folders,
    toolchain: &Toolchain,
    progress: &dyn Fn(&str),
) -> Result<PathBuf, BuildError> {
    let library = library(folders, toolchain, progress)?;
    let object = local(&link(folders, toolchain, &library)?)?;
    let hash: String = Sha256::digest(&object)
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let path = folders.objects().join(format!("app-abi-{hash}.o"));
    if !path.is_file() {
        install(&path, &object)?;
    }
    Ok(path)
}

/// Builds the static library.
fn library(
    folders: &Folders,
    toolchain: &Toolchain,
    progress: &dyn Fn(&str),
) -> Result<PathBuf, BuildError> {
    progress(&format!("building {WHAT}"));
    let mut command = cargo::command(toolchain, "rustc");
    command
        .current_dir(&folders.sources)
        .env("CARGO_ENCODED_RUSTFLAGS", flags::abi(folders, toolchain))
        .args([
            "--package",
            PACKAGE,
            "--lib",
            "--crate-type=staticlib",
            "--profile=image",
        ])
        .args([
            "--target",
            cargo::APP_TARGET,
            "-Zbuild-std=core,alloc",
            "--target-dir",
        ])
        .arg(folders.components());
    let built = cargo::run_quietly(command, WHAT, progress)?;
    cargo::file_of(&built, LIBRARY).map(Path::to_owned)
}

/// Links what the ABI needs of the library into one relocatable object.
fn link(
    folders: &Folders,
    toolchain: &Toolchain,
    library: &Path,
) -> Result<Vec<u8>, BuildError> {
    let archive = fs::read(library).map_err(BuildError::io("read", library))?;
    let output = folders.objects().join("app-abi.o.partial");
    fs::create_dir_all(folders.objects())
        .map_err(BuildError::io("create", &folders.objects()))?;
    let mut command = Command::new(&toolchain.linker);
    command
        .args([
            "-flavor",
            "gnu",
            "-m",
            "elf_x86_64",
            "-r",
            "--build-id=none",
            "-o",
        ])
        .arg(&output);
    for symbol in abi_symbols(&archive)? {
        command.args(["-u", &symbol]);
    }
    let result = command.arg(library).output();
    let result = result.map_err(BuildError::io("run", &toolchain.linker))?;
    if !result.status.success() {
        let why = String::from_utf8_lossy(&result.stderr).trim().to_owned();
        return Err(BuildError::AbiObject { why });
    }
    let object = fs::read(&output).map_err(BuildError::io("read", &output))?;
    fs::remove_file(&output).map_err(BuildError::io("remove", &output))?;
    Ok(object)
}

/// The symbols of the ABI that the library defines.
fn abi_symbols(archive: &[u8]) -> Result<Vec<String>, BuildError> {
    let members = ArchiveFile::parse(archive).map_err(failed)?;
    let mut symbols = Vec::new();
    for member in members.members() {
        let data = member
            .and_then(|member| member.data(archive))
            .map_err(failed)?;
        let Ok(object) = object::File::parse(data) else {
            continue;
        };
        let global = object
            .symbols()
            .filter(|symbol| symbol.is_global() && symbol.is_definition());
        symbols.extend(global.filter_map(|symbol| symbol.name().ok().map(str::to_owned)));
    }
    symbols.retain(|symbol| is_abi(symbol.as_bytes()));
    symbols.sort();
    symbols.dedup();
    Ok(symbols)
}

/// Makes every symbol local that is defined here and is not of the ABI.
fn local(object: &[u8]) -> Result<Vec<u8>, BuildError> {
    let mut builder = Builder::read(object).map_err(failed)?;
    for symbol in builder.symbols.iter_mut() {
        let defined = symbol.section.is_some() || symbol.st_shndx != elf::SHN_UNDEF;
        if defined && !is_abi(symbol.name.as_slice()) {
            symbol.set_st_info(elf::STB_LOCAL, symbol.st_type());
        }
    }
    let mut bytes = Vec::new();
    builder.write(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

fn is_abi(symbol: &[u8]) -> bool {
    symbol.starts_with(b"sys_") || SYMBOLS.iter().any(|name| name.as_bytes() == symbol)
}

fn failed(error: impl ToString) -> BuildError {
    BuildError::AbiObject {
        why: error.to_string(),
    }
}
