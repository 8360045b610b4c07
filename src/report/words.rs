//! The sentences and number forms that the text and the page share, so that both say the same in
//! the same words. Plain English for the person who took the test; it never calls anything
//! certain and never speaks of how somebody works.
//!
//! Numbers and their units are held together by no-break spaces.

use super::model::{
    CutPart, DecisionWord, LevelPart, PlanStepPart, QualityPart, ReferencePart, RolePart,
    SpecializationPart, TopicPart, Verdict,
};
use crate::assessment::outcome::{SpecializationStatus, StepStatus, WouldChange, Z90};
use crate::bank::StandardSetting;
use crate::psychometrics::cat::Why;

/// What every report says about the numbers behind it.
pub(super) const PROVISIONAL: &str = "All of this is provisional. How hard each question is was \
judged by its authors and is not yet calibrated on real answers, and where one level ends and the \
next begins is a judgement too. Both are counted in the probabilities.";

/// What no report claims.
pub(super) const NOT_A_CLAIM: &str = "This is a pattern of answers on one day. It says nothing \
about how you work with others, how fast you learn, or how you would do in a job.";

/// What the scale means.
pub(super) const SCALE: &str = "The scale: 0 is the middle of the population of back-end \
developers that the model assumes; about two thirds of it lie between −1 and +1.";

/// What a dashed interval means.
pub(super) const INFERRED: &str = "Rests on related topics and the general level more than on \
questions of its own.";

/// How not to read the profile.
pub(super) const OVERLAP: &str =
    "Where two intervals overlap widely, do not rank one topic above the other.";

/// What the curve of the level shows.
pub(super) const CURVE: &str = "The higher the curve, the more probable it is that your knowledge \
lies there. Nine times in ten it lies within the line below the curve. The boundaries are blurred \
because they are known only roughly.";

/// What the intervals of the profile show.
pub(super) const INTERVALS: &str = "Point: the best estimate. Line: where the topic lies nine \
times in ten.";

/// What the path shows.
pub(super) const PATH: &str = "The estimate before the first question and after each answer: \
filled when the answer was right, half strong when it was partly right, hollow when it was wrong or \
not known. The band is the 90\u{a0}% interval.";

/// Why so many answers are wrong.
pub(super) const HALF: &str = "Questions are chosen to be neither easy nor hopeless for you, so \
many wrong answers are as it should be; the number of right ones says little by itself.";

/// What tells fit from level.
pub(super) const FIT_IS_NOT_LEVEL: &str = "Fit compares your topics with each other, not you with \
others: it says where you are relatively strongest, whatever your level.";

/// When a step counts as done.
pub(super) const PLAN_RULE: &str = "A step is done when the ability behind it is above its bar \
with a probability of at least 80\u{a0}%, and measured when at least half of its subtopics lie in \
topics with three or more answered questions.";

/// What replaying proves.
pub(super) const REPLAY: &str = "The same bank, plan, seed and answers give the same report; \
replay derives every step again and compares.";

/// The ends of a 90 % interval: `θ ± 1.645 SE`.
pub(super) fn interval90(theta: f64, se: f64) -> (f64, f64) {
    (theta - Z90 * se, theta + Z90 * se)
}

/// Probabilities from which this report says something; one just below must not read as reached.
const BARS: [f64; 2] = [0.50, 0.80];

/// A probability for people: never 0 % and never 100 %, which no test can know.
pub(super) fn percent(share: f64) -> String {
    let rounded = libm::round(100.0 * share);
    match rounded {
        _ if rounded < 1.0 => "under\u{a0}1\u{a0}%".to_owned(),
        _ if rounded > 99.0 => "over\u{a0}99\u{a0}%".to_owned(),
        _ if BARS.iter().any(|bar| share < *bar && rounded >= 100.0 * bar) => {
            format!("{:.1}\u{a0}%", libm::floor(1000.0 * share) / 10.0)
        }
        _ => format!("{rounded:.0}\u{a0}%"),
    }
}

/// A share that may well be nothing or everything.
pub(super) fn share(share: f64) -> String {
    format!("{:.0}\u{a0}%", libm::round(100.0 * share))
}

/// A value on the scale with two decimals, its sign always shown.
pub(super) fn theta(value: f64) -> String {
    let hundredths = libm::round(100.0 * value);
    let sign = match hundredths {
        _ if hundredths > 0.0 => "+",
        _ if hundredths < 0.0 => "−",
        _ => "",
    };
    format!("{sign}{:.2}", libm::fabs(hundredths) / 100.0)
}

