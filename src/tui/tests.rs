//! Tests of the whole interface on a screen in memory, over a session of a small bank that has one
//! question of every type. Frames are compared as text; styles are tested where they are made.

use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use insta::assert_snapshot;
use rand::RngExt;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use ratatui::style::Color;
use serde_json::{Value, json};
use syntect::parsing::SyntaxSet;

use super::app::Screen;
use super::highlight::{CodeLines, Painter, tokens};
use super::shell::Shell;
use super::{Driver, Ending};
use crate::assessment::{Plan, PlanSpec, Response, Session, Step};
use crate::bank::{Bank, ItemType, SourceFile, read_checked_bank};
use crate::psychometrics::numeric::stream::{Purpose, stream};

/// Code is drawn plain.
struct Plain;

impl Painter for Plain {
    fn paint(&self, _language: &str, _code: &str) -> Option<Arc<CodeLines>> {
        None
    }

    fn version(&self) -> u64 {
        0
    }
}

/// Code is highlighted at once.
struct Painted(SyntaxSet);

impl Painter for Painted {
    fn paint(&self, language: &str, code: &str) -> Option<Arc<CodeLines>> {
        tokens(&self.0, language, code).map(Arc::new)
    }

    fn version(&self) -> u64 {
        1
    }
}

thread_local! {
    static SECONDS: Cell<u64> = const { Cell::new(0) };
    static START: Instant = Instant::now();
}

/// A clock that moves only when a test moves it.
fn test_clock() -> Instant {
    START.with(|start| *start) + Duration::from_secs(SECONDS.get())
}

fn pass(seconds: u64) {
    SECONDS.set(SECONDS.get() + seconds);
}

const TOPIC: &str = include_str!("../../tests/fixtures/tui/http/topic.yaml");
const ITEMS: &str = include_str!("../../tests/fixtures/tui/http/items/http.caching.yaml");

/// The bank of the fixture, or only its question of one type: what the engine would ask first is
/// no matter of this room, and frames must not change with it.
fn bank(only: Option<ItemType>) -> Arc<Bank> {
    let mut blocks = ITEMS.split_inclusive("status: live\n");
    let items = match only {
        None => ITEMS.to_owned(),
        Some(kind) => {
            let named = format!("    type: {kind}\n");
            let block = blocks.find(|block| block.contains(&named)).expect("one of every type");
            let block = block.trim_start_matches("schema: gradus.items/1\nitems:\n");
            format!("schema: gradus.items/1\nitems:\n{block}")
        }
    };
    let files = [
        SourceFile::new("http/topic.yaml", TOPIC),
        SourceFile::new("http/items/http.caching.yaml", &items),
    ];
    let (bank, diagnostics) = read_checked_bank(&files);
    Arc::new(bank.unwrap_or_else(|| panic!("the fixture is a bank: {diagnostics:#?}")))
}

/// A driver without a store: what it is given is there to be looked at.
struct Memory {
    session: Session,
    seconds: Vec<Option<f64>>,
    flags: Vec<String>,
    pauses: usize,
    refuse: bool,
}

impl Memory {
    fn over(bank: Arc<Bank>) -> Self {
        let spec = PlanSpec { length: Some(6), ..PlanSpec::default() };
        let plan = Plan::check(&spec, &bank).expect("the plan fits");
        let session = Session::start(bank, plan, 7).expect("the session starts");
        Self { session, seconds: Vec::new(), flags: Vec::new(), pauses: 0, refuse: false }
    }

    /// A session of all questions.
    fn new() -> Self {
        Self::over(bank(None))
    }

    /// A session of the one question of that type.
    fn at(kind: ItemType) -> Self {
        Self::over(bank(Some(kind)))
    }

    /// A session of one question that has been answered so, in the stored form.
    fn answered(kind: ItemType, response: Value) -> Self {
        let mut memory = Self::at(kind);
        let Step::Ask(asked) = memory.session.step().clone() else { panic!("a question is open") };
        let response = Response::from_json(memory.session.item(&asked), &response);
        memory.session.answer(response.expect("fits the question"), Some(12.4));
        memory
    }

    /// A session of all questions that is over.
    fn done() -> Self {
        let mut memory = Self::new();
        while let Step::Ask(_) = memory.session.step() {
            memory.session.answer(Response::DontKnow, Some(10.0));
        }
        memory
    }

