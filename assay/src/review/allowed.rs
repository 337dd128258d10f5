//! The changes that the command line accepts, by the names that a report has for them.

use mptcp_emulator::Behavior;

use super::contents;
use crate::report::causes::CONTENTS;

/// Changes that are meant.
#[derive(Clone, Debug, Default)]
pub(crate) struct Allowed {
    /// Behaviors, each with the value of the patched kernel.
    pub(crate) behaviors: Vec<(Behavior, u8)>,
    /// Fields whose contents may change.
    pub(crate) contents: Vec<String>,
}

impl Allowed {
    /// The values of `--allow`.
    ///
    /// # Errors
    /// What is wrong with one of them.
    pub(crate) fn of(texts: &[String]) -> Result<Allowed, String> {
        let mut allowed = Allowed::default();
        for text in texts {
            let wrong = |what: String| format!("--allow {text}: {what}; a report has the names");
            let Some((name, value)) = text.split_once('=') else {
                return Err(wrong("not BEHAVIOUR=VALUE or contents=STRUCTURE.FIELD".to_owned()));
            };
            if name == CONTENTS {
                if !contents::is_field(value) {
                    return Err(wrong(format!("no field is called {value:?}")));
                }
                allowed.contents.push(value.to_owned());
            } else {
                allowed.behaviors.push(behavior(name, value).map_err(wrong)?);
            }
        }
        Ok(allowed)
    }
}

fn behavior(name: &str, value: &str) -> Result<(Behavior, u8), String> {
    let behavior =
        Behavior::named(name).ok_or_else(|| format!("no behaviour is called {name:?}"))?;
    let at = behavior.values().iter().position(|known| known.name == value);
    let names: Vec<&str> = behavior.values().iter().map(|value| value.name).collect();
    let at = at.and_then(|at| u8::try_from(at).ok());
    Ok((behavior, at.ok_or_else(|| format!("{name} is one of {}", names.join(", ")))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_accepted_by_a_name_of_the_report_only() {
        let of = |text: &str| Allowed::of(&[text.to_owned()]);
        for name in [
            "mptcp_info.mptcpi_bytes_sent",
            "tcp_info.tcpi_segs_out",
            "tcp_info.byte 248",
            "mptcp_subflow_addrs.ss_local.port",
            "mptcp_subflow_info.id",
            "num_subflows",
        ] {
            let allowed = of(&format!("contents={name}")).unwrap();
            assert_eq!(allowed.contents, [name]);
        }
        for name in
            ["mptcpi_bytes_sent", "mptcp_info.tcpi_segs_out", "tcp_info.", "mptcp_info.(hole)"]
        {
            let error = of(&format!("contents={name}")).unwrap_err();
            assert!(error.contains("no field is called"), "{error}");
        }
        let behavior = Behavior::ALL[0];
        let text = format!("{}={}", behavior.name(), behavior.values()[0].name);
        assert_eq!(of(&text).unwrap().behaviors, [(behavior, 0)]);
        assert!(of("nothing").is_err());
        assert!(of("nothing=0").is_err());
        assert!(of(&format!("{}=nothing", behavior.name())).is_err());
    }
}
