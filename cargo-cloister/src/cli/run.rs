//! `cargo cloister run`.

use std::ffi::OsString;
use std::path::{self, PathBuf};

use clap::Args;
use domains::{Cell, Injection, Isolation, RestartLimit};

use super::choices::{self, LogLevel, Output};
use super::failure::Failure;
use super::show;
use super::subject::{BuildOptions, Subject};
use super::walls;
use crate::image::symbols::Symbols;
use crate::outlet::{Passed, tell};
use crate::report::{Detail, Events, Style, Terminal};
use crate::vm::{
    self, AccelChoice, Ending, Machine, Memory, Sink, Spec, Stream, Volume, VolumeDriver,
};

mod dump;
mod network;
mod plan;

use dump::OnViolation;
use network::{NetworkOptions, Occasion};

/// Build a package, or take a packed image, and boot it in QEMU.
///
/// Ends with the program's own status; with 120 if the program crossed a wall,
/// 121 if the time limit passed, 122 if the machine did not start, 123 if the
/// safe kernel failed, or without walls a cell, 134 if the program panicked or aborted.
#[derive(Args, Debug)]
pub(super) struct Run {
    /// A package's directory or a packed image [default: the current directory]
    #[arg(value_name = "PATH|IMAGE")]
    path: Option<PathBuf>,
    #[command(flatten)]
    how: RunOptions,
    #[command(flatten)]
    build: BuildOptions,
}

/// How to boot.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct RunOptions {
    /// Memory of the guest [default: 64M]
    #[arg(short, long, value_name = "SIZE")]
    memory: Option<Memory>,
    /// Virtual CPUs of the guest, at most 8; with --icount they take turns
    /// [default: 1]
    #[arg(short, long, value_name = "N", value_parser = choices::cpus)]
    cpus: Option<u32>,
    /// Show the program a folder of this machine
    #[arg(long, value_name = "HOST:GUEST[:ro|rw][:umask=022]")]
    volume: Vec<Volume>,
    /// Who serves the folders
    #[arg(long, value_name = "DRIVER", default_value_t)]
    volume_driver: VolumeDriver,
    /// Fail a file operation on a volume that takes longer [default: 120, by
    /// virtiofs 30; with --icount, never]
    #[arg(long, value_name = "SECONDS", value_parser = choices::seconds)]
    volume_timeout: Option<f64>,
    /// How often a cell (a domain of drivers: `console`, `hostfs`) that fails is
    /// started anew, in a second and in a minute, at most 64 each; then it is given
    /// up, and whoever uses it gets an error. `0/s,0/min` never starts it anew;
    /// `none` sets no limit, but for a cell that does not come up. With
    /// --isolation=none a cell's fault ends the machine [default: 16/s,64/min]
    #[arg(long, value_name = "N/s,N/min|none", value_parser = choices::restart_limit)]
    restart_limit: Option<RestartLimit>,
    /// How long a call of a cell may take, by the ticks of the virtual CPU; then the
    /// cell is stopped and started anew, like one that faults; from
    /// 20 to 600000 [default: 100]
    #[arg(long, value_name = "MILLISECONDS", value_parser = choices::cell_deadline)]
    cell_deadline: Option<u32>,
    /// Have a cell do wrong in its Nth call, in every Nth, in one of N as chance has it,
    /// or in its first N starts: read, write or jump to memory of a domain, panic, hang, or answer with
    /// garbage; for example `hostfs=write:safe,every=50`. Once for each cell. Builds the
    /// kernels with test hooks
    #[arg(
        long,
        value_name = "CELL=FAULT,every=N|once=N|rate=1/N[,seed=S]|start=N",
        value_parser = choices::injection
    )]
    inject: Vec<(Cell, Injection)>,
    /// Set a variable of the program's environment; without a value, pass on
    /// this process's
    #[arg(short, long, value_name = "NAME=VALUE")]
    env: Vec<String>,
    /// How much the core prints, on standard error [default: warn]
    #[arg(long, value_name = "LEVEL")]
    log: Option<LogLevel>,
    /// What runs the guest's instructions [default: auto]
    #[arg(long, value_name = "ACCEL")]
    accel: Option<AccelChoice>,
    /// The CPU's model as QEMU names it
    #[arg(long, hide = true, value_name = "MODEL")]
    cpu: Option<String>,
    /// The virtual machine [default: microvm]
    #[arg(long, value_name = "MACHINE")]
    machine: Option<Machine>,
    /// End the run after so many seconds, with status 121
    #[arg(long, value_name = "SECONDS", value_parser = choices::seconds)]
    timeout: Option<f64>,
    /// Let time pass by instructions, so that every run is alike that hears
    /// nothing from the host; where all threads wait for it, time leaps to the
    /// next deadline
    #[arg(long)]
    icount: bool,
    /// Print a shell command that boots the same machine, with an empty standard input,
    /// instead of running it
    #[arg(long)]
    dry_run: bool,
    /// Whom the output is for
    #[arg(long, value_name = "FORMAT", default_value_t)]
    output: Output,
    /// What a program leaves that is stopped: `core` has its memory and registers written to
    /// PROGRAM.core in the current folder, for a debugger
    #[arg(long, value_name = "WHAT", default_value_t)]
    on_violation: OnViolation,
    /// Log every interrupt and exception
    #[arg(long, hide = true, value_name = "FILE")]
    trace_interrupts: Option<PathBuf>,
    #[command(flatten)]
    network: NetworkOptions,
    /// What the boots are for
    #[arg(skip)]
    occasion: Occasion,
    /// Arguments for the program
    #[arg(last = true, value_name = "ARGS")]
    arguments: Vec<OsString>,
}

