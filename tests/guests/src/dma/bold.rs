//! What a driver may try that breaks no rule at once.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::SeqCst;
use std::time::{Duration, Instant};

use domains::core_call::{CoreCall, error};
use domains::device::{Roles, feature};
use domains::layout::{FRAMES, PAGE_SIZE, UNSAFE, used_ring};
use domains::windows;
use gate::hooks::{BESIDE, CORE_CALL_WITH, IN_DRIVER, LOAD_WORD, NOTHING, STORE_WORD};

use super::queue::{Buffer, NEXT, Queue, SIZE, WRITE};
use super::victim::Victim;
use crate::cpus::pinned;
use crate::hooks::hook;

/// Tries what has this name.
pub fn run(what: &str) -> Result<(), String> {
    match what {
        "empty" => empty()?,
        "shared-rings" => shared_rings()?,
        "own-rings" => return own_rings(),
        "wraps" => wraps()?,
        "small" => return small(),
        "resets" => resets()?,
        "silent-input" => return silent_input(),
        "flood" => flood()?,
        "nonsense" => return nonsense(),
        "server" => return server(),
        "hammer" => hammer()?,
        "hog-publish" => return hog(CoreCall::Publish),
        "hog-reset" => return hog(CoreCall::DeviceStatus),
        "hog-config" => return hog(CoreCall::DeviceConfig),
        "hog-null" => return hog(CoreCall::Null),
        "words" => return words(),
        "behind-end" => return behind_end(),
        other => return Err(format!("no such attempt: {other}")),
    }
    super::works()
}

fn are_alive() -> bool {
    hook(NOTHING | IN_DRIVER, 0, 0) == 0
}

/// Descriptors of no bytes at the first and last places that there are.
fn empty() -> Result<(), String> {
    let frames = FRAMES.start + windows::size(0) as u64;
    let dma = UNSAFE.dma();
    for place in [FRAMES.start, frames - 1, dma.start, dma.end - 1] {
        for flags in [0, WRITE] {
            let mut queue = Queue::begin()?;
            queue.describe(0, Buffer::new(place, 0), flags, 0);
            queue.offer(0);
            let answer = queue.publish();
            if answer != 0 || !are_alive() {
                return Err(format!("nothing at {place:#x}: {answer}"));
            }
            queue.wait();
        }
    }
    Ok(())
}

/// No bytes behind the last: not the drivers'.
fn behind_end() -> Result<(), String> {
    let (_, victim) = Victim::of("core")?;
    let mut queue = Queue::begin()?;
    queue.give(&[Buffer::new(UNSAFE.dma().end, 0)]);
    queue.publish_and_die(&victim)
}

/// The same pages as rings of two devices, and as what both write to.
fn shared_rings() -> Result<(), String> {
    let roles = Roles::new(&gate::info::boot().devices);
    let other = roles.consoles[1].ok_or("there is no second console")? as u64;
    let mut queue = Queue::prepare()?;
    let call = |call, words| queue.call(call, words);
    call(CoreCall::DeviceStatus, [other, 0, 0, 0]);
    call(CoreCall::DeviceStatus, [other, 3, 0, 0]);
    call(CoreCall::DeviceFeatures, [other, feature::VERSION_1, 0, 0]);
    call(CoreCall::DeviceStatus, [other, 8, 0, 0]);
    for number in 0..2 {
        let rings = [other, number, u64::from(SIZE), queue.page() as u64];
        match call(CoreCall::DeviceQueue, rings) {
            0 => {}
            answer => return Err(format!("no queue {number}: {answer}")),
        }
    }
    call(CoreCall::DeviceStatus, [other, 4, 0, 0]);
    queue.finish()?;
    let (_, victim) = Victim::of("core")?;
    // Once more would be an offence: a console keeps what it was given.
    for _ in 0..1 {
        queue.give(&[Buffer::new(queue.spare() as u64, 8)]);
        let answers = [
            queue.publish(),
            queue.call(CoreCall::Publish, [other, 0, 0, 0]),
            queue.call(CoreCall::Publish, [other, 1, 0, 0]),
        ];
        println!("answers {answers:?}");
        queue.wait();
        if !are_alive() {
            break;
        }
    }
    if !victim.is_whole() {
        return Err("harmed".into());
    }
    match are_alive() {
        true => Ok(()),
        false => Err("convicted".into()),
    }
}

