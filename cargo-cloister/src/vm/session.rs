//! The course of a run: listens, passes on, and ends it when it must.

use std::io;
use std::mem;
use std::process::Child;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use domains::Cell;
use domains::report::{Fault, Record, TRACES_MAX};
use signal_hook::SigId;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::ending::{Observed, Stop};
use super::launch::{Running, launch};
use super::lines::Lines;
use super::network::Heard;
use super::socket::{self, Event, SOCKETS, Source};
use super::virtiofsd::Servers;
use super::{Ending, Error, Sink, Spec, Stream, pieces};

/// How often we look for signals while the guest is silent.
const TICK: Duration = Duration::from_millis(50);
/// How long QEMU may stay after the core said that it is over.
const LINGER: Duration = Duration::from_secs(2);
/// The same where it has counts to write, on a host that may be busy.
const LINGER_COUNTING: Duration = Duration::from_secs(60);
/// How many lines of QEMU's are kept to be quoted.
const QUOTED: usize = 16;

/// Runs `spec` to its end, telling `sink` what the guest says.
///
/// The error is for a machine that was never started; whatever happens later
/// stands in the [`Ending`].
pub fn run(spec: &Spec, sink: &mut dyn Sink) -> Result<Ending, Error> {
    let mut signals =
        Interrupts::catch().map_err(Error::prepare("signals cannot be caught"))?;
    let mut running = launch(spec)?;
    let mut session = Session::new(spec, sink);
    while session.open_sources > 0 {
        if session.has_room() {
            match running.events.recv_timeout(TICK) {
                Ok(event) => session.take(event, &running),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        session.look_at(signals.pending());
        session.look_at_servers(&mut running.servers);
        if session.must_end() {
            let _it_may_be_gone = running.qemu.kill();
        }
    }
    session.finish();
    drop(running.watchdog);
    session.wait_for(&mut running.qemu, &mut signals);
    Ok(session.end(&mut signals))
}

struct Session<'a> {
    sink: &'a mut dyn Sink,
    observed: Observed,
    open_sources: usize,
    control: Lines,
    serial: Lines,
    qemu: Lines,
    deadline: Option<(Instant, f64)>,
    linger: Option<Instant>,
    linger_for: Duration,
    /// How many lines of backtraces there were.
    traces: u32,
    /// What it has said of its network.
    heard: Heard,
    /// Whether it was said that output may come twice.
    may_double: bool,
}

impl<'a> Session<'a> {
    fn new(spec: &Spec, sink: &'a mut dyn Sink) -> Session<'a> {
        sink.outlet().inspect(|outlet| outlet.take_time());
        let deadline = spec
            .timeout
            .map(|limit| (Instant::now() + limit, limit.as_secs_f64()));
        Session {
            sink,
            observed: Observed::default(),
            open_sources: SOCKETS.len() + 1,
            control: Lines::default(),
            serial: Lines::default(),
            qemu: Lines::default(),
            deadline,
            linger: None,
            traces: 0,
            heard: Heard::new(&spec.network, &spec.options.network),
            may_double: false,
            linger_for: match spec.counter.is_some() || spec.injector.is_some() {
                true => LINGER_COUNTING,
                false => LINGER,
            },
        }
    }

    /// Whether the listener can take more. A guest whose output nobody reads has
    /// to wait, and we have not: what is left of one that is ended is little.
    fn has_room(&mut self) -> bool {
        let outlet = self.sink.outlet().filter(|_| !self.must_end());
        let room = outlet.map_or(Ok(true), |outlet| outlet.wait_for_room(TICK));
        room.unwrap_or_else(|error| {
            self.note_failure(Err(error));
            true
        })
    }

    fn take(&mut self, event: Event, running: &Running) {
        match event {
            Event::Bytes(source, bytes) => {
                let taken = self.bytes(source, &bytes);
                self.note_failure(taken);
            }
            Event::Closed(source) => {
                self.open_sources -= 1;
                if source == Source::Qemu {
                    socket::release(&running.sockets);
                }
            }
        }
    }

    fn bytes(&mut self, source: Source, bytes: &[u8]) -> io::Result<()> {
        match source {
            Source::Console => self.sink.output(Stream::Stdout, bytes),
            Source::Errors => self.sink.output(Stream::Stderr, bytes),
            Source::Serial => self
                .serial
                .push(bytes)
                .iter()
                .try_for_each(|line| self.sink.console(line)),
            Source::Qemu => {
                let lines = self.qemu.push(bytes);
                self.quote(lines);
                Ok(())
            }
            Source::Control => {
                let lines = self.control.push(bytes);
                lines.iter().try_for_each(|line| self.record(line))
            }
        }
    }

    fn record(&mut self, line: &str) -> io::Result<()> {
        match line.parse() {
            Ok(Record::Started) => {
                self.observed.started = true;
                self.sink.started()
            }
            Ok(Record::Fault(fault)) => self.fault(fault),
            Ok(Record::Registers(registers)) => {
                self.observed.registers = Some(registers);
                Ok(())
            }
            Ok(Record::Restart(cell, requests)) => self.restarted(cell, requests),
            // DEFENCE: traces-heard
            Ok(Record::Trace(_)) if self.traces == TRACES_MAX => Ok(()),
            Ok(Record::Trace(trace)) => {
                self.traces += 1;
                self.sink.trace(trace)
            }
            Ok(Record::Notice(notice)) => self.heard.take(notice, self.sink),
            Ok(Record::Refuse(refusal)) => {
                self.observed.refusal = Some(refusal);
                Ok(())
            }
            Ok(Record::Exit(status)) => {
                self.observed.exit = Some(status);
                self.linger = Some(Instant::now() + self.linger_for);
                Ok(())
            }
            Err(_) => self.sink.console(&format!("not a report: {line}")),
        }
    }

    fn restarted(&mut self, cell: Cell, requests: u64) -> io::Result<()> {
        self.sink.restarted(cell, requests)?;
        if cell == Cell::Console && !self.may_double && !pieces::are_whole() {
            self.may_double = true;
            self.sink.warning(pieces::DOUBLED)?;
        }
        Ok(())
    }

    fn fault(&mut self, fault: Fault) -> io::Result<()> {
        self.observed.last_fault = Some(fault);
        self.sink.fault(&fault)
    }

    fn look_at(&mut self, signal: Option<i32>) {
        if let Some(signal) = signal {
            self.observed.stop.get_or_insert(Stop::Signal(signal));
        }
        if let Some((deadline, seconds)) = self.deadline
            && Instant::now() >= deadline
        {
            self.observed.stop.get_or_insert(Stop::Timeout(seconds));
        }
        if let Some(patience) = self.sink.patience()
            && Instant::now() >= patience.until
        {
            let timeout = Stop::Timeout(patience.seconds);
            self.observed.stop.get_or_insert(timeout);
        }
    }

    /// Says which servers have ended, unless the guest has, too.
    fn look_at_servers(&mut self, servers: &mut Servers) {
        if self.linger.is_none() {
            for line in servers.ended() {
                let said = self.sink.warning(&line);
                self.note_failure(said);
            }
        }
    }

    fn note_failure(&mut self, result: io::Result<()>) {
        if let Err(error) = result {
            self.observed.stop.get_or_insert(Stop::Output(error));
        }
    }

    fn must_end(&self) -> bool {
        let lingers = self.linger.is_some_and(|linger| Instant::now() >= linger);
        self.observed.stop.is_some() || lingers
    }

    /// Waits for the end of a QEMU that says nothing more, and may stay all the same.
    fn wait_for(&mut self, qemu: &mut Child, signals: &mut Interrupts) {
        let mut pause = Duration::from_millis(1);
        while let Ok(None) = qemu.try_wait() {
            self.look_at(signals.pending());
            if self.must_end() {
                let _it_may_be_gone = qemu.kill();
            }
            thread::sleep(pause);
            pause = (pause * 2).min(TICK);
        }
    }

    /// Takes lines that were begun and not ended.
    fn finish(&mut self) {
        if let Some(line) = self.serial.finish() {
            let written = self.sink.console(&line);
            self.note_failure(written);
        }
        let line = self.qemu.finish();
        self.quote(line);
    }

    /// Keeps QEMU's last words.
    fn quote(&mut self, lines: impl IntoIterator<Item = String>) {
        let said = &mut self.observed.qemu_said;
        said.extend(lines);
        said.drain(..said.len().saturating_sub(QUOTED));
    }

    /// Tells how it went, and waits until that is written.
    fn end(mut self, signals: &mut Interrupts) -> Ending {
        if self.observed.stop.is_some() {
            self.sink.outlet().inspect(|outlet| outlet.hurry());
        }
        let ending = mem::take(&mut self.observed).judge();
        let ending = ending.blamed(|words| self.heard.blame(words));
        let told = self.sink.ended(&ending);
        match told.and_then(|()| self.deliver(signals)) {
            Ok(Some(stop)) => Ending::stopped(stop),
            Err(error) if ending.problem.is_none() => Ending::stopped(Stop::Output(error)),
            _ => ending,
        }
    }

    /// Waits until everything is written; what stopped that, if something did.
    fn deliver(&mut self, signals: &mut Interrupts) -> io::Result<Option<Stop>> {
        let Some(outlet) = self.sink.outlet() else {
            return Ok(None);
        };
        if outlet.is_hurried() {
            return outlet.settle().map(|()| None);
        }
        while !outlet.wait_until_written(TICK)? {
            self.look_at(signals.pending());
            if self.observed.stop.is_some() {
                outlet.hurry();
                outlet.settle()?;
            }
        }
        Ok(self.observed.stop.take())
    }
}

/// Signals that end a run in good order; a second one ends this process.
struct Interrupts {
    signals: Signals,
    registered: Vec<SigId>,
}

/// What ends a run.
const ENDING: [i32; 3] = [SIGINT, SIGTERM, SIGHUP];

impl Interrupts {
    fn catch() -> io::Result<Interrupts> {
        let mut registered = Vec::new();
        let seen = Arc::new(AtomicBool::new(false));
        runs()?.begin();
        for signal in ENDING {
            let exit = Arc::clone(&seen);
            let id =
                signal_hook::flag::register_conditional_shutdown(signal, 128 + signal, exit)?;
            registered.push(id);
            registered.push(signal_hook::flag::register(signal, Arc::clone(&seen))?);
        }
        let signals = Signals::new(ENDING)?;
        Ok(Interrupts {
            signals,
            registered,
        })
    }

    fn pending(&mut self) -> Option<i32> {
        self.signals.pending().next()
    }
}

impl Drop for Interrupts {
    fn drop(&mut self) {
        for id in self.registered.drain(..) {
            signal_hook::low_level::unregister(id);
        }
        if let Ok(runs) = runs() {
            runs.end();
        }
    }
}

/// How many runs there are. A signal once caught would be ignored afterwards;
/// while there is none, it does what it does to any program.
struct Runs {
    count: Mutex<usize>,
    is_idle: Arc<AtomicBool>,
}

fn runs() -> io::Result<&'static Runs> {
    static RUNS: OnceLock<Result<Runs, io::ErrorKind>> = OnceLock::new();
    let runs = RUNS.get_or_init(|| {
        let is_idle = Arc::new(AtomicBool::new(true));
        for signal in ENDING {
            let idle = Arc::clone(&is_idle);
            signal_hook::flag::register_conditional_default(signal, idle)
                .map_err(|error| error.kind())?;
        }
        Ok(Runs {
            count: Mutex::new(0),
            is_idle,
        })
    });
    runs.as_ref().map_err(|kind| (*kind).into())
}

impl Runs {
    fn begin(&self) {
        let mut count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        *count += 1;
        self.is_idle.store(false, Ordering::SeqCst);
    }

    fn end(&self) {
        let mut count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        *count -= 1;
        self.is_idle.store(*count == 0, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use domains::Isolation;
    use domains::report::{Trace, TraceKind};

    use super::super::Capture;
    use super::*;

    /// Whatever the guest lets out, the host keeps no more.
    #[test]
    fn a_backtrace_without_an_end_is_cut() {
        let spec = Spec::new("some.cloister".into(), "some".into(), Isolation::Mpk);
        let mut capture = Capture::default();
        let mut session = Session::new(&spec, &mut capture);
        let kind = TraceKind::Frame;
        for value in 0..u64::from(TRACES_MAX) + 2 {
            let line = Record::Trace(Trace { kind, value }).to_string();
            session.record(&line).expect("the listener keeps all");
        }
        let values: Vec<u64> = capture.traces.iter().map(|trace| trace.value).collect();
        assert_eq!(values, Vec::from_iter(0..u64::from(TRACES_MAX)));
    }
}
