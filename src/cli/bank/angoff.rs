//! `gradus bank angoff`: reads ratings of judges, lets the bank room compute the boundaries, and
//! prints them. Never writes them into `levels.yaml`: people decide that.

use std::path::PathBuf;

use serde::Serialize;

use super::super::bank_source::{load_bank, read};
use super::super::take::print_data;
use super::super::{CliError, Color, Exit, Global};
use super::{to_json, wants_json};
use crate::bank::{Level, PanelError, PanelRound, RaterKind, angoff_panels, read_ratings, render};

pub(super) fn run(global: &Global, files: &[PathBuf]) -> Result<Exit, CliError> {
    let as_json = wants_json(global, "angoff")?;
    let bank = load_bank(global)?;
    let mut ratings = Vec::new();
    for path in files {
        if !path.exists() {
            let message = format!("{}: no such file", path.display());
            return Err(CliError::new(Exit::NotFound, message));
        }
        let file = read(path)?;
        let (rows, found) = read_ratings(&file);
        if !found.is_empty() {
            let text = render(&found, &[file], global.color == Color::Always);
            let message = format!("the ratings are not valid\n\n{}", text.trim_end());
            return Err(CliError::new(Exit::Invalid, message)
                .help("the columns stand in docs/BANK-FORMAT.md"));
        }
        ratings.extend(rows);
    }
    let panels = angoff_panels(&bank, &ratings).map_err(refused)?;
    let text = if as_json { to_json(&AngoffForm::of(&panels))? } else { text(&panels) };
    print_data(&text)?;
    Ok(Exit::Done)
}

fn refused(error: PanelError) -> CliError {
    let help = match &error {
        PanelError::UnknownItem { .. } | PanelError::OtherVersion { .. } => {
            "rate the items of the bank in use, or name another with --banks"
        }
        PanelError::Nothing => "rows of a panel have the step angoff:mid or angoff:senior",
        PanelError::Model { .. } => "see `gradus bank show`",
        PanelError::NoCut { .. } => {
            "ratings are chances of a right answer, guessing included, by two judges or more"
        }
    };
    CliError::new(Exit::Invalid, error.to_string()).help(help)
}

/// The form `gradus.bank-angoff/1`.
#[derive(Serialize)]
struct AngoffForm<'p> {
    schema: &'static str,
    rounds: Vec<RoundForm<'p>>,
}

#[derive(Serialize)]
struct RoundForm<'p> {
    between: [Level; 2],
    round: u32,
    items: usize,
    left_out: &'p [String],
    sum: f64,
    sum_se: f64,
    theta: f64,
    theta_se: f64,
    judges: Vec<JudgeForm<'p>>,
}

#[derive(Serialize)]
struct JudgeForm<'p> {
    rater: &'p str,
    kind: RaterKind,
    sum: f64,
    theta: Option<f64>,
    correlation: Option<f64>,
    doubtful: bool,
}

impl<'p> AngoffForm<'p> {
    fn of(panels: &'p [PanelRound]) -> Self {
        let judges = |panel: &'p PanelRound| {
            let judges = panel.judges.iter().zip(&panel.cut.judges);
            judges
                .map(|((rater, kind), judge)| JudgeForm {
                    rater,
                    kind: *kind,
                    sum: judge.sum,
                    theta: judge.theta,
                    correlation: judge.correlation,
                    doubtful: judge.is_doubtful(),
                })
                .collect()
        };
        let round = |panel: &'p PanelRound| RoundForm {
            between: panel.between,
            round: panel.round,
            items: panel.items,
            left_out: &panel.left_out,
            sum: panel.cut.sum,
            sum_se: panel.cut.sum_se,
            theta: panel.cut.theta,
            theta_se: panel.cut.theta_se,
            judges: judges(panel),
        };
        Self { schema: "gradus.bank-angoff/1", rounds: panels.iter().map(round).collect() }
    }
}

fn text(panels: &[PanelRound]) -> String {
    let mut text = String::new();
    for panel in panels {
        let [lower, upper] = panel.between;
        let cut = &panel.cut;
        text += &format!(
            "{lower} | {upper}, round {}: θ = {:+.3} ± {:.3}  (sum {:.2} ± {:.2} of {} items, {} judges)\n",
            panel.round,
            cut.theta,
            cut.theta_se,
            cut.sum,
            cut.sum_se,
            panel.items,
            panel.judges.len(),
        );
        if !panel.left_out.is_empty() {
            text += &format!("  left out, not rated by all: {}\n", panel.left_out.join(", "));
        }
        text += &format!("  {:<20} {:<6} {:>7} {:>8} {:>6}\n", "JUDGE", "KIND", "SUM", "θ", "r");
        for ((rater, kind), judge) in panel.judges.iter().zip(&cut.judges) {
            let theta = judge.theta.map_or("-".to_owned(), |theta| format!("{theta:+.3}"));
            let r = judge.correlation.map_or("-".to_owned(), |r| format!("{r:.2}"));
            let doubt = if judge.is_doubtful() { "  below .30 with the others" } else { "" };
            text +=
                &format!("  {rater:<20} {kind:<6} {:>7.2} {theta:>8} {r:>6}{doubt}\n", judge.sum);
        }
        text.push('\n');
    }
    text
}
