//! Charts out of characters: intervals on the common scale and the path of the estimate. They use
//! shapes, not colours, so they read the same in a pipe.

use crate::report::model::{CutPart, LevelPart, SessionPart};
use crate::report::scale::Scale;
use crate::report::words;

/// How an interval is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stroke {
    /// Measured.
    Solid,
    /// Inferred.
    Dashed,
}

/// A row of characters on the common scale.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'a> {
    /// The scale.
    pub scale: Scale,
    /// The boundaries.
    pub cuts: &'a [CutPart],
    /// Columns.
    pub width: usize,
}

impl Row<'_> {
    fn column(&self, value: f64) -> usize {
        libm::round(self.scale.share(value) * (self.width.max(1) - 1) as f64) as usize
    }

    /// The names of the levels, each in the middle of its band.
    pub fn names(&self) -> String {
        let mut row = vec![' '; self.width];
        let mut left = 0;
        for (at, name) in self.bands() {
            let right = at.map_or(self.width, |cut| self.column(cut));
            let start = left + (right.saturating_sub(left)).saturating_sub(name.len()) / 2;
            for (offset, c) in name.chars().enumerate() {
                if let Some(place) = row.get_mut(start + offset) {
                    *place = c;
                }
            }
            left = right + 1;
        }
        self.mark_cuts(&mut row, '┊', ' ');
        row.into_iter().collect()
    }

    /// Each band's upper end and name.
    fn bands(&self) -> Vec<(Option<f64>, &'static str)> {
        let lower = self.cuts.iter().map(|cut| (Some(cut.theta), cut.between[0].as_str()));
        let last = self.cuts.last().map(|cut| (None, cut.between[1].as_str()));
        lower.chain(last).collect()
    }

    fn mark_cuts(&self, row: &mut [char], mark: char, over: char) {
        for cut in self.cuts {
            let place = &mut row[self.column(cut.theta)];
            if *place == over {
                *place = mark;
            }
        }
    }

    /// An interval with its point: `├────●────┤`, or `├┄┄┄○┄┄┄┤` where it is inferred.
    pub fn interval(&self, lo: f64, mean: f64, hi: f64, stroke: Stroke) -> String {
        let (line, crossing, point) = match stroke {
            Stroke::Solid => ('─', '┼', '●'),
            Stroke::Dashed => ('┄', '┊', '○'),
        };
        let mut row = vec![' '; self.width];
        let (from, to) = (self.column(lo), self.column(hi));
        row[from..=to].fill(line);
        self.mark_cuts(&mut row, crossing, line);
        self.mark_cuts(&mut row, '┊', ' ');
        row[from] = '├';
        row[to] = '┤';
        row[self.column(mean)] = point;
        row.into_iter().collect()
    }

    /// The whole numbers of the scale, each below its place.
    pub fn ticks(&self) -> String {
        let mut row = vec![' '; self.width];
        for tick in self.scale.ticks() {
            let label = words::whole(tick);
            let at = self.column(tick);
            let start = (at + 1).saturating_sub(label.chars().count()).min(self.width - 1);
            for (offset, c) in label.chars().enumerate() {
                if let Some(place) = row.get_mut(start + offset) {
                    *place = c;
                }
            }
        }
        row.into_iter().collect()
    }
}

/// Rows of the picture of the path for each unit of the scale, as many as fit into
/// [`PATH_ROWS_MAX`].
const PATH_ROWS_A_UNIT: [usize; 3] = [4, 2, 1];
/// Most rows of the picture.
const PATH_ROWS_MAX: usize = 19;
/// Columns left of the picture for the numbers of the scale.
const PATH_LABEL: usize = 6;
/// Columns right of the picture for the names of the boundaries.
const PATH_NAMES: usize = 10;

/// The estimate after each answer with its 90 % interval, time running to the right.
pub(super) fn path(
    session: &SessionPart,
    level: &LevelPart,
    scale: Scale,
    width: usize,
) -> Vec<String> {
    let start = (session.start.theta, session.start.se);
    let all: Vec<(f64, f64)> = std::iter::once(start)
        .chain(session.items.iter().map(|item| (item.theta, item.se)))
        .collect();
    let room = width.saturating_sub(PATH_LABEL + PATH_NAMES).max(10);
    // Longer sessions than there are columns show every second or third answer, and the last.
    let step = all.len().div_ceil(room);
    let shown: Vec<(f64, f64)> = all.iter().rev().step_by(step).rev().copied().collect();
    let spacing = if shown.len() * 2 <= room { 2 } else { 1 };
    let rows = path_rows(scale);
    let row_of = |value: f64| libm::round((1.0 - scale.share(value)) * (rows - 1) as f64) as usize;
    (0..rows)
        .map(|row| {
            let cut = level.cuts.iter().find(|cut| row_of(cut.theta) == row);
            let ground = if cut.is_some() { '┈' } else { ' ' };
            let mut line = label(scale, row, rows);
            for &(theta, se) in &shown {
                let (lo, hi) = words::interval90(theta, se);
                let here = match row {
                    _ if row == row_of(theta) => '●',
                    _ if (row_of(hi)..=row_of(lo)).contains(&row) => '│',
                    _ => ground,
                };
                line.push(here);
                line.extend(std::iter::repeat_n(ground, spacing - 1));
            }
            if let Some(cut) = cut {
                line.push_str(&format!(" ↑ {}", cut.between[1]));
            }
            line
        })
        .collect()
}

fn path_rows(scale: Scale) -> usize {
    let rows = |a_unit: &usize| libm::round((scale.hi - scale.lo) * *a_unit as f64) as usize + 1;
    PATH_ROWS_A_UNIT.iter().map(rows).find(|rows| *rows <= PATH_ROWS_MAX).unwrap_or(PATH_ROWS_MAX)
}

/// The number of a row, when it is a whole one.
fn label(scale: Scale, row: usize, rows: usize) -> String {
    let value = scale.hi - (scale.hi - scale.lo) * row as f64 / (rows - 1) as f64;
    let whole = libm::fabs(value - libm::round(value)) < 1e-9;
    let text = if whole { words::whole(value) } else { String::new() };
    format!("{text:>4}  ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bank::Level;

    fn cuts() -> Vec<CutPart> {
        let cut = |between, theta| CutPart {
            between,
            theta,
            se: 0.3,
            origin: "a judgement".to_owned(),
            as_of: "2026-11-22".to_owned(),
        };
        vec![cut([Level::Junior, Level::Mid], -1.0), cut([Level::Mid, Level::Senior], 1.0)]
    }

    #[test]
    fn an_interval_stands_where_its_numbers_say() {
        // Goal: places of points and ends; method: a scale of one column a tenth.
        let cuts = cuts();
        let row = Row { scale: Scale { lo: -3.0, hi: 3.0 }, cuts: &cuts, width: 61 };
        let solid: Vec<char> = row.interval(-2.0, 0.0, 0.5, Stroke::Solid).chars().collect();
        assert_eq!((solid[10], solid[30], solid[35]), ('├', '●', '┤'));
        assert_eq!((solid[20], solid[40], solid[50]), ('┼', '┊', ' '));
        let names = row.names();
        assert_eq!(
            names.split('┊').map(str::trim).collect::<Vec<_>>(),
            ["junior", "mid", "senior"]
        );
        assert_eq!(row.ticks().split_whitespace().next_back(), Some("+3"));
    }
}
