//! Kernels of a few instructions, judged as real ones are.

use domains::Cell;
use object::SymbolScope;
use object::write::{Object, StandardSection, Symbol, SymbolSection};
use object::{Architecture, BinaryFormat, Endianness, SectionKind, SymbolFlags, SymbolKind};

use super::*;

const RET: &[u8] = &[0xc3];

/// A kernel of these functions: a name, what it takes, and its instructions.
/// They lie sixteen bytes apart, the first at zero.
fn kernel(functions: &[(&str, u64, &[u8])]) -> Vec<u8> {
    let mut object = Object::new(BinaryFormat::Elf, Architecture::X86_64, Endianness::Little);
    let text = object.section_id(StandardSection::Text);
    let sizes = object.add_section(Vec::new(), b".stack_sizes".to_vec(), SectionKind::Metadata);
    for (name, frame, code) in functions {
        let address = object.append_section_data(text, code, 16);
        object.add_symbol(Symbol {
            name: name.as_bytes().to_vec(),
            value: address,
            size: code.len() as u64,
            kind: SymbolKind::Text,
            scope: SymbolScope::Linkage,
            weak: false,
            section: SymbolSection::Section(text),
            flags: SymbolFlags::None,
        });
        let mut entry = address.to_le_bytes().to_vec();
        entry.extend([*frame as u8 | 0x80, (*frame >> 7) as u8]);
        object.append_section_data(sizes, &entry, 1);
    }
    object.write().unwrap()
}

/// `call` from the beginning of function number `from` to that of `to`, and
/// what follows.
fn call(from: i32, to: i32) -> Vec<u8> {
    relative(0xe8, from, to)
}

fn relative(opcode: u8, from: i32, to: i32) -> Vec<u8> {
    let distance = 16 * (to - from) - 5;
    [&[opcode], &distance.to_le_bytes()[..], RET].concat()
}

#[test]
fn the_deepest_path_is_named_from_the_outermost_function_on() {
    let file = kernel(&[
        ("entry", 24, &call(0, 1)),
        ("middle", 100, &relative(0xe9, 1, 2)),
        ("deep", 300, RET),
        ("wide", 290, RET),
    ]);
    let depth = judge(Component::Safe, &file).unwrap().unwrap();
    assert_eq!(depth.path, ["entry", "middle", "deep"]);
    assert_eq!(depth.bytes, 24 + 8 + 300);
    assert_eq!(depth.calls_through_tables, 0);
    assert_eq!(depth.stack, layout::KERNEL_STACK);
}

#[test]
fn recursion_is_refused_by_name_directly_and_in_a_circle() {
    let names = |file: &[u8]| match judge(Component::Safe, file) {
        Err(TooDeep::Circle { functions, .. }) => functions,
        other => panic!("{other:?}"),
    };
    let direct = kernel(&[("walk", 8, &call(0, 0))]);
    assert_eq!(names(&direct), ["walk"]);
    let circle = kernel(&[
        ("start", 8, &call(0, 1)),
        ("even", 8, &call(1, 2)),
        ("odd", 8, &relative(0xe9, 2, 1)),
    ]);
    assert_eq!(names(&circle), ["even", "odd"]);
}

#[test]
fn a_call_through_a_register_is_followed_where_the_code_tells_and_counted_else() {
    // lea rax, [rip + 9]; call rax; ret: to sixteen.
    let known = [0x48, 0x8d, 0x05, 0x09, 0, 0, 0, 0xff, 0xd0, 0xc3];
    // mov rax, [rdi]; call rax; ret.
    let unknown = [0x48, 0x8b, 0x07, 0xff, 0xd0, 0xc3];
    let file = kernel(&[("entry", 8, &known), ("callee", 40, &unknown)]);
    let depth = judge(Component::Cell(Cell::Console), &file)
        .unwrap()
        .unwrap();
    assert_eq!(depth.path, ["entry", "callee"]);
    assert_eq!(depth.calls_through_tables, 1);
}

