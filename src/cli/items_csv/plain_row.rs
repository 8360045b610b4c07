//! Rows of a response file as nearly all are: no quotes, scores of one digit. They are read from
//! the bytes, several cells at a time. Whatever is not so, faults included, is left to the general
//! reader; this one never reports anything.

use super::responses::{Column, MISSING};

/// Cells that are read at once: a digit and a comma each, eight bytes.
const AT_ONCE: usize = 4;
/// Four zeros with their commas, the first in the lowest byte.
const ZEROS: u64 = u64::from_le_bytes(*b"0,0,0,0,");
/// In each cell the bits that no score of one digit has.
const NOT_A_DIGIT: u64 = 0xfff0_fff0_fff0_fff0;
/// In each cell the bit that no digit has.
const HIGH: u64 = 0x8000_8000_8000_8000;
/// The greatest score of one digit.
const DIGIT_MAX: u16 = 9;

/// How to read the rows of a file.
#[derive(Debug)]
pub struct PlainRow {
    persons_first: bool,
    steps: Vec<Step>,
}

/// What comes next in a row.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Step {
    /// Four items, none the last column, with the greatest score of each.
    Items(u64),
    /// One item and its greatest score.
    Item(u16),
    Label,
    Ignored,
}

impl PlainRow {
    /// For rows with these columns, the person's perhaps before them.
    pub fn new(persons_first: bool, kinds: &[Column]) -> Self {
        let mut steps = Vec::new();
        let mut rest = kinds;
        while let Some((kind, others)) = rest.split_first() {
            let together = rest.get(..AT_ONCE).filter(|_| rest.len() > AT_ONCE);
            if let Some(most) = together.and_then(greatest_of_all) {
                steps.push(Step::Items(most));
                rest = &rest[AT_ONCE..];
                continue;
            }
            steps.push(match kind {
                Column::Item { categories } => Step::Item(greatest(*categories)),
                Column::Label => Step::Label,
                Column::Ignored => Step::Ignored,
            });
            rest = others;
        }
        Self { persons_first, steps }
    }

    /// Reads the row at the beginning of a text: the person's id, empty where rows have none, and
    /// the bytes read, line end included. Scores and labels are added to the lists, which hold
    /// part of the row where the answer is `None`.
    pub fn read<'a>(
        &self,
        text: &'a str,
        scores: &mut Vec<u16>,
        labels: &mut Vec<String>,
    ) -> Option<(&'a str, usize)> {
        // At the end of the file a table of one column would go on with empty cells for ever.
        if text.is_empty() {
            return None;
        }
        let mut row = Row { text, at: 0 };
        let person = if self.persons_first { row.text_cell()? } else { "" };
        if self.persons_first {
            row.comma()?;
        }
        for (number, step) in self.steps.iter().enumerate() {
            if number > 0 && !matches!(self.steps[number - 1], Step::Items(_)) {
                row.comma()?;
            }
            match *step {
                Step::Items(most) => row.items(most, scores)?,
                Step::Item(most) => scores.push(row.item(most)?),
                Step::Label => labels.push(row.text_cell()?.to_owned()),
                Step::Ignored => {
                    row.text_cell()?;
                }
            }
        }
        row.end().map(|()| (person, row.at))
    }
}

fn greatest(categories: Option<usize>) -> u16 {
    categories.map_or(DIGIT_MAX, |n| u16::try_from(n - 1).unwrap_or(DIGIT_MAX).min(DIGIT_MAX))
}

/// The greatest scores of four columns in one word, if all are items.
fn greatest_of_all(kinds: &[Column]) -> Option<u64> {
    kinds.iter().rev().try_fold(0, |word, kind| match kind {
        Column::Item { categories } => Some(word << 16 | u64::from(greatest(*categories))),
        _ => None,
    })
}

