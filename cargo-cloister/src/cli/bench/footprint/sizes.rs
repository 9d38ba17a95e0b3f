//! Optimised images, by component.

use domains::Isolation;
use serde::{Deserialize, Serialize};

use crate::build;
use crate::cli::bench::program::{Benchmark, Kernels};
use crate::cli::bench::results::Measured;
use crate::cli::bench::rows;
use crate::cli::bench::services::{KINDS, Kind};
use crate::cli::bench::{How, Set};
use crate::cli::failure::Failure;
use crate::image::inspect::{ComponentView, Inspection};
use crate::vm::Spec;

/// An image that was built.
pub(super) struct Build {
    /// The program in it.
    pub(super) name: &'static str,
    /// What it is asked, if it serves.
    pub(super) kind: Option<&'static Kind>,
    pub(super) spec: Spec,
}

/// How large an image is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::cli::bench) struct Image {
    pub(in crate::cli::bench) program: String,
    pub(in crate::cli::bench) isolation: String,
    /// Bytes of the file.
    pub(in crate::cli::bench) file: u64,
    pub(in crate::cli::bench) parts: Vec<Part>,
}

/// Bytes of a component's pages.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::cli::bench) struct Part {
    name: String,
    text: u64,
    constants: u64,
    data: u64,
}

/// Builds `hello` and the servers, optimised, without walls and with.
pub(super) fn builds(how: &How) -> Result<Vec<Build>, Failure> {
    let hello = build::example("hello").map_err(Failure::build)?;
    let hello = Benchmark::find(Some(hello), "hello", Kernels::Plain)?;
    let services = Benchmark::find(None, "services", Kernels::Plain)?;
    let (http, kv) = (&KINDS[0], &KINDS[1]);
    let mut builds = Vec::new();
    for isolation in [Isolation::None, Isolation::Mpk] {
        for (name, benchmark, kind) in [
            ("hello", &hello, None),
            ("http", &services, Some(http)),
            ("kv", &services, Some(kv)),
        ] {
            let spec = benchmark.build(isolation, how.timeout(Set::Quick))?;
            builds.push(Build { name, kind, spec });
        }
    }
    Ok(builds)
}

/// The sizes of each image; the servers are one.
pub(super) fn of(builds: &[Build]) -> Result<Vec<Image>, Failure> {
    let different = builds.iter().filter(|build| build.name != "kv");
    different.map(image).collect()
}

fn image(build: &Build) -> Result<Image, Failure> {
    let inspection = Inspection::of(&build.spec.image).map_err(Failure::build)?;
    let program = match build.name {
        "http" => "http and kv",
        name => name,
    };
    Ok(Image {
        program: program.to_owned(),
        isolation: build.spec.isolation.name().to_owned(),
        file: inspection.file_size,
        parts: inspection.components.iter().map(Part::of).collect(),
    })
}

impl Part {
    fn of(component: &ComponentView) -> Part {
        Part {
            name: component.name.to_owned(),
            text: component.text,
            constants: component.constants,
            data: component.data,
        }
    }
}

impl Image {
    /// Whether it is no larger than `bytes`, if it is the one that is limited.
    pub(super) fn is_small(&self, bytes: u64) -> bool {
        self.program != "hello" || self.file <= bytes
    }

    pub(super) fn measured(&self) -> Measured {
        let words = [&self.program, &self.isolation, "bytes"];
        Measured::exact(&words.map(|word: &str| word), self.file as f64)
    }

    pub(super) fn cells(&self) -> Vec<Vec<String>> {
        let line = |part: &str, sizes: [String; 4]| {
            let name = [
                self.program.clone(),
                self.isolation.clone(),
                part.to_owned(),
            ];
            [name.to_vec(), sizes.to_vec()].concat()
        };
        let none = String::new;
        let part = |part: &Part| {
            let [text, constants, data] =
                [part.text, part.constants, part.data].map(rows::whole);
            line(&part.name, [text, constants, data, none()])
        };
        let file = line("all", [none(), none(), none(), rows::whole(self.file)]);
        self.parts.iter().map(part).chain([file]).collect()
    }
}
