//! From a cargo package to a verified image.
//!
//! [`build`] finds a toolchain that can build the guest's library, builds the
//! components and the application (each only if something changed), packs
//! them and lets the image out only if it verifies. One build at a time uses
//! the target folder; files appear there whole or not at all.

pub mod error;
pub mod toolchain;

mod abi_object;
mod application;
mod cache;
mod cargo;
mod components;
mod embedded;
mod flags;
mod folders;
mod gate_pages;
mod host;
mod linker;
mod owners;
mod program;
mod suite;
mod tested;
mod wrpkru;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use domains::{Cell, Cells, Isolation, Purpose};

pub use error::BuildError;
pub(crate) use folders::cache;
pub use host::{LinuxPrograms, NativeGates};
pub(crate) use program::{REFUSED, refuse_arguments};
pub use suite::Suite;
pub use tested::{TestKind, TestPackage, TestTarget};

use crate::image::gate_page::GatePage;
use crate::image::pack::{self, Parts, Traits};
use crate::image::verify::{self, Rules, Verified};
use crate::image::{Component, sidecar};
use crate::rootfs;
use application::Recipe;
use folders::Folders;
use program::Program;
use toolchain::Toolchain;

/// What to build.
#[derive(Clone, Debug)]
pub struct BuildRequest {
    /// The package: its folder or its manifest; the current folder if none.
    pub path: Option<PathBuf>,
    /// How the image's domains are kept apart.
    pub isolation: Isolation,
    /// Cargo's own flags, passed through.
    pub cargo_args: Vec<OsString>,
    /// Where the image goes; below the target folder if none.
    pub output: Option<PathBuf>,
    /// Whether the core gets its test hooks.
    pub test_hooks: bool,
    /// Cells that the image does without.
    pub without: Vec<Cell>,
    /// The tests to build instead of a program.
    pub tests: Option<TestTarget>,
    /// The folder or tar file whose files travel in the image.
    pub rootfs: Option<PathBuf>,
}

impl BuildRequest {
    /// What the image is for.
    const fn purpose(&self) -> Purpose {
        if self.test_hooks {
            Purpose::Tests
        } else {
            Purpose::Use
        }
    }

    /// What the image says of itself.
    fn traits(&self) -> Traits {
        let all = Cells::of(self.purpose());
        let cells = self
            .without
            .iter()
            .fold(all, |cells, cell| cells.without(*cell));
        Traits {
            isolation: self.isolation,
            purpose: self.purpose(),
            cells,
        }
    }
}

/// What was built.
#[derive(Clone, Debug)]
pub struct Built {
    /// The image. Its symbols lie beside it.
    pub image: PathBuf,
    /// The program's name.
    pub program: String,
    /// What verification found.
    pub verified: Verified,
}

/// Builds, packs and verifies; says what it does by `progress`, and nothing
/// while cargo itself speaks to the user.
pub fn build(request: &BuildRequest, progress: &dyn Fn(&str)) -> miette::Result<Built> {
    Ok(Job::new(request)?.run(progress)?)
}

/// Where the package lies that measures these components and is called so: in
/// the repository, or unpacked from an installed tool.
pub fn benchmark(name: &str) -> miette::Result<PathBuf> {
    Ok(Folders::find()?.benchmark(name))
}

/// Where the example called so lies.
pub fn example(name: &str) -> miette::Result<PathBuf> {
    Ok(Folders::find()?.sources.join("examples").join(name))
}

/// The workspace with the components' sources.
pub fn sources() -> miette::Result<PathBuf> {
    Ok(Folders::find()?.sources)
}

/// The repository, if this program was built in one.
pub fn repository() -> miette::Result<Option<PathBuf>> {
    Ok(Folders::find()?.repository())
}

/// Whether the gate page of an image is one that this tool has built from its
/// sources as they are; none if it has built none for that isolation, and cannot
/// know.
pub fn has_built(isolation: Isolation, page: &GatePage) -> Option<bool> {
    gate_pages::remembers(&Folders::find().ok()?, isolation, page)
}

/// Where what benchmarks find goes, if nobody says otherwise.
pub fn results() -> miette::Result<PathBuf> {
    Ok(Folders::find()?.target.join("results"))
}

/// The folder of a package that is made of tests of Rust's own library.
pub fn suite_package(suite: Suite) -> miette::Result<PathBuf> {
    Ok(suite::package(suite)?)
}

/// The package at `path`, with its tests; `arguments` are cargo's own.
pub fn test_package(
    path: Option<&Path>,
    arguments: &[OsString],
) -> miette::Result<TestPackage> {
    Ok(tested::find(&toolchain::find()?, path, arguments)?)
}

/// Builds the plugin for QEMU that counts what each virtual CPU executes; its
/// file.
pub fn counter(progress: &dyn Fn(&str)) -> miette::Result<PathBuf> {
    Ok(host::counter(progress)?)
}

/// Builds the plugin for QEMU that makes code go wrong; its file.
pub fn injector(progress: &dyn Fn(&str)) -> miette::Result<PathBuf> {
    Ok(host::injector(progress)?)
}

/// Builds what measures the gates on this machine, under Linux.
pub fn native_gates(progress: &dyn Fn(&str)) -> miette::Result<NativeGates> {
    Ok(host::native_gates(progress)?)
}

