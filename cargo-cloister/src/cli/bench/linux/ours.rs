//! Our own guest with the same servers, on the same machine.

use std::io;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Sender;
use std::time::Instant;

use domains::network::Setting;
use domains::report::Fault;

use super::guest::{ADDRESS, Run, Said};
use crate::vm::{
    self, Backend, Ending, Given, HostName, Input, Machine, Patience, Sink, Spec, Stream,
};

/// What the servers say when they serve.
const READY: &str = "ready ";

/// The run of an image that was built to be measured: as Linux runs, so that time
/// is the host's and not counted in instructions.
pub(super) fn spec(built: &Spec, run: &Run) -> Spec {
    let mut spec = Spec {
        machine: Machine::Q35,
        memory: run.memory,
        counted: false,
        input: Input::Silent,
        entropy_device: true,
        network: run.network.clone(),
        counter: run.counter.clone(),
        timeout: Some(run.patience),
        ..built.clone()
    };
    let words = run.words.iter().map(|word| word.as_bytes().to_vec());
    spec.options.arguments.extend(words);
    if let Backend::Tap(_) = run.network.backend {
        spec.options.network = address(&spec, &run.network.backend);
    }
    spec
}

/// On an interface of the host nobody lends an address, so it is given.
fn address(spec: &Spec, backend: &Backend) -> Setting {
    let own = format!("{ADDRESS}/24").parse();
    let given = Given {
        addresses: own.into_iter().collect(),
        routers: Vec::new(),
        servers: Vec::new(),
        host: HostName::of_program(&spec.program),
    };
    given.setting(backend).unwrap_or(Setting::NONE)
}

/// Has it run to its end, which is well if its status is 0.
pub(super) fn run(spec: &Spec, run: &Run, say: &Sender<Said>) -> Result<(), String> {
    let mut ear = Ear {
        run,
        say,
        stdout: String::new(),
        others: String::new(),
    };
    let ending = vm::run(spec, &mut ear).map_err(|why| why.to_string())?;
    match (ending.problem, ending.status) {
        (None, 0) => Ok(()),
        (None, status) => Err(format!("it ended with {status}: {}", ear.others.trim())),
        (Some(problem), _) => Err(format!("{problem}: {}", ear.others.trim())),
    }
}

/// Listens to it.
struct Ear<'a> {
    run: &'a Run,
    say: &'a Sender<Said>,
    stdout: String,
    /// All that is said elsewhere.
    others: String,
}

impl Sink for Ear<'_> {
    fn output(&mut self, stream: Stream, bytes: &[u8]) -> io::Result<()> {
        let text = String::from_utf8_lossy(bytes);
        if stream == Stream::Stderr {
            self.others.push_str(&text);
            return Ok(());
        }
        self.stdout.push_str(&text);
        while let Some((line, rest)) = self.stdout.split_once('\n') {
            if line.starts_with(READY) {
                let _nobody_listens = self.say.send(Said::Ready);
            }
            self.stdout = rest.to_owned();
        }
        Ok(())
    }

    fn console(&mut self, line: &str) -> io::Result<()> {
        self.others.push_str(line);
        self.others.push('\n');
        Ok(())
    }

    fn fault(&mut self, fault: &Fault) -> io::Result<()> {
        self.others.push_str(&format!("{fault:?}\n"));
        Ok(())
    }

    fn ended(&mut self, _ending: &Ending) -> io::Result<()> {
        Ok(())
    }

    fn patience(&self) -> Option<Patience> {
        let is_unwanted = self.run.is_unwanted.load(Ordering::Relaxed);
        is_unwanted.then(|| Patience {
            until: Instant::now(),
            seconds: 0.0,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::time::Duration;

    use super::*;
    use crate::vm::Network;

    #[test]
    fn it_is_ready_when_its_line_is_whole() {
        let run = Run {
            words: Vec::new(),
            memory: vm::Memory::DEFAULT,
            network: Network::default(),
            counter: None,
            patience: Duration::ZERO,
            is_unwanted: Default::default(),
        };
        let (say, said) = channel();
        let mut ear = Ear {
            run: &run,
            say: &say,
            stdout: String::new(),
            others: String::new(),
        };
        for piece in ["hello\nrea", "dy echo:7"] {
            ear.output(Stream::Stdout, piece.as_bytes())
                .expect("it is kept");
            assert!(said.try_recv().is_err());
        }
        ear.output(Stream::Stdout, b" http:80\n")
            .expect("it is kept");
        assert_eq!(said.try_recv(), Ok(Said::Ready));
        assert!(ear.patience().is_none());
        run.is_unwanted.store(true, Ordering::Relaxed);
        assert!(ear.patience().is_some());
    }
}
