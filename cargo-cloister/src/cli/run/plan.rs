//! From options and a package's defaults to a run with every choice made.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::time::Duration;

use super::{Occasion, RunOptions};
use crate::cli::choices::{self, LogLevel};
use crate::cli::defaults::Defaults;
use crate::cli::failure::{Failure, report};
use crate::cli::subject::Ready;
use crate::report::BACKTRACE_VARIABLE;
use crate::vm::{
    self, BootOptions, Host, Input, InvalidVolume, Machine, Memory, Spec, Volume, VolumeDriver,
};

/// How long QEMU may take to answer, which serves volumes itself: as long as the
/// host's disks may.
const NINEP_LIMIT: Duration = Duration::from_secs(120);
/// How long a `virtiofsd` may take. It may also have ended.
const VIRTIOFS_LIMIT: Duration = Duration::from_secs(30);

impl RunOptions {
    /// Makes every choice: the command line's, else the package's, else ours.
    pub(in crate::cli) fn plan(&self, ready: &Ready) -> Result<Spec, Failure> {
        let defaults = &ready.defaults;
        let spec = Spec::new(ready.image.clone(), ready.program.clone(), ready.isolation);
        let (network, setting) = self.network.plan(ready, self.occasion())?;
        let volumes = self.volumes(defaults, network.has_card())?;
        let accel = self.accel.or(defaults.accel).unwrap_or_default();
        let timeout = self.timeout.or(defaults.timeout);
        Ok(Spec {
            image_size: ready.size,
            memory: self.memory(defaults)?,
            cpus: self.cpus(defaults)?,
            machine: self.machine.or(defaults.machine).unwrap_or_default(),
            accel: accel.resolve(ready.isolation, self.icount, Host::probe())?,
            cpu: self.cpu.clone(),
            network,
            counted: self.icount,
            timeout: timeout.map(Duration::from_secs_f64),
            interrupt_log: self.trace_interrupts.clone(),
            input: Input::Own,
            volume_driver: self.volume_driver,
            options: BootOptions {
                volumes,
                network: setting,
                ..self.boot_options(ready)?
            },
            ..spec
        })
    }

    fn memory(&self, defaults: &Defaults) -> Result<Memory, Failure> {
        match (self.memory, &defaults.memory) {
            (Some(memory), _) => Ok(memory),
            (None, Some(text)) => text.parse().map_err(in_manifest("memory")),
            (None, None) => Ok(Memory::DEFAULT),
        }
    }

    fn cpus(&self, defaults: &Defaults) -> Result<u32, Failure> {
        match (self.cpus, defaults.cpus) {
            (Some(cpus), _) => Ok(cpus),
            (None, Some(cpus)) => choices::cpus(&cpus.to_string()).map_err(in_manifest("cpus")),
            (None, None) => Ok(1),
        }
    }

    /// Whether the run is to depend on the host as little as can be.
    fn occasion(&self) -> Occasion {
        match self.icount {
            true => Occasion::Measured,
            false => self.occasion,
        }
    }

    /// The folders of this machine that the guest sees.
    fn volumes(&self, defaults: &Defaults, has_card: bool) -> Result<Vec<Volume>, Failure> {
        let volumes = match self.volume.as_slice() {
            [] => {
                let parsed = defaults.volume.iter().map(|text| text.parse::<Volume>());
                let seen = parsed.map(|volume| Ok(volume?.seen_from(&defaults.directory)));
                seen.collect::<Result<_, InvalidVolume>>()
                    .map_err(in_manifest("volume"))?
            }
            volumes => volumes.to_vec(),
        };
        let machine = self.machine.or(defaults.machine).unwrap_or_default();
        Ok(vm::find_volumes(volumes, machine, has_card)?)
    }

    /// Whether the folders that the command line names are there.
    pub(super) fn try_volumes(&self) -> Result<(), Failure> {
        // The package may choose a machine with more room.
        let defaults = Defaults {
            machine: Some(Machine::Q35),
            ..Defaults::default()
        };
        self.volumes(&defaults, false).map(|_| ())
    }