/// A whole number of the scale.
pub(super) fn whole(value: f64) -> String {
    theta(value).replace(".00", "")
}

/// An interval on the scale.
pub(super) fn interval(lo: f64, hi: f64) -> String {
    format!("{} to {}", theta(lo), theta(hi))
}

/// `1 question`, `2 questions`.
pub(super) fn count(n: usize, one: &str) -> String {
    format!("{n}\u{a0}{one}{}", if n == 1 { "" } else { "s" })
}

/// `a`, `a and b`, `a, b and c`; names that hold commas themselves stand between semicolons.
pub(super) fn list(names: &[String]) -> String {
    let comma = if names.iter().any(|name| name.contains(',')) { "; " } else { ", " };
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] if comma == ", " => format!("{} and {last}", first.join(comma)),
        all => all.join(comma),
    }
}

/// A word with a capital first letter.
pub(super) fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// What the probabilities allow to say about the level.
pub(super) fn decision(level: &LevelPart) -> String {
    match (level.decision, level.between) {
        (DecisionWord::Level(named), _) => format!(
            "{}, with a probability of {}.",
            capital(named.as_str()),
            percent(level.probabilities.of(named))
        ),
        (DecisionWord::Undecided, Some([lower, upper])) => format!(
            "Between {lower} ({}) and {upper} ({}).",
            percent(level.probabilities.of(lower)),
            percent(level.probabilities.of(upper))
        ),
        (DecisionWord::Undecided, None) => "No level is probable enough to be named.".to_owned(),
    }
}

/// Why no level is named, and how many more questions would settle it; `None` when one is.
pub(super) fn settle(level: &LevelPart) -> Option<String> {
    if level.decision != DecisionWord::Undecided {
        return None;
    }
    let unnamed = "A level is named from a probability of 80\u{a0}% on.";
    Some(match level.more_questions {
        Some(n) => {
            format!("{unnamed} About {} would be expected to settle it.", count(n, "more question"))
        }
        None => format!(
            "{unnamed} More questions from this bank would not settle it: you are at the boundary."
        ),
    })
}

/// For people far below the first boundary: where to begin.
pub(super) fn foundations(level: &LevelPart) -> Option<&'static str> {
    let first = level.cuts.first()?;
    (level.hi90 < first.theta - 2.0 * first.se).then_some(
        "All of the interval lies well below the first boundary: start with the foundations, \
         step 1 of the learning plan.",
    )
}

/// The estimate with its interval.
pub(super) fn estimate(level: &LevelPart) -> String {
    format!(
        "Estimate {} with a 90\u{a0}% interval from {}.",
        theta(level.theta),
        interval(level.lo90, level.hi90)
    )
}

/// One boundary with its uncertainty, origin and date.
pub(super) fn cut(cut: &CutPart) -> String {
    let [lower, upper] = cut.between;
    format!(
        "{lower} | {upper} at {} ± {:.2} ({}, {})",
        theta(cut.theta),
        cut.se,
        cut.origin.trim_end_matches('.'),
        cut.as_of
    )
}

/// How judges set the boundaries.
pub(super) fn standard_setting(by: &StandardSetting) -> String {
    let plural =
        |count: u32, noun: &str| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
    format!(
        "Set by {} of kind {} over {} in {}, {}.",
        plural(by.judges, "judge"),
        by.kind,
        plural(by.items, "item"),
        plural(by.rounds, "round"),
        by.date,
    )
}

/// What stands beside an answer that counts for nothing.
pub(super) const ON_TRIAL: &str = "trial question, not scored";

/// Why a question was asked, as a sentence.
pub(super) fn why(why: Why, topic: impl Fn(usize) -> String) -> String {
    match why {
        Why::MostInformative => {
            "Of all questions allowed here it was expected to tell the most.".to_owned()
        }
        Why::DrawnAmongBest { among } => format!(
            "Drawn by the seed among the {among} most informative questions, as the first ones are, \
             so that not everybody meets the same."
        ),
        Why::TopicRequired { topic: k } => format!(
            "{} still needed questions, and of those this one was expected to tell the most.",
            topic(k)
        ),
        Why::Recorded => "It stands so in the record of this session.".to_owned(),
        Why::OnTrial => {
            "A trial question: it is tried out on people and counts for nothing.".to_owned()
        }
    }
}

/// The same in a few words.
pub(super) fn why_short(why: Why, topic: impl Fn(usize) -> String) -> String {
    match why {
        Why::MostInformative => "tells the most".to_owned(),
        Why::DrawnAmongBest { among } => format!("drawn among the best {among}"),
        Why::TopicRequired { topic: k } => format!("{} was due", topic(k)),
        Why::Recorded => "as recorded".to_owned(),
        Why::OnTrial => "on trial".to_owned(),
    }
}