    fn last(&self) -> &crate::assessment::Answered {
        self.session.answered().last().expect("something was answered")
    }
}

impl Driver for Memory {
    fn session(&self) -> &Session {
        &self.session
    }

    fn answer(&mut self, response: Response, seconds: Option<f64>) -> Result<(), String> {
        if self.refuse {
            return Err("The answer could not be stored: the disk is full.".to_owned());
        }
        self.seconds.push(seconds);
        self.session.answer(response, seconds);
        Ok(())
    }

    fn flag(&mut self, text: &str) -> Result<(), String> {
        self.flags.push(text.to_owned());
        Ok(())
    }

    fn pause(&mut self) -> Result<(), String> {
        self.pauses += 1;
        Ok(())
    }

    fn report_text(&self, width: usize) -> String {
        let lines = (1..=40).map(|line| format!("line {line} of a report {width} cells wide"));
        lines.collect::<Vec<_>>().join("\n")
    }

    fn notices(&self) -> Vec<String> {
        vec!["This is a test bank.".to_owned()]
    }
}

/// An interface at work on a screen in memory.
struct Bench<'a> {
    shell: Shell<'a>,
    terminal: Terminal<TestBackend>,
}

impl<'a> Bench<'a> {
    fn new(memory: &'a mut Memory, width: u16, height: u16) -> Self {
        let terminal = Terminal::new(TestBackend::new(width, height)).expect("infallible");
        let mut bench = Self { shell: Shell::new(memory, false, test_clock), terminal };
        bench.draw();
        bench
    }

    fn draw(&mut self) -> String {
        self.shell.frame(&mut self.terminal, &Plain).expect("infallible");
        self.terminal.backend().to_string()
    }

    fn key(&mut self, code: KeyCode) -> Option<Ending> {
        self.press(code, KeyModifiers::NONE)
    }

    fn press(&mut self, code: KeyCode, modifiers: KeyModifiers) -> Option<Ending> {
        let ending = self.shell.on_event(&Event::Key(KeyEvent::new(code, modifiers)));
        self.draw();
        ending
    }

    fn control(&mut self, c: char) -> Option<Ending> {
        self.press(KeyCode::Char(c), KeyModifiers::CONTROL)
    }

    fn keys(&mut self, text: &str) {
        for c in text.chars() {
            assert_eq!(self.key(KeyCode::Char(c)), None, "{c}");
        }
    }

    fn enter(&mut self) -> Option<Ending> {
        self.key(KeyCode::Enter)
    }

    fn screen(&self) -> Screen {
        self.shell.app.screen()
    }
}

/// The letter under which an option of the open question is shown.
fn letter_of(memory: &Memory, id: &str) -> char {
    let Step::Ask(asked) = memory.session.step() else { panic!("a question is open") };
    let item = memory.session.item(asked);
    let place = asked.shown.iter().position(|at| item.options[*at].id.as_str() == id);
    crate::assessment::letter(place.expect("the option is shown"))
}

const SIZES: [(u16, u16); 2] = [(80, 24), (60, 20)];