    /// How long a volume's server may take. Where time passes by instructions,
    /// it says nothing of the host.
    fn volume_limit(&self) -> Option<Duration> {
        let given = self.volume_timeout.map(Duration::from_secs_f64);
        let usual = match self.volume_driver {
            VolumeDriver::Ninep => NINEP_LIMIT,
            VolumeDriver::Virtiofs => VIRTIOFS_LIMIT,
        };
        given.or((!self.icount).then_some(usual))
    }

    /// Refuses faults that the image cannot have.
    fn check_injections(&self, ready: &Ready) -> Result<(), Failure> {
        if self.injects() && !ready.test_hooks {
            let message = "this image was built without test hooks, which `--inject` needs";
            let help = "give the directory of the package, which is built with them then";
            return Err(Failure::usage(message, help));
        }
        let mut cells = self.inject.iter().map(|(cell, _)| *cell);
        while let Some(cell) = cells.next() {
            if cells.clone().any(|other| other == cell) {
                let message = format!("two faults are injected into {}", cell.title());
                return Err(Failure::usage(
                    message,
                    "give `--inject` once for each cell",
                ));
            }
        }
        Ok(())
    }

    fn boot_options(&self, ready: &Ready) -> Result<BootOptions, Failure> {
        self.check_injections(ready)?;
        let program = OsString::from(&ready.program);
        let arguments = std::iter::once(&program).chain(&self.arguments);
        let log = self.log.or(ready.defaults.log).unwrap_or(LogLevel::Warn);
        Ok(BootOptions {
            arguments: arguments.map(|text| text.as_bytes().to_vec()).collect(),
            environment: self.environment(&ready.defaults)?,
            log_level: log.number(),
            volume_limit: self.volume_limit(),
            cell_deadline_ms: self.cell_deadline,
            restart_limit: self.restart_limit,
            injections: self.inject.clone(),
            ..BootOptions::default()
        })
    }

    /// The package's variables, then the command line's in their place.
    fn environment(&self, defaults: &Defaults) -> Result<Vec<Vec<u8>>, Failure> {
        let mut variables = defaults
            .env
            .clone()
            .into_iter()
            .map(|(name, value)| (name, OsString::from(value)))
            .collect::<std::collections::BTreeMap<_, _>>();
        // A backtrace is the tool's work, so the variable that asks for one is
        // taken from where it is set for the tool.
        let asked = std::env::var_os(BACKTRACE_VARIABLE)
            .map(|value| (BACKTRACE_VARIABLE.to_owned(), value));
        if let Some((name, value)) = asked {
            variables.entry(name).or_insert(value);
        }
        for text in &self.env {
            if let Some((name, value)) = variable(text)? {
                variables.insert(name, value);
            }
        }
        let line = |(name, value): (String, OsString)| {
            [name.into_bytes(), b"=".to_vec(), value.into_vec()].concat()
        };
        Ok(variables.into_iter().map(line).collect())
    }
}

/// Reads `NAME=value`, or `NAME` for this process's own value if it has one.
fn variable(text: &str) -> Result<Option<(String, OsString)>, Failure> {
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name, Some(value.into())),
        None => (text, std::env::var_os(text)),
    };
    if name.is_empty() {
        let message = format!("`{text}` sets no variable");
        return Err(Failure::usage(message, "write -e NAME=VALUE, or -e NAME"));
    }
    Ok(value.map(|value| (name.to_owned(), value)))
}

/// A value of the package's own that cannot be used.
pub(super) fn in_manifest<E: std::fmt::Display>(key: &str) -> impl Fn(E) -> Failure {
    move |error| {
        let message = format!("{key} in [package.metadata.cloister]: {error}");
        Failure::build(report(message, "correct the package's manifest"))
    }
}

#[cfg(test)]
mod tests {
    use domains::{Cells, Isolation, Purpose};

    use super::*;

    fn ready(defaults: Defaults) -> Ready {
        Ready {
            image: "hello.cloister".into(),
            program: "hello".to_owned(),
            isolation: Isolation::Mpk,
            size: 0,
            test_hooks: false,
            cells: Cells::of(Purpose::Use),
            defaults,
        }
    }

