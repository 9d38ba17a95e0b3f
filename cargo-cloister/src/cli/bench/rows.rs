//! Tables in Markdown, for terminals and documents alike.

use comfy_table::{CellAlignment, Table, presets};

/// A table whose columns from number `first` on hold numbers.
pub(in crate::cli) fn table(
    header: &[&str],
    first: usize,
    rows: impl IntoIterator<Item = Vec<String>>,
) -> String {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    table.set_header(header.iter().copied());
    table.add_rows(rows);
    for column in table.column_iter_mut().skip(first) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.to_string()
}

/// A whole number in groups of three digits.
pub(in crate::cli) fn whole(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Whole numbers without a point, others with two digits behind it.
pub(super) fn number(value: f64) -> String {
    let size = value.abs();
    if size >= 1e15 || !value.is_finite() {
        return format!("{value}");
    }
    let hundredths = (size * 100.0).round() as u64;
    let sign = if value < 0.0 && hundredths > 0 {
        "-"
    } else {
        ""
    };
    match (hundredths / 100, hundredths % 100) {
        (whole_part, 0) if size.fract() == 0.0 => format!("{sign}{}", whole(whole_part)),
        (whole_part, rest) => format!("{sign}{}.{rest:02}", whole(whole_part)),
    }
}

/// A number that may not be there.
pub(super) fn optional(value: Option<f64>) -> String {
    value.map_or("–".to_owned(), number)
}

/// A share in percent, with two digits that tell something.
pub(in crate::cli) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    let size = percent.abs();
    if size == 0.0 || size >= 0.1 {
        return format!("{percent:.2} %");
    }
    let digits = (1.0 - size.log10().floor()).clamp(2.0, 12.0) as usize;
    format!("{percent:.digits$} %")
}

/// What the last column says of a limit.
pub(super) fn verdict(is_within: Option<bool>) -> &'static str {
    match is_within {
        Some(true) => "ok",
        Some(false) => "exceeded",
        None => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_people_read_them() {
        assert_eq!(whole(0), "0");
        assert_eq!(whole(1_234_567), "1,234,567");
        assert_eq!(whole(123_456), "123,456");
        assert_eq!(number(186_600.0), "186,600");
        assert_eq!(number(0.5), "0.50");
        assert_eq!(percent(0.003), "0.30 %");
        assert_eq!(number(3507.45), "3,507.45");
        assert_eq!(number(-0.5), "-0.50");
        assert_eq!(number(0.999), "1.00");
        assert_eq!(percent(0.000_012), "0.0012 %");
        assert_eq!(percent(0.000_000_006_8), "0.00000068 %");
        assert_eq!(percent(-0.0326), "-3.26 %");
    }
}
