//! A guest that serves, whichever system it is.
//!
//! A [`System`] is booted into a [`Guest`] with the services that are wanted; a
//! thread has it run, and says when it serves and how it ended. It ends by itself
//! when somebody connects to its service `quit`, and otherwise when it is dropped.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvError, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use domains::notice::Protocol;
use tempfile::TempDir;

use super::meter::{Meter, Waiting};
use super::ours;
use super::theirs::{self, Theirs};
use crate::vm::{Backend, Counter, Memory, Network, Publish, Spec};

/// The guest's address in QEMU's network, which a Linux is given.
pub(super) const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 15);
/// How long a guest may take until it serves: what does not boot may hang.
const LIMIT_OF_BOOT: Duration = Duration::from_secs(180);
/// How long a guest may take to end that was asked to.
const LIMIT_OF_END: Duration = Duration::from_secs(60);

/// What the guest's program serves, each at its usual port.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Service {
    Echo,
    Http,
    Kv,
    Bulk,
    /// Ends the guest.
    Quit,
}

/// A system that can be booted.
#[derive(Debug)]
pub(super) enum System {
    Linux(Theirs),
    Ours(Box<Spec>),
}

/// How a guest is booted.
#[derive(Clone, Debug)]
pub(super) struct Way {
    /// What it serves, beside [`Service::Quit`].
    pub(super) services: &'static [Service],
    pub(super) memory: Memory,
    /// The plugin that counts, if it is to.
    pub(super) plugin: Option<PathBuf>,
    /// The interface that its card leads to; QEMU's own network if there is none.
    pub(super) tap: Option<String>,
    /// How long it may run.
    pub(super) patience: Duration,
}

/// One run, as the thread needs it that has it run.
#[derive(Clone, Debug)]
pub(super) struct Run {
    /// What its program is told.
    pub(super) words: Vec<String>,
    pub(super) memory: Memory,
    pub(super) network: Network,
    pub(super) counter: Option<Counter>,
    pub(super) patience: Duration,
    /// Set when nobody wants it any more.
    pub(super) is_unwanted: Arc<AtomicBool>,
}

/// What is said of a guest that runs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Said {
    /// It serves.
    Ready,
    /// It is over: well, or not.
    Ended(Result<(), String>),
}

/// A guest that serves.
#[derive(Debug)]
pub(super) struct Guest {
    addresses: Vec<(Service, SocketAddr)>,
    meter: Option<Meter>,
    said: Receiver<Said>,
    run: Run,
    runner: Option<JoinHandle<()>>,
    /// Holds the sockets.
    _folder: TempDir,
}

impl Service {
    pub(super) fn name(self) -> &'static str {
        match self {
            Service::Echo => "echo",
            Service::Http => "http",
            Service::Kv => "kv",
            Service::Bulk => "bulk",
            Service::Quit => "quit",
        }
    }

    fn port(self) -> u16 {
        match self {
            Service::Echo => 7,
            Service::Http => 80,
            Service::Kv => 6379,
            Service::Bulk => 5001,
            Service::Quit => 9,
        }
    }
}

impl System {
    /// Boots it; a guest that serves, or why it does not.
    pub(super) fn boot(&self, way: &Way) -> Result<Guest, String> {
        let folder = tempfile::tempdir().map_err(|why| why.to_string())?;
        let ask = folder.path().join("ask");
        let waiting = Waiting::at(&ask).map_err(|why| format!("{}: {why}", ask.display()))?;
        let services = [way.services, &[Service::Quit]].concat();
        let (network, addresses) = network(&services, way).map_err(|why| why.to_string())?;
        let run = Run {
            words: services
                .iter()
                .map(|it| format!("{}:{}", it.name(), it.port()))
                .collect(),
            memory: way.memory,
            network,
            counter: self.counter(way, folder.path(), ask),
            patience: way.patience,
            is_unwanted: Arc::default(),
        };
        let (say, said) = channel();
        let mut guest = Guest {
            addresses,
            meter: None,
            said,
            runner: Some(self.start(run.clone(), say)),
            run,
            _folder: folder,
        };
        guest.wait_until_ready()?;
        if way.plugin.is_some() {
            let meter = waiting.meter();
            guest.meter = Some(meter.map_err(|why| format!("the plugin is silent: {why}"))?);
        }
        Ok(guest)
    }

    fn counter(&self, way: &Way, folder: &Path, ask: PathBuf) -> Option<Counter> {
        let plugin = way.plugin.clone()?;
        Some(Counter {
            ask: Some(ask),
            entry: match self {
                System::Linux(_) => Some(theirs::ENTRY),
                System::Ours(spec) => Counter::entry_of(&spec.image),
            },
            ..Counter::new(plugin, folder.join("counts"))
        })
    }

