//! The closed word lists of the bank files (levels, item types, states …) as enums. Never guesses:
//! a word that is not in its list is `None`, and the reader says what was expected.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::psychometrics::online::Standing;

/// A value of a closed word list.
pub(super) trait Word: Copy + 'static {
    /// Every value of the list.
    fn values() -> &'static [Self];
    /// The word in the bank files.
    fn word(self) -> &'static str;
}

/// Declares an enum whose variants are spelt as in the bank files.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant),+
        }

        impl $name {
            /// Every value, in the order of the declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word in the bank files.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }

            /// The value that a word stands for.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == word)
            }
        }

        impl Word for $name {
            fn values() -> &'static [Self] {
                Self::ALL
            }

            fn word(self) -> &'static str {
                self.as_str()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}

impl Word for Standing {
    fn values() -> &'static [Self] {
        Self::ALL
    }

    fn word(self) -> &'static str {
        self.as_str()
    }
}

impl Serialize for Standing {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

words!(
    /// The level an item is written for, and the levels a person can be placed at.
    Level {
        /// Works on specific features under guidance.
        Junior = "junior",
        /// Owns larger features.
        Mid = "mid",
        /// Leads decisions.
        Senior = "senior",
    }
);
words!(
    /// What the item asks the mind to do.
    Cognitive {
        /// State or recognise a fact, term or rule.
        Recall = "recall",
        /// Use a rule in a new concrete case.
        Apply = "apply",
        /// Weigh evidence or trade-offs, diagnose, choose under constraints.
        Analyse = "analyse",
    }
);
words!(
    /// How an item is answered.
    ItemType {
        /// One option.
        Single = "single",
        /// Every right option and no other.
        Multi = "multi",
        /// The options in their right order.
        Order = "order",
        /// A number.
        Numeric = "numeric",
        /// A word or a phrase.
        Short = "short",
        /// The exact output of a program.
        CodeOutput = "code-output",
    }
);
words!(
    /// Where an item stands in its life.
    Status {
        /// Written, not reviewed.
        Draft = "draft",
        /// Shown without being scored, to learn how it behaves.
        Pretest = "pretest",
        /// In use.
        Live = "live",
        /// Out of use for the time being: something about it is disputed.
        Suspended = "suspended",
        /// Out of use for good; its id stays taken.
        Retired = "retired",
    }
);
words!(
    /// How ticks on a multi item become a score.
    MultiRule {
        /// Everything right or nothing.
        AllOrNothing = "all-or-nothing",
        /// Right ticks minus wrong ticks, not below zero.
        PartialSymmetric = "partial-symmetric",
    }
);
words!(
    /// How an order becomes a score.
    OrderRule {
        /// The exact order or nothing.
        Exact = "exact",
        /// By the share of pairs that stand in the right order.
        Kendall = "kendall",
    }
);
words!(
    /// What is done to a typed text before it is compared with the accepted ones.
    Normalise {
        /// White space at both ends is dropped.
        Trim = "trim",
        /// Runs of white space become one space.
        CollapseSpace = "collapse-space",
        /// Upper and lower case are the same.
        Lowercase = "lowercase",
    }
);
words!(
    /// How soon the facts of a subtopic change; it sets when an item is due for review.
    Volatility {
        /// Years.
        Stable = "stable",
        /// About a year.
        Slow = "slow",
        /// Months.
        Fast = "fast",
    }
);
words!(
    /// What runs an item's proof.
    Runner {
        /// The SQLite shell.
        Sqlite = "sqlite",
        /// A PostgreSQL server, through psql.
        Postgres = "postgres",
        /// Python 3.
        Python = "python",
        /// Node.js.
        Node = "node",
        /// bash, with git.
        Git = "git",
        /// bash.
        Shell = "shell",
        /// Nothing can be run.
        None = "none",
    }
);
words!(
    /// Who wrote an item.
    AuthorKind {
        /// A person.
        Human = "human",
        /// A program.
        Model = "model",
        /// Both.
        Mixed = "mixed",
    }
);
words!(
    /// What a reviewer or rater is.
    RaterKind {
        /// A person.
        Human = "human",
        /// A program.
        Model = "model",
    }
);
words!(
    /// What a reviewer did with an item.
    ReviewStep {
        /// Solved it without the key.
        BlindSolve = "blind-solve",
        /// Guessed the key from the options without the stem.
        OptionsOnly = "options-only",
        /// Answered the stem without the options.
        StemOnly = "stem-only",
        /// Opened the source and compared the key with it.
        SourceCheck = "source-check",
        /// Estimated the difficulty.
        Difficulty = "difficulty",
        /// Estimated the chance of a borderline person.
        Angoff = "angoff",
        /// Met it in a test.
        Play = "play",
    }
);
words!(
    /// What came of a review step.
    ReviewResult {
        /// The key was chosen, found or confirmed.
        Agrees = "agrees",
        /// Another answer was.
        Differs = "differs",
        /// It could not be told.
        Unclear = "unclear",
        /// The second answer that the record names was upheld: the item has two.
        Upheld = "upheld",
    }
);

impl ReviewStep {
    /// Whether the step compares something with the key.
    pub(super) fn has_result(self) -> bool {
        matches!(self, Self::BlindSolve | Self::OptionsOnly | Self::StemOnly | Self::SourceCheck)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_leads_back_to_its_value() {
        // Goal: words and values are one to one. Method: round trip over each whole list.
        for kind in ItemType::ALL {
            assert_eq!(ItemType::from_word(kind.as_str()), Some(*kind));
        }
        for status in Status::ALL {
            assert_eq!(Status::from_word(status.as_str()), Some(*status));
        }
        assert_eq!(ItemType::from_word("code_output"), None);
        assert_eq!(
            serde_json::to_string(&ItemType::CodeOutput).ok().as_deref(),
            Some("\"code-output\"")
        );
    }
}
