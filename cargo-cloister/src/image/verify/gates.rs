//! WRPKRU: on the gate page only, and never without its check.

use domains::layout::{GATE_PAGE, PAGE_SIZE};
use domains::{Domain, Isolation, Pkru, Purpose};

use super::{GateSite, Violation, tokens, ways};
use crate::image::Component;
use crate::image::packed::Packed;
use crate::image::scan::{Run, WRPKRU, runs};

/// `mov eax, imm32`
const MOV_EAX: u8 = 0xb8;
/// `cmp eax, imm32`
const CMP_EAX: u8 = 0x3d;
/// `jne rel8`
const JNE_SHORT: u8 = 0x75;
/// `jne rel32`
const JNE_NEAR: [u8; 2] = [0x0f, 0x85];
/// `ud2`, where a check that fails must lead.
const UD2: [u8; 2] = [0x0f, 0x0b];

/// Checks every WRPKRU in `text` and gives those of the gates.
pub(super) fn check(
    image: &Packed,
    text: &[Run],
    violations: &mut Vec<Violation>,
) -> Vec<GateSite> {
    let mut sites = Vec::new();
    for run in text {
        for address in run.find(&WRPKRU) {
            match site(image, run, address) {
                Ok(site) => sites.push(site),
                Err(violation) => violations.push(violation),
            }
        }
    }
    violations.extend(across_frames(image, text));
    violations.extend(missing(image, &sites));
    tokens::check(image, text, &sites, violations);
    ways::check(image, text, violations);
    sites
}

/// The gate's site at `address`, or the reason why it is none.
fn site(image: &Packed, run: &Run, address: u64) -> Result<GateSite, Violation> {
    let on_gate_page = (GATE_PAGE..GATE_PAGE + PAGE_SIZE).contains(&address);
    if image.isolation == Isolation::None || !on_gate_page {
        return Err(Violation::Wrpkru {
            address,
            component: place(address),
        });
    }
    guarded(image.purpose(), run, address).map_err(|why| Violation::Unguarded {
        address,
        why: why.into(),
    })
}

fn place(address: u64) -> String {
    Component::at(address)
        .map_or("no component", Component::title)
        .into()
}

/// Reads the check around a WRPKRU: the value before it, the same value behind
/// it, and a jump to UD2 on the same page if the register held another.
fn guarded(purpose: Purpose, run: &Run, address: u64) -> Result<GateSite, &'static str> {
    let before = run.before(address).unwrap_or_default();
    let behind = run.from(address + WRPKRU.len() as u64).unwrap_or_default();
    let written = immediate(before.last_chunk::<5>(), MOV_EAX)
        .ok_or("no `mov eax, imm32` right before it")?;
    let demanded = immediate(behind.first_chunk::<5>(), CMP_EAX)
        .ok_or("no `cmp eax, imm32` right behind it")?;
    if written != demanded {
        return Err("its check demands another value than it writes");
    }
    let pkru = Pkru::from_bits(demanded);
    // DEFENCE: rights-of-the-kind
    let domain = pkru
        .domain_in_image(purpose)
        .ok_or("no domain runs with its value")?;
    let jump_at = address + WRPKRU.len() as u64 + 5;
    let target = jne(run.from(jump_at).unwrap_or_default(), jump_at)
        .ok_or("no `jne` behind its comparison")?;
    match dies(run, target) {
        true => Ok(GateSite {
            address,
            pkru,
            domain,
        }),
        false => Err("its `jne` does not lead to a `ud2` of the gate page"),
    }
}

/// Whether `target` is a `ud2` of the gate page.
pub(super) fn dies(run: &Run, target: u64) -> bool {
    let bytes = run.from(target);
    bytes.is_some_and(|bytes| bytes.starts_with(&UD2))
        && (GATE_PAGE..GATE_PAGE + PAGE_SIZE).contains(&target)
}

fn immediate(instruction: Option<&[u8; 5]>, opcode: u8) -> Option<u32> {
    let [first, value @ ..] = instruction?;
    (*first == opcode).then(|| u32::from_le_bytes(*value))
}

/// Where the `jne` at the head of `bytes`, at `address`, leads.
fn jne(bytes: &[u8], address: u64) -> Option<u64> {
    let (length, distance) = match bytes {
        [JNE_SHORT, distance, ..] => (2, i64::from(distance.cast_signed())),
        [a, b, rest @ ..] if [*a, *b] == JNE_NEAR => {
            (6, i64::from(i32::from_le_bytes(*rest.first_chunk()?)))
        }
        _ => return None,
    };
    (address + length).checked_add_signed(distance)
}

/// WRPKRU that stands across two frames which touch only in physical memory.
/// No mapping makes it executable today; none should be able to.
fn across_frames(image: &Packed, text: &[Run]) -> Vec<Violation> {
    let executable = image
        .segments
        .iter()
        .filter(|segment| segment.is_executable());
    let physical =
        runs(executable.map(|segment| (segment.record.physical, image.contents(segment))));
    let known: usize = text.iter().map(|run| run.find(&WRPKRU).count()).sum();
    let found: Vec<u64> = physical.iter().flat_map(|run| run.find(&WRPKRU)).collect();
    if found.len() <= known {
        return Vec::new();
    }
    let straddles = |address: &u64| address / PAGE_SIZE != (address + 2) / PAGE_SIZE;
    found
        .into_iter()
        .filter(straddles)
        .map(|address| Violation::Wrpkru {
            address,
            component: "neighbouring frames".into(),
        })
        .collect()
}

/// Domains that no gate of an image under `mpk` leads to.
fn missing(image: &Packed, sites: &[GateSite]) -> Vec<Violation> {
    let reached = |domain: &Domain| sites.iter().any(|site| site.domain == *domain);
    image
        .purpose()
        .domains()
        .filter(|domain| image.isolation == Isolation::Mpk && !reached(domain))
        .map(|domain| Violation::MissingGate {
            domain: domain.name(),
        })
        .collect()
}
