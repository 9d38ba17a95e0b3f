//! Servers over TCP that are the same program here and on Linux.
//!
//! `network-bench echo:7 http:80` serves these services at these ports, each
//! connection by a thread of its own, and says `ready echo:7 http:80` when all of
//! them listen: with port 0 it is a free one. std alone, as anybody would write it: so that what is counted is the system
//! below. Run it by `cargo cloister bench linux`, whose client checks every byte.
//!
//! | service | what it does |
//! |---|---|
//! | `echo` | says back what it hears |
//! | `http` | HTTP/1.1, a page of 13 bytes, connections kept alive |
//! | `kv` | PING, SET, GET, DEL and DBSIZE of the Redis protocol |
//! | `bulk` | takes and gives as many bytes as it is asked to |
//! | `quit` | ends the program when somebody connects |

#![forbid(unsafe_code)]

mod bulk;
mod echo;
mod http;
mod kv;
mod listen;
mod talk;

use std::io::{Error, Write};
use std::net::TcpListener;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

/// A service that listens.
struct Started {
    /// Its name and its port.
    word: String,
    thread: JoinHandle<()>,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let started: Result<Vec<Started>, Error> =
        arguments.iter().map(|word| start(word)).collect();
    let started = match started {
        Ok(started) => started,
        Err(error) => {
            eprintln!("network-bench: {error}");
            return ExitCode::FAILURE;
        }
    };
    if started.is_empty() {
        eprintln!("network-bench SERVICE:PORT…: echo, http, kv, bulk, quit");
        return ExitCode::from(2);
    }
    let words: Vec<&str> = started.iter().map(|it| it.word.as_str()).collect();
    println!("ready {}", words.join(" "));
    let _nobody_may_read_it = std::io::stdout().flush();
    for service in started {
        let _it_never_ends = service.thread.join();
    }
    ExitCode::SUCCESS
}

/// Starts the service that `word` names, at its port.
fn start(word: &str) -> Result<Started, Error> {
    let named = |error: Error| Error::new(error.kind(), format!("{word}: {error}"));
    let unknown = || Error::other(format!("`{word}` is no SERVICE:PORT"));
    let (service, port) = word.split_once(':').ok_or_else(unknown)?;
    let serve = service_of(service).ok_or_else(unknown)?;
    let port = port.parse().map_err(|_| unknown())?;
    let listener = listen::at(port).map_err(named)?;
    let port = listener.local_addr().map_err(named)?.port();
    Ok(Started {
        word: format!("{service}:{port}"),
        thread: thread::spawn(move || serve(listener)),
    })
}

/// Serves for ever.
type Service = Box<dyn FnOnce(TcpListener) + Send>;

fn service_of(name: &str) -> Option<Service> {
    Some(match name {
        "echo" => Box::new(|listener| listen::serve(&listener, echo::serve)),
        "http" => Box::new(|listener| listen::serve(&listener, http::serve)),
        "bulk" => Box::new(|listener| listen::serve(&listener, bulk::serve)),
        "kv" => Box::new(|listener| {
            let store = Arc::new(kv::Store::default());
            listen::serve(&listener, move |stream| kv::serve(&store, stream));
        }),
        "quit" => Box::new(|listener| {
            let _anybody = listener.accept();
            std::process::exit(0);
        }),
        _ => return None,
    })
}
