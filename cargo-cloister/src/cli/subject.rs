//! What a command is about: a cargo package, or a packed image.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use domains::{Cell, Cells, Isolation, Purpose, status};

use super::cargo::{CargoOptions, Refused as RefusedOptions};
use super::choices;
use super::defaults::Defaults;
use super::failure::{Failure, report};
use super::parts::{Part, cells_of};
use super::progress::Progress;
use crate::build::{self, BuildRequest};
use crate::image::gate_page::GatePage;
use crate::image::packed::Packed;
use crate::image::verify::{self, Refused, Violation};
use crate::outlet::tell;
use crate::setup;

/// What to build, and how.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct BuildOptions {
    /// How the image keeps its domains apart [default: mpk]
    #[arg(long, value_name = "MODE",
          value_parser = choices::isolation())]
    pub(super) isolation: Option<Isolation>,
    /// Where to put the image; else it goes to `cloister/images` in the
    /// repository's target folder, or for an installed tool in the user's
    /// cache, and `build` says where
    #[arg(short = 'o', long = "out", value_name = "FILE")]
    pub(super) image: Option<PathBuf>,
    /// Pack the files of a folder or a tar file into the image, read-only, for
    /// the program to find below `/`
    #[arg(long, value_name = "DIR|TAR")]
    pub(super) rootfs: Option<PathBuf>,
    /// Leave a part of the kernel out of the image [default: leave nothing out]
    #[arg(long, value_name = "PART")]
    pub(super) without: Vec<Part>,
    /// First install what is missing, as `doctor --fix` does
    #[arg(long)]
    pub(super) setup: bool,
    /// Build the trusted core with its test hooks
    #[arg(long, hide = true)]
    pub(super) test_hooks: bool,
    #[command(flatten)]
    pub(super) cargo: CargoOptions,
    #[command(flatten)]
    pub(super) refused: RefusedOptions,
}

/// A package or an image, told apart by what lies at the path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Subject {
    /// The package in this directory.
    Package(Option<PathBuf>),
    /// A packed image.
    Image(PathBuf),
}

/// An image that is verified and can be booted.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) image: PathBuf,
    pub(super) program: String,
    pub(super) isolation: Isolation,
    /// Bytes of memory that it fills before anything runs.
    pub(super) size: u64,
    /// Whether its kernels have test hooks.
    pub(super) test_hooks: bool,
    /// The cells that it has.
    pub(super) cells: Cells,
    pub(super) defaults: Defaults,
}

impl BuildOptions {
    /// Refuses what makes no sense for this subject.
    pub(super) fn check(&self, subject: &Subject) -> Result<(), Failure> {
        self.refused.check()?;
        match (subject, self.only_for_building()) {
            (Subject::Image(_), Some(option)) => Err(Failure::usage(
                format!("this is an image already, and `{option}` is for building one"),
                format!("leave `{option}` away, or give the directory of a package"),
            )),
            _ => Ok(()),
        }
    }

    /// Refuses an isolation that is not this image's.
    pub(super) fn check_isolation(&self, isolation: Isolation) -> Result<(), Failure> {
        if self.isolation.is_none_or(|wanted| wanted == isolation) {
            return Ok(());
        }
        let message = format!("this image was built with --isolation={isolation}");
        let help = "isolation is chosen when an image is built";
        Err(Failure::usage(message, help))
    }

    /// The first option that an image comes too late for. Isolation is not
    /// among them: it can be compared with the image's.
    fn only_for_building(&self) -> Option<String> {
        let ours = [
            ("-o", self.image.is_some()),
            ("--rootfs", self.rootfs.is_some()),
            ("--without", !self.without.is_empty()),
            ("--test-hooks", self.test_hooks),
        ];
        let ours = ours.into_iter().find(|(_, given)| *given);
        let cargos = self.cargo.only_for_building();
        ours.map(|(option, _)| option.to_owned())
            .or(cargos.map(|option| option.to_string_lossy().into_owned()))
    }

    /// The files for the image: those of the command line, else the package's.
    pub(super) fn rootfs(&self, defaults: &Defaults) -> Option<PathBuf> {
        self.rootfs.clone().or_else(|| defaults.rootfs.clone())
    }

    /// The cells that the image does without: by the command line, else by the package.
    pub(super) fn without(&self, defaults: &Defaults) -> Vec<Cell> {
        match self.without.as_slice() {
            [] => cells_of(&defaults.without),
            parts => cells_of(parts),
        }
    }

    /// Installs what is missing, if the user or the environment wants it.
    pub(super) fn set_up(&self) -> Result<(), Failure> {
        if self.setup || setup::requested() {
            setup::fix(&|what| tell(what))?;
        }
        Ok(())
    }
}