/// Brings a memory to a screen and draws it at both sizes.
fn snapshots(name: &str, make: fn() -> Memory, steps: fn(&mut Bench<'_>)) {
    for (width, height) in SIZES {
        let mut memory = make();
        let mut bench = Bench::new(&mut memory, width, height);
        steps(&mut bench);
        assert_snapshot!(format!("{name}_{width}x{height}"), bench.draw());
    }
}

#[test]
fn every_screen_looks_as_it_did() {
    // Goal: no screen changes unseen, in the usual and in the smallest promised window. Method:
    // snapshots of each screen at 80×24 and 60×20.
    snapshots("welcome", Memory::new, |_| {});
    snapshots("help", Memory::new, |bench| bench.keys("h"));
    snapshots("flag_note", Memory::new, |bench| {
        bench.enter();
        bench.control('f');
        bench.keys("the ETag is weak");
    });
    snapshots("confirm_quit", Memory::new, |bench| {
        bench.enter();
        bench.key(KeyCode::Esc);
    });
    snapshots("paused", Memory::new, |bench| {
        bench.enter();
        bench.control('p');
    });
    snapshots("report", Memory::done, |bench| {
        bench.key(KeyCode::PageDown);
    });
}

#[test]
fn every_type_of_question_looks_as_it_did() {
    // Goal and method: as above, for an open question of each type with an answer in the making.
    snapshots(
        "single",
        || Memory::at(ItemType::Single),
        |bench| {
            bench.enter();
            bench.keys("b");
        },
    );
    snapshots(
        "multi",
        || Memory::at(ItemType::Multi),
        |bench| {
            bench.enter();
            bench.keys("ad");
        },
    );
    snapshots(
        "order",
        || Memory::at(ItemType::Order),
        |bench| {
            bench.enter();
            bench.keys("c");
        },
    );
    snapshots(
        "number",
        || Memory::at(ItemType::Numeric),
        |bench| {
            bench.enter();
            bench.keys("7x");
            bench.enter();
        },
    );
    snapshots(
        "short",
        || Memory::at(ItemType::Short),
        |bench| {
            bench.enter();
            bench.control('d');
        },
    );
    snapshots(
        "code_output",
        || Memory::at(ItemType::CodeOutput),
        |bench| {
            bench.enter();
            bench.control('t');
        },
    );
}

#[test]
fn every_review_page_looks_as_it_did() {
    // Goal: after the test each question shows answer, key, feedback, explanation and source.
    // Method: snapshots of an answered question of each type, tall enough to hold it whole.
    let pages = [
        (ItemType::Single, json!(["c"])),
        (ItemType::Multi, json!(["b", "c"])),
        (ItemType::Order, json!(["b", "d", "c", "a"])),
        (ItemType::Numeric, json!(555)),
        (ItemType::Short, json!("?")),
        (ItemType::CodeOutput, json!("stale stale fresh")),
    ];
    for (kind, response) in pages {
        let mut memory = Memory::answered(kind, response);
        let mut bench = Bench::new(&mut memory, 80, 40);
        bench.keys("r");
        assert_snapshot!(format!("review_{kind}"), bench.draw());
    }
}

#[test]
fn a_single_choice_needs_letter_and_enter() {
    // Goal: no answer by accident: neither Enter alone nor the same letter twice answers. Method:
    // those keys, then the right one with Enter.
    let mut memory = Memory::at(ItemType::Single);
    let before = memory.session.answered().len();
    let right = letter_of(&memory, "b");
    let mut bench = Bench::new(&mut memory, 80, 24);
    bench.enter();
    bench.enter();
    assert!(bench.draw().contains("Choose an option first"));
    bench.keys(&format!("{right}{right}"));
    assert_eq!(bench.screen(), Screen::Question);
    bench.enter();
    assert_eq!(memory.session.answered().len(), before + 1);
    assert!(memory.last().scored.is_right());
}

#[test]
fn ticks_come_and_go_and_are_given_together() {
    // Goal: letters and space tick and untick. Method: tick a wrong one, take it back with space,
    // tick both right ones.
    let mut memory = Memory::at(ItemType::Multi);
    let [wrong, first, second] = ["a", "b", "d"].map(|id| letter_of(&memory, id));
    let mut bench = Bench::new(&mut memory, 80, 24);
    bench.enter();
    bench.enter();
    assert!(bench.draw().contains("Tick at least one option"));
    bench.keys(&format!("{wrong} {first}{second}"));
    bench.enter();
    assert!(memory.last().scored.is_right(), "{:?}", memory.last().response);
}

#[test]
fn an_order_is_picked_by_letters_or_moved() {
    // Goal: both ways of ordering give the order on the screen. Method: pick all by letter; in a
    // second run carry options with J, K and Shift-arrows and compare with the rows shown.
    let mut memory = Memory::at(ItemType::Order);
    let letters: String = ["b", "d", "a", "c"].iter().map(|id| letter_of(&memory, id)).collect();
    let mut bench = Bench::new(&mut memory, 80, 24);
    bench.enter();
    bench.keys(&letters);
    bench.enter();
    assert!(memory.last().scored.is_right(), "{:?}", memory.last().response);

    let mut memory = Memory::at(ItemType::Order);
    let mut bench = Bench::new(&mut memory, 80, 24);
    bench.enter();
    bench.keys("JJ");
    bench.press(KeyCode::Up, KeyModifiers::SHIFT);
    assert!(bench.draw().contains("order: b › a › c › d"));
    bench.enter();
    let Step::Ask(asked) = Memory::at(ItemType::Order).session.step().clone() else {
        panic!("the question is open in a fresh session")
    };
    let Response::Order(given) = &memory.last().response else { panic!("an order was given") };
    let item = memory.session.item(&asked);
    let expected = [1, 0, 2, 3].map(|place: usize| item.options[asked.shown[place]].id.clone());
    assert_eq!(given, &expected);
}

#[test]
fn an_untouched_order_is_given_only_on_purpose() {
    // Goal: Enter alone does not give the order as shown; a second Enter does. Method: two Enters.
    let mut memory = Memory::at(ItemType::Order);
    let before = memory.session.answered().len();
    let mut bench = Bench::new(&mut memory, 80, 24);
    bench.enter();
    bench.enter();
    assert!(bench.draw().contains("Nothing was moved"));
    bench.enter();
    assert_eq!(memory.session.answered().len(), before + 1);
}

#[test]
fn numbers_and_texts_are_typed() {
    // Goal: what is typed is what is answered; letters are no commands; an unreadable number is
    // told and the question stays open. Method: the three typed types.
    let mut memory = Memory::at(ItemType::Numeric);
    let mut bench = Bench::new(&mut memory, 80, 24);
    bench.enter();
    bench.keys("seven");
    bench.enter();
    assert!(bench.draw().contains("is not a number"));
    bench.control('u');
    bench.keys("75 s");
    bench.enter();
    assert_eq!(memory.last().response, Response::Number(75.0));

    let mut memory = Memory::at(ItemType::Short);
    let mut bench = Bench::new(&mut memory, 80, 24);
    bench.enter();
    bench.keys("304 pqft!");
    for _ in 0..6 {
        bench.key(KeyCode::Backspace);
    }
    bench.enter();
    assert!(memory.last().scored.is_right(), "{:?}", memory.last().response);

    let mut memory = Memory::at(ItemType::CodeOutput);
    let mut bench = Bench::new(&mut memory, 80, 24);
    bench.enter();
    bench.shell.on_event(&Event::Paste("stale  stale fresh\n".to_owned()));
    bench.enter();
    assert!(memory.last().scored.is_right(), "{:?}", memory.last().response);
}

#[test]
fn not_knowing_is_an_answer_for_every_type() {
    // Goal: "I don't know" works everywhere, needs Enter and can be taken back. Method: for each
    // type choose it, take it back, choose it again, Enter.
    for kind in ItemType::ALL {
        let mut memory = Memory::at(*kind);
        let before = memory.session.answered().len();
        let mut bench = Bench::new(&mut memory, 80, 24);
        bench.enter();
        bench.control('d');
        bench.control('d');
        assert!(!bench.draw().contains("› I don't know"), "{kind}");
        bench.control('d');
        assert!(bench.draw().contains("› I don't know"), "{kind}");
        bench.enter();
        assert_eq!(memory.session.answered().len(), before + 1, "{kind}");
        assert_eq!(memory.last().response, Response::DontKnow, "{kind}");
    }
}

#[test]
fn an_answer_that_cannot_be_kept_stays_open() {
    // Goal: nothing moves on before the driver has kept the answer. Method: a driver that refuses.
    let mut memory = Memory::at(ItemType::Single);
    memory.refuse = true;
    let before = memory.session.answered().len();
    let mut bench = Bench::new(&mut memory, 80, 24);
    bench.enter();
    bench.keys("a");
    bench.enter();
    assert!(bench.draw().contains("the disk is full"));
    assert_eq!(bench.screen(), Screen::Question);
    assert_eq!(memory.session.answered().len(), before);
}

#[test]
fn the_clock_runs_only_while_the_question_can_be_read() {
    // Goal: seconds are those on the question: not those before the start, in help, in pause, in
    // a remark, or with a window too small to read. Method: a clock that the test moves.
    let mut memory = Memory::at(ItemType::Single);
    let mut bench = Bench::new(&mut memory, 80, 24);
    pass(100);
    bench.enter();
    pass(5);
    bench.keys("p");
    pass(1000);
    bench.enter();
    pass(2);
    bench.keys("h");
    pass(1000);
    bench.enter();
    bench.keys("f");
    pass(1000);
    bench.key(KeyCode::Esc);
    pass(1);
    bench.terminal.backend_mut().resize(30, 8);
    bench.draw();
    pass(1000);
    bench.terminal.backend_mut().resize(80, 24);
    bench.draw();
    bench.keys("t");
    let shown = bench.draw();
    bench.keys("a");
    bench.enter();
    assert_eq!(memory.seconds, [Some(8.0)]);
    assert!(shown.contains("0:08 · question 1"), "{shown}");
    assert_eq!(memory.pauses, 1);
}

#[test]
fn leaving_keeps_the_question_and_says_how_it_ended() {
    // Goal: quit asks, stays or leaves; Ctrl-C leaves at once; the driver hears of each. Method:
    // the keys, from a half-made answer.
    let mut memory = Memory::at(ItemType::Multi);
    let before = memory.session.answered().len();
    let mut bench = Bench::new(&mut memory, 80, 24);
    bench.enter();
    bench.keys("aq");
    assert_eq!(bench.screen(), Screen::ConfirmQuit);
    assert_eq!(bench.key(KeyCode::Char('n')), None);
    assert!(bench.draw().contains("[x] a"), "the tick is still there");
    bench.keys("q");
    assert_eq!(bench.enter(), Some(Ending::Paused));
    assert_eq!(bench.control('c'), Some(Ending::Interrupted(2)));
    assert_eq!((memory.pauses, memory.session.answered().len()), (2, before));

    let mut memory = Memory::done();
    let mut bench = Bench::new(&mut memory, 80, 24);
    assert_eq!(bench.key(KeyCode::Char('q')), Some(Ending::Finished));
}

#[test]
fn a_remark_is_handed_over_and_the_question_stays() {
    // Goal: flagging keeps the remark and the answer in the making; an empty one is none. Method:
    // one empty and one real remark on a ticked question.
    let mut memory = Memory::at(ItemType::Multi);
    let mut bench = Bench::new(&mut memory, 80, 24);
    bench.enter();
    bench.keys("af");
    bench.enter();
    bench.keys("!two are right");
    bench.enter();
    let shown = bench.draw();
    assert!(shown.contains("remark is noted") && shown.contains("[x] a"), "{shown}");
    assert_eq!(memory.flags, ["two are right"]);
}

#[test]
fn nothing_tells_how_it_is_going_before_the_end() {
    // Goal: no frame of an open question holds its key, feedback or explanation. Method: for each
    // type draw it large, look for the words of the item that may not be there.
    for kind in ItemType::ALL {
        let mut memory = Memory::at(*kind);
        let Step::Ask(asked) = memory.session.step().clone() else { panic!("a question is open") };
        let item = memory.session.item(&asked).clone();
        let mut bench = Bench::new(&mut memory, 200, 60);
        bench.enter();
        bench.control('d');
        let shown = bench.draw();
        assert!(!shown.contains(item.explanation.lines().next().expect("has one")), "{kind}");
        for option in &item.options {
            assert!(!shown.contains(&option.feedback), "{kind}");
        }
    }
}

#[test]
fn a_whole_test_ends_in_report_and_review() {
    // Goal: from welcome through every question into the report, and back and forth through the
    // review. Method: "I don't know" to everything, then page.
    let mut memory = Memory::new();
    let length = memory.session.plan().length;
    let mut bench = Bench::new(&mut memory, 80, 24);
    bench.enter();
    for _ in 0..length {
        assert_eq!(bench.screen(), Screen::Question);
        bench.control('d');
        bench.enter();
    }
    assert_eq!(bench.screen(), Screen::Report);
    assert!(bench.draw().contains("line 1 of a report 76 cells wide"));
    bench.key(KeyCode::End);
    assert!(bench.draw().contains("line 40 of a report"));
    bench.keys("r");
    for page in 1..=length {
        assert!(bench.draw().contains(&format!("question {page} of {length}")));
        bench.key(KeyCode::Right);
    }
    bench.key(KeyCode::Left);
    assert!(bench.draw().contains(&format!("question {} of {length}", length - 1)));
    bench.keys("r");
    assert_eq!(bench.screen(), Screen::Report);
}

#[test]
fn a_long_question_scrolls_and_keeps_its_cursor_in_sight() {
    // Goal: in a small window everything can be reached, and a hint says that there is more.
    // Method: the smallest window; page down and back; walk the cursor to the last option.
    let mut memory = Memory::at(ItemType::Single);
    let mut bench = Bench::new(&mut memory, 40, 12);
    bench.enter();
    let first = bench.draw();
    assert!(first.contains("A shared cache stored") && first.contains("PgDn"), "{first}");
    for _ in 0..6 {
        bench.key(KeyCode::PageDown);
    }
    let end = bench.draw();
    assert!(end.contains(" d  ") && end.contains("PgUp") && !end.contains("PgDn"), "{end}");
    for _ in 0..6 {
        bench.key(KeyCode::PageUp);
    }
    assert_eq!(bench.draw(), first);
    for _ in 0..4 {
        bench.key(KeyCode::Down);
    }
    assert!(bench.draw().contains("› d  "));
}

/// The frame of the question with code, its first two letters typed, highlighted.
fn painted(colour: bool) -> Buffer {
    let mut memory = Memory::at(ItemType::CodeOutput);
    let mut shell = Shell::new(&mut memory, colour, test_clock);
    let mut terminal = Terminal::new(TestBackend::new(80, 40)).expect("infallible");
    let painter = Painted(SyntaxSet::load_defaults_newlines());
    for code in [KeyCode::Enter, KeyCode::Char('s'), KeyCode::Char('t')] {
        shell.frame(&mut terminal, &painter).expect("infallible");
        shell.on_event(&Event::Key(KeyEvent::new(code, KeyModifiers::NONE)));
    }
    shell.frame(&mut terminal, &painter).expect("infallible");
    terminal.backend().buffer().clone()
}

#[test]
fn colours_are_the_terminals_own_and_never_needed() {
    // Goal: legible on dark and light: no background, only named colours; without colour the same
    // words and no colour at all. Method: every cell of a highlighted frame, both ways.
    let coloured = painted(true);
    let named = [Color::Reset, Color::Cyan, Color::Magenta, Color::Green];
    assert!(coloured.content().iter().all(|cell| named.contains(&cell.fg)));
    assert!(coloured.content().iter().all(|cell| cell.bg == Color::Reset));
    assert!(coloured.content().iter().any(|cell| cell.fg == Color::Magenta), "keywords stand out");
    let plain = painted(false);
    assert!(plain.content().iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset));
    let symbols = |buffer: &Buffer| {
        buffer.content().iter().map(|cell| cell.symbol().to_owned()).collect::<String>()
    };
    assert_eq!(symbols(&coloured), symbols(&plain));
}

