//! What the checks need to know of a text: its prose and its code, its words, its sentences, and
//! how alike two texts are. Never judges.

use std::collections::BTreeSet;

/// A Markdown text taken apart.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in super::super) struct Anatomy {
    /// The text outside of fenced blocks, inline code included.
    pub prose: String,
    /// The text outside of any code.
    pub bare: String,
    /// Inline code and fenced code, line by line.
    pub code: String,
    /// For each fenced block, its language tag and its number of lines.
    pub blocks: Vec<(String, usize)>,
    /// The text of each fenced block, in the same order.
    pub listings: Vec<String>,
}

/// Takes a Markdown text apart. An open fence ends with the text.
pub(in super::super) fn anatomy(markdown: &str) -> Anatomy {
    let mut parts = Anatomy::default();
    let mut fence: Option<&str> = None;
    for line in markdown.lines() {
        let trimmed = line.trim_start();
        let mark = ["```", "~~~"].into_iter().find(|mark| trimmed.starts_with(mark));
        match (fence, mark) {
            (None, Some(mark)) => {
                fence = Some(mark);
                let tag = trimmed.trim_start_matches(['`', '~']).trim().to_lowercase();
                parts.blocks.push((tag, 0));
                parts.listings.push(String::new());
            }
            (Some(open), Some(mark)) if open == mark => fence = None,
            (Some(_), _) => {
                parts.code.push_str(line);
                parts.code.push('\n');
                if let (Some((_, lines)), Some(listing)) =
                    (parts.blocks.last_mut(), parts.listings.last_mut())
                {
                    *lines += 1;
                    listing.push_str(line);
                    listing.push('\n');
                }
            }
            (None, None) => {
                parts.prose.push_str(line);
                parts.prose.push('\n');
                inline(line, &mut parts);
            }
        }
    }
    parts
}

/// Divides a line at its backticks: every second part is code.
fn inline(line: &str, parts: &mut Anatomy) {
    let pieces: Vec<&str> = line.split('`').collect();
    let last = pieces.len() - 1;
    for (index, piece) in pieces.into_iter().enumerate() {
        // A backtick without a partner opens nothing.
        if index % 2 == 1 && index < last {
            parts.code.push_str(piece);
            parts.code.push('\n');
            parts.bare.push(' ');
        } else {
            parts.bare.push_str(piece);
        }
    }
    parts.bare.push('\n');
}

/// The words of a text in lower case: letters and digits, with `-`, `_`, `.` and `'` inside.
pub(in super::super) fn words(text: &str) -> Vec<String> {
    text.split(|letter: char| {
        !(letter.is_alphanumeric() || matches!(letter, '-' | '_' | '.' | '\'' | '’'))
    })
    .map(|word| word.trim_matches(['-', '.', '\'', '’', '_']).to_lowercase())
    .filter(|word| !word.is_empty())
    .collect()
}

/// Whether a text holds one of some words, in any case.
pub(in super::super) fn has_word(text: &str, list: &[&str]) -> bool {
    words(text).iter().any(|word| list.contains(&word.as_str()))
}

/// The sentences of a prose text: they end with `.`, `?`, `!` or `:` before white space, or with
/// a blank line.
pub(in super::super) fn sentences(prose: &str) -> Vec<String> {
    let mut sentences = Vec::new();
    for paragraph in prose.split("\n\n") {
        let mut sentence = String::new();
        let mut letters = paragraph.chars().peekable();
        while let Some(letter) = letters.next() {
            sentence.push(if letter == '\n' { ' ' } else { letter });
            let ends = matches!(letter, '.' | '?' | '!' | ':');
            if ends && letters.peek().is_none_or(|next| next.is_whitespace()) {
                sentences.push(std::mem::take(&mut sentence));
            }
        }
        sentences.push(sentence);
    }
    let trimmed = sentences.iter().map(|sentence| sentence.trim().to_owned());
    trimmed.filter(|sentence| !sentence.is_empty()).collect()
}

