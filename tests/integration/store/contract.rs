//! What every driver promises. Each case gets an empty store.

use gradus::store::{Conflict, Recorded, SessionFilter, Status, Store, StoreError};
use serde_json::json;

use super::{answer, begun, new_session};

fn conflict(session: &str, conflict: Conflict) -> StoreError {
    StoreError::Conflict { session: session.to_owned(), conflict }
}

pub fn banks_are_kept_whole_and_once(store: &Store) {
    // Goal: a session's bank comes back byte for byte, and the first copy stays. Method: a large
    // text with every kind of character, stored twice; an unknown fingerprint; an empty text.
    let content = "stem: ünïcode \u{1F980}\0 'quoted'\r\n".repeat(20_000);
    assert_eq!(store.put_bank("f00d", &content, 1), Ok(Recorded::Stored));
    assert_eq!(store.put_bank("f00d", "another", 2), Ok(Recorded::AlreadyStored));
    assert_eq!(store.bank("f00d"), Ok(Some(content)));
    assert_eq!(store.bank("beef"), Ok(None));
    assert_eq!(store.put_bank("0", "", 3), Ok(Recorded::Stored));
    assert_eq!(store.bank("0"), Ok(Some(String::new())));
}

pub fn a_session_reads_back_as_it_was_written(store: &Store) {
    // Goal: plan, seed and answers are exact, for replay depends on it. Method: the largest kinds
    // of numbers, an id that is taken, a bank that is not there.
    let orphan = store.create_session(&new_session("s1", 10));
    assert_eq!(orphan, Err(StoreError::BankNotFound { fingerprint: "f00d".to_owned() }));
    begun(store);
    let (new, session) = (new_session("s1", 10), store.session("s1").expect("the session"));
    assert_eq!((session.plan, session.seed, session.engine), (new.plan, u64::MAX - 1, 3));
    assert_eq!((session.version, session.status, session.answered), (0, Status::Active, 0));
    assert_eq!((session.started_ms, session.updated_ms, session.finished_ms), (10, 10, None));
    assert_eq!(session.summary, None);
    assert_eq!(store.create_session(&new_session("s1", 99)), Err(conflict("s1", Conflict::Exists)));
    let mut exact = answer("b");
    exact.seconds = Some(0.1 + 0.2);
    exact.response = json!({"number": 0.1, "text": "a'b\"c\n", "order": ["c", "a"]});
    exact.flag = Some(String::new());
    assert_eq!(store.record_answer("s1", 0, 0, &exact, 20), Ok(Recorded::Stored));
    let untimed = gradus::store::AnswerRecord { seconds: None, ..answer("?") };
    assert_eq!(store.record_answer("s1", 1, 1, &untimed, 30), Ok(Recorded::Stored));
    let stored = store.answers("s1").expect("answers");
    assert_eq!((&stored[0].answer, stored[0].answered_ms), (&exact, 20));
    assert_eq!((&stored[1].answer, stored[1].position), (&untimed, 1));
}

pub fn sessions_are_listed_newest_first(store: &Store) {
    // Goal: lists and "the latest" agree. Method: three sessions out of order, one finished, two
    // that started in the same millisecond.
    assert_eq!(store.latest_session(SessionFilter::Any), Ok(None));
    store.put_bank("f00d", "", 1).expect("a bank");
    for (id, started_ms) in [("b", 20), ("a", 10), ("c", 20)] {
        store.create_session(&new_session(id, started_ms)).expect("a session");
    }
    store.finish_session("b", 0, "length", &json!({}), 40).expect("an end");
    let ids: Vec<String> =
        store.sessions().expect("a list").into_iter().map(|it| it.session_id).collect();
    assert_eq!(ids, ["c", "b", "a"]);
    let latest =
        |filter| store.latest_session(filter).expect("a session").map(|session| session.session_id);
    assert_eq!(latest(SessionFilter::Any).as_deref(), Some("c"));
    assert_eq!(latest(SessionFilter::Unfinished).as_deref(), Some("c"));
    assert_eq!(latest(SessionFilter::Finished).as_deref(), Some("b"));
}