/// A row while it is read.
struct Row<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Row<'a> {
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn comma(&mut self) -> Option<()> {
        (self.byte() == Some(b',')).then(|| self.at += 1)
    }

    /// The end of the row: a line end, or that of the file.
    fn end(&mut self) -> Option<()> {
        match self.byte() {
            None => {}
            Some(b'\n') => self.at += 1,
            Some(b'\r') if self.text.as_bytes().get(self.at + 1) == Some(&b'\n') => self.at += 2,
            _ => return None,
        }
        Some(())
    }

    /// Four scores with their commas.
    #[inline]
    fn items(&mut self, most: u64, scores: &mut Vec<u16>) -> Option<()> {
        let bytes = self.text.as_bytes().get(self.at..)?.first_chunk::<8>()?;
        // A digit in the low byte of each cell, where the high one held a comma.
        let digits = u64::from_le_bytes(*bytes) ^ ZEROS;
        let in_range = ((most | HIGH) - (digits & !NOT_A_DIGIT)) & HIGH == HIGH;
        if digits & NOT_A_DIGIT == 0 && in_range {
            let score = |cell: u32| (digits >> (16 * cell)) as u16;
            scores.extend_from_slice(&[score(0), score(1), score(2), score(3)]);
            self.at += 8;
            return Some(());
        }
        for cell in 0..AT_ONCE {
            scores.push(self.item((most >> (16 * cell)) as u16)?);
            self.comma()?;
        }
        Some(())
    }

    /// One score or gap, without what follows it.
    #[inline]
    fn item(&mut self, most: u16) -> Option<u16> {
        match self.byte() {
            Some(digit @ b'0'..=b'9') => {
                self.at += 1;
                let score = u16::from(digit - b'0');
                (score <= most).then_some(score)
            }
            Some(b'N') if self.text.as_bytes().get(self.at + 1) == Some(&b'A') => {
                self.at += 2;
                Some(MISSING)
            }
            Some(b',' | b'\n' | b'\r') | None => Some(MISSING),
            _ => None,
        }
    }

    /// A cell of text without quotes and without anything around it that would be trimmed.
    fn text_cell(&mut self) -> Option<&'a str> {
        let rest = &self.text.as_bytes()[self.at..];
        let length = rest.iter().position(|byte| matches!(byte, b',' | b'\n' | b'\r' | b'"'));
        let cell = &self.text[self.at..self.at + length.unwrap_or(rest.len())];
        self.at += cell.len();
        let is_plain = |byte: &u8| byte.is_ascii_graphic();
        let ends = [cell.as_bytes().first(), cell.as_bytes().last()];
        (self.byte() != Some(b'"') && ends.into_iter().flatten().all(is_plain)).then_some(cell)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_rows_are_read_and_all_others_left() {
        // Goal: a row is read whole or refused. Method: six items of three scores after the
        // person, and a row a refusal: too high a score, a space, two digits, a quote, too few and
        // too many cells, a lone carriage return.
        let row = PlainRow::new(true, &[Column::Item { categories: Some(3) }; 6]);
        let read = |text: &str| {
            let (mut scores, mut labels) = (Vec::new(), Vec::new());
            row.read(text, &mut scores, &mut labels)
                .map(|(person, bytes)| (person.to_owned(), bytes, scores))
        };
        let full = Some(("a b".to_owned(), 16, vec![0, 1, 2, 2, 1, 0]));
        assert_eq!(read("a b,0,1,2,2,1,0\nrest"), full);
        let gaps = vec![MISSING, 1, MISSING, 2, 1, MISSING];
        assert_eq!(read("é1,NA,1,,2,1,\r\n"), None);
        assert_eq!(read("1é1,NA,1,,2,1,\r\n"), Some(("1é1".to_owned(), 17, gaps.clone())));
        assert_eq!(read("x,,1,NA,2,1,NA"), Some(("x".to_owned(), 14, gaps)));
        for refused in [
            "x,3,1,1,1,1,1\n",
            "x,1,1,1,3,1,1\n",
            "x, 1,1,1,1,1,1\n",
            "x,1,1,10,1,1,1\n",
            "x,1,\"1\",1,1,1,1\n",
            "\"x\",1,1,1,1,1,1\n",
            "x,1,1,1,1,1\n",
            "x,1,1,1,1,1,1,1\n",
            "x,1,1,1,1,1,1\r1,1",
            " x,1,1,1,1,1,1\n",
            "x,1,1,1,\n1,1,1\n",
        ] {
            assert_eq!(read(refused), None, "{refused}");
        }
    }

    #[test]
    fn a_table_of_one_column_ends() {
        // Goal: nothing is read where nothing is left. Method: one item without persons, to the end.
        let row = PlainRow::new(false, &[Column::Item { categories: Some(2) }]);
        let (mut scores, mut labels) = (Vec::new(), Vec::new());
        assert_eq!(row.read("1\n0", &mut scores, &mut labels), Some(("", 2)));
        assert_eq!(row.read("0", &mut scores, &mut labels), Some(("", 1)));
        assert_eq!(row.read("", &mut scores, &mut labels), None);
        assert_eq!(scores, [1, 0]);
    }

    #[test]
    fn every_byte_in_a_cell_is_judged_alike_alone_and_among_four() {
        // Goal: the test of four cells at once refuses just what that of one cell does. Method:
        // every byte in each of four places, as a score and in place of a comma.
        let row = PlainRow::new(false, &[Column::Item { categories: Some(4) }; 5]);
        for place in 0..8 {
            for byte in 0..=127_u8 {
                let mut bytes = *b"1,2,3,0,1\n";
                bytes[place] = byte;
                let text = std::str::from_utf8(&bytes).unwrap();
                let (mut scores, mut labels) = (Vec::new(), Vec::new());
                let is_read = row.read(text, &mut scores, &mut labels).is_some();
                let expected =
                    if place % 2 == 1 { byte == b',' } else { (b'0'..=b'3').contains(&byte) };
                assert_eq!(is_read, expected, "{text:?}");
            }
        }
    }
}
