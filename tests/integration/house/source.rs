//! Reading Rust sources as text for the house rules: what is code, what is a comment or a string,
//! which parts are tests, where functions begin and end. A reader of shapes, not a compiler: it
//! knows the forms that `cargo fmt` leaves.

use std::fs;
use std::path::{Path, PathBuf};

/// Directories that are no part of the repository.
const NOT_OURS: [&str; 5] = [".git", "target", "node_modules", ".venv", "__pycache__"];

/// The root of this clone.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every text file below a directory of the clone, as (path from the root, text), by path.
pub fn text_files(below: &str) -> Vec<(String, String)> {
    let mut paths = Vec::new();
    collect(&root().join(below), &mut paths);
    paths.sort();
    let texts = paths.into_iter().filter_map(|path| {
        let text = fs::read_to_string(&path).ok()?;
        let name = path.strip_prefix(root()).expect("below the root").to_string_lossy();
        Some((name.replace('\\', "/"), text))
    });
    texts.collect()
}

fn collect(directory: &Path, into: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(directory).unwrap_or_else(|e| panic!("{directory:?}: {e}"));
    for entry in entries {
        let path = entry.expect("an entry").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_symlink() || NOT_OURS.contains(&name.as_str()) {
            continue;
        }
        if path.is_dir() { collect(&path, into) } else { into.push(path) }
    }
}

/// The text with comments and the contents of strings and characters as blanks; every byte that
/// is left stands where it stood.
pub fn code_only(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = match bytes[at] {
            b'/' if bytes[at..].starts_with(b"//") => line_end(bytes, at),
            b'/' if bytes[at..].starts_with(b"/*") => block_comment_end(bytes, at),
            b'"' => string_end(bytes, at),
            b'r' if !after_word(bytes, at) => match raw_string_end(bytes, at) {
                Some(end) => end,
                None => {
                    at += 1;
                    continue;
                }
            },
            b'\'' => char_end(bytes, at),
            _ => {
                at += 1;
                continue;
            }
        };
        for byte in &mut out[at..end] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        at = end;
    }
    String::from_utf8(out).expect("blanks replace whole characters")
}

fn after_word(bytes: &[u8], at: usize) -> bool {
    at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_')
}

fn line_end(bytes: &[u8], at: usize) -> usize {
    bytes[at..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |n| at + n)
}

fn block_comment_end(bytes: &[u8], start: usize) -> usize {
    let (mut depth, mut at) = (0, start);
    while at < bytes.len() {
        if bytes[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if bytes[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    at
}

fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(bytes.len())
}

fn raw_string_end(bytes: &[u8], start: usize) -> Option<usize> {
    let hashes = bytes[start + 1..].iter().take_while(|byte| **byte == b'#').count();
    let open = start + 1 + hashes;
    if bytes.get(open) != Some(&b'"') {
        return None;
    }
    let close = format!("\"{}", "#".repeat(hashes));
    let found = bytes[open + 1..].windows(close.len()).position(|it| it == close.as_bytes());
    found.map(|n| open + 1 + n + close.len())
}

/// The end of a character; of a lifetime only its quote.
fn char_end(bytes: &[u8], start: usize) -> usize {
    if bytes.get(start + 1) == Some(&b'\\') {
        let close = bytes[start + 3..].iter().position(|byte| *byte == b'\'');
        return close.map_or(start + 1, |n| start + 3 + n + 1);
    }
    let text = std::str::from_utf8(&bytes[start + 1..]).expect("quotes stand between characters");
    let width = text.chars().next().map_or(1, char::len_utf8);
    if bytes.get(start + 1 + width) == Some(&b'\'') { start + width + 2 } else { start + 1 }
}

/// Code without its test parts, and the names of modules that are only for tests.
pub fn without_tests(code: &str) -> (String, Vec<String>) {
    let mut out = code.to_owned();
    let mut modules = Vec::new();
    while let Some(start) = out.find("#[cfg(test)]") {
        let end = item_end(&out, start + "#[cfg(test)]".len());
        let item = out[start..end].to_owned();
        if let Some(name) = item.trim_end().strip_suffix(';').and_then(|it| it.split("mod ").nth(1))
        {
            modules.push(name.trim().to_owned());
        }
        let blank: String = item.chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
        out.replace_range(start..end, &blank);
    }
    (out, modules)
}

/// Where the item that begins at `from` ends: behind its `;` or its closing brace.
pub fn item_end(code: &str, from: usize) -> usize {
    let mut nested = 0;
    for (at, c) in code[from..].char_indices() {
        match c {
            '(' | '[' => nested += 1,
            ')' | ']' => nested -= 1,
            ';' if nested == 0 => return from + at + 1,
            '{' if nested == 0 => return block_end(code, from + at),
            _ => {}
        }
    }
    code.len()
}

/// Behind the brace that closes the one at `open`.
fn block_end(code: &str, open: usize) -> usize {
    let mut depth = 0;
    for (at, c) in code[open..].char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => return open + at + 1,
            '}' => depth -= 1,
            _ => {}
        }
    }
    code.len()
}

/// The number of the line in which a byte stands.
pub fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// The modules of `src/` as (path, code without tests), test-only files left out.
pub fn modules() -> Vec<(String, String)> {
    let sources = text_files("src");
    let mut only_for_tests = Vec::new();
    let mut modules = Vec::new();
    for (path, text) in sources.into_iter().filter(|(path, _)| path.ends_with(".rs")) {
        let (code, tests) = without_tests(&code_only(&text));
        let directory = directory_of(&path);
        only_for_tests.extend(tests.iter().map(|name| format!("{directory}/{name}")));
        modules.push((path, code));
    }
    let is_test = |path: &str| {
        only_for_tests.iter().any(|module| {
            path.strip_prefix(module.as_str()).is_some_and(|rest| rest.starts_with(['.', '/']))
        })
    };
    modules.retain(|(path, _)| !is_test(path));
    modules
}

/// The directory that holds a module's children.
fn directory_of(path: &str) -> String {
    let stem = path.strip_suffix(".rs").unwrap_or(path);
    match stem.rsplit_once('/') {
        Some((directory, "mod" | "lib" | "main")) => directory.to_owned(),
        _ => stem.to_owned(),
    }
}

/// How many modules deep a file of `src/` lies; the root is 0.
pub fn depth(path: &str) -> usize {
    directory_of(path).matches('/').count()
}

#[test]
fn comments_strings_and_tests_are_not_code() {
    // Goal: the rules see code, all of it and nothing else. Method: a text with every form that
    // could hide a word or show a false one.
    let text = "let a = \"x.exp() \\\" y\"; // .exp()\n/* .ln() /* b */ */ let c = '\"'; d<'e>()\n\
                r#\"\"quoted\" .exp()\"# ; let it = b'\\'' ; g.exp();\n";
    let code = code_only(text);
    assert_eq!(code.len(), text.len());
    assert_eq!(code.matches(".exp()").count(), 1);
    assert!(code.contains("g.exp();") && code.contains("let c =") && code.contains("d< e>()"));
    let (code, modules) = without_tests(
        "fn a() {}\n#[cfg(test)]\nmod tests;\nfn b([c; 2]) {}\n#[cfg(test)]\nmod t { fn d() {} }\n",
    );
    assert_eq!(modules, ["tests"]);
    assert!(code.contains("fn a") && code.contains("fn b") && !code.contains("fn d"));
    assert_eq!((depth("src/lib.rs"), depth("src/bank/mod.rs"), depth("src/a/b/c.rs")), (0, 1, 3));
}