pub fn ids_resolve_by_unique_prefix(store: &Store) {
    // Goal: a few letters are enough, and never the wrong session. Method: unique, shared, whole,
    // unknown and empty prefixes, and letters that mean something to SQL.
    store.put_bank("f00d", "", 1).expect("a bank");
    for id in ["0193ab-1", "0193ab-12", "0193cd-1"] {
        store.create_session(&new_session(id, 1)).expect("a session");
    }
    assert_eq!(store.resolve_id("0193c"), Ok("0193cd-1".to_owned()));
    assert_eq!(store.resolve_id("0193ab-1"), Ok("0193ab-1".to_owned()));
    let several = vec!["0193ab-1".to_owned(), "0193ab-12".to_owned()];
    assert_eq!(
        store.resolve_id("0193ab"),
        Err(StoreError::Ambiguous { prefix: "0193ab".to_owned(), matches: several })
    );
    for unknown in ["0194", "%", "0193_", "0193ab-123"] {
        assert_eq!(
            store.resolve_id(unknown),
            Err(StoreError::NotFound { session: unknown.to_owned() })
        );
    }
    assert!(matches!(store.resolve_id(""), Err(StoreError::Ambiguous { .. })));
}

pub fn an_answer_is_compare_and_set(store: &Store) {
    // Goal: only who knows the version changes it; repeats are harmless. Method: an answer, its
    // repeat (also with other seconds), another one, a stale version; nothing refused is stored.
    begun(store);
    assert_eq!(store.record_answer("s1", 0, 0, &answer("a"), 20), Ok(Recorded::Stored));
    let mut again = answer("a");
    again.seconds = None;
    for version in [0, 1, 7] {
        let repeat = store.record_answer("s1", version, 0, &again, 21);
        assert_eq!(repeat, Ok(Recorded::AlreadyStored));
    }
    let other = store.record_answer("s1", 0, 0, &answer("b"), 22);
    assert_eq!(other, Err(conflict("s1", Conflict::Answer { position: 0 })));
    let stale = store.record_answer("s1", 0, 1, &answer("b"), 23);
    assert_eq!(stale, Err(conflict("s1", Conflict::Version { expected: 0, found: 1 })));
    let mut timeless = answer("c");
    timeless.seconds = Some(f64::NAN);
    let refused = store.record_answer("s1", 1, 1, &timeless, 24);
    assert!(matches!(refused, Err(StoreError::InvalidValue { field: "seconds", .. })));
    let session = store.session("s1").expect("the session");
    assert_eq!((session.version, session.answered, session.updated_ms), (1, 1, 20));
}

pub fn positions_have_no_gaps(store: &Store) {
    // Goal: a history has no holes. Method: a session that counts from 1; skipping, going back.
    begun(store);
    assert_eq!(store.record_answer("s1", 0, 1, &answer("a"), 20), Ok(Recorded::Stored));
    for position in [0, 3] {
        assert_eq!(
            store.record_answer("s1", 1, position, &answer("b"), 21),
            Err(conflict("s1", Conflict::Gap { position }))
        );
    }
    assert_eq!(store.record_answer("s1", 1, 2, &answer("b"), 22), Ok(Recorded::Stored));
}

pub fn a_hundred_equal_posts_store_one_answer(store: &Store) {
    // Goal: (session, position) is the idempotency key. Method: 100 equal posts from 10 threads.
    begun(store);
    let stored: usize = std::thread::scope(|scope| {
        let posts = || {
            let outcomes = (0..10).map(|_| store.record_answer("s1", 0, 0, &answer("a"), 20));
            outcomes.filter(|it| *it.as_ref().expect("no error") == Recorded::Stored).count()
        };
        let threads: Vec<_> = (0..10).map(|_| scope.spawn(posts)).collect();
        threads.into_iter().map(|it| it.join().expect("a thread")).sum()
    });
    assert_eq!((stored, store.answers("s1").map(|it| it.len())), (1, Ok(1)));
    assert_eq!(store.verify_audit("s1").map(|it| (it.entries, it.problem)), Ok((2, None)));
}

