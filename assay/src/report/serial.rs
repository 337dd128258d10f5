//! Members of reports that host and guest write and read.

use std::borrow::Cow;

/// Text that this program has, or that a report of another kernel brings.
pub(crate) type Text = Cow<'static, str>;

/// A verdict as JSON has it: its name.
pub(crate) mod verdict_name {
    use mptcp_harness::verdict::Verdict;
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(crate) fn serialize<S: Serializer>(verdict: &Verdict, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(verdict.name())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Verdict, D::Error> {
        let name = String::deserialize(from)?;
        let verdict = Verdict::ALL.into_iter().find(|verdict| verdict.name() == name);
        verdict.ok_or_else(|| de::Error::custom(format_args!("no verdict is called {name:?}")))
    }
}