/// What would make the specialization firmer.
pub(super) fn would_change(change: &WouldChange) -> String {
    let missing = &change.no_questions_yet;
    let verb = if missing.len() == 1 { "matters" } else { "matter" };
    let have = if missing.len() == 1 { "has" } else { "have" };
    match (change.ask.is_empty(), missing.is_empty()) {
        (false, true) => format!("More questions on {} could change it most.", list(&change.ask)),
        (false, false) => format!(
            "More questions on {} could change it most; {} {verb} too, but {have} no questions yet.",
            list(&change.ask),
            list(missing)
        ),
        (true, false) => {
            format!("{} {verb} most for it, but {have} no questions yet.", list(missing))
        }
        (true, true) => "No single topic would change it much.".to_owned(),
    }
}

/// What may be said about the specialization as a whole.
pub(super) fn specialization(found: &SpecializationPart) -> String {
    match (found.status, found.ranking.first()) {
        (SpecializationStatus::Supported, Some(first)) => format!(
            "Your pattern of answers is most similar to {}: {}.",
            first.name,
            percent(first.probability)
        ),
        _ => "Not enough evidence to name one: the first is named from a probability of 50\u{a0}% \
              on, and when at least half of what it rests on had three or more questions."
            .to_owned(),
    }
}

/// Why a role stands where it stands.
pub(super) fn role_because(role: &RolePart) -> String {
    let asked =
        format!("topics that make up {} of it had three or more questions", share(role.coverage));
    if role.strengths.is_empty() {
        format!("no topic that was asked about speaks for it by itself; {asked}")
    } else {
        format!("you are relatively strong in {}; {asked}", list(&role.strengths))
    }
}

/// A source with its place, version and address.
pub(super) fn reference(reference: &ReferencePart) -> String {
    let mut text = format!("{}, {}", reference.title, reference.locator);
    if let Some(version) = &reference.version {
        text.push_str(&format!(" ({version})"));
    }
    if let Some(url) = &reference.url {
        text.push_str(&format!(" {url}"));
    }
    text
}

/// What is to be said about how far the answers can be trusted; nothing when all is as usual.
pub(super) fn quality(quality: &QualityPart) -> Vec<String> {
    let mut said = Vec::new();
    if quality.rapid_responses > 0 {
        said.push(format!(
            "{} came faster than the question can be read.",
            count(quality.rapid_responses, "answer")
        ));
    }
    if let Some(moderated) = &quality.effort_moderated {
        said.push(format!(
            "Without them the result would be: {} {}",
            decision(moderated),
            estimate(moderated)
        ));
    }
    if let Some(fit) = quality.person_fit.filter(|fit| fit.flag) {
        said.push(format!(
            "The pattern of right and wrong answers is unusual: {} of people with the same \
             abilities answer less usually. There are many harmless reasons for it.",
            percent(fit.p)
        ));
    }
    said
}

/// How a step of the learning path stands.
pub(super) fn step_status(status: StepStatus) -> &'static str {
    match status {
        StepStatus::Done => "done",
        StepStatus::Next => "next",
        StepStatus::Later => "later",
        StepStatus::NotMeasured => "not measured",
    }
}

/// The step to show in full: the next one, or, when too little was measured to name it, the first
/// that is not done and in which something was missed.
pub(super) fn step_to_show(plan: &[PlanStepPart]) -> Option<&PlanStepPart> {
    let next = plan.iter().find(|step| step.status == StepStatus::Next);
    next.or_else(|| {
        plan.iter()
            .find(|step| step.status != StepStatus::Done && !step.objectives_missed.is_empty())
    })
}

/// What a step covers: a few of its subtopics by name, the rest as a number.
pub(super) fn step_covers(step: &PlanStepPart) -> String {
    const NAMED_MAX: usize = 8;
    let names = &step.subtopic_names;
    let rest = names.len().saturating_sub(NAMED_MAX);
    match rest {
        0 | 1 => format!("It covers {}.", list(names)),
        rest => format!("It covers {}; and {rest} more.", names[..NAMED_MAX].join("; ")),
    }
}

/// What is said above that step.
pub(super) fn step_heading(step: &PlanStepPart) -> String {
    match step.status {
        StepStatus::Next => format!("Next: step {}", step.step),
        _ => format!(
            "Too little was asked to name the next step; something was missed in step {}",
            step.step
        ),
    }
}