impl RunOptions {
    /// Nothing out of the ordinary but the program's arguments.
    pub(super) fn with_arguments(arguments: Vec<OsString>) -> RunOptions {
        RunOptions {
            arguments,
            ..RunOptions::default()
        }
    }

    /// The program's arguments.
    pub(super) fn arguments(&self) -> &[OsString] {
        &self.arguments
    }

    /// The time limit that was given.
    pub(super) fn limit(&self) -> Option<f64> {
        self.timeout
    }

    /// The same choices for a program that gets more memory where nobody says
    /// how much, and no time limit.
    pub(super) fn for_tests(&self) -> RunOptions {
        RunOptions {
            memory: self.memory.or("256M".parse().ok()),
            timeout: None,
            occasion: Occasion::Measured,
            arguments: Vec::new(),
            ..self.clone()
        }
    }

    /// The same choices for runs in which something goes wrong: all alike, as far as the
    /// host has no part in them.
    pub(super) fn for_faults(&self) -> RunOptions {
        RunOptions {
            icount: true,
            // A manifest may want more.
            cpus: Some(1),
            ..self.clone()
        }
    }

    /// Whether KVM is to run them, which executes instructions by itself.
    pub(super) fn wants_kvm(&self) -> bool {
        self.accel == Some(AccelChoice::Kvm)
    }

    /// The first option that makes no sense for such runs.
    pub(super) fn not_for_faults(&self) -> Option<&'static str> {
        let given = [
            ("--dry-run", self.dry_run),
            ("--inject", self.injects()),
            ("--cpus", self.cpus.is_some_and(|cpus| cpus > 1)),
            ("--trace-interrupts", self.trace_interrupts.is_some()),
            ("--on-violation", self.dumps()),
        ];
        let given = given.into_iter().find(|(_, is_given)| *is_given);
        given.map(|(option, _)| option)
    }

    /// Whether a program is to leave its memory.
    pub(super) fn dumps(&self) -> bool {
        self.on_violation != OnViolation::Exit
    }

    /// Whether only the command is wanted, and no run.
    pub(super) fn is_dry(&self) -> bool {
        self.dry_run
    }

    /// Whether a cell is made to do wrong, for which an image has to have test hooks.
    pub(super) fn injects(&self) -> bool {
        !self.inject.is_empty()
    }

    /// Whom the output is for.
    pub(super) fn output(&self) -> Output {
        self.output
    }

    /// Finds out early what would stop the run after a long build.
    pub(super) fn look_ahead(&self) -> Result<(), Failure> {
        if !self.dry_run {
            vm::qemu_program()?;
            self.network.look_ahead()?;
            self.try_volumes()?;
        }
        Ok(())
    }
}

