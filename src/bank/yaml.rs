//! From text to a tree of nodes that know where they stand. The only file that names the YAML
//! crate, so that it can be replaced; it knows nothing of banks, and it never guesses a type:
//! a scalar is its text and whether it stood there unquoted.
//!
//! Hostile text is bounded: size, depth and the number of nodes, aliases expanded included.

use std::collections::HashMap;
use std::ops::Range;

use serde_yaml::granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, Tag};

use super::node::{Node, NodeValue};

/// Longest file that is read.
const BYTES_MAX: usize = 16 << 20;
/// Most nodes of one file, copies made by aliases included.
const NODES_MAX: usize = 1_000_000;
/// Most nodes that aliases may add. A question needs none; ten levels of ten aliases need 10^10.
const ALIASED_NODES_MAX: usize = 10_000;
/// Deepest nesting. An item needs five levels.
const DEPTH_MAX: usize = 64;

/// Why a text, or a part of one, could not be read as YAML.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Unreadable {
    /// Where, in bytes of the text.
    pub at: Range<usize>,
    /// What the parser says.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Whether the text was refused rather than misread: then nothing of it is read.
    refused: bool,
}

/// What came of a text: the tree as far as it could be read, and every reason why not.
#[derive(Debug)]
pub(super) struct Parsed<'t> {
    /// The document, if any of it could be read.
    pub root: Option<Node<'t>>,
    /// The faults.
    pub faults: Vec<Unreadable>,
}

/// Reads one document. When a list of items holds an entry that is not YAML, the others are read
/// all the same.
pub(super) fn parse(text: &str) -> Parsed<'_> {
    if text.len() > BYTES_MAX {
        let message = format!("the file is longer than {} MiB", BYTES_MAX >> 20);
        return Parsed {
            root: None,
            faults: vec![Unreadable {
                at: 0..0,
                message,
                help: Some("split it".into()),
                refused: true,
            }],
        };
    }
    match document(text, 0) {
        Ok(root) => Parsed { root, faults: Vec::new() },
        Err(fault) if fault.refused => Parsed { root: None, faults: vec![fault] },
        Err(fault) => entry_by_entry(text, fault),
    }
}

/// Reads the entries of a broken list one by one, so that one fault does not hide the others.
fn entry_by_entry(text: &str, whole: Unreadable) -> Parsed<'_> {
    let Some((head, entries)) = entries(text) else {
        return Parsed { root: None, faults: vec![whole] };
    };
    let Ok(Some(Node { span, value: NodeValue::Map(mut fields) })) = document(&text[head], 0)
    else {
        return Parsed { root: None, faults: vec![whole] };
    };
    let (mut nodes, mut faults) = (Vec::new(), Vec::new());
    for range in entries {
        match document(&text[range.clone()], range.start) {
            Ok(Some(Node { value: NodeValue::List(list), .. })) => nodes.extend(list),
            Ok(_) => {}
            Err(fault) => faults.push(fault),
        }
    }
    if faults.is_empty() {
        // Every part is readable by itself, the whole is not: say what the parser said of it.
        faults.push(whole);
    }
    if let Some((_, list)) = fields.last_mut() {
        list.value = NodeValue::List(nodes);
    }
    Parsed { root: Some(Node { span, value: NodeValue::Map(fields) }), faults }
}

/// The text before the entries of a top-level list, and each entry's range: lines that begin
/// with the indentation and the dash of the first one.
fn entries(text: &str) -> Option<(Range<usize>, Vec<Range<usize>>)> {
    let mut starts = Vec::new();
    let mut indent: Option<usize> = None;
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let bare = line.trim_start_matches(' ');
        let depth = line.len() - bare.len();
        if bare.starts_with("- ") && *indent.get_or_insert(depth) == depth {
            starts.push(offset);
        }
        offset += line.len();
    }
    let first = *starts.first()?;
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    let ranges = starts.iter().copied().zip(ends).map(|(from, to)| from..to).collect();
    Some((0..first, ranges))
}

/// Reads exactly one document; `base` is where its text begins in the file.
fn document(text: &str, base: usize) -> Result<Option<Node<'_>>, Unreadable> {
    let mut builder = Builder { base, ..Builder::default() };
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| unreadable(&error, text, base))?;
        builder.event(event, span)?;
    }
    Ok(builder.root)
}

