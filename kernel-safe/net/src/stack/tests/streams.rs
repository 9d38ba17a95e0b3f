//! Tests of connections through the stack; TCP has its own of all else.

use domains::errno::{EAGAIN, ECONNREFUSED, EINPROGRESS};
use domains::network::Name;
use domains::network::window::{Pages, state, told};
use gate::cell::net::kind;

use super::rig::*;

const HOME: [u8; 4] = [127, 0, 0, 1];

fn open(rig: &mut Rig, socket: u32, kind: u32) {
    let pages = Pages {
        receive: 4,
        send: 4,
    };
    assert_eq!(rig.stack.open(socket, kind, pages.word()), 0);
}

#[test]
fn a_machine_connects_to_itself() {
    let mut rig = Rig::alone();
    open(&mut rig, 1, kind::STREAM);
    assert_eq!(rig.bind(1, &Name::v4(HOME, 80)), 0);
    assert_eq!(rig.stack.listen(1, 5), 0);
    open(&mut rig, 2, kind::SPARE);
    open(&mut rig, 3, kind::STREAM);
    assert_eq!(rig.stack.accept(1), -EAGAIN);
    assert_eq!(rig.connect(3, &Name::v4(HOME, 80)), -EINPROGRESS);
    let pumped = rig.settle();
    assert_eq!(pumped.sent, []);
    assert_eq!(
        rig.told(3, told::STATE) & state::CONNECTED,
        state::CONNECTED
    );
    assert_eq!(rig.stack.accept(1), 2);
    let room = rig.told(3, told::WRITABLE);
    assert!(room >> 32 >= 100);
    // The bytes are whatever is in the window.
    rig.pump_lists(0, &[[3, 0, room as u32, 100]]);
    rig.settle();
    assert_eq!(rig.told(2, told::READABLE) >> 32, 100);
    rig.pump_lists(0, &[[2, 100, 0, 0]]);
    assert_eq!(rig.stack.shutdown(3, 1), 0);
    rig.settle();
    assert_eq!(rig.told(2, told::STATE) & state::READ_END, state::READ_END);
}

#[test]
fn a_port_that_nobody_has_refuses() {
    let mut rig = Rig::alone();
    open(&mut rig, 1, kind::STREAM);
    assert_eq!(rig.connect(1, &Name::v4(HOME, 80)), -EINPROGRESS);
    rig.settle();
    assert_eq!(rig.told(1, told::ERROR), ECONNREFUSED as u64);
}

#[test]
fn a_neighbour_that_is_not_there_ends_the_attempt() {
    let mut rig = Rig::new();
    open(&mut rig, 1, kind::STREAM);
    assert_eq!(rig.connect(1, &Name::v4(PEER, 80)), -EINPROGRESS);
    for _ in 0..8 {
        rig.after(SECOND);
    }
    assert_eq!(
        rig.told(1, told::ERROR),
        domains::errno::EHOSTUNREACH as u64
    );
}
