//! Counts while the guest runs, for whoever asks.
//!
//! The one who started QEMU listens on a socket; the plugin connects to it, and
//! answers each byte with the counts of that moment, a line of JSON. A thread of
//! QEMU's does this, so the guest does not notice: it executes no instruction for
//! it. The count may be behind by the block that is being executed.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Once;
use std::thread;

use crate::counts;

/// Answers at the socket of this path, for as long as somebody asks there.
pub fn listen(path: &str) {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| match UnixStream::connect(path) {
        Ok(stream) => {
            thread::spawn(move || answer(stream));
        }
        Err(error) => eprintln!("counter: {path}: {error}"),
    });
}

fn answer(mut stream: impl Read + Write) {
    let mut question = [0];
    while stream.read_exact(&mut question).is_ok() {
        if stream.write_all(counts::now_as_json().as_bytes()).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};

    use super::*;

    #[test]
    fn each_question_has_an_answer() {
        let (mut asker, plugin) = UnixStream::pair().expect("sockets work");
        let plugin = thread::spawn(move || answer(plugin));
        let mut answers = BufReader::new(asker.try_clone().expect("a second handle"));
        for _ in 0..3 {
            asker.write_all(b"?").expect("the question is heard");
            let mut line = String::new();
            answers.read_line(&mut line).expect("an answer");
            assert!(line.starts_with("{\"instructions\":["), "{line}");
        }
        drop((asker, answers));
        plugin.join().expect("it ends when nobody asks any more");
    }
}