impl Subject {
    /// Looks at what the path leads to; none is the current directory.
    pub(super) fn at(path: Option<&Path>) -> Result<Subject, Failure> {
        let Some(path) = path else {
            return Ok(Subject::Package(None));
        };
        let found = fs::metadata(path).map_err(|error| {
            let help = "give the directory of a cargo package, or a packed image";
            Failure::build(report(
                format!("cannot open `{}`: {error}", path.display()),
                help,
            ))
        })?;
        if found.is_dir() {
            return Ok(Subject::Package(Some(path.to_owned())));
        }
        if path.file_name().is_some_and(|name| name == "Cargo.toml") {
            let directory = path
                .parent()
                .filter(|parent| !parent.as_os_str().is_empty());
            return Ok(Subject::Package(directory.map(Path::to_owned)));
        }
        if !found.is_file() {
            let message = format!("`{}` is neither a folder nor a file", path.display());
            let help = "give the directory of a cargo package, or a packed image";
            return Err(Failure::build(report(message, help)));
        }
        Ok(Subject::Image(path.to_owned()))
    }

    /// Builds the package, or verifies the image.
    pub(super) fn ready(self, options: &BuildOptions) -> Result<Ready, Failure> {
        match self {
            Subject::Package(path) => built(path, options),
            Subject::Image(path) => given(path, options),
        }
    }
}

fn built(path: Option<PathBuf>, options: &BuildOptions) -> Result<Ready, Failure> {
    let defaults = Defaults::of(path.as_deref(), options.cargo.package.as_deref())?;
    let isolation = options
        .isolation
        .or(defaults.isolation)
        .unwrap_or(Isolation::Mpk);
    let request = BuildRequest {
        path,
        isolation,
        cargo_args: options.cargo.arguments(),
        output: options.image.clone(),
        test_hooks: options.test_hooks,
        without: options.without(&defaults),
        tests: None,
        rootfs: options.rootfs(&defaults),
    };
    let progress = Progress::start(options.cargo.quiet);
    let built = build::build(&request, &|what| progress.say(what)).map_err(Failure::build)?;
    ready(built, isolation, defaults)
}

fn given(image: PathBuf, options: &BuildOptions) -> Result<Ready, Failure> {
    let bytes = read(&image)?;
    let not_bootable = |error| Failure::new(status::NOT_STARTED, error);
    let verified = verify::verify(&bytes).map_err(not_bootable)?;
    let isolation = verified.isolation;
    options.check_isolation(isolation)?;
    check_gate_page(isolation, &verified.gate_page).map_err(not_bootable)?;
    let name = image.file_stem().unwrap_or_default();
    let program = name.to_string_lossy().into_owned();
    let defaults = Defaults::default();
    Ok(described(image, program, isolation, defaults, &bytes))
}

/// Refuses a gate page that is none of those that this tool has built. One that has
/// built none says what it cannot know.
pub(super) fn check_gate_page(isolation: Isolation, page: &GatePage) -> Result<(), Refused> {
    match build::has_built(isolation, page) {
        Some(true) => Ok(()),
        Some(false) => Err(Refused::Violations(vec![Violation::GatePage])),
        None => {
            tell(format_args!(
                "warning: this tool has never built a gate page to compare this image's with \
                 ({page}): its checks of rights and tokens are proved, and nothing else of it"
            ));
            Ok(())
        }
    }
}

fn read(image: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(image).map_err(|error| {
        let message = format!("cannot read `{}`: {error}", image.display());
        Failure::new(status::NOT_STARTED, report(message, "may you read it?"))
    })
}

/// What was built, with what is needed to boot it.
pub(super) fn ready(
    built: build::Built,
    isolation: Isolation,
    defaults: Defaults,
) -> Result<Ready, Failure> {
    let bytes = read(&built.image)?;
    let (image, program) = (built.image, built.program);
    Ok(described(image, program, isolation, defaults, &bytes))
}

/// An image that was verified, with what its header says.
fn described(
    image: PathBuf,
    program: String,
    isolation: Isolation,
    defaults: Defaults,
    bytes: &[u8],
) -> Ready {
    let header = Packed::read(bytes).map(|packed| packed.header).ok();
    let cells = header.and_then(|header| header.cells());
    Ready {
        image,
        program,
        isolation,
        size: header.map_or(0, |header| header.physical_end),
        test_hooks: header.is_some_and(|header| header.test_hooks != 0),
        cells: cells.unwrap_or(Cells::of(Purpose::Use)),
        defaults,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_and_images_are_told_apart() {
        let directory = tempfile::tempdir().expect("a directory");
        let place = |name| directory.path().join(name);
        fs::write(place("Cargo.toml"), "").expect("a file");
        fs::write(place("hello.cloister"), "").expect("a file");
        let at = |path: &Path| Subject::at(Some(path)).expect("something is there");
        let package = Subject::Package(Some(directory.path().to_owned()));
        assert_eq!(at(directory.path()), package);
        assert_eq!(at(&place("Cargo.toml")), package);
        assert_eq!(
            at(&place("hello.cloister")),
            Subject::Image(place("hello.cloister"))
        );
        assert!(Subject::at(Some(&place("nothing"))).is_err());
        let endless = Subject::at(Some(Path::new("/dev/zero")));
        assert!(endless.is_err(), "it would be read to its end");
    }
}