/// What opens the rest of a step.
pub(super) fn step_more(step: &PlanStepPart) -> String {
    match step.objectives_missed.len() {
        0 => "More on this step".to_owned(),
        missed => format!("More on this step: {missed} missed, and where to read"),
    }
}

/// How an answer turned out: a mark and a word, so that neither colour nor shape stands alone.
pub(super) fn verdict(verdict: Verdict) -> (&'static str, &'static str) {
    match verdict {
        Verdict::Right => ("✓", "right"),
        Verdict::Partly => ("◐", "partly right"),
        Verdict::Wrong => ("✗", "wrong"),
        Verdict::DontKnow => ("?", "I don’t know"),
    }
}

/// Topics without questions that share one estimate, since nothing but related topics speaks for
/// them: the first stands for all.
pub(super) fn groups_without_questions(profile: &[TopicPart]) -> Vec<Vec<&TopicPart>> {
    let mut groups: Vec<Vec<&TopicPart>> = Vec::new();
    for topic in profile.iter().filter(|topic| topic.direct_items == 0) {
        let same = |group: &&mut Vec<&TopicPart>| {
            theta(group[0].lo90) == theta(topic.lo90) && theta(group[0].hi90) == theta(topic.hi90)
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(topic),
            None => groups.push(vec![topic]),
        }
    }
    groups
}

/// The name of such a group.
pub(super) fn group_name(group: &[&TopicPart]) -> String {
    match group {
        [only] => only.name.clone(),
        many => format!("{} other topics", many.len()),
    }
}

/// A moment as `2026-11-22 09:30 UTC`.
///
/// Days to a date by the shift of the year to 1 March (Hinnant 2013, *chrono-compatible low-level
/// date algorithms*, `civil_from_days`).
pub(super) fn moment(ms: i64) -> String {
    let minutes = ms.div_euclid(60_000);
    let (days, minute) = (minutes.div_euclid(1_440), minutes.rem_euclid(1_440));
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}\u{a0}UTC", minute / 60, minute % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_people_write_them() {
        // Goal: signs, rounding, and no certainty; method: values at the edges of each form.
        assert_eq!([0.421, -0.2, 0.001, -0.001].map(theta), ["+0.42", "−0.20", "0.00", "0.00"]);
        assert_eq!(
            [0.0, 0.004, 0.775, 0.994, 0.996].map(percent),
            [
                "under\u{a0}1\u{a0}%",
                "under\u{a0}1\u{a0}%",
                "78\u{a0}%",
                "99\u{a0}%",
                "over\u{a0}99\u{a0}%"
            ]
        );
        assert_eq!([0.7962, 0.8, 0.4999].map(percent), ["79.6\u{a0}%", "80\u{a0}%", "49.9\u{a0}%"]);
        assert_eq!(count(1, "question"), "1\u{a0}question");
        assert_eq!(list(&["a".into(), "b".into(), "c".into()]), "a, b and c");
        assert_eq!(list(&["a, b".into(), "c".into()]), "a, b; c");
    }

    #[test]
    fn moments_are_dates() {
        // Goal: the calendar; method: the epoch, a leap day, the day before the epoch, and
        // 1234567890 s, which is 2009-02-13 23:31:30 UTC.
        assert_eq!(moment(0), "1970-01-01 00:00\u{a0}UTC");
        assert_eq!(moment(951_782_400_000), "2000-02-29 00:00\u{a0}UTC");
        assert_eq!(moment(-1), "1969-12-31 23:59\u{a0}UTC");
        assert_eq!(moment(1_234_567_890_000), "2009-02-13 23:31\u{a0}UTC");
    }

    #[test]
    fn what_would_change_names_what_can_be_asked_apart_from_what_cannot() {
        // Goal: an honest sentence in each case; method: all four combinations.
        let say = |ask: &[&str], none: &[&str]| {
            let own = |names: &[&str]| names.iter().map(ToString::to_string).collect();
            would_change(&WouldChange { ask: own(ask), no_questions_yet: own(none) })
        };
        assert_eq!(say(&["SQL"], &[]), "More questions on SQL could change it most.");
        assert_eq!(
            say(&["SQL", "HTTP"], &["Cloud"]),
            "More questions on SQL and HTTP could change it most; Cloud matters too, but has no \
             questions yet."
        );
        assert_eq!(
            say(&[], &["Cloud", "Go"]),
            "Cloud and Go matter most for it, but have no questions yet."
        );
        assert_eq!(say(&[], &[]), "No single topic would change it much.");
    }
}