    #[test]
    fn a_packages_volumes_lie_where_the_package_does() {
        let defaults = Defaults {
            volume: vec!["etc:/etc:ro".to_owned()],
            directory: "/".into(),
            ..Defaults::default()
        };
        let volumes = plan(&RunOptions::default(), defaults.clone())
            .options
            .volumes;
        assert_eq!(volumes[0].host, std::path::Path::new("/etc"));
        let options = RunOptions {
            volume: vec!["/:/other".parse().expect("a volume")],
            ..RunOptions::default()
        };
        let volumes = plan(&options, defaults).options.volumes;
        assert_eq!(volumes.len(), 1);
        assert_eq!(volumes[0].guest, "/other");
    }

    #[test]
    fn a_server_has_its_time_unless_time_is_counted() {
        let limit = |icount, volume_timeout| {
            let options = RunOptions {
                icount,
                volume_timeout,
                ..RunOptions::default()
            };
            options.volume_limit()
        };
        assert_eq!(limit(false, None), Some(NINEP_LIMIT));
        assert_eq!(limit(true, None), None);
        assert_eq!(limit(true, Some(2.0)), Some(Duration::from_secs(2)));
    }

    fn plan(options: &RunOptions, defaults: Defaults) -> Spec {
        options.plan(&ready(defaults)).expect("a valid plan")
    }

    #[test]
    fn the_command_line_comes_before_the_package() {
        let defaults = || Defaults {
            memory: Some("10M".to_owned()),
            machine: Some(Machine::Q35),
            ..Defaults::default()
        };
        let spec = plan(&RunOptions::default(), defaults());
        assert_eq!(
            (spec.memory.to_string().as_str(), spec.machine),
            ("10M", Machine::Q35)
        );
        let memory = "128M".parse().ok();
        let spec = plan(
            &RunOptions {
                memory,
                ..RunOptions::default()
            },
            defaults(),
        );
        assert_eq!(spec.memory.to_string(), "128M");
    }

    #[test]
    fn the_program_is_its_own_first_argument() {
        let arguments = vec!["write".into(), "safe".into()];
        let spec = plan(
            &RunOptions {
                arguments,
                ..RunOptions::default()
            },
            Defaults::default(),
        );
        assert_eq!(
            spec.options.arguments,
            [b"hello".to_vec(), b"write".into(), b"safe".into()]
        );
    }

    #[test]
    fn variables_of_the_command_line_replace_the_packages() {
        let env = [("A", "1"), ("B", "2")].map(|(name, value)| (name.into(), value.into()));
        let defaults = Defaults {
            env: env.into(),
            ..Defaults::default()
        };
        let options = RunOptions {
            // The last is here whatever the environment of this test has.
            env: vec![
                "B=3=4".into(),
                "NO_SUCH_VARIABLE_ANYWHERE".into(),
                "RUST_BACKTRACE=0".into(),
            ],
            ..RunOptions::default()
        };
        let spec = plan(&options, defaults);
        assert_eq!(
            spec.options.environment,
            [b"A=1".to_vec(), b"B=3=4".into(), b"RUST_BACKTRACE=0".into()]
        );
        assert!(variable("=x").is_err());
    }

    #[test]
    fn the_number_of_cpus_is_checked_wherever_it_comes_from() {
        let defaults = |cpus| Defaults {
            cpus: Some(cpus),
            ..Defaults::default()
        };
        assert_eq!(plan(&RunOptions::default(), defaults(4)).cpus, 4);
        let options = RunOptions {
            cpus: Some(2),
            ..RunOptions::default()
        };
        assert_eq!(plan(&options, defaults(4)).cpus, 2);
        assert!(RunOptions::default().plan(&ready(defaults(9))).is_err());
    }

    #[test]
    fn a_wrong_size_in_the_manifest_is_an_error() {
        let defaults = Defaults {
            memory: Some("much".to_owned()),
            ..Defaults::default()
        };
        assert!(RunOptions::default().plan(&ready(defaults)).is_err());
    }
}
