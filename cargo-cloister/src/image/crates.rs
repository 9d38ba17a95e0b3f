//! The crate that a symbol comes from, as far as its name tells.

/// The crate in whose namespace the demangled `name` lies; none for names
/// that were never mangled.
pub(crate) fn crate_of(name: &str) -> Option<String> {
    let mut rest = name;
    loop {
        rest = rest.trim_start_matches(['<', '&', '*', '[', '(', ' ']);
        let word = [
            "dyn ",
            "mut ",
            "const ",
            "impl ",
            "for ",
            "unsafe ",
            "extern \"C\" ",
        ];
        match word.iter().find_map(|word| rest.strip_prefix(word)) {
            Some(stripped) => rest = stripped,
            None => break,
        }
    }
    let end = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_')?;
    let (krate, behind) = rest.split_at(end);
    // A trait's implementation for a primitive type is named for the trait.
    if !behind.starts_with("::") {
        let of_trait = name.split_once(" as ")?.1;
        return crate_of(of_trait);
    }
    (!krate.is_empty()).then(|| krate.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_implementations_tell_their_crate() {
        let cases = [
            ("std::io::stdio::print", Some("std")),
            (
                "<alloc::vec::Vec<T> as core::ops::drop::Drop>::drop",
                Some("alloc"),
            ),
            (
                "<&mut hello::Thing as core::fmt::Debug>::fmt",
                Some("hello"),
            ),
            ("<dyn core::any::Any>::is", Some("core")),
            ("<u32 as core::fmt::Display>::fmt", Some("core")),
            ("memcpy", None),
            ("", None),
        ];
        for (name, expected) in cases {
            assert_eq!(crate_of(name).as_deref(), expected, "{name}");
        }
    }
}