impl Run {
    /// Builds and runs the package at `path`.
    pub(super) fn of(path: PathBuf, build: BuildOptions, how: RunOptions) -> Run {
        Run {
            path: Some(path),
            how,
            build,
        }
    }

    pub(super) fn run(mut self) -> Result<u8, Failure> {
        let subject = Subject::at(self.path.as_deref())?;
        self.build.check(&subject)?;
        self.build.test_hooks |= self.how.injects();
        self.build.set_up()?;
        self.how.look_ahead()?;
        let ready = subject.ready(&self.build)?;
        let spec = self.how.plan(&ready)?;
        if self.how.dry_run {
            return dry_run(spec);
        }
        if !self.build.cargo.quiet {
            announce(&spec);
        }
        let detail = self.build.cargo.detail();
        let dumped = dump::before(self.how.on_violation, spec)?;
        let spec = dumped.spec();
        let ending = boot(spec, &mut *listener(self.how.output, detail, spec));
        // The status is the program's, whatever can be written.
        if let Err(failure) = dumped.write(&ending, self.how.output) {
            failure.print();
        }
        if let Some(problem) = ending.problem {
            Failure::new(ending.status, problem).print();
        }
        Ok(ending.status)
    }
}

fn announce(spec: &Spec) {
    tell(spec);
    if !spec.options.injections.is_empty() && spec.isolation == Isolation::None {
        tell(
            "warning: without walls a fault ends the machine; only a cell that lies is started anew",
        );
    }
    announce_network(spec);
}

/// Says what the command line does not say of the network.
pub(super) fn announce_network(spec: &Spec) {
    let published = spec.network.publish.iter();
    let chosen = published.filter(|publish| publish.is_chosen);
    chosen.for_each(|publish| tell(format_args!("publishing {publish}")));
    if let Some(warning) = spec.network.warning() {
        tell(format_args!("warning: {warning}"));
    }
}

fn listener(output: Output, detail: Detail, spec: &Spec) -> Box<dyn Sink> {
    let symbols = Symbols::open(&spec.image);
    let style = Style::in_environment(&spec.options.environment);
    match output {
        Output::Human => Box::new(Terminal::new(symbols, style).with_detail(detail)),
        Output::Json => Box::new(Events::new(Passed(Stream::Stdout), symbols)),
    }
}

/// Runs, and lets the listener know even if there was nothing to run.
fn boot(spec: &Spec, sink: &mut dyn Sink) -> Ending {
    if let Some(weak) = walls::first_weakness(spec) {
        let _nobody_listens = sink.weak_walls(&weak);
    }
    if let Some(unfair) = spec.unfair_turns() {
        let _nobody_listens = sink.warning(&unfair);
    }
    for publish in &spec.network.publish {
        let _nobody_listens = sink.published(publish);
    }
    vm::run(spec, sink).unwrap_or_else(|error| {
        let ending = Ending::not_started(error);
        let _nobody_listens = sink.ended(&ending);
        ending
    })
}

/// Prints a command that boots the same machine, wherever it is called.
fn dry_run(mut spec: Spec) -> Result<u8, Failure> {
    let program = vm::qemu_program().unwrap_or_else(|_| "qemu-system-x86_64".into());
    spec.image = path::absolute(&spec.image).unwrap_or(spec.image);
    show::line(vm::command::replay(&spec, &program)?)?;
    Ok(0)
}
