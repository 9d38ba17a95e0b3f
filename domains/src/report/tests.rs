//! Lines as they are written and read.

extern crate std;

use std::string::ToString;

use super::*;
use crate::notice::{Listener, Protocol, Versions};
use crate::{Area, Domain};

#[test]
fn every_record_survives_the_channel() {
    let fault = Fault {
        domain: Some(Domain::App),
        vector: 14,
        error: 0x27,
        address: 0x1000_0020_4018,
        rip: 0x3000_0000_1234,
        rsp: 0x3010_0000_0000,
        pkru: 0x5555_5455,
        page: Page::Area(Area::Safe),
        cause: Cause::Key,
        action: Action::Terminate,
        entry: None,
    };
    let refusal = Refusal {
        reason: Reason::Cpu,
        need: feature::PKU,
        have: 0,
    };
    for record in [
        Record::Started,
        Record::Fault(fault),
        Record::Fault(Fault {
            domain: None,
            page: Page::Nothing,
            ..fault
        }),
        Record::Fault(Fault {
            entry: Some(22),
            ..fault
        }),
        Record::Registers(Registers {
            root: 0x20_0000,
            fs: 0x3000_0000_8000,
            words: core::array::from_fn(|number| number as u64),
        }),
        Record::Refuse(refusal),
        Record::Restart(Cell::Hostfs, 2),
        Record::Trace(Trace {
            kind: TraceKind::Frame,
            value: 0x3000_0000_1234,
        }),
        Record::Notice(LISTENS),
        Record::Exit(255),
    ] {
        assert_eq!(record.to_string().parse(), Ok(record));
    }
}

const LISTENS: Notice = Notice::Listens(Listener {
    port: 80,
    protocol: Protocol::Tcp,
    versions: Versions::V4,
    is_local: false,
});

#[test]
fn what_is_passed_on_has_a_number_and_a_sort_of_its_own() {
    for (number, kind) in TraceKind::ALL.iter().enumerate() {
        let trace = Trace {
            kind: *kind,
            value: 7,
        };
        let told = Record::told(number as u64, 7);
        assert_eq!(told, Some((Record::Trace(trace), 0)));
    }
    let [number, value] = LISTENS.words();
    let told = Record::told(number, value);
    assert_eq!(told, Some((Record::Notice(LISTENS), 1)));
    assert_eq!(Record::told(TraceKind::ALL.len() as u64, value), None);
    assert_eq!(Record::told(number, 0), None);
}

#[test]
fn anything_else_is_malformed() {
    for line in [
        "",
        "cloister",
        "cloister dance",
        "cloister exit status=256",
        "cloister registers root=0x1000 fs=0x0 r15=0x1",
        "cloister restart cell=app",
        "cloister notice kind=listens value=0",
        "cloister notice kind=sings value=0x4060050",
        "exit status=0",
    ] {
        assert_eq!(line.parse::<Record>(), Err(Malformed), "{line:?}");
    }
}
