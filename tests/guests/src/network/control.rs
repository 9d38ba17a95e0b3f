//! What the peer may ask for: a line, and a line for an answer.
//!
//! | line | what is done | answer |
//! |---|---|---|
//! | `level` | | bytes of the safe kernel's heap, and free frames |
//! | `served` | | how many connections have their bytes said back |
//! | `fail N` | the stack panics in the Nth segment from now | 0 |
//! | `take` | takes what waits at the other listener, and says `taken` to each | how many |
//! | `end` | the program ends | `over` |

use std::io::{BufRead, BufReader, ErrorKind, Result, Write};
use std::net::{TcpListener, TcpStream};

use domains::Cell;
use domains::core_call::test_hook::FREE_FRAMES;
use gate::hooks::{CORE_HOOK, HEAP_IN_USE, LIE, in_cell};

use super::echo;
use crate::checks::done;
use crate::hooks::hook;

/// Does what connections to `control` say, a line each, until one says that it is over.
/// One that ends too early is no word.
pub fn run(control: &TcpListener, waiting: &TcpListener) -> std::result::Result<(), String> {
    done("waiting", waiting.set_nonblocking(true))?;
    for stream in control.incoming() {
        let told = stream.and_then(|stream| one(&stream, waiting));
        if told.is_ok_and(|is_over| is_over) {
            return Ok(());
        }
    }
    Err("nobody is listened to any more".to_owned())
}

/// Whether it is over.
fn one(mut stream: &TcpStream, waiting: &TcpListener) -> Result<bool> {
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    let words: Vec<&str> = line.split_whitespace().collect();
    let answer = match words.as_slice() {
        ["level"] => {
            let heap = hook(HEAP_IN_USE, 0, 0);
            let frames = hook(CORE_HOOK, FREE_FRAMES as usize, 0);
            format!("{heap} {frames}")
        }
        ["served"] => echo::served().to_string(),
        ["fail", segment] => {
            let segment = segment.parse().unwrap_or(1);
            hook(LIE | in_cell(Cell::Net), 0, segment).to_string()
        }
        ["take"] => take(waiting)?.to_string(),
        ["end"] => "over".to_owned(),
        _ => "what?".to_owned(),
    };
    writeln!(stream, "{answer}")?;
    Ok(words == ["end"])
}

/// Takes all that wait.
fn take(waiting: &TcpListener) -> Result<usize> {
    let mut count = 0;
    loop {
        match waiting.accept() {
            // It may have gone away while it waited.
            Ok((mut stream, _)) => {
                let _gone = stream.write_all(b"taken");
                count += 1;
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(count),
            Err(error) => return Err(error),
        }
    }
}
