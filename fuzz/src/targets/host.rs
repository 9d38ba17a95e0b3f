//! What the host tool reads of QEMU, of libtest and of a guest.

use cargo_cloister::testing::{Piece, Stream, Test};
use cargo_cloister::vm::{Backend, Lines, Network, Utf8Pieces, Version, WeakWalls};
use domains::network::Setting;

use super::{about, seen};
use crate::target::Seen;

/// libtest's events among what a test prints. Pieces are the same however the output is
/// cut, and what is no event comes out as it went in.
pub fn libtest(bytes: &[u8]) -> Seen {
    let whole = pieces(bytes, bytes.len().max(1));
    for cut in [1, 13] {
        assert_eq!(pieces(bytes, cut), whole, "cut into {cut}");
    }
    let (text, events) = whole;
    assert!(text.len() <= bytes.len());
    if events.is_empty() {
        assert_eq!(text, bytes);
    }
    seen((about(events.len()), about(text.len())))
}

/// The text of an output that comes in such pieces, and its events.
fn pieces(bytes: &[u8], cut: usize) -> (Vec<u8>, Vec<String>) {
    let mut stream = Stream::default();
    let mut all: Vec<Piece> = bytes.chunks(cut).flat_map(|it| stream.push(it)).collect();
    all.extend(stream.finish());
    let (mut text, mut events) = (Vec::new(), Vec::new());
    for piece in all {
        match piece {
            Piece::Text(bytes) => text.extend(bytes),
            Piece::Event(event) => events.push(format!("{event:?}")),
        }
    }
    (text, events)
}

/// Lines of libtest's lists: names are no longer than their lines.
pub fn libtest_list(bytes: &[u8]) -> Seen {
    let text = String::from_utf8_lossy(bytes);
    let found = text.lines().filter_map(|line| {
        let test = Test::read(line)?;
        assert!(test.name.len() + test.why_ignored.len() <= line.len());
        Some((
            test.ignored,
            test.why_ignored.is_empty(),
            test.name.is_empty(),
        ))
    });
    seen(found.take(3).collect::<Vec<_>>())
}

/// Lines and text of a guest, however they are cut.
pub fn lines(bytes: &[u8]) -> Seen {
    let all = lines_of(bytes, bytes.len().max(1));
    let text = text_of(bytes, bytes.len().max(1));
    for cut in [1, 5] {
        assert_eq!(lines_of(bytes, cut), all, "cut into {cut}");
        assert_eq!(text_of(bytes, cut), text, "cut into {cut}");
    }
    assert_eq!(text, String::from_utf8_lossy(bytes));
    assert!(
        all.iter()
            .all(|line| !line.is_empty() && !line.contains('\n'))
    );
    seen((about(all.len()), text.contains(char::REPLACEMENT_CHARACTER)))
}

fn lines_of(bytes: &[u8], cut: usize) -> Vec<String> {
    let mut lines = Lines::default();
    let mut all: Vec<String> = bytes.chunks(cut).flat_map(|it| lines.push(it)).collect();
    all.extend(lines.finish());
    all
}

fn text_of(bytes: &[u8], cut: usize) -> String {
    let mut pieces = Utf8Pieces::default();
    let text: String = bytes.chunks(cut).map(|it| pieces.push(it)).collect();
    text + &pieces.finish()
}

/// What QEMU and packages say of how old they are.
pub fn versions(bytes: &[u8]) -> Seen {
    let text = String::from_utf8_lossy(bytes);
    let (said, package) = (Version::said(&text), Version::of_package(&text));
    for version in said.iter().chain(&package) {
        let again = Version::said(&format!("version {version}"));
        assert_eq!(again, Some(*version));
    }
    let weak = WeakWalls::of(&text);
    assert_eq!(
        weak.is_none(),
        said.is_some_and(|version| version >= Version::SOUND)
    );
    let weak = weak.map(|weak| weak.to_string().len() > 100);
    seen((
        said >= Some(Version::FAIR),
        package >= Some(Version::OLDEST),
        weak,
    ))
}

/// QEMU's last words of a network that it could not make.
pub fn blame(bytes: &[u8]) -> Seen {
    let words = String::from_utf8_lossy(bytes);
    let found = ["user", "tap:tap0", "dgram:/tmp/peer"].map(|backend| {
        let network = Network {
            backend: backend.parse::<Backend>().expect("there is such a backend"),
            capture: Some("/tmp/capture".into()),
            ..Network::default()
        };
        let error = network.blame(&words, &Setting::NONE)?;
        let told = error.to_string();
        assert!(told.len() <= bytes.len() * 3 + 1000, "{told}");
        Some(std::mem::discriminant(&error))
    });
    seen(found)
}
