//! `tokio` without its network: tasks around sockets of std.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::task::{self, JoinSet};
use tokio::time;

use crate::Answer;

/// How many tasks connect.
const TASKS: usize = 8;

/// Threads that may block do so with sockets, and tasks get to know by channels.
pub fn tokio() -> Answer {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()?;
    runtime.block_on(async {
        let conversation = time::timeout(Duration::from_secs(60), conversation());
        Ok(conversation.await?? && in_memory().await?)
    })
}

async fn conversation() -> std::io::Result<bool> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let (sender, mut receiver) = mpsc::channel(2);
    let accepting = task::spawn_blocking(move || -> std::io::Result<()> {
        for _ in 0..TASKS {
            let (mut stream, _) = listener.accept()?;
            let mut number = [0];
            stream.read_exact(&mut number)?;
            // The other side may be gone, which the sum shows.
            let _ = sender.blocking_send((number[0], stream));
        }
        Ok(())
    });
    let mut clients = JoinSet::new();
    for number in 1..=TASKS as u8 {
        clients.spawn_blocking(move || -> std::io::Result<u32> {
            let mut stream = TcpStream::connect(address)?;
            stream.write_all(&[number])?;
            let mut square = [0];
            stream.read_exact(&mut square)?;
            Ok(square[0].into())
        });
    }
    while let Some((number, mut stream)) = receiver.recv().await {
        time::sleep(Duration::from_millis(2)).await;
        task::spawn_blocking(move || stream.write_all(&[number * number])).await??;
    }
    accepting.await??;
    let mut sum = 0;
    while let Some(square) = clients.join_next().await {
        sum += square??;
    }
    Ok(sum == (1..=TASKS as u32).map(|it| it * it).sum::<u32>())
}

async fn in_memory() -> std::io::Result<bool> {
    let (mut one, mut other) = tokio::io::duplex(16);
    let writing = tokio::spawn(async move { one.write_all(&[5; 1000]).await });
    let mut all = Vec::new();
    other.read_to_end(&mut all).await?;
    writing.await??;
    Ok(all == [5; 1000])
}
