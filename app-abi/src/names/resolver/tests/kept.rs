//! What is asked for once in its time.

use super::*;

#[test]
fn an_answer_is_asked_for_once_in_its_time() {
    let fake = Fake::new(&[FIRST], answers);
    let cache = shared();
    assert_eq!(
        found_of(&fake, &cache, "a.b", ONLY_FOUR),
        Ok(vec![FOUR.into()])
    );
    assert_eq!(fake.asked().len(), 1);
    assert_eq!(found_of(&fake, &cache, "A.B.", BOTH), Ok(all()));
    assert_eq!(fake.asked().len(), 1, "only what is not known");
    assert_eq!(found_of(&fake, &cache, "a.b", BOTH), Ok(all()));
    assert_eq!(fake.asked().len(), 0);
    fake.now.set(fake.now.get() + 301 * SECOND);
    assert_eq!(found_of(&fake, &cache, "a.b", BOTH), Ok(all()));
    assert_eq!(fake.asked().len(), 2);
}

#[test]
fn that_there_is_nothing_is_asked_for_once_in_its_time() {
    for (flags, code) in [(NO_NAME, EAI_NONAME), (GOOD, EAI_NODATA)] {
        let fake = Fake::new(&[FIRST], always(flags));
        let cache = shared();
        for _ in 0..3 {
            assert_eq!(found_of(&fake, &cache, "a.b", BOTH), Err(code));
        }
        assert_eq!(fake.asked().len(), 2);
        fake.now.set(fake.now.get() + 61 * SECOND);
        assert_eq!(found_of(&fake, &cache, "a.b", BOTH), Err(code));
        assert_eq!(fake.asked().len(), 2);
    }
}

#[test]
fn that_nobody_answers_is_not_kept() {
    for flags in [FAILED, REFUSED] {
        let fake = Fake::new(&[FIRST], always(flags));
        let cache = shared();
        for _ in 0..2 {
            assert!(found_of(&fake, &cache, "a.b", BOTH).is_err());
            assert_eq!(fake.asked().len(), 4);
        }
    }
}
