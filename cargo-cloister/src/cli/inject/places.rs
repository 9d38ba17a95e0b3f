//! Where an image has the code and the data of its domains.

use std::fmt::Write;
use std::fs;
use std::ops::Range;
use std::path::Path;

use domains::layout::{self, PAGE_SIZE};
use domains::{Area, Domain, Isolation, Rights};

use super::fault::Random;
use crate::cli::failure::{Failure, report};
use crate::image::Component;
use crate::image::packed::{Packed, PackedLoad, Pages};

/// How much of a heap counts as data: what is used first.
const HEAP: u64 = 64 * PAGE_SIZE;

/// A part of an image that a fault can be in, or can reach.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Part {
    component: Component,
    text: Vec<Range<u64>>,
    data: Vec<Range<u64>>,
}

/// All parts of an image.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Places(Vec<Part>);

impl Places {
    /// Reads them out of an image.
    pub(super) fn of(image: &Path) -> Result<Places, Failure> {
        let unreadable = |why: &dyn std::fmt::Display| {
            let message = format!("cannot read `{}`: {why}", image.display());
            Failure::build(report(message, "build it once more"))
        };
        let bytes = fs::read(image).map_err(|error| unreadable(&error))?;
        let packed = Packed::read(&bytes).map_err(|error| unreadable(&error))?;
        let part = |component| {
            let pages = packed.segments.iter();
            let own: Vec<_> = pages
                .filter(|it| it.component() == Some(component))
                .collect();
            let ranges = |is: &dyn Fn(&Pages) -> bool| -> Vec<Range<u64>> {
                let pages = own.iter().filter(|pages| is(pages));
                pages.map(|pages| pages.start()..pages.end()).collect()
            };
            // The core's pages are no part of the manifest.
            let loads = packed.loads.iter().filter(|load| {
                component == Component::Core && load.writable && own_address(component, load)
            });
            let loads = loads.map(|load| load.address..load.address + load.memory_size);
            Part {
                component,
                text: ranges(&|pages| pages.is_executable()),
                data: loads.chain(ranges(&|pages| pages.is_writable())).collect(),
            }
        };
        let parts = Component::ALL.into_iter().map(part);
        let is_there = |part: &Part| !part.text.is_empty() || !part.data.is_empty();
        Ok(Places(parts.filter(is_there).collect()))
    }

    /// The domains that have code, by their names.
    pub(super) fn domains(&self) -> Vec<&'static str> {
        let parts = self
            .0
            .iter()
            .filter(|part| part.component.domain().is_some());
        parts.map(|part| part.component.name()).collect()
    }

    /// What the plugin is told of every domain: its code, and where it may write. Without walls
    /// whoever is called works on the stack of whoever calls.
    pub(super) fn told(&self, isolation: Isolation) -> String {
        let stacks: &[layout::Region] = match isolation {
            Isolation::Mpk => &[],
            Isolation::None => &[layout::APP.stacks(), layout::SAFE.stacks()],
        };
        let mut text = String::new();
        for part in &self.0 {
            let Some(domain) = part.component.domain() else {
                continue;
            };
            let name = part.component.name();
            let (start, end) = span(&part.text);
            let _ = writeln!(text, "text {name} {start:x} {end:x}");
            for area in areas(domain).chain(stacks.iter().copied()) {
                let _ = writeln!(text, "may {name} {:x} {:x}", area.start, area.end);
            }
        }
        text
    }

    /// What it is told of the data of a domain.
    pub(super) fn data_of(&self, domain: &str) -> String {
        let part = self.0.iter().find(|part| part.component.name() == domain);
        let mut ranges = part.map(|part| part.data.clone()).unwrap_or_default();
        let area = part.and_then(|part| part.component.data_area());
        if let Some(region) = area.and_then(layout::region_of) {
            let heap = region.heap().start;
            ranges.push(heap..heap + HEAP);
        }
        let lines = ranges
            .iter()
            .map(|it| format!("data {:x} {:x}\n", it.start, it.end));
        lines.collect()
    }

    /// Where a store goes that went wrong: a word of some domain's data, each domain as
    /// often as another.
    pub(super) fn pointer(&self, random: &mut Random) -> u64 {
        let parts: Vec<&Part> = self.0.iter().filter(|part| !part.data.is_empty()).collect();
        let place = random.below(parts.len() as u64) as usize;
        let Some(part) = parts.get(place) else {
            return 0;
        };
        let size: u64 = part.data.iter().map(|range| range.end - range.start).sum();
        let mut offset = random.below(size) & !7;
        for range in &part.data {
            let size = range.end - range.start;
            if offset < size {
                return range.start + offset;
            }
            offset -= size;
        }
        0
    }
}

/// Where a domain may write by the domain table.
fn areas(domain: Domain) -> impl Iterator<Item = layout::Region> {
    let writes = move |area: &Area| domains::table::rights(domain, *area) == Rights::ReadWrite;
    let areas = Area::ALL.into_iter().filter(writes);
    let regions = areas.filter_map(layout::region_of);
    // The CPU page lies apart from the other pages of its area.
    let cpu_page = layout::Region::new(layout::CPU_PAGE, PAGE_SIZE);
    regions.chain((domain == Domain::Safe).then_some(cpu_page))
}

fn own_address(component: Component, load: &PackedLoad) -> bool {
    component.region().contains(load.address)
}

fn span(ranges: &[Range<u64>]) -> (u64, u64) {
    let start = ranges.iter().map(|range| range.start).min();
    let end = ranges.iter().map(|range| range.end).max();
    (start.unwrap_or(0), end.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places() -> Places {
        let part = |component: Component, start: u64| Part {
            component,
            text: std::iter::once(start..start + 0x1000).collect(),
            data: vec![
                start + 0x2000..start + 0x3000,
                start + 0x4000..start + 0x5000,
            ],
        };
        Places(vec![
            part(Component::Core, 0x10_0000),
            part(Component::App, 0x30_0000),
        ])
    }

    #[test]
    fn a_domain_may_write_what_the_table_says() {
        let told = places().told(Isolation::Mpk);
        let app = layout::APP;
        assert_eq!(
            told,
            format!(
                "text app 300000 301000\nmay app {:x} {:x}\n",
                app.start, app.end
            ),
            "the core is no domain"
        );
        let stacks = layout::SAFE.stacks();
        let stacks = format!("may app {:x} {:x}\n", stacks.start, stacks.end);
        assert!(places().told(Isolation::None).contains(&stacks));
        assert_eq!(areas(Domain::Cell(domains::Cell::Net)).count(), 2);
    }

    #[test]
    fn stores_go_to_data_of_every_part() {
        let (places, mut random) = (places(), Random(7));
        let drawn: Vec<u64> = (0..64).map(|_| places.pointer(&mut random)).collect();
        let is_data = |at: &u64| {
            let parts = places.0.iter().flat_map(|part| &part.data);
            parts.clone().any(|range| range.contains(at))
        };
        assert!(drawn.iter().all(|at| is_data(at) && at.is_multiple_of(8)));
        assert!(
            drawn.iter().any(|at| *at < 0x20_0000) && drawn.iter().any(|at| *at > 0x30_0000)
        );
    }
}
