//! A service on axum, over an accept loop of its own.
//!
//! Routes, extractors and JSON are axum's, tasks are tokio's. What tokio does not
//! have on this target are sockets: [`reactor`] makes them of mio's, in a hundred
//! lines that any program may take. The argument is the port, 80 if there is none.

mod reactor;
mod stream;

use std::env;
use std::error::Error;
use std::net::{Ipv6Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Json, Path, Query};
use axum::routing::{get, post};
use hyper::server::conn::http1;
use hyper_util::service::TowerToHyperService;
use serde::{Deserialize, Serialize};

use reactor::Reactor;
use stream::Stream;

/// Two numbers to be added.
#[derive(Deserialize)]
struct Sum {
    a: i64,
    b: i64,
}

/// What they are together.
#[derive(Serialize)]
struct Total {
    total: i64,
}

fn routes() -> Router {
    Router::new()
        .route("/", get(|| async { "Hello, world!" }))
        .route(
            "/hello/{name}",
            get(|Path(name): Path<String>| async move { format!("Hello, {name}!") }),
        )
        .route(
            "/sum",
            get(|Query(sum): Query<Sum>| async move { total(&sum) }),
        )
        .route(
            "/sum",
            post(|Json(sum): Json<Sum>| async move { total(&sum) }),
        )
        .route("/later", get(later))
}

fn total(Sum { a, b }: &Sum) -> Json<Total> {
    Json(Total {
        total: a.saturating_add(*b),
    })
}

/// Answers after a while, in which the thread serves others.
async fn later() -> &'static str {
    tokio::time::sleep(Duration::from_millis(100)).await;
    "now"
}

fn main() -> Result<(), Box<dyn Error>> {
    let port = env::args().nth(1).map_or(Ok(80), |port| port.parse())?;
    let listener = TcpListener::bind(SocketAddr::from((Ipv6Addr::UNSPECIFIED, port)))?;
    let runtime = tokio::runtime::Runtime::new()?;
    let reactor = Arc::new(Reactor::start()?);
    let routes = routes();
    loop {
        let (socket, _) = listener.accept()?;
        let stream = Stream::new(socket, Arc::clone(&reactor))?;
        let service = TowerToHyperService::new(routes.clone());
        runtime.spawn(async move {
            // A client that goes away is no failure of ours.
            let _ = http1::Builder::new()
                .serve_connection(stream, service)
                .await;
        });
    }
}
