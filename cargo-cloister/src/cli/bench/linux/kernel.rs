//! Debian's cloud kernel: fetched and unpacked, never installed.
//!
//! The package is kept below the target folder, and the newest there is taken. If
//! there is none, APT is asked for the newest that it knows; nothing of that needs
//! root, nor changes the system.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::build;

/// The package that depends on the newest cloud kernel of a release.
const NEWEST: &str = "linux-image-cloud-amd64";
/// What packages with a kernel begin and end with.
const PREFIX: &str = "linux-image-";
const SUFFIX: &str = "-cloud-amd64";
/// What the card needs beside what is built in, in the order in which it must be
/// loaded. Which of them are built in is the kernel's choice.
const MODULES: [&str; 8] = [
    "virtio",
    "virtio_ring",
    "virtio_pci_legacy_dev",
    "virtio_pci_modern_dev",
    "virtio_pci",
    "failover",
    "net_failover",
    "virtio_net",
];
/// The one without which there is no network.
const CARD: &str = "virtio_net";

/// A kernel, unpacked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Kernel {
    /// The package, with its version.
    pub(super) package: String,
    pub(super) image: PathBuf,
    /// The modules, in the order in which they must be loaded.
    pub(super) modules: Vec<PathBuf>,
}

/// The newest kernel that can be had, or why there is none.
pub(super) fn find(say: &dyn Fn(&str)) -> Result<Kernel, String> {
    let folder = build::linux_kernels().map_err(|why| why.to_string())?;
    fs::create_dir_all(&folder).map_err(|why| format!("{}: {why}", folder.display()))?;
    let package = match kept(&folder) {
        Some(package) => package,
        None => {
            say("fetching Debian's cloud kernel");
            fetch(&folder)?;
            kept(&folder).ok_or("APT fetched no package")?
        }
    };
    let name = package.file_stem().unwrap_or_default().to_string_lossy();
    let unpacked = folder.join(&*name);
    if !unpacked.is_dir() {
        say("unpacking the kernel");
        unpack(&package, &unpacked)?;
    }
    in_folder(&unpacked, &name).ok_or_else(|| format!("{name} holds no kernel with {CARD}"))
}

/// The newest package in the folder.
fn kept(folder: &Path) -> Option<PathBuf> {
    let files = fs::read_dir(folder).ok()?.flatten().map(|it| it.path());
    let name = |path: &PathBuf| path.file_name().map(|it| it.to_string_lossy().into_owned());
    let is_package = |path: &PathBuf| {
        name(path).is_some_and(|it| it.starts_with(PREFIX) && it.ends_with(".deb"))
    };
    let packages = files.filter(is_package);
    packages.max_by_key(|path| name(path).map(|name| numbers(&name)))
}

fn fetch(folder: &Path) -> Result<(), String> {
    let known = run(Command::new("apt-cache")
        .args(["show", NEWEST])
        .env("LC_ALL", "C"))?;
    let (package, version) =
        newest(&known).ok_or("APT knows no cloud kernel: has it its lists of packages?")?;
    let wanted = format!("{package}={version}");
    let mut command = Command::new("apt-get");
    run(command
        .args(["-q", "download", &wanted])
        .current_dir(folder))
    .map(drop)
}

/// Of all versions of the package that depends on a kernel, the newest kernel.
fn newest(text: &str) -> Option<(String, String)> {
    let kernel = |line: &str| {
        let depends = line.strip_prefix("Depends: ")?;
        let first = depends.split(',').next()?.trim();
        let (package, version) = first.split_once(" (= ")?;
        let is_kernel = package.starts_with(PREFIX) && package.ends_with(SUFFIX);
        is_kernel.then(|| (package.to_owned(), version.trim_end_matches(')').to_owned()))
    };
    let kernels = text.lines().filter_map(kernel);
    kernels.max_by_key(|(package, version)| (numbers(package), numbers(version)))
}

