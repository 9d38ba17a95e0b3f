//! A machine in a network that is played, in a time of its own.

use core::ffi::CStr;
use std::boxed::Box;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::vec::Vec;

use domains::network::{Name, Setting};
use hermit_abi::{EAGAIN, ECONNREFUSED, EIO, ENETDOWN};

use super::system::{Event, System, Transport};

/// A question that a server was sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Asked {
    /// When.
    pub(super) at: u64,
    /// Which server.
    pub(super) server: Name,
    /// How.
    pub(super) transport: Transport,
    /// By which socket.
    pub(super) socket: usize,
    /// What.
    pub(super) query: Vec<u8>,
}

/// What comes of a question.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Parcel {
    /// How long after it.
    pub(super) delay: u64,
    /// From whom; none for the server that was asked.
    pub(super) from: Option<Name>,
    /// Bytes, or an error.
    pub(super) what: Result<Vec<u8>, i32>,
}

impl Parcel {
    /// Bytes of the server that was asked.
    pub(super) fn after(delay: u64, bytes: Vec<u8>) -> Parcel {
        Parcel {
            delay,
            from: None,
            what: Ok(bytes),
        }
    }
}

/// How a server behaves.
type Script = Box<dyn Fn(&Asked) -> Vec<Parcel>>;

/// What is on its way to a socket.
#[derive(Debug)]
struct Coming {
    at: u64,
    socket: usize,
    from: Name,
    what: Result<Vec<u8>, i32>,
}

/// The machine.
pub(super) struct Fake {
    /// What time it is.
    pub(super) now: Cell<u64>,
    /// How it takes part in the network at once, and after waiting.
    pub(super) settings: [Option<Setting>; 2],
    /// Its files.
    pub(super) files: Vec<(&'static CStr, Vec<u8>)>,
    /// Whether streams are refused, and whether there are random numbers.
    pub(super) refuses_streams: bool,
    pub(super) has_entropy: bool,
    /// How long it takes to receive something.
    pub(super) takes: u64,
    script: Script,
    random: Cell<u16>,
    opened: Cell<usize>,
    open: Rc<Cell<usize>>,
    coming: RefCell<Vec<Coming>>,
    asked: RefCell<Vec<Asked>>,
}

impl Fake {
    /// A machine of 10.0.2.15 whose servers behave like that.
    pub(super) fn new(
        servers: &[Name],
        script: impl Fn(&Asked) -> Vec<Parcel> + 'static,
    ) -> Fake {
        let mut setting = Setting {
            address_v4: [10, 0, 2, 15],
            ..Setting::default()
        };
        for (place, server) in setting.servers.iter_mut().zip(servers) {
            let [a, b, c, d, ..] = server.address;
            let four = core::net::Ipv4Addr::new(a, b, c, d);
            *place = four.to_ipv6_mapped().octets();
        }
        Fake {
            now: Cell::new(1_000),
            settings: [Some(setting); 2],
            files: Vec::new(),
            refuses_streams: false,
            has_entropy: true,
            takes: 0,
            script: Box::new(script),
            random: Cell::new(100),
            opened: Cell::new(0),
            open: Rc::default(),
            coming: RefCell::default(),
            asked: RefCell::default(),
        }
    }

    /// What servers were asked since the last time, in order.
    pub(super) fn asked(&self) -> Vec<Asked> {
        self.asked.take()
    }

    /// How many sockets are open.
    pub(super) fn open_sockets(&self) -> usize {
        self.open.get()
    }

    fn ask(&self, socket: &Socket, query: Vec<u8>) {
        let asked = Asked {
            at: self.now.get(),
            server: socket.server,
            transport: socket.transport,
            socket: socket.number,
            query,
        };
        for parcel in (self.script)(&asked) {
            self.coming.borrow_mut().push(Coming {
                at: self.now.get() + parcel.delay,
                socket: socket.number,
                from: parcel.from.unwrap_or(socket.server),
                what: parcel.what,
            });
        }
        self.asked.borrow_mut().push(asked);
    }

