//! Members of reports that host and guest write and read.

use std::borrow::Cow;

use clap::ValueEnum;
use mptcp_harness::scenes::{Group, catalogue};
use mptcp_harness::verdict::Verdict;

use crate::arguments::OptionName;

/// Text that this program has, or that a report of another kernel brings.
pub(crate) type Text = Cow<'static, str>;

/// Has a type written and read by a name: a module for `serde(with)`.
macro_rules! by_name {
    ($(#[$doc:meta])* $module:ident: $type:ty, $name:expr, $all:expr) => {
        $(#[$doc])*
        pub(crate) mod $module {
            use super::*;
            use serde::{Deserialize, Deserializer, Serializer, de};

            pub(crate) fn serialize<S: Serializer>(value: &$type, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str($name(*value))
            }

            pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
                from: D,
            ) -> Result<$type, D::Error> {
                let wanted = String::deserialize(from)?;
                let found = $all.find(|value| $name(*value) == wanted);
                found.ok_or_else(|| de::Error::custom(format_args!("unknown name {wanted:?}")))
            }
        }
    };
}

by_name!(
    /// A verdict as JSON has it.
    verdict_name: Verdict, Verdict::name, Verdict::ALL.into_iter()
);
by_name!(
    /// An option as the rows of tables have it.
    option_title: OptionName, OptionName::title, OptionName::value_variants().iter().copied()
);
by_name!(
    /// A group of scenes.
    group_name: Group, Group::name, catalogue().iter().map(|scene| scene.group)
);
