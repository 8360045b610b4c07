//! How long does an author wait for `gradus bank check`? Every check over three hundred items, made of
//! the embedded ones; it never touches a file or a terminal.

use std::hint::black_box;

use criterion::Criterion;

use gradus::bank::{CheckOptions, SourceFile, check_bank};
use gradus::cli::bank_source::embedded_whole;

const ITEMS: usize = 300;

/// The embedded bank with copies of its item files until there are so many items. Copies have ids of
/// their own, and every word of a copy has another letter in front, so that nothing is a duplicate.
fn files() -> (Vec<SourceFile>, usize) {
    let mut files = embedded_whole();
    let originals: Vec<SourceFile> =
        files.iter().filter(|file| file.text.contains("schema: gradus.items/1")).cloned().collect();
    let count = |file: &SourceFile| file.text.matches("\n  - id: ").count();
    let mut items: usize = originals.iter().map(count).sum();
    for (round, mark) in ["x", "y", "z"].iter().enumerate() {
        for file in &originals {
            if items >= ITEMS {
                return (files, items);
            }
            items += count(file);
            let path = format!("{round}/{}", file.path);
            files.push(SourceFile::new(path, copy(&file.text, mark)));
        }
    }
    (files, items)
}

fn copy(text: &str, mark: &str) -> String {
    let mut copy = String::with_capacity(2 * text.len());
    let mut in_stem = false;
    for line in text.lines() {
        if line.starts_with("    stem: |") {
            in_stem = true;
        } else if !line.starts_with("      ") && !line.is_empty() {
            in_stem = false;
        }
        if let Some(id) = line.strip_prefix("  - id: ") {
            copy += &format!("  - id: {mark}.{id}");
        } else if line.starts_with("    enemies:") || line.starts_with("    variant_of:") {
            continue;
        } else if in_stem && line.starts_with("      ") {
            let words: Vec<String> =
                line.split_whitespace().map(|word| format!("{mark}{word}")).collect();
            copy += &format!("      {}", words.join(" "));
        } else {
            copy += line;
        }
        copy.push('\n');
    }
    copy
}

fn bank_check_300(criterion: &mut Criterion) {
    let (files, items) = files();
    let options = CheckOptions { around: None, today: Some("2026-11-23") };
    let checked = check_bank(&files, &options);
    assert_eq!(checked.items, items);
    println!("{items} items, {} findings", checked.diagnostics.len());
    criterion.bench_function("bank_check_300", |bencher| {
        bencher.iter(|| black_box(check_bank(&files, &options)));
    });
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args().sample_size(20);
    bank_check_300(&mut criterion);
    criterion.final_summary();
}