/// The device writes by chance over the driver's own rings, which the core then
/// reads.
fn own_rings() -> Result<(), String> {
    let (_, victim) = Victim::of("core")?;
    let mut queue = Queue::begin()?;
    let mut published = 0;
    for _ in 0..50 {
        for number in 0..SIZE {
            let page = queue.page() as u64;
            queue.describe(number, Buffer::new(page, 200), WRITE, 0);
            queue.offer(number);
        }
        if queue.publish() != 0 || !are_alive() {
            break;
        }
        published += 1;
        for _ in 0..20 {
            if queue.publish() != 0 || !are_alive() {
                break;
            }
        }
        if !are_alive() {
            break;
        }
    }
    match victim.is_whole() {
        true => println!("published {published} times, and nothing was harmed"),
        false => return Err("harmed".into()),
    }
    Ok(())
}

/// More entries than an index counts.
fn wraps() -> Result<(), String> {
    let mut queue = Queue::begin()?;
    for number in 0..SIZE {
        let spare = Buffer::new(queue.spare() as u64, 8);
        queue.describe(number, spare, WRITE, 0);
        queue.offer(number);
    }
    let ring = used_ring(queue.device as usize, 0) as usize;
    let index = || (hook(LOAD_WORD | IN_DRIVER, ring, 0) >> 16) as u16;
    let mut given: u32 = u32::from(SIZE);
    let start = Instant::now();
    while given < 140_000 {
        let answer = queue.publish();
        if answer != 0 || !are_alive() {
            return Err(format!("after {given}: {answer}"));
        }
        let begin = Instant::now();
        while index() != given as u16 {
            if begin.elapsed() > Duration::from_secs(5) {
                return Err(format!("after {given} nothing comes: {}", index()));
            }
        }
        queue.jump(SIZE);
        given += u32::from(SIZE);
        if start.elapsed() > Duration::from_secs(70) {
            println!("given up after {given}");
            break;
        }
    }
    println!("given {given}");
    Ok(())
}

/// A queue of one entry after one of many in flight, and then what was an entry.
fn small() -> Result<(), String> {
    let (_, victim) = Victim::of("core")?;
    let mut queue = Queue::prepare()?;
    let spare = Buffer::new(queue.spare() as u64, 8);
    for number in 0..SIZE {
        queue.describe(number, spare, WRITE, 0);
        queue.offer(number);
    }
    queue.publish();
    let queue = Queue::of_reset_device()?;
    queue.agree()?;
    let page = queue.page() as u64;
    match queue.call(CoreCall::DeviceQueue, [queue.device, 0, 1, page]) {
        0 => {}
        answer => return Err(format!("no queue of one: {answer}")),
    }
    queue.finish()?;
    // One descriptor, and behind it the available ring: one entry.
    queue.describe(0, spare, WRITE, 0);
    queue.poke(16, 1 << 16);
    match (queue.publish(), queue.wait()) {
        (0, true) => {}
        answer => return Err(format!("not served: {answer:?}")),
    }
    queue.poke(16, 2 << 16 | 1 << 32);
    queue.publish_and_die(&victim)
}

