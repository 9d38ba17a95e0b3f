//! Dhrystone 2.1: the statements of 1984's system programs, a hundred a run.
//!
//! Reinhold Weicker's program (SIGPLAN Notices 23, 8, 1988). His procedures
//! keep their names, by which his description of them goes, and are not
//! inlined, as he demands; his global variables are one structure, and his
//! pointers are indices into its two records. The values at the end are those
//! that his program prints as "should be".

use std::hint::black_box;

use crate::{Check, Class};

type Text = [u8; 30];
/// A pointer to a record, or none.
type Link = Option<usize>;

const SOME: Text = *b"DHRYSTONE PROGRAM, SOME STRING";
const FIRST: Text = *b"DHRYSTONE PROGRAM, 1'ST STRING";
const SECOND: Text = *b"DHRYSTONE PROGRAM, 2'ND STRING";
const THIRD: Text = *b"DHRYSTONE PROGRAM, 3'RD STRING";

#[derive(Clone, Copy, PartialEq)]
enum Ident {
    One,
    Two,
    Three,
    Four,
    #[expect(dead_code, reason = "no run of the original comes to it either")]
    Five,
}

#[derive(Clone, Copy)]
struct Record {
    link: Link,
    discriminant: Ident,
    identity: Ident,
    number: i32,
    text: Text,
}

/// The global variables of the original, in its order.
struct Globals {
    int: i32,
    bool: bool,
    char_1: u8,
    char_2: u8,
    array_1: [i32; 50],
    array_2: [[i32; 50]; 50],
    records: [Record; 2],
    pointer: Link,
    next_pointer: Link,
}

/// The variables of the main program.
struct Locals {
    int_1: i32,
    int_2: i32,
    int_3: i32,
    ident: Ident,
    text_1: Text,
    text_2: Text,
}

pub(crate) fn run(class: Class) -> Vec<Check> {
    let runs = match class {
        Class::S => 500_000,
        Class::W => 2_000_000,
        Class::A => 20_000_000,
    };
    let mut globals = Globals::new();
    let mut locals = Locals::new();
    for number in 1..=runs {
        globals.proc_0(&mut locals, number);
    }
    let mut checks = globals.checks(runs);
    checks.extend(locals.checks());
    checks
}

impl Locals {
    fn new() -> Locals {
        Locals {
            int_1: 0,
            int_2: 0,
            int_3: 0,
            ident: Ident::One,
            text_1: black_box(FIRST),
            text_2: [0; 30],
        }
    }

    fn checks(&self) -> [Check; 6] {
        [
            Check::exact("Int_1_Loc", self.int_1.into(), 5),
            Check::exact("Int_2_Loc", self.int_2.into(), 13),
            Check::exact("Int_3_Loc", self.int_3.into(), 7),
            Check::exact("Enum_Loc", self.ident as i64, 1),
            check_text("Str_1_Loc", &self.text_1, &FIRST),
            check_text("Str_2_Loc", &self.text_2, &SECOND),
        ]
    }
}

impl Globals {
    fn new() -> Globals {
        let next = Record {
            link: None,
            discriminant: Ident::One,
            identity: Ident::One,
            number: 0,
            text: [0; 30],
        };
        let first = Record {
            link: Some(1),
            identity: Ident::Three,
            number: 40,
            text: SOME,
            ..next
        };
        let mut globals = Globals {
            int: 0,
            bool: false,
            char_1: 0,
            char_2: 0,
            array_1: [0; 50],
            array_2: [[0; 50]; 50],
            records: [first, next],
            pointer: Some(0),
            next_pointer: Some(1),
        };
        globals.array_2[8][7] = 10;
        // The compiler must not know what the records hold.
        black_box(globals)
    }

    fn checks(&self, runs: i32) -> Vec<Check> {
        let mut checks = vec![
            Check::exact("Int_Glob", self.int.into(), 5),
            Check::exact("Bool_Glob", self.bool.into(), 1),
            Check::exact("Ch_1_Glob", self.char_1.into(), b'A'.into()),
            Check::exact("Ch_2_Glob", self.char_2.into(), b'B'.into()),
            Check::exact("Arr_1_Glob[8]", self.array_1[8].into(), 7),
            Check::exact(
                "Arr_2_Glob[8][7]",
                self.array_2[8][7].into(),
                i64::from(runs) + 10,
            ),
        ];
        checks.extend(self.record(self.pointer).checks("Ptr_Glob", 2, 17));
        checks.extend(
            self.record(self.next_pointer)
                .checks("Next_Ptr_Glob", 1, 18),
        );
        checks
    }

    fn record(&self, link: Link) -> &Record {
        &self.records[link.expect("only links that lead somewhere are followed")]
    }

    fn record_mut(&mut self, link: Link) -> &mut Record {
        &mut self.records[link.expect("only links that lead somewhere are followed")]
    }