pub fn threads_do_not_disturb_each_other(store: &Store) {
    // Goal: sessions at the same time each keep all of their answers. Method: 8 threads, 25
    // answers each, every one read back at once: what is acknowledged is visible.
    store.put_bank("f00d", "", 1).expect("a bank");
    let take = |id: &str| {
        store.create_session(&new_session(id, 1)).expect("a session");
        for version in 0..25 {
            let outcome = store.record_answer(id, version, version, &answer(id), 2);
            assert_eq!(outcome, Ok(Recorded::Stored));
            assert_eq!(store.session(id).map(|it| it.answered), Ok(version + 1));
        }
    };
    let ids: Vec<String> = (0..8).map(|index| format!("s{index}")).collect();
    std::thread::scope(|scope| {
        ids.iter().for_each(|id| drop(scope.spawn(move || take(id))));
    });
    for id in &ids {
        let check = store.verify_audit(id).expect("a chain");
        assert_eq!((check.entries, check.problem), (26, None));
    }
}

pub fn one_of_two_rivals_wins(store: &Store) {
    // Goal: of different answers to one question one stands, and the others hear of it. Method: 8
    // threads post different answers for the same position and version, 20 times over.
    begun(store);
    for version in 0..20 {
        let wins: usize = std::thread::scope(|scope| {
            let post = |rival: usize| {
                store.record_answer("s1", version, version, &answer(&rival.to_string()), 2)
            };
            let threads: Vec<_> = (0..8).map(|rival| scope.spawn(move || post(rival))).collect();
            let outcomes = threads.into_iter().map(|it| it.join().expect("a thread"));
            outcomes.filter(|it| *it == Ok(Recorded::Stored)).count()
        });
        assert_eq!(wins, 1, "at version {version}");
    }
    assert_eq!(store.session("s1").map(|it| (it.version, it.answered)), Ok((20, 20)));
}

pub fn an_end_is_final(store: &Store) {
    // Goal: a finished session takes no answer and no other end. Method: finish, repeat, differ.
    begun(store);
    store.record_answer("s1", 0, 0, &answer("a"), 20).expect("an answer");
    let stale = store.finish_session("s1", 0, "length", &json!({"level": "mid"}), 29);
    assert_eq!(stale, Err(conflict("s1", Conflict::Version { expected: 0, found: 1 })));
    let end = |reason| store.finish_session("s1", 1, reason, &json!({"level": "mid"}), 30);
    assert_eq!(end("length"), Ok(Recorded::Stored));
    assert_eq!(end("length"), Ok(Recorded::AlreadyStored));
    assert_eq!(end("time"), Err(conflict("s1", Conflict::Finished)));
    let late = store.record_answer("s1", 2, 1, &answer("b"), 31);
    assert_eq!(late, Err(conflict("s1", Conflict::Finished)));
    assert_eq!(store.record_answer("s1", 0, 0, &answer("a"), 32), Ok(Recorded::AlreadyStored));
    assert_eq!(store.pause_session("s1", 2, 33), Err(conflict("s1", Conflict::Finished)));
    let session = store.session("s1").expect("the session");
    assert_eq!((session.status, session.version, session.finished_ms), (Status::Done, 2, Some(30)));
    assert_eq!(session.stop_reason.as_deref(), Some("length"));
    assert_eq!(session.summary, Some(json!({"level": "mid"})));
}

pub fn pausing_keeps_the_version(store: &Store) {
    // Goal: a pause changes no history, and an answer ends it. Method: pause, repeat, go on.
    begun(store);
    let stale = store.pause_session("s1", 4, 19);
    assert_eq!(stale, Err(conflict("s1", Conflict::Version { expected: 4, found: 0 })));
    assert_eq!(store.pause_session("s1", 0, 20), Ok(Recorded::Stored));
    assert_eq!(store.pause_session("s1", 0, 21), Ok(Recorded::AlreadyStored));
    let paused = store.latest_session(SessionFilter::Unfinished).expect("a read").expect("one");
    assert_eq!((paused.status, paused.version, paused.updated_ms), (Status::Paused, 0, 20));
    assert_eq!(store.record_answer("s1", 0, 0, &answer("a"), 22), Ok(Recorded::Stored));
    assert_eq!(store.session("s1").map(|it| it.status), Ok(Status::Active));
}

