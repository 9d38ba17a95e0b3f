//! What host and guest tell each other, and how names are found.

use domains::boot::OptionsHeader;
use domains::layout::{self, GATE_PAGE, PAGE_SIZE};
use domains::manifest::{self, Header, Segment, Tls, rights};
use domains::notice::{Lease, Listener, Notice, Origin, Protocol, Versions};
use domains::report::{Action, Cause, Fault, Page, Reason, Record, Refusal, Trace, TraceKind};
use domains::{Area, Cell, Cells, Domain, Purpose, archive};
use zerocopy::IntoBytes;

use super::{Seed, words};

pub(super) fn all() -> Vec<Seed> {
    let options = boot_options();
    vec![
        ("archive", "two", archive()),
        ("boot-options", "one-volume", options.clone()),
        ("core-options", "one-volume", options),
        ("core-options", "none", Vec::new()),
        ("core-segments", "four", segments()),
        ("notices", "both", notices()),
        ("pvh", "microvm", pvh()),
        ("queue", "chains", queue()),
        ("reports", "all", reports()),
        ("dns", "addresses", dns(0x8180, &[(5, b"\x03web\x07example\0"), (1, &[10, 0, 0, 1])])),
        ("dns", "six", dns_of(28, 0x8180, &[(28, &[9; 16])])),
        ("dns", "cut", dns(0x8380, &[])),
        ("dns", "nobody", dns(0x8183, &[(6, b"\x02ns\0\x02me\0....,,,,::::;;;;\0\0\0\x3c")])),
        ("hosts", "some", b"# the machines\n127.0.0.1\tlocalhost\n10.0.0.1 db\nfd00::1%eth0 x DB # it\n".into()),
        ("resolv", "some", b"nameserver 1.1.1.1\nnameserver fe80::1%2\nsearch a.org b.org.\noptions ndots:2 timeout:3 attempts:4 rotate\n".into()),
    ]
}

fn archive() -> Vec<u8> {
    let record = |path, path_size, content, content_size, kind| archive::Record {
        path,
        content,
        content_size,
        modified: 7,
        path_size,
        mode: 0o644,
        kind,
    };
    let header = archive::Header {
        magic: archive::MAGIC,
        records: 2,
    };
    let directory = record(96, 1, 96, 0, archive::kind::DIRECTORY);
    let file = record(96, 3, 99, 5, archive::kind::FILE);
    [
        header.as_bytes(),
        directory.as_bytes(),
        file.as_bytes(),
        b"d/fhello",
    ]
    .concat()
}

fn boot_options() -> Vec<u8> {
    let strings = b"program\0--flag\0HOME=/root\0w022/data\0";
    let header = OptionsHeader::new(2, 1, strings.len() as u64, 1).with_volumes(1, 1000);
    let header = header.with_cpus(2).with_pci_slots(6);
    [header.as_bytes(), strings].concat()
}

fn segments() -> Vec<u8> {
    let segment = |address, physical, pages, area, rights| Segment {
        address,
        physical,
        pages,
        area: Segment::area_number(area),
        rights,
        reserved: 0,
    };
    let header = Header {
        magic: manifest::MAGIC,
        version: manifest::VERSION,
        segments: 4,
        isolation: 1,
        test_hooks: 0,
        physical_end: 0x28_0000,
        app_entry: layout::APP.start,
        tls: Tls::default(),
        archive_size: 0,
        cells: Cells::of(Purpose::Use).bits(),
    };
    let (app, safe) = (layout::APP.start, layout::SAFE.start);
    let all = [
        segment(GATE_PAGE, 0x20_0000, 1, Area::Text, rights::EXECUTE),
        segment(safe, 0x20_1000, 2, Area::Safe, 0),
        segment(app, 0x20_3000, 3, Area::Text, rights::EXECUTE),
        segment(app + 3 * PAGE_SIZE, 0x20_6000, 4, Area::App, rights::WRITE),
    ];
    [header.as_bytes(), all.as_bytes()].concat()
}

