//! Rows of a response file as nearly all are, no quotes, scores of one digit and many gaps, read
//! from the bytes: a run of empty cells costs an eighth of a step a cell. Whatever is not so, faults
//! included, is left to the general reader; this one never reports anything.

use super::data::Kind;

/// Eight empty cells.
const GAPS: u64 = u64::from_le_bytes([b','; 8]);

/// How to read the rows of a file.
#[derive(Debug, Default)]
pub struct PlainRow {
    /// Of each column its item and the greatest score of one digit; empty where a column is no
    /// item: rows of that kind are left to the general reader.
    items: Vec<(u32, u8)>,
}

impl PlainRow {
    /// For columns of these kinds; items may have as many scores as `limits` says.
    pub fn new(kinds: &[Kind], limits: &[Option<usize>]) -> Self {
        let item = |kind: &Kind| match kind {
            Kind::Item(item) => {
                let most = limits[*item as usize].map_or(9, |n| (n - 1).min(9));
                Some((*item, b'0' + most as u8))
            }
            Kind::Group | Kind::Ignored => None,
        };
        Self { items: kinds.iter().map(item).collect::<Option<_>>().unwrap_or_default() }
    }

    /// Reads the cells of a row from its bytes, and adds its answers (item, score): the bytes read,
    /// line end included. Where the answer is `None`, part of the row may have been added.
    pub fn read(&self, bytes: &[u8], answers: &mut Vec<(u32, u16)>) -> Option<usize> {
        let width = self.items.len();
        // At the end of the file a table of one column would go on with empty cells for ever.
        if width == 0 || bytes.is_empty() {
            return None;
        }
        let (mut at, mut column) = (0, 0);
        loop {
            while let Some(next) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
                if u64::from_le_bytes(*next) != GAPS || column + 8 >= width {
                    break;
                }
                (at, column) = (at + 8, column + 8);
            }
            match bytes.get(at) {
                Some(digit @ b'0'..=b'9') => {
                    let (item, most) = self.items[column];
                    if *digit > most {
                        return None;
                    }
                    answers.push((item, u16::from(digit - b'0')));
                    at += 1;
                }
                Some(b'N') if bytes.get(at + 1) == Some(&b'A') => at += 2,
                _ => {}
            }
            column += 1;
            match bytes.get(at) {
                Some(b',') if column < width => at += 1,
                _ if column < width => return None,
                None => return Some(at),
                Some(b'\n') => return Some(at + 1),
                Some(b'\r') if bytes.get(at + 1) == Some(&b'\n') => return Some(at + 2),
                _ => return None,
            }
        }
    }
}

/// The first cell of a row as it stands there, if nothing of it would be trimmed or unquoted.
pub fn person(text: &str) -> Option<&str> {
    let end = text.bytes().position(|byte| matches!(byte, b',' | b'\n' | b'\r' | b'"'))?;
    let person = &text[..end];
    let bytes = person.as_bytes();
    let plain = [bytes.first()?, bytes.last()?].iter().all(|byte| byte.is_ascii_graphic());
    (plain && text.as_bytes()[end] == b',').then_some(person)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_rows_are_read_and_all_others_left() {
        // Goal: a row is read whole or refused. Method: twelve items of two scores with runs of
        // gaps at every place, line ends of both kinds and none; a row a refusal.
        let kinds: Vec<Kind> = (0..12).map(Kind::Item).collect();
        let row = PlainRow::new(&kinds, &[Some(2); 12]);
        let read = |text: &str| {
            let mut answers = Vec::new();
            row.read(text.as_bytes(), &mut answers).map(|bytes| (bytes, answers))
        };
        for place in 0..12 {
            let text = format!("{}1{}", ",".repeat(place), ",".repeat(11 - place));
            let answers = vec![(place as u32, 1)];
            assert_eq!(read(&text), Some((12, answers.clone())), "{text}");
            assert_eq!(read(&format!("{text}\n,,,")), Some((13, answers.clone())));
            assert_eq!(read(&format!("{text}\r\n,,,")), Some((14, answers)));
        }
        assert_eq!(read("0,NA,1,,,,,,,,,NA\n"), Some((18, vec![(0, 0), (2, 1)])));
        assert_eq!(read(",,,,,,,,,,,\n"), Some((12, vec![])));
        for refused in [
            "2,,,,,,,,,,,\n",
            ",,,,,,,,,,,,\n",
            ",,,,,,,,,,\n",
            "1 ,,,,,,,,,,,\n",
            "01,,,,,,,,,,,\n",
            "\"1\",,,,,,,,,,,\n",
            ",,,,,,,,,,,1\r,",
            "N,,,,,,,,,,,\n",
        ] {
            assert_eq!(read(refused), None, "{refused}");
        }
        assert_eq!(person("ann b,1"), Some("ann b"));
        assert_eq!([person(" ann,1"), person("\"a\",1"), person("ann"), person(",1")], [None; 4]);
        let single = PlainRow::new(&kinds[..1], &[Some(2)]);
        assert_eq!(single.read(b"1\n0\n", &mut Vec::new()), Some(2));
        assert_eq!(single.read(b"", &mut Vec::new()), None);
        let kinds = [Kind::Item(0), Kind::Group];
        assert_eq!(PlainRow::new(&kinds, &[None]).read(b"1,x\n", &mut Vec::new()), None);
    }
}