    /// The body of the loop that is measured.
    #[inline(never)]
    fn proc_0(&mut self, locals: &mut Locals, number_of_run: i32) {
        self.proc_5();
        self.proc_4();
        // The original hides these from its procedures in a second file.
        [locals.int_1, locals.int_2] = black_box([2, 3]);
        locals.text_2 = SECOND;
        locals.ident = Ident::Two;
        self.bool = !self.func_2(&locals.text_1, &locals.text_2);
        while locals.int_1 < locals.int_2 {
            locals.int_3 = 5 * locals.int_1 - locals.int_2;
            proc_7(locals.int_1, locals.int_2, &mut locals.int_3);
            locals.int_1 += 1;
        }
        self.proc_8(locals.int_1, locals.int_3);
        self.proc_1(self.pointer);
        for letter in b'A'..=self.char_2 {
            if locals.ident == self.func_1(letter, b'C') {
                locals.ident = self.proc_6(Ident::One);
                locals.text_2 = THIRD;
                locals.int_2 = number_of_run;
                self.int = number_of_run;
            }
        }
        locals.int_2 *= locals.int_1;
        locals.int_1 = locals.int_2 / locals.int_3;
        locals.int_2 = 7 * (locals.int_2 - locals.int_3) - locals.int_1;
        self.proc_2(&mut locals.int_1);
    }

    /// Assigns whole records, and changes them through their links.
    #[inline(never)]
    fn proc_1(&mut self, link: Link) {
        let next = self.record(link).link;
        *self.record_mut(next) = *self.record(self.pointer);
        self.record_mut(link).number = 5;
        self.record_mut(next).number = self.record(link).number;
        self.record_mut(next).link = self.record(link).link;
        self.record_mut(next).link = self.proc_3(self.record(next).link);
        if self.record(next).discriminant == Ident::One {
            self.record_mut(next).number = 6;
            self.record_mut(next).identity = self.proc_6(self.record(link).identity);
            self.record_mut(next).link = self.record(self.pointer).link;
            let next = self.record_mut(next);
            proc_7(next.number, 10, &mut next.number);
        } else {
            *self.record_mut(link) = *self.record(self.record(link).link);
        }
    }

    /// A loop that the first global letter ends.
    #[inline(never)]
    fn proc_2(&self, int: &mut i32) {
        let mut sum = *int + 10;
        loop {
            if self.char_1 == b'A' {
                sum -= 1;
                *int = sum - self.int;
                break;
            }
        }
    }

    /// What becomes of a link; in the original it is changed in place.
    #[inline(never)]
    fn proc_3(&mut self, link: Link) -> Link {
        let found = match self.pointer {
            Some(_) => self.record(self.pointer).link,
            None => link,
        };
        let int = self.int;
        proc_7(10, int, &mut self.record_mut(self.pointer).number);
        found
    }

    #[inline(never)]
    fn proc_4(&mut self) {
        self.bool |= self.char_1 == b'A';
        self.char_2 = b'B';
    }

    #[inline(never)]
    fn proc_5(&mut self) {
        self.char_1 = b'A';
        self.bool = false;
    }

    /// A choice among the values of an enumeration.
    #[inline(never)]
    fn proc_6(&self, ident: Ident) -> Ident {
        let other = if func_3(ident) { ident } else { Ident::Four };
        match ident {
            Ident::One => Ident::One,
            Ident::Two if self.int > 100 => Ident::One,
            Ident::Two => Ident::Four,
            Ident::Three => Ident::Two,
            Ident::Four => other,
            Ident::Five => Ident::Three,
        }
    }

    /// Elements of arrays of one and two dimensions.
    #[inline(never)]
    fn proc_8(&mut self, int_1: i32, int_2: i32) {
        let index = usize::try_from(int_1 + 5).expect("it is 8");
        self.array_1[index] = int_2;
        self.array_1[index + 1] = self.array_1[index];
        self.array_1[index + 30] = int_1 + 5;
        for column in index..=index + 1 {
            self.array_2[index][column] = int_1 + 5;
        }
        self.array_2[index][index - 1] += 1;
        self.array_2[index + 20][index] = self.array_1[index];
        self.int = 5;
    }

    #[inline(never)]
    fn func_1(&mut self, char_1: u8, char_2: u8) -> Ident {
        if char_1 != char_2 {
            return Ident::One;
        }
        self.char_1 = char_1;
        Ident::Two
    }

    /// Whether the first text comes after the second.
    #[inline(never)]
    fn func_2(&mut self, text_1: &Text, text_2: &Text) -> bool {
        let mut int = 2;
        let mut letter = 0;
        while int <= 2 {
            if self.func_1(text_1[int], text_2[int + 1]) == Ident::One {
                letter = b'A';
                int += 1;
            }
        }
        if (b'W'..b'Z').contains(&letter) {
            int = 7;
        }
        if letter == b'R' {
            return true;
        }
        let is_after = text_1 > text_2;
        if is_after {
            self.int = int as i32 + 7;
        }
        is_after
    }
}

#[inline(never)]
fn proc_7(int_1: i32, int_2: i32, sum: &mut i32) {
    *sum = int_2 + (int_1 + 2);
}

#[inline(never)]
fn func_3(ident: Ident) -> bool {
    ident == Ident::Three
}

impl Record {
    fn checks(&self, name: &str, identity: i64, number: i64) -> [Check; 4] {
        let what = |field| format!("{name}->{field}");
        [
            Check::exact(what("Discr"), self.discriminant as i64, 0),
            Check::exact(what("Enum_Comp"), self.identity as i64, identity),
            Check::exact(what("Int_Comp"), self.number.into(), number),
            check_text(&what("Str_Comp"), &self.text, &SOME),
        ]
    }
}

fn check_text(what: &str, found: &Text, expected: &Text) -> Check {
    let [found, expected] = [found, expected].map(|text| String::from_utf8_lossy(text));
    Check::text(what, &found, &expected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failures;

    #[test]
    fn the_variables_end_as_weicker_says() {
        let checks = run(Class::S);
        assert_eq!(checks.len(), 20);
        assert!(failures(&checks).is_empty(), "{checks:?}");
    }
}
