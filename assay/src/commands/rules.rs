//! `assay rules`: the contract, rule by rule, for a terminal, as the page `SPEC.md`,
//! as a manual page and for programs.

use std::fmt::Write;

use clap::{Args, ValueEnum};
use mptcp_emulator::Rule;
use mptcp_harness::verdict::Status;
use serde::Serialize;

use crate::arguments::OptionName;
use crate::spec::exercise::Exercise;
use crate::spec::{DOCUMENTS, Document, cited, exercise, is_measured, man, markdown, standing};
use crate::terminal::out;
use crate::terminal::style::{dim, head, wrapped};

#[derive(Args, Debug)]
pub(crate) struct RulesArgs {
    /// Who reads it
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,

    /// Only the rules of these options; repeatable, or with commas. Pages (md, man)
    /// have all of them
    #[arg(long, value_name = "NAME", value_enum, value_delimiter = ',')]
    option: Vec<OptionName>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Text
    Human,
    /// Markdown: SPEC.md of the repository
    Md,
    /// A manual page of section 7, for `man -l`
    Man,
    /// One JSON object on standard output, and nothing else there
    Json,
}

/// Runs the command.
pub(crate) fn run(args: &RulesArgs) -> Result<Status, String> {
    let page = matches!(args.format, Format::Md | Format::Man);
    if page && !args.option.is_empty() {
        return Err("--option is for --format human and json: a page has all rules".into());
    }
    let rules: Vec<Rule> =
        Rule::ALL.iter().copied().filter(|rule| wanted(*rule, &args.option)).collect();
    match args.format {
        Format::Human => out::put(text(&rules)),
        Format::Md => out::put(markdown::page(&exercise::all()?)?),
        Format::Man => out::put(man::page(&markdown::page(&exercise::all()?)?)),
        Format::Json => out::line(out::json(&data(&rules)?)?),
    }?;
    Ok(Status::Agree)
}

fn wanted(rule: Rule, options: &[OptionName]) -> bool {
    let of = |option: &OptionName| match option {
        OptionName::Unknown => rule == Rule::UnknownOption,
        option => option.numbers().iter().any(|number| rule.options().numbers().contains(number)),
    };
    options.is_empty() || options.iter().any(of)
}

fn text(rules: &[Rule]) -> String {
    let mut text = format!(
        "{} rules. promised: a document says so; implied: it follows from an example, a test or a\n\
         comment in the interface; accidental: only the behaviour of kernels says so; contrary:\n\
         kernels do so, and a document or what they do elsewhere says otherwise; chosen: the\n\
         document is silent or contradicts itself, no kernel shipped it, and this project decided.\n",
        rules.len()
    );
    for rule in rules {
        let _ = writeln!(text, "\n{}  ({})", head(rule.name()), standing(*rule));
        text.push_str(&wrapped(rule.sentence(), "    ", 96));
        text.push_str(&dim(&wrapped(&format!("Source: {}", rule.source()), "    ", 96)));
    }
    text
}

/// The rules, for programs.
#[derive(Serialize)]
struct Data {
    rules: Vec<Entry>,
    documents: &'static [Document],
}

#[derive(Serialize)]
struct Entry {
    name: &'static str,
    /// The options that it is about.
    option: Vec<String>,
    /// The step of the negotiation.
    phase: &'static str,
    sentence: &'static str,
    source: &'static str,
    /// Of the first document of the source; null where there is none but kernels.
    url: Option<&'static str>,
    /// The documents of the source, by name.
    documents: Vec<&'static str>,
    /// The kernels that it was measured on, if the source says that it was.
    measured: Vec<&'static str>,
    standing: &'static str,
    /// The first release; null for what no release had.
    since: Option<&'static str>,
    /// The release with which it ended, if it did.
    until: Option<&'static str>,
    /// The seed to look at, and the revision to look at it on.
    case: Option<&'static str>,
    revision: Option<String>,
}

fn data(rules: &[Rule]) -> Result<Data, String> {
    let all = exercise::all()?;
    let chosen = all.iter().filter(|(rule, _)| rules.contains(rule));
    let rules = chosen.map(|(rule, exercise)| entry(*rule, exercise)).collect();
    Ok(Data { rules, documents: DOCUMENTS })
}