/// Start information, a memory map at 0x100, a module at 0x204.
fn pvh() -> Vec<u8> {
    let mut bytes = vec![0; 0x220];
    let mut set = |at: usize, word: u64| bytes[at..at + 8].copy_from_slice(&word.to_le_bytes());
    set(0x00, 1 << 32 | 0x336e_c578);
    set(0x08, 1 << 32);
    set(0x10, 0x204);
    set(0x28, 0x100);
    set(0x30, 3);
    for (place, (start, size, kind)) in [
        (0, 0x9000, 1),
        (0xf000, 0x1000, 2),
        (0x10_0000, 0x700_0000, 1),
    ]
    .into_iter()
    .enumerate()
    {
        set(0x100 + 24 * place, start);
        set(0x108 + 24 * place, size);
        set(0x110 + 24 * place, kind);
    }
    set(0x204, 0x5000);
    set(0x20c, 0x60);
    bytes
}

/// Two chains that are published and used, and a third.
fn queue() -> Vec<u8> {
    let acts: [[u8; 4]; 15] = [
        [0, 0, 1, 1],
        [0, 1, 2, 3],
        [0, 2, 0, 2],
        [0, 3, 0, 0],
        [6, 0, 0, 0],
        [6, 1, 3, 0],
        [10, 0, 2, 0],
        [15, 0, 0, 0],
        [12, 0, 0, 0],
        [15, 0, 0, 0],
        [12, 0, 0, 0],
        [6, 2, 0, 0],
        [10, 0, 1, 0],
        [14, 0, 0, 0],
        [15, 0, 0, 0],
    ];
    [&[0][..], acts.as_flattened()].concat()
}

/// Notices, as numbers and values.
fn notices() -> Vec<u8> {
    let all = [listens(), network()].map(Notice::words);
    words(all.as_flattened())
}

fn listens() -> Notice {
    Notice::Listens(Listener {
        port: 80,
        protocol: Protocol::Tcp,
        versions: Versions::Both,
        is_local: false,
    })
}

fn network() -> Notice {
    Notice::Network(Lease {
        address: [10, 0, 2, 15],
        prefix: 24,
        origin: Origin::Dhcp,
    })
}

/// A line of each kind.
fn reports() -> Vec<u8> {
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
        entry: Some(22),
    };
    let records = [
        Record::Started,
        Record::Fault(fault),
        Record::Refuse(Refusal {
            reason: Reason::Cpu,
            need: 1,
            have: 0,
        }),
        Record::Restart(Cell::Hostfs, 2),
        Record::Trace(Trace {
            kind: TraceKind::Frame,
            value: 0x3000_0000_1234,
        }),
        Record::Notice(listens()),
        Record::Notice(network()),
        Record::Exit(255),
    ];
    let lines = records.iter().map(|record| format!("{record}\n"));
    lines.collect::<String>().into()
}

/// An answer to the question for addresses of IPv4 of `www.example`, with the number 7.
fn dns(flags: u16, records: &[(u16, &[u8])]) -> Vec<u8> {
    dns_of(1, flags, records)
}

fn dns_of(kind: u16, flags: u16, records: &[(u16, &[u8])]) -> Vec<u8> {
    let (answers, authorities) = match flags & 0xf {
        0 => (records.len() as u16, 0),
        _ => (0, records.len() as u16),
    };
    let head = [7, flags, 1, answers, authorities, 0].map(u16::to_be_bytes);
    let mut message = head.as_flattened().to_vec();
    message.extend(b"\x03www\x07example\0");
    message.extend([kind, 1].map(u16::to_be_bytes).as_flattened());
    // The first record is of the name that was asked for, and the next of its alias.
    let mut owner: &[u8] = &[0xc0, 12];
    for (kind, data) in records {
        message.extend(owner);
        message.extend([*kind, 1].map(u16::to_be_bytes).as_flattened());
        message.extend(300_u32.to_be_bytes());
        message.extend((data.len() as u16).to_be_bytes());
        message.extend(*data);
        if *kind == 5 {
            owner = data;
        }
    }
    message
}
