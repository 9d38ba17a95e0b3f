//! The description of an image as text.

use std::fmt;

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Table};

use super::{ComponentView, DomainView, Inspection, KeyView};
use crate::image::depth::Depth;

/// How many crates of a component are shown.
const CRATES_SHOWN: usize = 8;

impl fmt::Display for Inspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "isolation  {}", self.isolation)?;
        writeln!(f, "build-id   {}", self.build_id)?;
        writeln!(f, "gate page  {}", self.gate_page)?;
        if self.test_hooks {
            writeln!(f, "test hooks present: not for use")?;
        }
        writeln!(f, "file       {} bytes", self.file_size)?;
        writeln!(f, "memory     {} bytes", self.memory_size)?;
        if !self.left_out.is_empty() {
            writeln!(f, "left out   {}", self.left_out.join(", "))?;
        }
        if let Some(files) = &self.files {
            writeln!(f, "files      {} in {} bytes", files.count, files.size)?;
        }
        section(f, "domains", domains(&self.domains, &self.keys))?;
        section(f, "keys", keys(self))?;
        section(f, "gates", gates(self))?;
        section(f, "components", components(&self.components))?;
        if self
            .components
            .iter()
            .any(|component| !component.crates.is_empty())
        {
            section(f, "largest crates", crates(&self.components))?;
        }
        for component in &self.components {
            if let Some(depth) = &component.depth {
                let title = format!("deepest path of {}", component.name);
                section(f, &title, path(depth))?;
            }
        }
        if !self.listed.is_empty() {
            section(f, "harmless, but listed", listed(self))?;
        }
        Ok(())
    }
}

fn section(f: &mut fmt::Formatter<'_>, title: &str, table: Table) -> fmt::Result {
    writeln!(f, "\n{title}")?;
    table
        .lines()
        .try_for_each(|line| writeln!(f, " {}", line.trim_end()))
}

/// A table without lines, with these headings.
fn table<'h>(headings: impl IntoIterator<Item = &'h str>) -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING);
    table.set_header(headings);
    table
}

fn align_right(table: &mut Table, columns: impl IntoIterator<Item = usize>) {
    for column in columns {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

fn domains(views: &[DomainView], keys: &[KeyView]) -> Table {
    let areas: Vec<_> = keys.iter().map(|view| view.area).collect();
    let headings = ["domain", "pkru"].into_iter();
    let mut table = table(headings.chain(areas.iter().copied()));
    for view in views {
        let fixed = [view.name.to_owned(), format!("{:#010x}", view.pkru)];
        let rights = areas.iter();
        let rights = rights.map(|area| view.rights.get(area).cloned().unwrap_or_default());
        table.add_row(fixed.into_iter().chain(rights));
    }
    table
}

fn keys(inspection: &Inspection) -> Table {
    let mut table = table(["key", "area", "pages"]);
    for view in &inspection.keys {
        table.add_row([
            view.key.to_string(),
            view.area.to_owned(),
            view.pages.to_string(),
        ]);
    }
    align_right(&mut table, [0, 2]);
    table
}

fn gates(inspection: &Inspection) -> Table {
    let mut table = table(["wrpkru at", "gate", "pkru", "domain"]);
    for view in &inspection.gates {
        let gate = view.gate.clone().unwrap_or_default();
        let (address, pkru) = (
            format!("{:#x}", view.address),
            format!("{:#010x}", view.pkru),
        );
        table.add_row([address, gate, pkru, view.domain.to_owned()]);
    }
    table
}

fn components(views: &[ComponentView]) -> Table {
    let mut table = table(["component", "text", "constants", "data"]);
    for view in views {
        let sizes = [view.text, view.constants, view.data].map(|size| size.to_string());
        table.add_row([view.name.to_owned()].into_iter().chain(sizes));
    }
    align_right(&mut table, 1..4);
    table
}

fn crates(views: &[ComponentView]) -> Table {
    let mut table = table(["component", "crate", "bytes"]);
    for view in views {
        for share in view.crates.iter().take(CRATES_SHOWN) {
            let name = share.name.as_deref().unwrap_or("(assembly, C names)");
            table.add_row([view.name, name, &share.size.to_string()]);
        }
    }
    align_right(&mut table, [2]);
    table
}

/// The figures, and the functions below them.
fn path(depth: &Depth) -> Table {
    let figures = format!(
        "{} of {} bytes; {} calls through tables are in no path",
        depth.bytes, depth.stack, depth.calls_through_tables
    );
    let mut table = table([figures.as_str()]);
    for circle in &depth.circles {
        let (functions, reason) = (circle.functions.join(", "), circle.reason);
        table.add_row([format!("round {}: {functions} ({reason})", circle.rounds)]);
    }
    for function in &depth.path {
        table.add_row([function]);
    }
    table
}

fn listed(inspection: &Inspection) -> Table {
    let mut table = table(["at", "instruction", "function"]);
    for view in &inspection.listed {
        let function = view.function.clone().unwrap_or_default();
        table.add_row([
            format!("{:#x}", view.address),
            view.instruction.to_owned(),
            function,
        ]);
    }
    table
}