fn entry(rule: Rule, exercise: &Exercise) -> Entry {
    let documents = cited(rule.source());
    let measured = is_measured(rule.source());
    Entry {
        name: rule.name(),
        option: markdown::options(rule),
        phase: rule.step().name(),
        sentence: rule.sentence(),
        source: rule.source(),
        url: documents.first().map(|(_, document)| document.url),
        documents: documents.iter().map(|(_, document)| document.name).collect(),
        measured: if measured { exercise.kernels() } else { Vec::new() },
        standing: standing(rule),
        since: exercise.since(rule),
        until: exercise.before(rule),
        case: exercise.case,
        revision: exercise.newest(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use mptcp_emulator::Revision;

    use super::*;

    #[test]
    fn programs_are_told_all_of_a_rule() {
        let data = data(&[Rule::InfoNegativeLengthIsHuge, Rule::FullInfoUnknown]).unwrap();
        let json = serde_json::to_value(&data).unwrap();
        let [unknown, negative] = &json["rules"].as_array().unwrap()[..] else {
            unreachable!("{json:#}")
        };
        assert_eq!(negative["option"], serde_json::json!(["MPTCP_INFO"]));
        assert_eq!(negative["phase"], "sizes");
        assert_eq!(negative["standing"], "contrary");
        assert_eq!(negative["url"], "https://man7.org/linux/man-pages/man2/getsockopt.2.html");
        assert_eq!(negative["measured"].as_array().unwrap().len(), 5);
        assert_eq!(unknown["url"], "https://git.kernel.org/torvalds/c/492432074e4f");
        assert_eq!((&unknown["since"], &unknown["until"]), (&"5.16".into(), &"6.5".into()));
        assert_eq!(unknown["measured"], serde_json::json!(["6.1.192"]));
        for rule in [negative, unknown] {
            assert!(rule["case"].is_string() && rule["revision"].is_string(), "{rule:#}");
        }
    }

    /// The table of changes is prose; the sizes in it are those of the revisions' data.
    #[test]
    fn what_grew_between_releases_grew_in_the_data_too() {
        let release = |name: &str| {
            let mut parts = name.split('.').map(|part| part.parse::<u8>().unwrap());
            (parts.next().unwrap(), parts.next().unwrap())
        };
        let mut checked = 0;
        let rows =
            include_str!("../spec/spec.md").lines().filter_map(|line| line.strip_prefix("| "));
        for row in rows.filter(|row| row.contains("` grows from ")) {
            let since = release(row.split(' ').next().unwrap());
            let (before, behind) = row.split_once("` grows from ").unwrap();
            let mut numbers = behind.split(' ').filter_map(|word| word.parse::<u32>().ok());
            let (was, is) = (numbers.next().unwrap(), numbers.next().unwrap());
            // A revision of a stable series has a third number, and is not upstream's.
            let upstream = |revision: &&Revision| revision.name.split('.').count() == 2;
            for revision in Revision::ALL.iter().filter(upstream) {
                let size = match before.ends_with("`tcp_info") {
                    true => revision.tcp_info,
                    false => revision.mptcp_info,
                };
                let fits = if release(revision.name) < since { size <= was } else { size >= is };
                assert!(fits, "{row}: {size} on {}", revision.name);
                checked += 1;
            }
        }
        assert!(checked >= 6 * Revision::ALL.len() / 2, "{checked}");
    }

    #[test]
    fn an_option_has_rules_of_its_own() {
        let of = |option: OptionName| {
            Rule::ALL.iter().filter(move |rule| wanted(**rule, &[option])).count()
        };
        let all =
            [OptionName::Info, OptionName::TcpInfo, OptionName::FullInfo, OptionName::InfoOpt];
        let sum: usize = all.into_iter().map(of).sum();
        let socket =
            Rule::ALL.iter().filter(|rule| rule.options() == mptcp_emulator::rules::Options::Any);
        assert_eq!(sum + socket.count(), Rule::ALL.len());
        assert_eq!(of(OptionName::TcpInfo), of(OptionName::SubflowAddrs));
        assert_eq!(of(OptionName::Unknown), 1);
    }
}
