//! `rustls` with a provider in Rust, and `ureq` over it.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection};
use rustls::{Stream, StreamOwned};
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use crate::Answer;

/// Of a server called `localhost`, and its key: for these tests, and nobody's secret.
const CERTIFICATE: &[u8] = include_bytes!("tls/cert.pem");
const KEY: &[u8] = include_bytes!("tls/key.pem");

/// What is sent, more than one record.
const SIZE: usize = 50_000;

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls_graviola::default_provider())
}

fn server_config() -> Result<Arc<ServerConfig>, Box<dyn std::error::Error>> {
    let chain = vec![CertificateDer::from_pem_slice(CERTIFICATE)?];
    let key = PrivateKeyDer::from_pem_slice(KEY)?;
    let config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    Ok(Arc::new(config))
}

/// A server behind TLS that does `serve` with one connection.
fn serve_one(
    serve: fn(&mut StreamOwned<ServerConnection, TcpStream>) -> std::io::Result<()>,
) -> Result<(SocketAddr, thread::JoinHandle<std::io::Result<()>>), Box<dyn std::error::Error>> {
    let config = server_config()?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let serving = thread::spawn(move || {
        let (stream, _) = listener.accept()?;
        let connection = ServerConnection::new(config).map_err(std::io::Error::other)?;
        let mut stream = StreamOwned::new(connection, stream);
        serve(&mut stream)?;
        stream.conn.send_close_notify();
        stream.flush()
    });
    Ok((address, serving))
}

/// A client that trusts this one server hears what it has said.
pub fn echo() -> Answer {
    let (address, serving) = serve_one(|stream| {
        let mut bytes = vec![0; SIZE];
        stream.read_exact(&mut bytes)?;
        bytes.reverse();
        stream.write_all(&bytes)
    })?;
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(CERTIFICATE)?)?;
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost")?;
    let mut connection = ClientConnection::new(Arc::new(config), name)?;
    let mut socket = TcpStream::connect(address)?;
    let mut stream = Stream::new(&mut connection, &mut socket);
    let sent: Vec<u8> = (0..SIZE).map(|at| (at % 251) as u8).collect();
    stream.write_all(&sent)?;
    let mut got = Vec::new();
    stream.read_to_end(&mut got)?;
    serving.join().map_err(|_| "the server has failed")??;
    Ok(got.into_iter().rev().eq(sent))
}

/// `ureq` fetches from a server that it was told to trust.
pub fn ureq() -> Answer {
    let (address, serving) = serve_one(|stream| {
        let mut request = [0; 4];
        stream.read_exact(&mut request)?;
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\n";
        stream.write_all(format!("{head}secret").as_bytes())
    })?;
    let certificate = Certificate::from_pem(CERTIFICATE)?;
    let tls = TlsConfig::builder()
        .unversioned_rustls_crypto_provider(provider())
        .root_certs(RootCerts::new_with_certs(&[certificate]))
        .build();
    let agent = ureq::Agent::config_builder()
        .tls_config(tls)
        .build()
        .new_agent();
    let url = format!("https://localhost:{}/", address.port());
    let text = agent.get(url).call()?.body_mut().read_to_string()?;
    serving.join().map_err(|_| "the server has failed")??;
    Ok(text == "secret")
}