/// The path from a function of these instructions, with another at thirty-two, and
/// how many of its calls are counted.
fn judged(code: &[u8]) -> (Vec<String>, usize) {
    assert!(code.len() <= 32);
    let mut code = code.to_vec();
    code.resize(32, 0xcc);
    let file = kernel(&[("entry", 8, &code), ("callee", 40, RET)]);
    let depth = judge(Component::Safe, &file).unwrap().unwrap();
    (depth.path, depth.calls_through_tables)
}

#[test]
fn a_call_leaves_of_registers_what_it_has_to_give_back() {
    // lea REG, [rip + 25]; call rbx; call REG; ret: REG is to thirty-two.
    let with = |lea: [u8; 3], call: &[u8]| {
        judged(&[&lea[..], &[25, 0, 0, 0, 0xff, 0xd3], call, RET].concat())
    };
    let lost = with([0x48, 0x8d, 0x05], &[0xff, 0xd0]);
    assert_eq!(lost.1, 2, "rax is the callee's");
    let kept = with([0x4c, 0x8d, 0x25], &[0x41, 0xff, 0xd4]);
    assert_eq!(kept, (vec!["entry".to_owned(), "callee".to_owned()], 1));
}

#[test]
fn a_register_that_another_way_may_have_loaded_is_followed_and_counted() {
    // mov rax, [rdi]; test rsi, rsi; je over; lea rax, [rip + 15]; over: call rax.
    let code = [
        0x48, 0x8b, 0x07, 0x48, 0x85, 0xf6, 0x74, 0x07, 0x48, 0x8d, 0x05, 0x11, 0, 0, 0, 0xff,
        0xd0, 0xc3,
    ];
    assert_eq!(
        judged(&code),
        (vec!["entry".to_owned(), "callee".to_owned()], 1)
    );
}

#[test]
fn a_jump_is_by_a_table_only_if_its_own_register_came_from_one() {
    // lea rcx, [rip]; movsxd rax, [rcx + rax * 4]; add rax, rcx; jmp REG.
    let table = [
        0x48, 0x8d, 0x0d, 0, 0, 0, 0, 0x48, 0x63, 0x04, 0x81, 0x48, 0x01, 0xc8, 0xff,
    ];
    let with = |register: u8| judged(&[&table[..], &[register]].concat()).1;
    assert_eq!(with(0xe0), 0, "rax");
    assert_eq!(with(0xe2), 1, "rdx");
}

#[test]
fn a_jump_back_within_a_function_is_a_loop_and_no_circle() {
    let file = kernel(&[("spin", 8, &[0x90, 0xeb, 0xfd])]);
    assert!(
        judge(Component::Core, &file)
            .unwrap()
            .unwrap()
            .circles
            .is_empty()
    );
}

#[test]
fn a_path_that_eats_into_the_reserve_is_refused() {
    let half = (layout::KERNEL_STACK - RESERVE) / 2;
    let with = |frame| {
        let file = kernel(&[("entry", half, &call(0, 1)), ("large", frame, RET)]);
        judge(Component::Safe, &file)
    };
    assert!(with(half - 8).is_ok());
    match with(half) {
        Err(TooDeep::Path { path, .. }) => assert_eq!(path, ["entry", "large"]),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_listed_circle_is_let_through_with_its_reason_and_only_that() {
    let listed = kernel(&[("gate::hooks::overflow", 8, &call(0, 0))]);
    let depth = judge(Component::Safe, &listed).unwrap().unwrap();
    assert_eq!(depth.circles.len(), 1);
    assert!(!depth.circles[0].reason.is_empty());
    let larger = kernel(&[
        ("gate::hooks::overflow", 8, &call(0, 1)),
        ("kernel_safe::other", 8, &call(1, 0)),
    ]);
    assert!(matches!(
        judge(Component::Safe, &larger),
        Err(TooDeep::Circle { .. })
    ));
}

#[test]
fn a_kernel_that_does_not_say_what_it_takes_is_refused() {
    let unknown = judge(Component::Core, b"nothing").unwrap_err();
    assert_eq!(
        unknown,
        TooDeep::Unknown {
            component: Component::Core
        }
    );
    assert_eq!(judge(Component::App, b"nothing"), Ok(None));
}