/// The parser's error with its place.
fn unreadable(error: &ScanError, text: &str, base: usize) -> Unreadable {
    let at = error.marker().byte_offset().unwrap_or(0).min(text.len());
    let said = error.info();
    let message = if said.is_empty() { format!("{:?}", error.kind()) } else { said };
    let help = message.contains("tab").then(|| "indent with spaces, never with tabs".to_owned());
    let message = format!("not YAML: {message}");
    Unreadable { at: base + at..base + at, message, help, refused: false }
}

/// A collection that is still open.
struct Open<'t> {
    start: usize,
    anchor: usize,
    parts: Vec<Node<'t>>,
    is_map: bool,
}

/// Puts events together to a tree, and keeps count.
#[derive(Default)]
struct Builder<'t> {
    base: usize,
    open: Vec<Open<'t>>,
    anchors: HashMap<usize, Node<'t>>,
    root: Option<Node<'t>>,
    documents: usize,
    nodes: usize,
    aliased: usize,
}

impl<'t> Builder<'t> {
    fn event(&mut self, event: Event<'t>, span: Span) -> Result<(), Unreadable> {
        let at = self.range(span);
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(self.fault(
                        at,
                        "a second document begins here",
                        "one file, one document: drop the `---`",
                    ));
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                let forced = self.tag(tag.as_deref(), &at)?;
                let plain = style == ScalarStyle::Plain && !forced;
                self.place(Node { span: at, value: NodeValue::Scalar { text, plain } }, anchor)?;
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.start(at, anchor, tag.as_deref(), false)?
            }
            Event::MappingStart(_, anchor, tag) => self.start(at, anchor, tag.as_deref(), true)?,
            Event::SequenceEnd | Event::MappingEnd => self.end(at)?,
            Event::Alias(anchor) => self.alias(anchor, at)?,
            _ => {}
        }
        Ok(())
    }

    fn range(&self, span: Span) -> Range<usize> {
        let start = span.start.byte_offset().unwrap_or(0);
        let end = span.end.byte_offset().unwrap_or(start).max(start);
        self.base + start..self.base + end
    }

    fn fault(&self, at: Range<usize>, message: &str, help: &str) -> Unreadable {
        Unreadable { at, message: message.to_owned(), help: Some(help.to_owned()), refused: true }
    }

    /// Whether a tag makes a scalar a text; any other tag is refused.
    fn tag(&self, tag: Option<&Tag>, at: &Range<usize>) -> Result<bool, Unreadable> {
        match tag.map(Tag::core_suffix) {
            None => Ok(false),
            Some(Some("str")) => Ok(true),
            Some(_) => {
                Err(self.fault(at.clone(), "a YAML tag", "write the value plainly, without `!`"))
            }
        }
    }

    fn start(
        &mut self,
        at: Range<usize>,
        anchor: usize,
        tag: Option<&Tag>,
        is_map: bool,
    ) -> Result<(), Unreadable> {
        if tag.is_some() {
            self.tag(tag, &at)?;
        }
        if self.open.len() >= DEPTH_MAX {
            return Err(self.fault(
                at,
                "nested too deep",
                "no bank file needs more than a few levels",
            ));
        }
        self.open.push(Open { start: at.start, anchor, parts: Vec::new(), is_map });
        Ok(())
    }

    fn end(&mut self, at: Range<usize>) -> Result<(), Unreadable> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let value = if open.is_map {
            let mut pairs = Vec::with_capacity(open.parts.len() / 2);
            let mut parts = open.parts.into_iter();
            while let (Some(key), Some(value)) = (parts.next(), parts.next()) {
                pairs.push((key, value));
            }
            NodeValue::Map(pairs)
        } else {
            NodeValue::List(open.parts)
        };
        self.place(Node { span: open.start..at.end.max(open.start), value }, open.anchor)
    }

    fn alias(&mut self, anchor: usize, at: Range<usize>) -> Result<(), Unreadable> {
        let Some(node) = self.anchors.get(&anchor) else {
            return Err(self.fault(at, "an alias inside of what it stands for", "write it out"));
        };
        let size = node.size();
        self.aliased += size;
        if self.aliased > ALIASED_NODES_MAX {
            return Err(self.fault(
                at,
                "aliases that unfold to too much",
                "write the values out; a question needs no alias",
            ));
        }
        self.nodes += size;
        let mut node = node.clone();
        node.span = at;
        self.place(node, 0)
    }

    fn place(&mut self, node: Node<'t>, anchor: usize) -> Result<(), Unreadable> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            return Err(self.fault(node.span, "too many values in one file", "split the file"));
        }
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut() {
            Some(open) => open.parts.push(node),
            None => self.root = Some(node),
        }
        Ok(())
    }
}
