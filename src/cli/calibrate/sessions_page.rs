//! `--report` of a calibration from sessions: the same page, from a proposal. Computes nothing of its own.

use super::report::{command, grid, groups};
use crate::assessment::{Evidence, Flag, Proposal, ProposedItem};
use crate::psychometrics::cat::Observation;
use crate::psychometrics::item_analysis::observed_curve;
use crate::psychometrics::numeric::special::normal_density;
use crate::psychometrics::online::{OnlineEnd, Standing};
use crate::report::{CalibrationItem, CalibrationPage, LatentPart, OptionPart};

/// The page of a proposal.
pub fn of_sessions(evidence: &Evidence<'_>, proposal: &Proposal, date: &str) -> CalibrationPage {
    let converged = proposal.end == OnlineEnd::Converged;
    let how = if converged { "Converged" } else { "Not converged" };
    let count = |standing| proposal.items.iter().filter(|it| it.standing == standing).count();
    let fact = |name: &str, value: String| (name.to_owned(), value);
    CalibrationPage {
        command: command(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        what: format!(
            "{} people in {} finished sessions answered {} items, {} answers that count.",
            evidence.people(),
            evidence.sessions(),
            proposal.items.len(),
            evidence.answers()
        ),
        verdict: format!(
            "{how} after {} EM steps: {} draft, {} provisional, {} calibrated, {} anchor.",
            proposal.steps,
            count(Standing::Draft),
            count(Standing::Provisional),
            count(Standing::Calibrated),
            count(Standing::Anchor)
        ),
        converged,
        notes: vec![
            "This is a proposal. Nothing uses its numbers until somebody has reviewed and accepted them."
                .to_owned(),
        ],
        facts: vec![
            fact("Day", date.to_owned()),
            fact("Bank", evidence.bank_fingerprint().to_owned()),
            fact("Answers left out", evidence.left_out().total().to_string()),
            fact("Correlation of topics", evidence.bank_correlation().to_string()),
            fact(
                "Mean of ability",
                match proposal.mean_is_free {
                    true => format!("{:.3}, by {} anchors", proposal.mean, proposal.anchors),
                    false => "0: without anchors these people are the scale".to_owned(),
                },
            ),
        ],
        items: proposal.items.iter().map(|item| part(item, proposal.mean)).collect(),
        pairs: Vec::new(),
        latent: vec![LatentPart {
            name: "every topic".to_owned(),
            mean: proposal.mean,
            sd: 1.0,
            density: grid().map(|theta| (theta, normal_density(theta - proposal.mean))).collect(),
        }],
        information: information(proposal),
        method: "Points are groups of about equally many people by their ability as all their other answers see it, with \
                 Wilson's 95 % intervals. Such abilities rest on few answers and lean to the middle, and adaptive tests ask \
                 people near the item's difficulty, so points cover little of the axis. Formulas and sources: \
                 docs/METHODS.md, section 21."
            .to_owned(),
    }
}

fn information(proposal: &Proposal) -> Vec<(f64, f64)> {
    let models: Vec<_> =
        proposal.items.iter().filter_map(|it| it.curve.0.model(&it.curve.1).ok()).collect();
    grid().map(|theta| (theta, models.iter().map(|it| it.information(theta)).sum())).collect()
}

fn part(item: &ProposedItem, mean: f64) -> CalibrationItem {
    let (online, x) = &item.curve;
    let model = online.model(x).ok();
    let curve = |theta: f64| -> Vec<f64> {
        let of = |k| model.as_ref().map_or(0.0, |model| model.probability(theta, k));
        (0..online.categories).map(of).collect()
    };
    let answers: Vec<(f64, usize)> = item
        .answers
        .iter()
        .filter_map(|answer| match answer.seen {
            Observation::Category(score) => Some((answer.mean() + mean, score)),
            Observation::DontKnow => None,
        })
        .collect();
    let drawn = model.is_some() && item.standing > Standing::Draft;
    let number = |name: &str, [value, error]: [f64; 2]| (name.to_owned(), Some(value), Some(error));
    CalibrationItem {
        id: item.id.clone(),
        n: item.n as usize,
        parameters: vec![
            number("a", item.a),
            number("b", item.b),
            ("c".to_owned(), Some(item.c), None),
        ],
        statistics: vec![
            ("judged b".to_owned(), Some(item.former.b)),
            ("infit".to_owned(), item.fit.map(|fit| fit.infit)),
            ("outfit".to_owned(), item.fit.map(|fit| fit.outfit)),
        ],
        curves: match drawn {
            true => (0..online.categories)
                .map(|k| grid().map(|theta| (theta, curve(theta)[k])).collect())
                .collect(),
            false => Vec::new(),
        },
        observed: match drawn {
            true => observed_curve(&answers, online.categories, groups(answers.len()), curve),
            false => Vec::new(),
        },
        flags: item.flags.iter().map(|flag| sentence(*flag).to_owned()).collect(),
        options: item
            .options
            .iter()
            .zip(&item.option_names)
            .enumerate()
            .map(|(at, (option, name))| OptionPart {
                name: name.clone(),
                is_key: item.key == Some(at),
                share: option.share,
                r: option.r,
                points: Vec::new(),
            })
            .collect(),
    }
}

fn sentence(flag: Flag) -> &'static str {
    match flag {
        Flag::KeySuspect => {
            "another option goes with ability more than the key, or the key hardly does: is it right?"
        }
        Flag::KeyReview => "few answers speak against the key: worth a look",
        Flag::Misfit => "answers are more or less predictable than the curve has them",
        Flag::Drift => "the difficulty has left the former calibration",
        Flag::LowSlope => "hardly tells the able from others",
        Flag::OffJudgement => "the difficulty is far from what was judged",
    }
}
