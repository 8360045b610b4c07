//! The names of things in a bank as types of their own, so that a topic's name cannot be passed
//! where an item's is meant. Never checks that the thing exists: the reader does.

use std::fmt;

use serde::{Serialize, Serializer};

/// Declares one identifier type: a string with order, hash and display, built only by this room.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Wraps a name that the reader has accepted.
            pub(crate) fn new(name: impl Into<String>) -> Self {
                Self(name.into())
            }

            /// The name as it stands in the bank files.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }
    };
}

id!(
    /// The name of an item: unique in its bank and never used again (`http.caching.0001`).
    ItemId
);
id!(
    /// The name of a topic (`http`).
    TopicId
);
id!(
    /// The name of a subtopic (`http.caching`).
    SubtopicId
);
id!(
    /// The name of an option within its item (`a`); stable, whatever order is shown.
    OptionId
);
id!(
    /// The name of a learning objective (`http.mid.1`).
    ObjectiveId
);
id!(
    /// The name of a role, or specialization (`database-engineer`).
    RoleId
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_prints_and_serialises_as_the_plain_string() {
        // Goal: ids look in output as they do in files. Method: compare the three renderings.
        let id = ItemId::new("http.caching.0001");
        assert_eq!(id.to_string(), "http.caching.0001");
        assert_eq!(format!("{id:?}"), "\"http.caching.0001\"");
        assert_eq!(serde_json::to_string(&id).ok().as_deref(), Some("\"http.caching.0001\""));
        assert_eq!(format!("{:<4}|", OptionId::new("a")), "a   |");
    }
}
