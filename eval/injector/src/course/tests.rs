//! Faults of a machine with a few bytes of memory.

use std::cell::RefCell;

use super::*;
use crate::plan::Plan;

const CODE: u64 = 0x1000;
const DATA: u64 = 0x8000;

struct Toy {
    registers: RefCell<[u64; 17]>,
    code: RefCell<Vec<u8>>,
    data: RefCell<Vec<u8>>,
}

impl Toy {
    fn with(code: &[u8]) -> Toy {
        Toy {
            registers: RefCell::new([7; 17]),
            code: RefCell::new(code.to_vec()),
            data: RefCell::new(vec![0; 64]),
        }
    }

    fn place<R>(&self, at: u64, size: usize, f: impl FnOnce(&mut [u8]) -> R) -> Option<R> {
        let (start, bytes) = match at {
            CODE..DATA => (CODE, &self.code),
            _ => (DATA, &self.data),
        };
        let from = usize::try_from(at.checked_sub(start)?).ok()?;
        bytes.borrow_mut().get_mut(from..from + size).map(f)
    }
}

impl Machine for Toy {
    fn register(&self, number: u32) -> u64 {
        self.registers.borrow()[number as usize]
    }

    fn set_register(&self, number: u32, value: u64) {
        self.registers.borrow_mut()[number as usize] = value;
    }

    fn read(&self, address: u64, bytes: &mut [u8]) -> bool {
        let size = bytes.len();
        let read = |place: &mut [u8]| bytes.copy_from_slice(place);
        self.place(address, size, read).is_some()
    }

    fn write(&self, address: u64, bytes: &[u8]) -> bool {
        let write = |place: &mut [u8]| place.copy_from_slice(bytes);
        self.place(address, bytes.len(), write).is_some()
    }
}

fn course(kind: &str) -> Course {
    let text =
        format!("text app 1000 2000\nfault app 2 {kind} 5\ndata 8000 8040\npointer 9999\n");
    Course::new(Plan::read(&text).expect("it is a plan"))
}

fn step(at: u64, count: u64) -> Step {
    Step {
        at,
        size: 1,
        count,
        total: count + 100,
    }
}

#[test]
fn nothing_happens_before_its_instruction_and_once_there() {
    let (toy, mut course) = (Toy::with(&[0x90; 32]), course("register"));
    for count in 0..2 {
        assert_eq!(course.step(&toy, step(CODE + count, count)), Next::On);
        assert_eq!(course.done, None);
    }
    assert_eq!(course.step(&toy, step(CODE + 2, 2)), Next::On);
    let done = course.done.clone().expect("it is done");
    assert_eq!((done.at, done.count), (CODE + 2, 2));
    let changed = toy.registers.borrow().iter().filter(|it| **it != 7).count();
    assert!(changed == 1 && course.is_over());
    let before = *toy.registers.borrow();
    course.step(&toy, step(CODE + 3, 3));
    assert_eq!((before, Some(done)), (*toy.registers.borrow(), course.done));
}

#[test]
fn one_bit_of_the_data_or_the_stack_changes() {
    let (toy, mut course) = (Toy::with(&[0x90; 32]), course("memory"));
    toy.set_register(RSP, DATA);
    course.step(&toy, step(CODE, 2));
    let ones: u32 = toy.data.borrow().iter().map(|byte| byte.count_ones()).sum();
    assert_eq!(ones, 1);
}

#[test]
fn an_instruction_is_left_out_or_comes_twice() {
    let (toy, mut skip) = (Toy::with(&[0x90; 32]), course("skip"));
    assert_eq!(skip.step(&toy, step(CODE, 2)), Next::Elsewhere);
    assert_eq!(toy.register(RIP), CODE + 1);
    let mut twice = course("again");
    assert_eq!(twice.step(&toy, step(CODE, 2)), Next::On);
    assert_eq!(twice.step(&toy, step(CODE + 1, 3)), Next::Elsewhere);
    assert_eq!(toy.register(RIP), CODE);
    assert_eq!(twice.step(&toy, step(CODE, 4)), Next::On);
    let mut led_away = course("again");
    led_away.step(&toy, step(CODE, 2));
    let later = Step {
        total: 200,
        ..step(CODE + 1, 3)
    };
    assert_eq!(led_away.step(&toy, later), Next::On);
}

#[test]
fn a_store_goes_elsewhere_and_its_register_is_as_before() {
    // `nop`, `mov rax, [rbx]`, `mov [rsp], rax`, `mov [rbx+8], rax`
    let code = [
        0x90, 0x48, 0x8b, 0x03, 0x48, 0x89, 0x04, 0x24, 0x48, 0x89, 0x43, 8, 0x90,
    ];
    let (toy, mut course) = (Toy::with(&code), course("store"));
    for (count, at) in [(2, 0), (3, 1), (4, 4)] {
        course.step(&toy, step(CODE + at, count));
        assert_eq!(course.done, None, "it is no such store");
    }
    course.step(&toy, step(CODE + 8, 5));
    assert_eq!(toy.register(1), 0x9999);
    course.step(&toy, step(CODE + 12, 6));
    assert_eq!(toy.register(1), 7);
}

#[test]
fn only_what_returns_returns_something_else() {
    let (toy, mut course) = (Toy::with(&[0x90, 0xc3, 0x90]), course("return"));
    course.step(&toy, step(CODE, 2));
    assert_eq!(course.done, None);
    course.step(&toy, step(CODE + 1, 3));
    assert!(course.done.is_some() && toy.register(RAX) != 7);
}

#[test]
fn code_that_goes_round_is_itself_again_when_the_domain_begins_anew() {
    let (toy, mut course) = (Toy::with(&[1, 2, 3, 4]), course("stuck"));
    assert_eq!(course.step(&toy, step(CODE + 1, 2)), Next::Elsewhere);
    assert_eq!(*toy.code.borrow(), [1, 0xeb, 0xfe, 4]);
    assert_eq!(course.step(&toy, step(CODE + 1, 3)), Next::On);
    assert_eq!(course.step(&toy, step(CODE, 4)), Next::On);
    assert_eq!(*toy.code.borrow(), [1, 2, 3, 4]);
}
