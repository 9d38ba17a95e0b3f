//! A web server behind TLS, with rustls and no C.
//!
//! `https [PORT [FOLDER]]` takes the chain of certificates and the key from
//! `cert.pem` and `key.pem` in the folder, which is `/tls` unless said otherwise. The
//! cryptography is graviola's: Rust and assembly that was proved, for processors with
//! AVX2, ADX and BMI2.

use std::env;
use std::error::Error;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv6Addr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// How long a client may take to go on.
const PATIENCE: Duration = Duration::from_secs(30);
/// The most bytes of a request.
const REQUEST_MAX: u64 = 8 << 10;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let port = arguments.next().map_or(Ok(443), |port| port.parse())?;
    let folder = arguments.next().unwrap_or("/tls".into());
    let config = Arc::new(config(Path::new(&folder))?);
    let listener = TcpListener::bind((Ipv6Addr::UNSPECIFIED, port))?;
    for stream in listener.incoming() {
        let config = Arc::clone(&config);
        let serve = move || {
            // A client that goes away takes nothing with it but its thread.
            let _ = stream.and_then(|stream| serve(stream, config));
        };
        thread::Builder::new().spawn(serve)?;
    }
    Ok(())
}

/// Who this server is, and how it proves that.
fn config(folder: &Path) -> Result<ServerConfig, Box<dyn Error>> {
    let [cert, key] = ["cert.pem", "key.pem"].map(|name| folder.join(name));
    let chain = CertificateDer::pem_file_iter(&cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| format!("{}: {error}", cert.display()))?;
    let key = PrivateKeyDer::from_pem_file(&key)
        .map_err(|error| format!("{}: {error}", key.display()))?;
    let provider = Arc::new(rustls_graviola::default_provider());
    let builder = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth();
    Ok(builder.with_single_cert(chain, key)?)
}

/// Answers one request after the other.
fn serve(stream: TcpStream, config: Arc<ServerConfig>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let connection = ServerConnection::new(config).map_err(io::Error::other)?;
    let mut reader = BufReader::new(StreamOwned::new(connection, stream));
    while let Some(path) = request(&mut reader)? {
        let body = format!("Hello, {path}, and nobody heard it.\n");
        let size = body.len();
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n{body}");
        reader.get_mut().write_all(answer.as_bytes())?;
    }
    reader.get_mut().conn.send_close_notify();
    reader.get_mut().flush()
}

/// What the next request asks for; none if the client has ended.
fn request(reader: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut lines = reader.take(REQUEST_MAX).lines();
    let Some(first) = lines.next().transpose()? else {
        return Ok(None);
    };
    for line in lines {
        if line?.is_empty() {
            let path = first.split_ascii_whitespace().nth(1);
            return Ok(path.map(Into::into));
        }
    }
    Err(io::ErrorKind::InvalidData.into())
}