/// CPU 1 resets the device and sets it up, again and again, while this one
/// publishes.
fn resets() -> Result<(), String> {
    let (_, victim) = Victim::of("core")?;
    let mut queue = Queue::begin()?;
    let is_over = Arc::new(AtomicBool::new(false));
    let (page, device) = (queue.page(), queue.device);
    let resetting = {
        let is_over = is_over.clone();
        pinned(1, move || reset(&is_over, page, device))?
    };
    let start = Instant::now();
    let mut answers = [0_usize; 3];
    while start.elapsed() < Duration::from_secs(15) && are_alive() {
        for number in 0..SIZE {
            let spare = Buffer::new(queue.spare() as u64, 8);
            let last = number + 1 == SIZE;
            queue.describe(
                number,
                spare,
                if last { WRITE } else { WRITE | NEXT },
                number + 1,
            );
        }
        // A new queue begins with index zero.
        queue.poke(16 * SIZE as usize, 1 << 16);
        match queue.publish() {
            0 => answers[0] += 1,
            error::INVALID => answers[1] += 1,
            _ => answers[2] += 1,
        }
    }
    is_over.store(true, SeqCst);
    let count = resetting.recv().map_err(|error| error.to_string())?;
    println!("{answers:?} and {count} resets; alive: {}", are_alive());
    if !victim.is_whole() {
        return Err("harmed".into());
    }
    let _ = &mut queue;
    match are_alive() {
        true => Ok(()),
        false => Err("convicted".into()),
    }
}

fn reset(is_over: &AtomicBool, page: usize, device: u64) -> usize {
    let place = page + 3584;
    let call = |call: CoreCall, words: [u64; 4]| {
        for (number, word) in words.into_iter().enumerate() {
            hook(STORE_WORD | BESIDE, place + 8 * number, word as usize);
        }
        hook(CORE_CALL_WITH | BESIDE, call as usize, place)
    };
    let mut count = 0;
    while !is_over.load(SeqCst) {
        call(CoreCall::DeviceStatus, [device, 0, 0, 0]);
        call(CoreCall::DeviceStatus, [device, 3, 0, 0]);
        call(CoreCall::DeviceFeatures, [device, feature::VERSION_1, 0, 0]);
        call(CoreCall::DeviceStatus, [device, 8, 0, 0]);
        let size = u64::from(SIZE);
        call(CoreCall::DeviceQueue, [device, 0, size, page as u64]);
        call(CoreCall::DeviceStatus, [device, 4, 0, 0]);
        count += 1;
    }
    count
}

/// Calls with words by chance, to all devices but the one that prints. Nothing
/// ends but the drivers.
fn words() -> Result<(), String> {
    let (_, victim) = Victim::of("core")?;
    let queue = Queue::begin()?;
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    let dma = UNSAFE.dma();
    let roles = Roles::new(&gate::info::boot().devices);
    let main = roles.consoles[0].map(|number| number as u64);
    let start = Instant::now();
    let mut count = 0;
    while start.elapsed() < Duration::from_secs(25) && are_alive() {
        let call = [
            CoreCall::DeviceStatus,
            CoreCall::DeviceFeatures,
            CoreCall::DeviceQueue,
            CoreCall::Publish,
            CoreCall::DeviceConfig,
        ][(next() % 5) as usize];
        let mut words = [0; 4];
        for word in &mut words {
            *word = match next() % 6 {
                0 => next() % 9,
                1 => 1 << (next() % 64),
                2 => next(),
                3 => dma.start + next() % 32 * PAGE_SIZE,
                4 => next() % 300,
                _ => 0,
            };
        }
        words[0] = match next() % 8 {
            0 => next(),
            _ => next() % 6,
        };
        if Some(words[0]) == main {
            continue;
        }
        if call == CoreCall::DeviceStatus && next() % 2 == 0 {
            words[1] = [0, 3, 8, 4, 128, 15][(next() % 6) as usize];
        }
        if call == CoreCall::DeviceFeatures && next() % 2 == 0 {
            words[1] = feature::VERSION_1;
        }
        if call == CoreCall::DeviceQueue && next() % 2 == 0 {
            words[1] = next() % 8;
            words[2] = 1 << (next() % 9);
            words[3] = dma.start + next() % 32 * PAGE_SIZE;
        }
        queue.call(call, words);
        count += 1;
    }
    println!("{count} calls; alive: {}", are_alive());
    match victim.is_whole() {
        true => Ok(()),
        false => Err("harmed".into()),
    }
}