    /// Has it run by a thread of its own.
    fn start(&self, run: Run, say: Sender<Said>) -> JoinHandle<()> {
        let work: Box<dyn FnOnce() -> Result<(), String> + Send> = match self {
            System::Linux(theirs) => {
                let (linux, say) = (theirs.machine(&run), say.clone());
                Box::new(move || theirs::run(&linux, &run, &say))
            }
            System::Ours(spec) => {
                let (spec, say) = (ours::spec(spec, &run), say.clone());
                Box::new(move || ours::run(&spec, &run, &say))
            }
        };
        thread::spawn(move || {
            let _nobody_listens = say.send(Said::Ended(work()));
        })
    }
}

/// The network of a guest, and where its services are to be found on the host.
fn network(
    services: &[Service],
    way: &Way,
) -> io::Result<(Network, Vec<(Service, SocketAddr)>)> {
    if let Some(interface) = &way.tap {
        let at = |it: &Service| (*it, (ADDRESS, it.port()).into());
        let addresses = services.iter().map(at).collect();
        let backend = format!("tap:{interface}").parse();
        let network = Network {
            backend: backend.map_err(io::Error::other)?,
            ..Network::default()
        };
        return Ok((network, addresses));
    }
    let ports = free_ports(services.len())?;
    let publish = services.iter().zip(&ports).map(|(service, port)| Publish {
        address: Ipv4Addr::LOCALHOST,
        host: *port,
        guest: service.port(),
        protocol: Protocol::Tcp,
        is_chosen: true,
    });
    let at = |(it, port): (&Service, &u16)| (*it, (Ipv4Addr::LOCALHOST, *port).into());
    let addresses = services.iter().zip(&ports).map(at).collect();
    let network = Network {
        backend: Backend::User,
        publish: publish.collect(),
        ..Network::default()
    };
    Ok((network, addresses))
}

/// So many ports that nobody listens at: all are taken before the first is let go.
fn free_ports(count: usize) -> io::Result<Vec<u16>> {
    let listen = |_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let listeners: Vec<TcpListener> = (0..count).map(listen).collect::<Result<_, _>>()?;
    let port = |it: &TcpListener| Ok(it.local_addr()?.port());
    listeners.iter().map(port).collect()
}

impl Guest {
    /// Where the service is to be found.
    pub(super) fn address(&self, service: Service) -> Result<SocketAddr, String> {
        let mut addresses = self.addresses.iter();
        let found = addresses.find(|(it, _)| *it == service);
        found
            .map(|(_, address)| *address)
            .ok_or_else(|| format!("`{}` is not served", service.name()))
    }

    /// What counts.
    pub(super) fn meter(&mut self) -> Result<&mut Meter, String> {
        self.meter
            .as_mut()
            .ok_or_else(|| "nothing counts".to_owned())
    }

    /// Has it end, which it must do well.
    pub(super) fn end(self) -> Result<(), String> {
        let quit = self.address(Service::Quit)?;
        let _it_may_be_gone = TcpStream::connect(quit);
        match self.said.recv_timeout(LIMIT_OF_END) {
            Ok(Said::Ended(ended)) => ended,
            Ok(Said::Ready) | Err(_) => Err("the guest does not end".to_owned()),
        }
    }

    fn wait_until_ready(&self) -> Result<(), String> {
        let limit = self.run.patience.min(LIMIT_OF_BOOT);
        let said = self.said.recv_timeout(limit).or_else(|why| match why {
            RecvTimeoutError::Timeout => {
                // How it ends then says what it was at.
                self.run.is_unwanted.store(true, Ordering::Relaxed);
                self.said.recv()
            }
            RecvTimeoutError::Disconnected => Err(RecvError),
        });
        match said {
            Ok(Said::Ready) => Ok(()),
            Ok(Said::Ended(Ok(()))) => Err("it ended without a word".to_owned()),
            Ok(Said::Ended(Err(why))) => Err(why),
            Err(RecvError) => Err("nobody has it run".to_owned()),
        }
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.run.is_unwanted.store(true, Ordering::Relaxed);
        if let Some(runner) = self.runner.take() {
            let _it_ended = runner.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_service_gets_a_port_of_its_own() {
        let way = Way {
            services: &[Service::Echo, Service::Http],
            memory: Memory::DEFAULT,
            plugin: None,
            tap: None,
            patience: Duration::from_secs(1),
        };
        let (user, addresses) = network(way.services, &way).expect("free ports");
        assert_eq!(user.backend, Backend::User);
        let guest: Vec<u16> = user.publish.iter().map(|it| it.guest).collect();
        assert_eq!(guest, [7, 80]);
        assert_ne!(addresses[0].1, addresses[1].1);
        let tap = Way {
            tap: Some("tap0".to_owned()),
            ..way
        };
        let (_, addresses) = network(tap.services, &tap).expect("no port is needed");
        assert_eq!(addresses[1].1, (ADDRESS, 80).into());
    }
}