/// The numbers in a name, to compare versions of one scheme.
fn numbers(name: &str) -> Vec<u64> {
    let parts = name.split(|c: char| !c.is_ascii_digit());
    parts.filter_map(|digits| digits.parse().ok()).collect()
}

/// Unpacks a package; the folder appears whole or not at all.
fn unpack(package: &Path, folder: &Path) -> Result<(), String> {
    let parent = folder.parent().unwrap_or(Path::new("."));
    let half = tempfile::tempdir_in(parent).map_err(|why| why.to_string())?;
    let whole = half.path().join("whole");
    run(Command::new("dpkg-deb").arg("-x").arg(package).arg(&whole))?;
    fs::rename(&whole, folder).map_err(|why| format!("{}: {why}", folder.display()))
}

/// The kernel and its modules in an unpacked package.
fn in_folder(folder: &Path, package: &str) -> Option<Kernel> {
    let image = entries(&folder.join("boot"))
        .into_iter()
        .find(|path| path.to_string_lossy().contains("/vmlinuz-"))?;
    // Debian has both: `/lib` of old, and `/usr/lib`.
    let library = ["lib/modules", "usr/lib/modules"].map(|it| folder.join(it));
    let mut all = Vec::new();
    library.iter().for_each(|it| collect(it, &mut all));
    let find = |name: &&str| all.iter().find(|path| module(path) == Some(name)).cloned();
    find(&CARD)?;
    Some(Kernel {
        package: package.replacen('_', " ", 1).replace("_amd64", ""),
        image,
        modules: MODULES.iter().filter_map(find).collect(),
    })
}

/// Every file below a folder.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for path in entries(folder) {
        match path.is_dir() {
            true => collect(&path, files),
            false => files.push(path),
        }
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

/// The name of the module in a file, which may be packed.
fn module(path: &Path) -> Option<&str> {
    let (name, ending) = path.file_name()?.to_str()?.split_once('.')?;
    (ending == "ko" || ending.starts_with("ko.")).then_some(name)
}

/// Runs a command; what it printed, or why that was in vain.
fn run(command: &mut Command) -> Result<String, String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|why| format!("`{program}` cannot be run: {why}"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    match output.status.success() {
        true => Ok(text(&output.stdout)),
        false => Err(format!("`{program}` failed: {}", text(&output.stderr))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_kernel_is_chosen_by_its_numbers() {
        let text = "Package: linux-image-cloud-amd64\nVersion: 6.1.192-2\n\
                    Depends: linux-image-6.1.0-49-cloud-amd64 (= 6.1.192-2)\n\n\
                    Depends: linux-image-6.12.95+deb12-cloud-amd64 (= 6.12.95-1~bpo12+1)\n\n\
                    Depends: linux-image-6.9.100-cloud-amd64 (= 6.9.100-1), initramfs\n";
        let (package, version) = newest(text).expect("a kernel");
        assert_eq!(package, "linux-image-6.12.95+deb12-cloud-amd64");
        assert_eq!(version, "6.12.95-1~bpo12+1");
        assert_eq!(newest("N: no packages found\n"), None);
    }

    #[test]
    fn an_unpacked_package_is_a_kernel_if_the_card_is_in_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |path: &str| folder.path().join(path);
        let modules = "lib/modules/6.12/kernel/drivers/net";
        fs::create_dir_all(at(modules)).expect("folders");
        fs::create_dir_all(at("boot")).expect("folders");
        fs::write(at("boot/vmlinuz-6.12"), "").expect("a file");
        let name = "linux-image-6.12-cloud-amd64_6.12-1_amd64";
        assert_eq!(in_folder(folder.path(), name), None);
        for module in ["virtio_net.ko.xz", "failover.ko", "other.ko"] {
            fs::write(at(modules).join(module), "").expect("a file");
        }
        let kernel = in_folder(folder.path(), name).expect("a kernel");
        assert_eq!(kernel.package, "linux-image-6.12-cloud-amd64 6.12-1");
        let names = kernel.modules.iter().filter_map(|path| module(path));
        assert_eq!(Vec::from_iter(names), ["failover", "virtio_net"]);
    }
}
