//! Replies of servers of the host's files.

use kernel_safe::volumes::bytes::Request;
use kernel_safe::volumes::fuse::message::{HEADER, REPLY_MAX};
use kernel_safe::volumes::ninep::message::kind;

use super::Seed;

pub(super) fn all() -> Vec<Seed> {
    vec![
        (
            "ninep",
            "version",
            ninep(kind::VERSION, |it| text(it.u32(8192), b"9P2000.L")),
        ),
        (
            "ninep",
            "walked",
            ninep(kind::WALK, |it| qid(it.u16(1), 0x80)),
        ),
        ("ninep", "error", ninep(6, |it| it.u32(2))),
        (
            "ninep",
            "attributes",
            ninep(kind::GET_ATTRIBUTES, attributes_ninep),
        ),
        ("ninep", "list", ninep(kind::LIST, list_ninep)),
        (
            "fuse",
            "version",
            fuse(0, |it| {
                it.u32(7).u32(31).u32(0).u32(0).u32(0).u32(4096).u64(0)
            }),
        ),
        (
            "fuse",
            "found",
            fuse(0, |it| attributes_fuse(it.u64(5).u64(1).bytes(&[0; 24]))),
        ),
        (
            "fuse",
            "attributes",
            fuse(0, |it| attributes_fuse(it.bytes(&[0; 16]))),
        ),
        ("fuse", "error", fuse(2_u32.wrapping_neg(), |it| it)),
        ("fuse", "list", fuse(0, list_fuse)),
    ]
}

/// The reply to a request of this kind with the tag 7, behind a byte for the kind.
fn ninep(kind: u8, build: impl FnOnce(Request) -> Request) -> Vec<u8> {
    let mut reply = build(Request::new().u32(0).u8(kind.wrapping_add(1)).u16(7));
    let reply = reply.finish(0).expect("it is short");
    [&[kind], reply].concat()
}

fn text(reply: Request, text: &[u8]) -> Request {
    reply.u16(text.len() as u16).bytes(text)
}

fn qid(reply: Request, kind: u8) -> Request {
    reply.u8(kind).u32(1).u64(4711)
}

fn attributes_ninep(reply: Request) -> Request {
    let reply = qid(reply.u64(0x7ff), 0).u32(0o100_644).u32(0).u32(0);
    let reply = reply.u64(1).u64(0).u64(5).u64(4096).u64(8);
    (1..=6)
        .fold(reply, |reply, time| reply.u64(time))
        .bytes(&[0; 32])
}

fn list_ninep(reply: Request) -> Request {
    let entry = |reply, kind, next, name| text(qid(reply, kind).u64(next).u8(8), name);
    let reply = entry(entry(reply, 0x80, 1, b"."), 0, 2, b"file");
    entry(reply, 2, 3, b"link")
}

/// The reply to the request with the tag 2.
fn fuse(error: u32, build: impl FnOnce(Request) -> Request) -> Vec<u8> {
    let mut reply = build(Request::new().u32(0).u32(error).u64(2));
    assert!(reply.size() >= HEADER && reply.size() <= REPLY_MAX);
    reply.finish(0).expect("it is short").to_vec()
}

fn attributes_fuse(reply: Request) -> Request {
    let reply = reply.u64(4711).u64(5).u64(8).u64(1).u64(2).u64(3);
    let reply = reply.u32(4).u32(5).u32(6).u32(0o100_644).u32(1);
    reply.u32(0).u32(0).u32(0).u32(4096).u32(0)
}

fn list_fuse(reply: Request) -> Request {
    let entry = |reply: Request, next, name: &[u8], kind| {
        let reply = reply.u64(4711).u64(next).u32(name.len() as u32).u32(kind);
        reply
            .bytes(name)
            .bytes(&[0; 8][..name.len().wrapping_neg() % 8])
    };
    entry(entry(reply, 1, b"..", 4), 2, b"a-file", 8)
}
