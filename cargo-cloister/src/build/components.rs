//! The kernels, the gate page and the core, as cargo builds them.

use std::fs;
use std::path::{Path, PathBuf};

use domains::{Cell, Cells, Isolation, Purpose};

use super::cargo::Built;
use super::folders::Folders;
use super::toolchain::Toolchain;
use super::{BuildError, cargo, flags};
use crate::image::pack::Traits;
use crate::image::{Component, depth};

/// The packages whose binaries are components, beside those of the cells, and
/// their folders.
const PACKAGES: [(&str, &str); 3] = [
    ("trusted-core", "trusted-core"),
    ("gate-page", "gate/page"),
    ("kernel-safe", "kernel-safe"),
];
/// The feature of components that tests need and releases must not have.
const TEST_HOOKS: &str = "test-hooks";

/// The gate pages of `none` and `mpk`, as files.
pub(super) fn gate_pages(
    folders: &Folders,
    toolchain: &Toolchain,
    progress: &dyn Fn(&str),
) -> Result<[PathBuf; 2], BuildError> {
    let built = cargo_build(
        folders,
        toolchain,
        Purpose::Use,
        Cells::of(Purpose::Use),
        progress,
    )?;
    let page = |isolation| {
        cargo::file_of(&built, &binary(Component::Gate, isolation)).map(Path::to_owned)
    };
    Ok([page(Isolation::None)?, page(Isolation::Mpk)?])
}

/// The linked components, without the application.
pub(super) struct Components {
    files: Vec<(Component, Vec<u8>)>,
}

impl Components {
    /// Takes the file of `component`.
    pub(super) fn take(&mut self, component: Component) -> Vec<u8> {
        let place = self.files.iter_mut().find(|(of, _)| *of == component);
        place.map_or(Vec::new(), |(_, file)| std::mem::take(file))
    }

    /// Refuses kernels whose calls can run out of their stacks.
    pub(super) fn judge_depth(&self) -> Result<(), BuildError> {
        for (component, file) in &self.files {
            depth::judge(*component, file)?;
        }
        Ok(())
    }
}

/// Builds the components of an image with these traits.
pub(super) fn build(
    folders: &Folders,
    toolchain: &Toolchain,
    traits: Traits,
    progress: &dyn Fn(&str),
) -> Result<Components, BuildError> {
    let built = cargo_build(folders, toolchain, traits.purpose, traits.cells, progress)?;
    let file = |component| {
        let path = cargo::file_of(&built, &binary(component, traits.isolation))?;
        let content = fs::read(path).map_err(BuildError::io("read", path))?;
        Ok((component, content))
    };
    let files =
        Component::of_image(traits.cells).filter(|component| *component != Component::App);
    Ok(Components {
        files: files.map(file).collect::<Result<_, BuildError>>()?,
    })
}

/// Has cargo build every component, with these cells; what it built.
fn cargo_build(
    folders: &Folders,
    toolchain: &Toolchain,
    purpose: Purpose,
    cells: Cells,
    progress: &dyn Fn(&str),
) -> Result<Vec<Built>, BuildError> {
    progress("building the kernels");
    let mut command = cargo::command(toolchain, "build");
    command
        .current_dir(&folders.sources)
        .env("CARGO_ENCODED_RUSTFLAGS", flags::kernel(folders, toolchain))
        .args(["--profile=image", "--target", cargo::KERNEL_TARGET])
        .args(["-Zbuild-std=core,alloc", "--target-dir"])
        .arg(folders.components());
    for (package, _) in packages(cells) {
        command.args(["--package", &package]);
    }
    if purpose == Purpose::Tests {
        command.arg(format!(
            "--features={}",
            hooked_packages(&folders.sources, cells).join(",")
        ));
    }
    cargo::run_quietly(command, "the kernels", progress)
}

/// The binary of `component`.
fn binary(component: Component, isolation: Isolation) -> String {
    match component {
        Component::Gate => format!("gate-{isolation}"),
        Component::Safe => "kernel-safe".into(),
        Component::Cell(cell) => format!("cell-{cell}"),
        Component::Core | Component::App => "trusted-core".into(),
    }
}

/// The packages of all components and their folders. A cell is a package and a
/// binary of one name: a driver in `kernel-unsafe`, or safe code in `kernel-safe`.
fn packages(cells: Cells) -> impl Iterator<Item = (String, String)> {
    let fixed = PACKAGES.map(|(package, folder)| (package.into(), folder.into()));
    let cells = cells.iter();
    let cells = cells.map(|cell| (format!("cell-{cell}"), folder_of(cell)));
    fixed.into_iter().chain(cells)
}

fn folder_of(cell: Cell) -> String {
    match cell {
        Cell::Net => format!("kernel-safe/{cell}"),
        _ => format!("kernel-unsafe/{cell}"),
    }
}

/// The feature, for every package that has it.
fn hooked_packages(sources: &Path, cells: Cells) -> Vec<String> {
    let has_feature = |folder: &str| {
        let manifest = fs::read_to_string(sources.join(folder).join("Cargo.toml"));
        manifest.is_ok_and(|text| text.lines().any(|line| line.starts_with(TEST_HOOKS)))
    };
    let packages = packages(cells).filter(|(_, folder)| has_feature(folder));
    packages
        .map(|(package, _)| format!("{package}/{TEST_HOOKS}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use domains::Cell;

    use super::*;

    #[test]
    fn each_kernel_must_say_how_deep_it_goes_and_nothing_else_must() {
        let components = |component| Components {
            files: vec![(component, b"nothing".to_vec())],
        };
        let cells = Cell::ALL.map(Component::Cell);
        for component in [Component::Core, Component::Safe].into_iter().chain(cells) {
            let judged = components(component).judge_depth();
            assert!(matches!(judged, Err(BuildError::TooDeep(_))), "{component}");
        }
        assert!(components(Component::Gate).judge_depth().is_ok());
    }
}
