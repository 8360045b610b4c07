//! Many ids in one text, and the row of each. Knows names, not what they name.

use std::hash::{BuildHasher, RandomState};

use serde::{Serialize, Serializer};

/// A slot: a row, and the half of its id's hash that says where to look for it.
#[derive(Debug, Clone, Copy)]
struct Slot {
    row: u32,
    hash: u32,
}

/// A slot without a row.
const FREE: u32 = u32::MAX;

/// Different ids in the order in which they were added.
#[derive(Debug, Clone, Default)]
pub struct Ids {
    text: String,
    ends: Vec<usize>,
    /// Open addressing: at most half of the slots hold a row.
    slots: Vec<Slot>,
    /// Keyed anew in every process, so that no file can be made of ids that collide.
    hasher: RandomState,
}

impl Ids {
    /// Adds an id; false, and nothing is added, if it is there already.
    pub fn insert(&mut self, id: &str) -> bool {
        if 2 * (self.len() + 1) > self.slots.len() {
            self.grow();
        }
        let (slot, hash) = self.slot(id);
        if self.slots[slot].row != FREE {
            return false;
        }
        self.slots[slot] = Slot { row: self.len() as u32, hash };
        self.text.push_str(id);
        self.ends.push(self.text.len());
        true
    }

    /// Number of ids.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The id of a row.
    pub fn get(&self, row: usize) -> &str {
        let from = row.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[from..self.ends[row]]
    }

    /// The row of an id.
    pub fn row(&self, id: &str) -> Option<usize> {
        let (slot, _) = (!self.slots.is_empty()).then(|| self.slot(id))?;
        Some(self.slots[slot].row).filter(|row| *row != FREE).map(|row| row as usize)
    }

    /// All ids in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|row| self.get(row))
    }

    /// The slot that holds an id, or the free one where it belongs, and the id's hash.
    fn slot(&self, id: &str) -> (usize, u32) {
        let hash = self.hasher.hash_one(id) as u32;
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            let slot = self.slots[at];
            if slot.row == FREE || (slot.hash == hash && self.get(slot.row as usize) == id) {
                return (at, hash);
            }
            at = (at + 1) & mask;
        }
    }

    fn grow(&mut self) {
        let size = (2 * self.slots.len()).max(16);
        let old = std::mem::replace(&mut self.slots, vec![Slot { row: FREE, hash: 0 }; size]);
        for slot in old.into_iter().filter(|slot| slot.row != FREE) {
            let mut at = slot.hash as usize & (size - 1);
            while self.slots[at].row != FREE {
                at = (at + 1) & (size - 1);
            }
            self.slots[at] = slot;
        }
    }
}

impl<S: AsRef<str>> FromIterator<S> for Ids {
    /// The different ids.
    fn from_iter<T: IntoIterator<Item = S>>(ids: T) -> Self {
        let mut all = Self::default();
        for id in ids {
            all.insert(id.as_ref());
        }
        all
    }
}

impl Serialize for Ids {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_has_its_row() {
        // Goal: ids are found through every growth, and none twice. Method: 5,000 ids, one empty,
        // one inside another, each added again.
        let name = |row: usize| if row == 7 { String::new() } else { format!("i{}", row * row) };
        let mut ids: Ids = (0..5_000).map(name).collect();
        assert_eq!((ids.len(), ids.get(7), ids.row("i7")), (5_000, "", None));
        for row in 0..5_000 {
            assert_eq!((ids.row(&name(row)), ids.get(row)), (Some(row), name(row).as_str()));
            assert!(!ids.insert(&name(row)));
        }
        assert_eq!(Ids::default().row("i1"), None);
        assert_eq!(
            serde_json::to_string(&["a", "b"].iter().collect::<Ids>()).unwrap(),
            r#"["a","b"]"#
        );
    }
}