/// Builds what runs on a Linux that is compared with: static programs.
pub fn linux_programs(progress: &dyn Fn(&str)) -> miette::Result<LinuxPrograms> {
    Ok(host::linux_programs(progress)?)
}

/// Where the kernel of that Linux is kept.
pub fn linux_kernels() -> miette::Result<PathBuf> {
    Ok(Folders::find()?.target.join("linux"))
}

/// Where campaigns of faults are kept.
pub fn campaigns() -> miette::Result<PathBuf> {
    Ok(Folders::find()?.target.join("inject"))
}

/// A request with everything that it needs found.
struct Job<'a> {
    request: &'a BuildRequest,
    is_release: bool,
    toolchain: Toolchain,
    folders: Folders,
    program: Program,
}

impl<'a> Job<'a> {
    fn new(request: &'a BuildRequest) -> Result<Job<'a>, BuildError> {
        let is_release = program::is_release(&request.cargo_args);
        if is_release && request.test_hooks {
            return Err(BuildError::TestHooks);
        }
        let toolchain = toolchain::find()?;
        let (path, arguments) = (request.path.as_deref(), &request.cargo_args);
        let program = match &request.tests {
            Some(target) => tested::choose(&toolchain, path, arguments, target)?,
            None => program::choose(&toolchain, path, arguments)?,
        };
        Ok(Job {
            request,
            is_release,
            folders: Folders::find()?,
            toolchain,
            program,
        })
    }

    fn run(&self, progress: &dyn Fn(&str)) -> Result<Built, BuildError> {
        let _lock = self.folders.lock(progress)?;
        // Files that cannot be packed are told before anything is built.
        let archive = self.archive(progress)?;
        let parts = Parts {
            archive,
            ..self.parts(progress)?
        };
        progress("packing");
        let image = pack::pack(&parts, self.request.traits())?;
        let gate_page = GatePage::built(&parts.gate)?;
        let verified = verify::verify_with(
            &image,
            Rules {
                release: self.is_release,
                gate_page: Some(gate_page),
            },
        )?;
        gate_pages::remember(&self.folders, self.request.isolation, &gate_page)?;
        let path = self.output()?;
        folders::install(
            &sidecar::path_of(&path),
            &sidecar::write(&parts, &verified.build_id),
        )?;
        folders::install(&path, &image)?;
        Ok(Built {
            image: path,
            program: self.program.name.clone(),
            verified,
        })
    }

    fn parts(&self, progress: &dyn Fn(&str)) -> Result<Parts, BuildError> {
        let (folders, toolchain) = (&self.folders, &self.toolchain);
        let traits = self.request.traits();
        let mut built = components::build(folders, toolchain, traits, progress)?;
        built.judge_depth()?;
        let object = abi_object::build(folders, toolchain, progress)?;
        let recipe = Recipe {
            folders,
            toolchain,
            program: &self.program,
            arguments: &self.request.cargo_args,
            object: &object,
        };
        Ok(Parts {
            app: self.application(&recipe, progress)?,
            core: built.take(Component::Core),
            gate: built.take(Component::Gate),
            safe: built.take(Component::Safe),
            cells: Cell::ALL.map(|cell| built.take(Component::Cell(cell))),
            archive: Vec::new(),
        })
    }

    /// The application's ELF file: built, unless it is a program of Rust's own
    /// tests that was built before.
    fn application(
        &self,
        recipe: &Recipe<'_>,
        progress: &dyn Fn(&str),
    ) -> Result<Vec<u8>, BuildError> {
        let suites = self.folders.suites();
        let manifest = &self.program.manifest;
        if !manifest.starts_with(&suites) {
            return recipe.build(progress);
        }
        let text = fs::read_to_string(manifest).map_err(BuildError::io("read", manifest))?;
        let ingredients = [&recipe.ingredients()[..], &[text]].concat();
        let ingredients: Vec<&str> = ingredients.iter().map(String::as_str).collect();
        let folder = suites.join("built");
        cache::kept(&folder, &self.program.label, &ingredients, || {
            recipe.build(progress)
        })
    }

    /// The files that travel in the image; nothing if there are none.
    fn archive(&self, progress: &dyn Fn(&str)) -> Result<Vec<u8>, BuildError> {
        let Some(path) = &self.request.rootfs else {
            return Ok(Vec::new());
        };
        progress("reading the files of the image");
        Ok(rootfs::archive(path)?)
    }

    /// Where the image goes.
    fn output(&self) -> Result<PathBuf, BuildError> {
        match &self.request.output {
            Some(path) => folders::absolute(path),
            None => Ok(self.folders.images().join(self.image_name())),
        }
    }

    fn image_name(&self) -> String {
        let release = if self.is_release { ".release" } else { "" };
        let hooks = if self.request.test_hooks {
            ".test-hooks"
        } else {
            ""
        };
        let without = self.request.without.iter().map(|cell| cell.name());
        let without = match without.collect::<Vec<_>>().join("-") {
            names if names.is_empty() => names,
            names => format!(".without-{names}"),
        };
        format!(
            "{}.{}{without}{release}{hooks}.cloister",
            self.program.label, self.request.isolation
        )
    }
}
