//! `tiny_http`, `ureq`, `hyper` and `axum`: requests and answers.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread;

use axum::Router;
use axum::extract::{Json, Path};
use axum::routing::{get, post};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response, client, server, service};
use hyper_util::service::TowerToHyperService;
use serde_json::{Value, json};

use crate::Answer;
use crate::patient::Patient;

/// How many requests are made.
const REQUESTS: usize = 20;

/// `tiny_http` serves, `ureq` fetches by one agent.
pub fn tiny_http() -> Answer {
    let server =
        tiny_http::Server::http((Ipv4Addr::LOCALHOST, 0)).map_err(|it| it.to_string())?;
    let address = server.server_addr().to_ip().ok_or("it has no address")?;
    let serving = thread::spawn(move || -> std::io::Result<()> {
        for _ in 0..REQUESTS {
            let mut request = server.recv()?;
            let mut body = String::new();
            request.as_reader().read_to_string(&mut body)?;
            let text = format!("{} {} {body}", request.method(), request.url());
            request.respond(tiny_http::Response::from_string(text))?;
        }
        Ok(())
    });
    let agent = ureq::Agent::new_with_defaults();
    let mut is_good = true;
    for number in 0..REQUESTS {
        let body = "x".repeat(number * 1000);
        let mut answer = agent
            .post(format!("http://{address}/{number}"))
            .send(&body)?;
        is_good &= answer.body_mut().read_to_string()? == format!("POST /{number} {body}");
    }
    serving.join().map_err(|_| "the server has failed")??;
    Ok(is_good)
}

/// A name that is nobody's is an error, not a wait.
pub fn ureq_fails() -> Answer {
    let fetched = ureq::get("http://name.invalid/").call();
    Ok(matches!(
        fetched,
        Err(ureq::Error::HostNotFound | ureq::Error::Io(_))
    ))
}

async fn say_back(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let body = request.into_body().collect().await?.to_bytes();
    Ok(Response::new(Full::new(body)))
}

/// `hyper` on both sides of one connection.
pub fn hyper() -> Answer {
    let (listener, address) = listen()?;
    let serving = thread::spawn(move || -> Result<(), String> {
        let (stream, _) = listener.accept().map_err(|it| it.to_string())?;
        let service = service::service_fn(say_back);
        block_on(async {
            let stream = Patient::new(stream).map_err(|it| it.to_string())?;
            let served = server::conn::http1::Builder::new().serve_connection(stream, service);
            served.await.map_err(|it| it.to_string())
        })?
    });
    let fetched = block_on(fetch(address))?;
    let is_good = fetched.map_err(|error| error.to_string())?;
    serving.join().map_err(|_| "the server has failed")??;
    Ok(is_good)
}

async fn fetch(address: SocketAddr) -> Result<bool, Box<dyn std::error::Error + Send + Sync>> {
    let stream = Patient::new(TcpStream::connect(address)?)?;
    let (mut sender, connection) = client::conn::http1::handshake(stream).await?;
    let driving = tokio::spawn(connection);
    let mut is_good = true;
    for number in 0..REQUESTS {
        let body = Bytes::from(vec![number as u8; 100 * number]);
        let request = Request::post("/")
            .header("host", "x")
            .body(Full::new(body.clone()))?;
        sender.ready().await?;
        let answer = sender.send_request(request).await?;
        is_good &= answer.into_body().collect().await?.to_bytes() == body;
    }
    drop(sender);
    driving.await??;
    Ok(is_good)
}

/// `axum` serves, `ureq` fetches.
pub fn axum() -> Answer {
    let (listener, address) = listen()?;
    let double = |Json(value): Json<Value>| async move {
        let number = value["number"].as_i64().unwrap_or(0);
        Json(json!({ "double": number * 2 }))
    };
    let routes = Router::new()
        .route(
            "/hello/{name}",
            get(|Path(name): Path<String>| async move { format!("hello {name}") }),
        )
        .route("/double", post(double));
    thread::spawn(move || -> Result<(), String> {
        loop {
            let (stream, _) = listener.accept().map_err(|it| it.to_string())?;
            let service = TowerToHyperService::new(routes.clone());
            block_on(async {
                let stream = Patient::new(stream).map_err(|it| it.to_string())?;
                let served =
                    server::conn::http1::Builder::new().serve_connection(stream, service);
                served.await.map_err(|it| it.to_string())
            })??;
        }
    });
    let get = ureq::get(format!("http://{address}/hello/you")).header("connection", "close");
    let hello = get.call()?.body_mut().read_to_string()?;
    let post = ureq::post(format!("http://{address}/double"))
        .header("connection", "close")
        .content_type("application/json");
    let double = post
        .send(r#"{"number": 21}"#)?
        .body_mut()
        .read_to_string()?;
    Ok(hello == "hello you" && double == r#"{"double":42}"#)
}

fn listen() -> std::io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

fn block_on<T>(task: impl Future<Output = T>) -> Result<T, String> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder
        .worker_threads(2)
        .enable_time()
        .build()
        .map_err(|it| it.to_string())?;
    Ok(runtime.block_on(task))
}
