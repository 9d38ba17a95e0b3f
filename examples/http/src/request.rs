//! Requests of HTTP/1.1 (RFC 9112), as far as this server knows them.

use std::io::{self, BufRead, Read};

/// The most bytes in front of a body.
const HEAD_MAX: u64 = 8 << 10;
/// The most bytes of a body.
const BODY_MAX: usize = 1 << 20;

/// What a client asks for.
pub struct Request {
    /// What it wants done.
    pub method: String,
    /// With what.
    pub path: String,
    /// Whether it may ask for more.
    pub keeps_alive: bool,
    /// What it sends.
    pub body: Vec<u8>,
}

/// Why a request is not served.
#[derive(Clone, Copy)]
pub enum Fault {
    /// It is none.
    Bad,
    /// It is too long.
    TooLong,
    /// It is sent in a way that this server does not know.
    Unknown,
}

impl Fault {
    /// There is nothing by that name.
    pub const NOT_FOUND: (&'static str, Vec<u8>) = ("404 Not Found", Vec::new());
    /// It cannot be done with anything.
    pub const NOT_ALLOWED: (&'static str, Vec<u8>) = ("405 Method Not Allowed", Vec::new());

    /// What the client is told.
    pub fn status(self) -> &'static str {
        match self {
            Fault::Bad => "400 Bad Request",
            Fault::TooLong => "413 Content Too Large",
            Fault::Unknown => "501 Not Implemented",
        }
    }
}

/// Reads a request; none if the client has ended.
pub fn read(reader: &mut impl BufRead) -> io::Result<Result<Option<Request>, Fault>> {
    let mut head = reader.take(HEAD_MAX);
    let mut line = String::new();
    if head.read_line(&mut line)? == 0 {
        return Ok(Ok(None));
    }
    let Some((mut request, mut size)) = first_line(&line) else {
        return Ok(Err(Fault::Bad));
    };
    loop {
        line.clear();
        if head.read_line(&mut line)? == 0 || !line.ends_with('\n') {
            return Ok(Err(if head.limit() == 0 {
                Fault::TooLong
            } else {
                Fault::Bad
            }));
        }
        if line.trim_end().is_empty() {
            break;
        }
        if let Err(fault) = field(&line, &mut request, &mut size) {
            return Ok(Err(fault));
        }
    }
    request.body = vec![0; size];
    reader.read_exact(&mut request.body)?;
    Ok(Ok(Some(request)))
}

fn first_line(line: &str) -> Option<(Request, usize)> {
    let mut words = line.split_ascii_whitespace();
    let (method, path, version) = (words.next()?, words.next()?, words.next()?);
    let is_whole = line.ends_with('\n') && words.next().is_none();
    let is_known = version == "HTTP/1.1" || version == "HTTP/1.0";
    let request = Request {
        method: method.into(),
        path: path.into(),
        keeps_alive: version == "HTTP/1.1",
        body: Vec::new(),
    };
    (is_whole && is_known).then_some((request, 0))
}

/// Takes note of a line of the head.
fn field(line: &str, request: &mut Request, size: &mut usize) -> Result<(), Fault> {
    let (name, value) = line.split_once(':').ok_or(Fault::Bad)?;
    let value = value.trim();
    match name.to_ascii_lowercase().as_str() {
        "connection" => request.keeps_alive = value.eq_ignore_ascii_case("keep-alive"),
        "content-length" => {
            *size = value.parse().map_err(|_| Fault::Bad)?;
            if *size > BODY_MAX {
                return Err(Fault::TooLong);
            }
        }
        "transfer-encoding" => return Err(Fault::Unknown),
        _ => {}
    }
    Ok(())
}