/// Drivers that fail while a thread waits for input, and whose console will never
/// interrupt again: the thread gets its error.
fn silent_input() -> Result<(), String> {
    use std::io::Read;
    let roles = Roles::new(&gate::info::boot().devices);
    let main = roles.consoles[0].ok_or("there is no console")? as u64;
    let queue = Queue::begin()?;
    let mut bytes = Vec::new();
    let reader = std::thread::spawn(move || {
        std::io::stdin().read_to_end(&mut bytes).map_err(|error| error.to_string())
    });
    std::thread::sleep(Duration::from_millis(50));
    queue.call(CoreCall::DeviceStatus, [main, 0, 0, 0]);
    hook(gate::hooks::LOAD | IN_DRIVER, 8, 0);
    let start = Instant::now();
    while !reader.is_finished() && start.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(10));
    }
    let is_over = reader.is_finished();
    let read = is_over.then(|| reader.join());
    println!("after {:?}: {read:?}", start.elapsed());
    match is_over {
        true => Ok(()),
        false => Err("still waiting for input".into()),
    }
}

/// Descriptors that the device complains of, again and again.
fn flood() -> Result<(), String> {
    let start = Instant::now();
    let mut count = 0;
    while start.elapsed() < Duration::from_secs(5) {
        let mut queue = Queue::begin()?;
        queue.describe(0, Buffer::new(queue.spare() as u64, 0), WRITE, 0);
        queue.offer(0);
        queue.publish();
        count += 1;
    }
    println!("{count} complaints");
    Ok(())
}

/// A driver that makes a call again and again, on a CPU of its own: it is ended,
/// and another CPU, which makes core calls, too, does not wait for long.
fn hog(call: CoreCall) -> Result<(), String> {
    let queue = Queue::begin()?;
    let place = queue.page() + 3072;
    let size = u64::from(call == CoreCall::DeviceConfig) * 4;
    for (number, word) in [queue.device, 0, size, 0].into_iter().enumerate() {
        queue.poke(3072 + 8 * number, word);
    }
    let hogging = pinned(1, move || {
        let start = Instant::now();
        let answer = hook(gate::hooks::REPEAT | IN_DRIVER, call as usize, place);
        (answer, start.elapsed())
    })?;
    let start = Instant::now();
    let (mut longest, mut turns) = (Duration::ZERO, 0);
    let end = loop {
        let before = Instant::now();
        // Memory that goes back at once: calls of the core.
        drop(std::hint::black_box(vec![1_u8; 1 << 20]));
        longest = longest.max(before.elapsed());
        turns += 1;
        if let Ok(end) = hogging.try_recv() {
            break Some(end);
        }
        if start.elapsed() > Duration::from_secs(20) {
            break None;
        }
    };
    println!("nothing was harmed; {call:?}: ended {end:?}, {turns} turns, the longest {longest:?}");
    match end {
        Some((_, taken)) if taken < Duration::from_secs(3) && longest.as_millis() < 1000 => Ok(()),
        _ => Err("it went on, or others waited".into()),
    }
}

/// The application makes core calls on all other CPUs while the drivers work.
fn hammer() -> Result<(), String> {
    let is_over = Arc::new(AtomicBool::new(false));
    let hammers: Result<Vec<_>, String> = (1..4)
        .map(|cpu| {
            let is_over = is_over.clone();
            pinned(cpu, move || {
                while !is_over.load(SeqCst) {
                    gate::core_call::null();
                }
            })
        })
        .collect();
    let hammers = hammers?;
    let mut queue = Queue::begin()?;
    let (mut longest, mut turns) = (Duration::ZERO, 0);
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(8) {
        let before = Instant::now();
        queue.give(&[Buffer::new(queue.spare() as u64, 8)]);
        if queue.publish() != 0 || !are_alive() {
            return Err("the drivers were convicted".into());
        }
        queue.wait();
        longest = longest.max(before.elapsed());
        turns += 1;
    }
    is_over.store(true, SeqCst);
    hammers.iter().for_each(|hammer| _ = hammer.recv());
    println!("{turns} turns, the longest {longest:?}");
    match longest < Duration::from_secs(2) {
        true => Ok(()),
        false => Err("drivers waited for long".into()),
    }
}