/// A text with every run of white space as one space, and none at the ends.
pub(in super::super) fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The runs of three words of a text; shorter texts are one run.
pub(super) fn shingles(text: &str) -> BTreeSet<String> {
    const RUN: usize = 3;
    let words = words(text);
    if words.len() < RUN {
        return [words.join(" ")].into_iter().filter(|run| !run.is_empty()).collect();
    }
    words.windows(RUN).map(|run| run.join(" ")).collect()
}

/// How much two sets share: |A ∩ B| / |A ∪ B| (Jaccard 1901); zero for two empty sets.
pub(in super::super) fn jaccard<T: Ord>(left: &BTreeSet<T>, right: &BTreeSet<T>) -> f64 {
    let shared = left.intersection(right).count();
    let all = left.len() + right.len() - shared;
    if all == 0 { 0.0 } else { shared as f64 / all as f64 }
}

/// Whether the whole of a text is code, joined by no more than `and` or `or`.
pub(in super::super) fn is_code(text: &str) -> bool {
    let parts = anatomy(text.trim());
    let joints = words(&parts.bare).iter().all(|word| matches!(word.as_str(), "and" | "or"));
    joints && !parts.code.trim().is_empty()
}

/// Words that carry no content of their own.
pub(in super::super) const STOPWORDS: [&str; 72] = [
    "the", "a", "an", "of", "to", "in", "on", "at", "by", "for", "from", "with", "without", "and",
    "or", "but", "not", "no", "is", "are", "was", "were", "be", "been", "being", "has", "have",
    "had", "do", "does", "did", "will", "would", "can", "could", "may", "might", "must", "should",
    "it", "its", "this", "that", "these", "those", "there", "then", "than", "as", "if", "when",
    "while", "where", "which", "what", "who", "how", "why", "because", "so", "into", "only", "all",
    "each", "every", "any", "both", "after", "before", "other", "same", "such",
];

/// The content words of a text: no stopwords, and at least as long as asked.
pub(in super::super) fn content_words(text: &str, length_min: usize) -> BTreeSet<String> {
    words(text)
        .into_iter()
        .filter(|word| word.chars().count() >= length_min && !STOPWORDS.contains(&word.as_str()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_and_code_are_told_apart() {
        // Goal: rules about wording do not read code. Method: a text with both kinds of code.
        let parts =
            anatomy("Run `git log` now.\n\n```sql\nSELECT 1;\nSELECT 2;\n```\nWhat happens?\n");
        assert_eq!(parts.prose, "Run `git log` now.\n\nWhat happens?\n");
        assert_eq!(parts.bare, "Run   now.\n\nWhat happens?\n");
        assert_eq!(parts.code, "git log\nSELECT 1;\nSELECT 2;\n");
        assert_eq!(parts.blocks, [("sql".to_owned(), 2)]);
        assert!(is_code("`a b`") && is_code("`a` and `b`") && !is_code("see `a`") && !is_code("a"));
    }

    #[test]
    fn sentences_end_where_readers_expect() {
        // Goal: version numbers and host names do not end a sentence. Method: a text with both.
        let found = sentences("HTTP/1.1 is old. Does api.example.com answer?\n\nName it");
        assert_eq!(found, ["HTTP/1.1 is old.", "Does api.example.com answer?", "Name it"]);
    }

    #[test]
    fn likeness_is_one_for_equal_and_zero_for_foreign_texts() {
        // Goal: the scale of near-duplicates. Method: equal, disjoint and half-shared sets.
        let (left, right) = (shingles("one two three four"), shingles("one two three five"));
        assert!((jaccard(&left, &left) - 1.0).abs() < 1e-15);
        assert!((jaccard(&left, &right) - 1.0 / 3.0).abs() < 1e-15);
        assert!(jaccard(&left, &shingles("six seven eight")).abs() < 1e-15);
        assert!(jaccard::<u8>(&BTreeSet::new(), &BTreeSet::new()).abs() < 1e-15);
    }
}