pub fn flags_may_come_later(store: &Store) {
    // Goal: a question can be flagged with the answer, after it and after the end. Method: each.
    begun(store);
    let mut flagged = answer("a");
    flagged.flag = Some("unclear".to_owned());
    store.record_answer("s1", 0, 0, &flagged, 20).expect("an answer");
    store.record_answer("s1", 1, 1, &answer("b"), 21).expect("an answer");
    store.finish_session("s1", 2, "length", &json!({}), 22).expect("an end");
    assert_eq!(store.flag_answer("s1", 1, "two keys", 23), Ok(()));
    assert_eq!(store.flag_answer("s1", 1, "", 24), Ok(()));
    let flags: Vec<Option<String>> =
        store.answers("s1").expect("answers").into_iter().map(|it| it.answer.flag).collect();
    assert_eq!(flags, [Some("unclear".to_owned()), Some(String::new())]);
    let missing = StoreError::AnswerNotFound { session: "s1".to_owned(), position: 9 };
    assert_eq!(store.flag_answer("s1", 9, "x", 25), Err(missing));
    let session = store.session("s1").expect("the session");
    assert_eq!((session.version, session.updated_ms), (3, 24));
}

pub fn deleting_takes_only_that_session(store: &Store) {
    // Goal: an erased session is gone and its neighbour is not. Method: two, one deleted; its id
    // can be used anew.
    begun(store);
    store.create_session(&new_session("s2", 11)).expect("a session");
    for id in ["s1", "s2"] {
        store.record_answer(id, 0, 0, &answer("a"), 20).expect("an answer");
    }
    assert_eq!(store.delete_session("s1"), Ok(()));
    let gone = StoreError::NotFound { session: "s1".to_owned() };
    assert_eq!(store.delete_session("s1"), Err(gone.clone()));
    assert_eq!(store.answers("s1"), Err(gone));
    assert_eq!(store.answers("s2").map(|it| it.len()), Ok(1));
    assert_eq!(store.verify_audit("s2").map(|it| it.problem), Ok(None));
    assert_eq!(store.create_session(&new_session("s1", 12)), Ok(()));
    assert_eq!(store.verify_audit("s1").map(|it| it.entries), Ok(1));
}

pub fn the_audit_fits_what_happened(store: &Store) {
    // Goal: every verb that changes a session is in its chain, and the chain bears it out.
    // Method: all of them once; a refused one adds nothing; the head moves with each entry.
    begun(store);
    let head = || store.verify_audit("s1").map(|it| (it.entries, it.problem, it.head));
    let mut heads = vec![head().expect("a chain")];
    store.record_answer("s1", 0, 0, &answer("a"), 20).expect("an answer");
    heads.push(head().expect("a chain"));
    store.record_answer("s1", 0, 0, &answer("b"), 21).expect_err("a conflict");
    store.pause_session("s1", 1, 22).expect("a pause");
    heads.push(head().expect("a chain"));
    store.flag_answer("s1", 0, "odd", 23).expect("a flag");
    heads.push(head().expect("a chain"));
    store.finish_session("s1", 1, "length", &json!({}), 24).expect("an end");
    heads.push(head().expect("a chain"));
    for (entries, (count, problem, hash)) in (1u32..).zip(&heads) {
        assert_eq!((*count, problem.as_deref(), hash.len()), (entries, None, 64));
    }
    heads.dedup_by(|a, b| a.2 == b.2);
    assert_eq!(heads.len(), 5);
}

pub fn what_is_missing_is_named(store: &Store) {
    // Goal: every verb names the session it did not find. Method: all of them on an empty store.
    let missing = StoreError::NotFound { session: "s9".to_owned() };
    assert_eq!(store.session("s9").err(), Some(missing.clone()));
    assert_eq!(store.answers("s9").err(), Some(missing.clone()));
    assert_eq!(store.record_answer("s9", 0, 0, &answer("a"), 1).err(), Some(missing.clone()));
    assert_eq!(store.finish_session("s9", 0, "x", &json!({}), 1).err(), Some(missing.clone()));
    assert_eq!(store.pause_session("s9", 0, 1).err(), Some(missing.clone()));
    assert_eq!(store.flag_answer("s9", 0, "x", 1).err(), Some(missing.clone()));
    assert_eq!(store.delete_session("s9").err(), Some(missing.clone()));
    assert_eq!(store.verify_audit("s9").err(), Some(missing));
    assert_eq!(store.sessions(), Ok(vec![]));
}