/// Resets a server of files by another process of the host while it has requests:
/// nothing may arrive afterwards. And how long that takes.
fn server() -> Result<(), String> {
    let roles = Roles::new(&gate::info::boot().devices);
    let device = roles.volumes[0].ok_or("there is no volume")? as u64;
    let mut own = Queue::begin()?;
    // Two pages of the DMA area, the last ones.
    let page = (UNSAFE.dma().end - 2 * PAGE_SIZE) as usize;
    let poke = |offset: usize, word: u64| {
        hook(STORE_WORD | IN_DRIVER, page + offset, word as usize);
    };
    let peek = |address: usize| hook(LOAD_WORD | IN_DRIVER, address, 0) as u64;
    let call = |call, words| own.call(call, words);
    let ring = used_ring(device as usize, 1) as usize;
    let (mut stale, mut served, mut longest) = (0, 0, Duration::ZERO);
    const ENTRIES: u64 = 128;
    for round in 0..300_u64 {
        let before = Instant::now();
        call(CoreCall::DeviceStatus, [device, 0, 0, 0]);
        call(CoreCall::DeviceStatus, [device, 3, 0, 0]);
        call(CoreCall::DeviceFeatures, [device, feature::VERSION_1, 0, 0]);
        call(CoreCall::DeviceStatus, [device, 8, 0, 0]);
        // The available ring of 128 entries lies behind 2 KiB.
        poke(2048, 0);
        let set = call(CoreCall::DeviceQueue, [device, 1, ENTRIES, page as u64]);
        let hiprio = call(
            CoreCall::DeviceQueue,
            [device, 0, ENTRIES, page as u64 + PAGE_SIZE],
        );
        let start = call(CoreCall::DeviceStatus, [device, 4, 0, 0]);
        longest = longest.max(before.elapsed());
        if set != 0 || hiprio != 0 || start < 0 {
            return Err(format!("not set up: {set} {hiprio} {start} in {round}"));
        }
        // A request that nobody knows, and its reply.
        poke(3000, 40 | 4242 << 32);
        poke(3008, 2 + round * 2);
        (2..5).for_each(|word| poke(3000 + 8 * word, 0));
        let count = 16;
        for chain in 0..count {
            let at = 32 * chain as usize;
            poke(at, page as u64 + 3000);
            poke(at + 8, 40 | u64::from(NEXT) << 32 | (2 * chain + 1) << 48);
            poke(at + 16, page as u64 + 3200 + 16 * chain);
            poke(at + 24, 16 | u64::from(WRITE) << 32);
            poke(3200 + 16 * chain as usize, 0);
            poke(3208 + 16 * chain as usize, 0);
        }
        for word in 0..=(count / 4) as usize {
            let halves = (0..4).map(|half| (4 * word + half).checked_sub(2));
            let word_value = halves.rev().fold(0_u64, |all, chain| {
                all << 16 | chain.map_or(0, |chain| 2 * chain as u64)
            });
            let index = if word == 0 { count << 16 } else { 0 };
            poke(2048 + 8 * word, word_value | index);
        }
        let answer = call(CoreCall::Publish, [device, 1, 0, 0]);
        if answer != 0 || !are_alive() {
            return Err(format!("not published: {answer} in {round}"));
        }
        // Some of them may be done.
        for _ in 0..round % 20 * 50 {
            std::hint::spin_loop();
        }
        let before = Instant::now();
        call(CoreCall::DeviceStatus, [device, 0, 0, 0]);
        longest = longest.max(before.elapsed());
        let look = || -> Vec<u64> {
            let replies = (0..2 * count as usize).map(|word| peek(page + 3200 + 8 * word));
            replies.chain([peek(ring) & 0xffff_ffff]).collect()
        };
        let first = look();
        served += usize::from(first.last().is_some_and(|index| index >> 16 > 0));
        std::thread::sleep(Duration::from_millis(3));
        let second = look();
        stale += usize::from(first != second);
    }
    println!("served {served}, stale {stale}, the longest {longest:?}");
    let _ = &mut own;
    match stale {
        0 => Ok(()),
        _ => Err("harmed: it was written after the reset".into()),
    }
}