    /// The place of what comes to a socket next.
    fn next_to(&self, socket: usize) -> Option<usize> {
        let coming = self.coming.borrow();
        let own = coming
            .iter()
            .enumerate()
            .filter(|(_, coming)| coming.socket == socket);
        own.min_by_key(|(_, coming)| coming.at)
            .map(|(place, _)| place)
    }
}

/// A socket.
pub(super) struct Socket {
    number: usize,
    server: Name,
    transport: Transport,
    sent: RefCell<Vec<u8>>,
    open: Rc<Cell<usize>>,
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.open.set(self.open.get() - 1);
    }
}

impl System for Fake {
    type Socket = Socket;

    fn now(&self) -> u64 {
        self.now.get()
    }

    fn random(&self) -> Result<u16, i32> {
        self.random.set(self.random.get() + 1);
        self.has_entropy.then(|| self.random.get()).ok_or(EIO)
    }

    fn file(&self, path: &CStr) -> Option<Vec<u8>> {
        let file = self.files.iter().find(|file| file.0 == path);
        file.map(|file| file.1.clone())
    }

    fn setting(&self, limit: u64) -> Result<Setting, i32> {
        let [now, later] = self.settings;
        if limit == 0 { now } else { later }.ok_or(ENETDOWN)
    }

    fn open(&self, transport: Transport, server: &Name) -> Result<Socket, i32> {
        self.opened.set(self.opened.get() + 1);
        self.open.set(self.open.get() + 1);
        Ok(Socket {
            number: self.opened.get(),
            server: *server,
            transport,
            sent: RefCell::default(),
            open: self.open.clone(),
        })
    }

    fn wait(&self, sockets: &[Option<Socket>], event: Event, deadline: u64) -> Option<usize> {
        let open = sockets.iter().enumerate();
        let open = open.filter_map(|(place, socket)| Some((place, socket.as_ref()?)));
        if event == Event::Writable {
            return open.map(|(place, _)| place).next();
        }
        let coming = open.filter_map(|(place, socket)| {
            let next = self.next_to(socket.number)?;
            Some((self.coming.borrow()[next].at, place))
        });
        let next = coming.min().filter(|next| next.0 <= deadline);
        let until = next.map_or(deadline, |next| next.0);
        self.now.set(self.now.get().max(until));
        next.map(|next| next.1)
    }

    fn connected(&self, _: &Socket) -> Result<(), i32> {
        if self.refuses_streams {
            Err(ECONNREFUSED)
        } else {
            Ok(())
        }
    }

    fn send(&self, socket: &Socket, bytes: &[u8]) -> Result<usize, i32> {
        if socket.transport == Transport::Datagrams {
            self.ask(socket, bytes.to_vec());
            return Ok(bytes.len());
        }
        // In small pieces, as streams may be.
        let size = bytes.len().min(7);
        socket.sent.borrow_mut().extend(&bytes[..size]);
        let sent = socket.sent.borrow().clone();
        if sent.len() > 2 && sent.len() == 2 + usize::from(sent[0]) * 256 + usize::from(sent[1])
        {
            self.ask(socket, sent[2..].to_vec());
        }
        Ok(size)
    }

    fn receive(&self, socket: &Socket, bytes: &mut [u8]) -> Result<(usize, Name), i32> {
        self.now.set(self.now.get() + self.takes);
        let next = self.next_to(socket.number).ok_or(EAGAIN)?;
        let mut coming = self.coming.borrow_mut();
        if coming[next].at > self.now.get() {
            return Err(EAGAIN);
        }
        let mut taken = coming.remove(next);
        let what = taken.what.clone()?;
        let size = what.len().min(bytes.len());
        bytes[..size].copy_from_slice(&what[..size]);
        let from = taken.from;
        if socket.transport == Transport::Stream && size < what.len() {
            taken.what = Ok(what[size..].to_vec());
            coming.insert(next, taken);
        }
        Ok((size, from))
    }
}