#[test]
fn a_storm_of_sizes_breaks_nothing() {
    // Goal: no size panics on any screen, and no state is lost. Method: 1,000 seeded sizes from
    // 1×1 to 200×60 over every screen and question type with random harmless keys between them.
    let mut random = stream(11, 0, Purpose::Simulee);
    let openings: [(&str, bool); 6] =
        [("", false), ("h", false), ("\nf", false), ("\nq", false), ("\np", false), ("r", true)];
    let mut frames = 0;
    for round in 0..10 {
        for kind in ItemType::ALL {
            for (keys, done) in openings {
                let mut memory = if done { Memory::done() } else { Memory::at(*kind) };
                let mut bench = Bench::new(&mut memory, 80, 24);
                for c in keys.chars() {
                    match c {
                        '\n' => bench.enter(),
                        // Letters are typed into typed answers, so these go with Control.
                        'f' | 'p' => bench.control(c),
                        'q' => bench.key(KeyCode::Esc),
                        c => bench.key(KeyCode::Char(c)),
                    };
                }
                let screen = bench.screen();
                for _ in 0..3 {
                    let (width, height) =
                        (random.random_range(1..=200), random.random_range(1..=60));
                    bench.terminal.backend_mut().resize(width, height);
                    let code = [KeyCode::PageDown, KeyCode::Up, KeyCode::Down, KeyCode::PageUp]
                        [random.random_range(0..4)];
                    bench.key(code);
                    frames += 1;
                }
                assert_eq!(bench.screen(), screen, "round {round}, {kind}");
            }
        }
    }
    assert!(frames >= 1_000, "{frames}");
}