/// Good chains of nonsense, to all queues of all devices but the one that
/// prints: the machine goes on.
fn nonsense() -> Result<(), String> {
    let (_, victim) = Victim::of("core")?;
    let kinds = &gate::info::boot().devices;
    let roles = Roles::new(kinds);
    let own = Queue::begin()?;
    let call = |call, words| own.call(call, words);
    let mut seed = 0x5851_f42d_4c95_7f2d_u64;
    let mut next = move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    let data = UNSAFE.dma().end - 2 * PAGE_SIZE;
    let rings = UNSAFE.dma().end - 8 * PAGE_SIZE;
    let poke = |address: u64, word: u64| {
        hook(STORE_WORD | IN_DRIVER, address as usize, word as usize);
    };
    let devices: Vec<u64> = (0..kinds.len())
        .filter(|number| kinds[*number] != 0 && roles.consoles[0] != Some(*number))
        .map(|number| number as u64)
        .collect();
    let (start, mut rounds, mut published) = (Instant::now(), 0, 0);
    while start.elapsed() < Duration::from_secs(20) {
        rounds += 1;
        let device = devices[(next() % devices.len() as u64) as usize];
        let wanted = match next() % 2 {
            0 => feature::VERSION_1,
            _ => feature::VERSION_1 | feature::MULTIPORT,
        };
        call(CoreCall::DeviceStatus, [device, 0, 0, 0]);
        call(CoreCall::DeviceStatus, [device, 3, 0, 0]);
        if call(CoreCall::DeviceFeatures, [device, wanted, 0, 0]) < 0 {
            continue;
        }
        call(CoreCall::DeviceStatus, [device, 8, 0, 0]);
        let mut queues = Vec::new();
        for queue in 0..6 {
            let page = rings + queue * PAGE_SIZE;
            (0..4).for_each(|word| poke(page + 128 + 8 * word, 0));
            let set = [device, queue, u64::from(SIZE), page];
            if next() % 4 != 0 && call(CoreCall::DeviceQueue, set) == 0 {
                queues.push((queue, page));
            }
        }
        // What looks like a message of 9P, of FUSE, or of a console.
        for word in 0..16 {
            poke(data + 8 * word, next());
        }
        let kind = 2 * (3 + next() % 61);
        let size = next() % 200;
        match next() % 3 {
            0 => poke(data, size | kind << 32 | 7 << 40),
            1 => poke(data, size | (next() % 52) << 32),
            _ => poke(data, next() % 3 | (next() % 9) << 32 | 1 << 48),
        }
        let early = next() % 4 == 0;
        if !early {
            call(CoreCall::DeviceStatus, [device, 4, 0, 0]);
        }
        for (queue, page) in queues {
            let length = 1 + next() % 4;
            for number in 0..length {
                let has_next = u64::from(number + 1 < length);
                let flags = has_next | (next() % 2) << 1;
                let bytes = [0, 8, size, 64, 4096][(next() % 5) as usize];
                poke(page + 16 * number, data + (next() % 4) * 8 * u64::from(number > 0));
                poke(
                    page + 16 * number + 8,
                    bytes | flags << 32 | (number + 1) << 48,
                );
            }
            poke(page + 128, 1 << 16);
            published += u64::from(call(CoreCall::Publish, [device, queue, 0, 0]) == 0);
        }
        if early {
            call(CoreCall::DeviceStatus, [device, 4, 0, 0]);
        }
        if !are_alive() {
            return Err(format!("convicted in round {rounds}"));
        }
    }
    println!("{rounds} rounds, {published} published");
    match victim.is_whole() {
        true => Ok(()),
        false => Err("harmed".into()),
    }
}
