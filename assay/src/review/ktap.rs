//! A review as KTAP: a point for each option, of one for each group of scenes, which
//! is not ok where the patched kernel departs from the contract and the base kernel
//! does not, or both do in ways of their own.

use mptcp_harness::scenes::{Group, Scene, by_id, catalogue};

use super::change_data::ChangeData;
use super::contents::Content;
use super::group_data::GroupData;
use super::report::Review;
use crate::arguments::OptionName;
use crate::report::ktap::{Ending, Point, document};
use crate::report::ktap_check::groups;
use crate::terminal::style::counted;

/// The whole document.
pub(crate) fn page(review: &Review) -> String {
    let [base, patched] = [&review.base, &review.patched];
    let mut comments = vec![
        format!("base {} (Linux {})", base.name, base.release),
        format!("patched {} (Linux {})", patched.name, patched.release),
        format!("{}, seed {}", counted(review.tried.cases, "case"), review.tried.seed),
    ];
    comments.push(format!("{} came up on both", review.coverage.up_text()));
    comments.extend(review.facts.iter().cloned());
    let mut points: Vec<Point> =
        OptionName::ALL.iter().map(|option| self::option(review, option.title())).collect();
    points.push(behaviours(review));
    points.push(contents(review));
    if !review.losses.is_empty() {
        let point = Point::new("nothing-taken-away", Ending::NotOk);
        points.push(review.losses.iter().cloned().fold(point, Point::saying));
    }
    if let Some((what, meaning)) = review.troubles.first() {
        let why = format!("{what}: {meaning}");
        points.push(Point::new("comparison", Ending::Error(why)));
    }
    document(&comments, &points)
}

/// A point for each change of behaviour.
fn behaviours(review: &Review) -> Point {
    if review.causes.is_empty() {
        return Point::new("behaviour", Ending::Ok);
    }
    let one = |change: &ChangeData| {
        let behaviour = change.data.behaviours.first();
        let name = behaviour.map_or("behaviour", |behaviour| behaviour.name.as_str());
        let ending = if change.is_bad() { Ending::NotOk } else { Ending::Ok };
        Point::new(name, ending).saying(change.data.summary.clone())
    };
    Point::of("behaviour", review.causes.iter().map(one).collect())
}

fn option(review: &Review, name: &str) -> Point {
    let differences = || review.groups.iter().filter(move |group| group.option == name);
    let cells = groups().map(|scenes| cell(review, name, scenes)).collect();
    let point = Point::of(name, cells);
    differences().fold(point, |point, group| point.saying(told(group, review)))
}

fn cell(review: &Review, option: &str, scenes: Group) -> Point {
    let compared = review.tried.table.get(&(option.to_owned(), scenes.name().to_owned()));
    let Some(compared) = compared.filter(|compared| **compared > 0) else {
        // What made a kernel fall over was met in one scene, and nothing else was.
        let bad = review.groups.iter().any(|group| group.option == option && shows(group, scenes));
        let all: Vec<&Scene> = catalogue().iter().filter(|one| one.group == scenes).collect();
        let is_up = |scene: &&Scene| review.coverage.scenes_up.iter().any(|up| up == scene.name);
        let why = match all.iter().any(is_up) {
            true => "no case of it was compared".to_owned(),
            false => review.coverage.reason(&all),
        };
        return Point::new(scenes.name(), if bad { Ending::NotOk } else { Ending::Skip(why) });
    };
    let wrong =
        |group: &&GroupData| group.option == option && group.class.is_bad() && shows(group, scenes);
    let count = review.groups.iter().filter(wrong).count() as u64;
    let ending = if count > 0 { Ending::NotOk } else { Ending::Ok };
    let point = Point::new(scenes.name(), ending);
    point.saying(format!("{} compared", counted(*compared, "case")))
}

fn shows(group: &GroupData, scenes: Group) -> bool {
    let mut all = group.scene_ids.iter().filter_map(|id| by_id(*id));
    all.any(|scene| scene.group == scenes)
}

fn told(group: &GroupData, review: &Review) -> String {
    let because = match &group.because[..] {
        [] => String::new(),
        some => format!(" because {}", some.join("; ")),
    };
    let mut text = format!(
        "{}{because}: {}: {} ({})",
        group.class.name(),
        group.signature,
        group.summary,
        counted(group.cases, "case")
    );
    if group.class.is_bad() {
        let kernel = &review.patched.asked;
        text.push_str(&format!("\n  assay vm --kernel {kernel} -- explain --hex {}", group.hex));
    }
    text
}

/// What the structures hold: a difference here is one that nothing explains.
fn contents(review: &Review) -> Point {
    let is_bad = review.contents.iter().any(|content| !content.allowed);
    let point = Point::new("contents", if is_bad { Ending::NotOk } else { Ending::Ok });
    review.contents.iter().fold(point, |point, content| {
        let Content { change, allowed } = content;
        let is_allowed = if *allowed { ", accepted by --allow" } else { "" };
        point.saying(format!(
            "{}{is_allowed}: {}: base {}, patched {}; at {} of {} places",
            change.clause(),
            change.scene,
            change.expected,
            change.observed,
            change.places,
            change.steady
        ))
    })
}
