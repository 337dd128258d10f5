//! What the model leaves open is neither too wide nor too narrow.
//!
//! Too narrow: a byte moves that is not open, and model and kernel disagree.
//! Too wide: a clock does not move, or a field is open because `sock_diag` does not show it
//! that is not in the list below, which is written by hand.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use mptcp_emulator::abi::{self, Field, SUBFLOW_INFO, field_at};
use mptcp_emulator::{OpenReason, RuleSet};
use mptcp_harness::cases::{Case, Entry, Full, Input, Place};
use mptcp_harness::judge::contradictions::KNOWN;
use mptcp_harness::judge::evidence::{Examination, Observed};
use mptcp_harness::kernel::Kernel;
use mptcp_harness::model::Model;
use mptcp_harness::run::runner::{Runner, Scope};
use mptcp_harness::run::scene_states::SceneStates;
use mptcp_harness::scenes::{self, Contents, Enclosure, ExpectedState, Fixtures, Kind};

/// How long calls are made, and the pause between two rounds of them.
const TIME: Duration = Duration::from_secs(3);
const PAUSE: Duration = Duration::from_millis(350);

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    if !arguments.list {
        LazyLock::force(&ENCLOSURE);
    }
    let tests = vec![
        test("clocks_move_and_nothing_else", clocks_move_and_nothing_else),
        test("no_witness_is_as_listed", no_witness_is_as_listed),
        test("contradictions_are_shown", contradictions_are_shown),
    ];
    libtest_mimic::run(&arguments, tests).exit_code()
}

/// Entered by `main`, before any thread is started.
static ENCLOSURE: LazyLock<Enclosure> = LazyLock::new(scenes::enter);

/// The fixtures that all tests share, made by the first that needs it.
static FIXTURES: LazyLock<Mutex<Fixtures>> =
    LazyLock::new(|| Mutex::new(Fixtures::build(&ENCLOSURE, |scene| !scene.ages(), &mut |_| ())));

fn test(name: &str, work: fn(&Fixtures) -> Result<Completion, Failed>) -> Trial {
    Trial::ignorable_test(name, move || {
        if let Enclosure::Host { why } = &*ENCLOSURE {
            return Ok(Completion::ignored_with(why));
        }
        if let Err(none) = scenes::mptcp_available() {
            return Ok(Completion::ignored_with(format!("{}: {}", none.what, none.advice)));
        }
        let fixtures = FIXTURES.lock().unwrap_or_else(PoisonError::into_inner);
        if fixtures.scenes().next().is_none() {
            return Err(format!("no scene stands: {:?}", fixtures.skipped().first()).into());
        }
        work(&fixtures)
    })
}

/// The structure and the field of a byte.
type Name = (&'static str, &'static str);

const BUFFER: u32 = 0x1000;
const OPTLEN: u32 = 0x12000;
/// `mptcp_info`, behind `mptcp_full_info`.
const MPTCP_INFO: u32 = BUFFER + 40;
const SUBFLOW_INFOS: u32 = 0x4000;
const TCP_INFOS: u32 = 0x8000;
/// Subflows that are looked at.
const SUBFLOWS: u32 = 3;

/// A scene's structures as one call of `MPTCP_FULL_INFO` tells them.
fn full_info(scene: u8, tcp_info: u32) -> Case {
    Case {
        scene,
        poison: 0,
        option: abi::MPTCP_FULL_INFO,
        length: 0x1000,
        optval: Place::Street(BUFFER),
        optlen: Place::Street(OPTLEN),
        entry: Entry::Native,
        input: Input::Full(Full {
            size_tcpinfo_kernel: 0,
            size_tcpinfo_user: tcp_info,
            size_sfinfo_kernel: 0,
            size_sfinfo_user: SUBFLOW_INFO,
            num_subflows: 0,
            size_arrays_user: SUBFLOWS,
            subflow_info: Place::Street(SUBFLOW_INFOS),
            tcp_info: Place::Street(TCP_INFOS),
        }),
    }
}

/// Every field marked as a clock moves in some scene (the high bytes of a
/// count of milliseconds need hours, so fields are asked, not bytes), and no
/// byte moves that is not marked.
fn clocks_move_and_nothing_else(fixtures: &Fixtures) -> Result<Completion, Failed> {
    let kernel = Kernel::running(fixtures.sizes());
    let revision = kernel.revision;
    if !revision.has_full_info() {
        let why = format!("no MPTCP_FULL_INFO in {}", kernel.release);
        return Ok(Completion::ignored_with(why));
    }
    let states = SceneStates::of(fixtures, &revision).map_err(|error| error.to_string())?;
    let mut runner = Runner::new().map_err(|error| error.to_string())?;
    let mut marked = BTreeSet::new();
    let mut first: BTreeMap<u8, Vec<u8>> = BTreeMap::new();
    let mut moved = BTreeSet::new();
    let mut wrong = BTreeSet::new();
    let start = Instant::now();
    while start.elapsed() < TIME {
        for scene in fixtures.scenes() {
            let Some(state) = states.get(scene.id) else {
                continue;
            };
            let case = full_info(scene.id, revision.tcp_info);
            let subject = state.subject(&revision);
            let agreed = runner.run(
                &case,
                &subject,
                Model::documented(),
                &mut RuleSet::default(),
                Scope::Whole,
            );
            let now = runner.examine(&case, &subject, Model::documented(), true);
            let Some(Observed { bytes, mismatch, .. }) = &now.observed else {
                continue;
            };
            let before = first.entry(scene.id).or_insert_with(|| bytes.clone());
            for (at, name) in open_bytes(&now, revision.tcp_info, OpenReason::Clock) {
                marked.insert(name);
                if before.get(at) != bytes.get(at) {
                    moved.insert(name);
                }
            }
            if let Some(mismatch) = agreed.as_ref().err().or(mismatch.as_ref()) {
                let fields = mismatch.bytes.iter().map(|at| named(*at, revision.tcp_info));
                wrong.insert(format!("{}: {:?}", scene.name, fields.collect::<BTreeSet<_>>()));
            }
        }
        thread::sleep(PAUSE);
    }
    let still: Vec<_> = marked.difference(&moved).collect();
    let unlisted: Vec<_> = marked.iter().filter(|name| !CLOCKS.contains(name)).collect();
    if marked.is_empty() || !still.is_empty() || !unlisted.is_empty() || !wrong.is_empty() {
        return Err(format!(
            "of {} clocks these stand still: {still:?}, and these are no clocks: {unlisted:?}; \
             not open, and moved: {wrong:#?}",
            marked.len()
        )
        .into());
    }
    Ok(Completion::Completed)
}

/// The fields that tell how long ago something was.
const CLOCKS: [Name; 6] = [
    ("mptcp_info", "mptcpi_last_data_sent"),
    ("mptcp_info", "mptcpi_last_data_recv"),
    ("mptcp_info", "mptcpi_last_ack_recv"),
    ("tcp_info", "tcpi_last_data_sent"),
    ("tcp_info", "tcpi_last_data_recv"),
    ("tcp_info", "tcpi_last_ack_recv"),
];

/// The contradictions that scenes are said to show, they show; on a kernel that
/// does not the test is ignored, and says which.
fn contradictions_are_shown(fixtures: &Fixtures) -> Result<Completion, Failed> {
    let revision = Kernel::running(fixtures.sizes()).revision;
    let states = SceneStates::of(fixtures, &revision).map_err(|error| error.to_string())?;
    let mut runner = Runner::new().map_err(|error| error.to_string())?;
    let mut absent = Vec::new();
    for known in KNOWN {
        for name in known.scenes() {
            let scene = scenes::by_name(name).ok_or("no such scene")?;
            let state = states.get(scene.id).ok_or("it does not stand")?;
            let case = full_info(scene.id, revision.tcp_info);
            let now = runner.examine(&case, &state.subject(&revision), Model::documented(), true);
            let bytes = now.observation().unwrap_or_default();
            let word = |at: u32| bytes.get(at as usize..at as usize + 4).map(<[u8]>::to_vec);
            let (count, id) = (word(BUFFER + 16), word(SUBFLOW_INFOS));
            let state = bytes.get(TCP_INFOS as usize);
            // All that are listed: the first is closed.
            let expected = scene.subflows_holding(&revision.sockets).unwrap_or(0);
            let shown = match known.name {
                "subflow-id-zero" => id == Some(vec![0; 4]),
                "closed-subflows-counted" => {
                    count == Some(expected.to_ne_bytes().to_vec()) && state == Some(&TCP_CLOSE)
                }
                "listener-counts-no-subflow" => {
                    let total = bytes.get(MPTCP_INFO as usize + 80);
                    count == Some(1_u32.to_ne_bytes().to_vec()) && total == Some(&0)
                }
                "local-addr-used-kept" => {
                    let [joined, used] = [0, 40].map(|at| bytes.get(MPTCP_INFO as usize + at));
                    joined == Some(&0) && used == Some(&1)
                }
                other => return Err(format!("nobody knows how {other} shows").into()),
            };
            if !shown {
                absent.push(format!("{} in {name}", known.name));
            }
        }
    }
    Ok(match absent.is_empty() {
        true => Completion::Completed,
        false => Completion::ignored_with(format!("not shown: {}", absent.join(", "))),
    })
}

/// `tcpi_state` of a closed socket.
const TCP_CLOSE: u8 = 7;

/// Bytes that the model leaves open for a reason, each with its name.
fn open_bytes(
    now: &Examination,
    tcp_info: u32,
    why: OpenReason,
) -> impl Iterator<Item = (usize, Name)> {
    let open = move |mask: &u8| OpenReason::from_mask(*mask) == Some(why);
    (0..)
        .zip(&now.mask)
        .filter(move |(_, mask)| open(mask))
        .map(move |(at, _)| (at, named(at, tcp_info)))
}

fn named(at: usize, tcp_info: u32) -> Name {
    let inside = |start: u32, element: u32, all: u32| {
        let at = at.checked_sub(start as usize)?;
        (at < (element * all) as usize).then(|| at % element as usize)
    };
    let table = |name, fields: &'static [Field], at| {
        (name, field_at(fields, at).map_or("beyond", |field| field.name))
    };
    if let Some(at) = inside(MPTCP_INFO, 0x1000 - 40, 1) {
        table("mptcp_info", abi::MptcpInfo::FIELDS, at)
    } else if let Some(at) = inside(SUBFLOW_INFOS, SUBFLOW_INFO, SUBFLOWS) {
        ("mptcp_subflow_info", subflow_field(at))
    } else if let Some(at) = inside(TCP_INFOS, tcp_info, SUBFLOWS) {
        table("tcp_info", abi::TcpInfo::FIELDS, at)
    } else {
        ("elsewhere", "")
    }
}

/// Names of what `struct mptcp_subflow_info` has in it, whatever the family.
fn subflow_field(at: usize) -> &'static str {
    match at {
        0..4 => "id",
        4..8 => "(hole)",
        8..10 => "local family",
        10..12 => "local port",
        12..136 => "local address",
        136..138 => "remote family",
        138..140 => "remote port",
        _ => "remote address",
    }
}

/// What a TCP socket starts with other than zero.
const PARAMETERS: [&str; 10] = [
    "tcpi_delivery_rate_app_limited:1,tcpi_fastopen_client_fail:2",
    "tcpi_rto",
    "tcpi_snd_mss",
    "tcpi_rttvar",
    "tcpi_snd_ssthresh",
    "tcpi_snd_cwnd",
    "tcpi_reordering",
    "tcpi_pacing_rate",
    "tcpi_max_pacing_rate",
    "tcpi_min_rtt",
];

/// What traffic leaves its mark on.
const HISTORY: [&str; 23] = [
    "tcpi_options",
    "tcpi_snd_wscale:4,tcpi_rcv_wscale:4",
    "tcpi_ato",
    "tcpi_rcv_mss",
    "tcpi_pmtu",
    "tcpi_rcv_ssthresh",
    "tcpi_rtt",
    "tcpi_advmss",
    "tcpi_rcv_rtt",
    "tcpi_rcv_space",
    "tcpi_bytes_acked",
    "tcpi_bytes_received",
    "tcpi_segs_out",
    "tcpi_segs_in",
    "tcpi_notsent_bytes",
    "tcpi_data_segs_in",
    "tcpi_data_segs_out",
    "tcpi_delivery_rate",
    "tcpi_busy_time",
    "tcpi_delivered",
    "tcpi_bytes_sent",
    "tcpi_snd_wnd",
    "tcpi_rcv_wnd",
];

/// By the beginning of a scene's name, what nobody tells of it.
fn unwitnessed(scene: &str) -> BTreeSet<Name> {
    let mut names = BTreeSet::new();
    let mut open = |structure, fields: &[&'static str]| {
        names.extend(fields.iter().map(|field| (structure, *field)));
    };
    let starts = |beginning: &str| scene.starts_with(beginning);
    if starts("bound") || starts("fully-closed") || starts("disconnected") {
        open("tcp_info", &PARAMETERS);
    }
    if starts("initial-removed") {
        open("tcp_info", &PARAMETERS);
        open("tcp_info", &HISTORY);
    }
    if starts("fully-closed") || starts("disconnected") {
        open("tcp_info", &HISTORY);
        open("mptcp_subflow_info", &["id", "remote port"]);
    }
    if starts("disconnected") {
        open("mptcp_info", &["mptcpi_write_seq", "mptcpi_snd_una"]);
        open("mptcp_subflow_info", &["local port", "local address", "remote address"]);
    }
    if starts("reconnected") && scene.contains("client") {
        open("mptcp_subflow_info", &["id"]);
    }
    names
}

/// What is open because `sock_diag` does not show it is what is listed, scene by scene.
fn no_witness_is_as_listed(fixtures: &Fixtures) -> Result<Completion, Failed> {
    let mut wrong = Vec::new();
    for scene in fixtures.scenes() {
        let open: BTreeSet<Name> = fixtures.expected(scene.id).map(unknown).unwrap_or_default();
        let listed = unwitnessed(scene.name);
        if open != listed {
            let wide: Vec<_> = open.difference(&listed).collect();
            let narrow: Vec<_> = listed.difference(&open).collect();
            wrong.push(format!(
                "{}: open and not listed {wide:?}, listed and known {narrow:?}",
                scene.name
            ));
        }
    }
    match wrong.is_empty() {
        true => Ok(Completion::Completed),
        false => Err(wrong.join("\n").into()),
    }
}

/// The fields of an expected state that are open because `sock_diag` does not show it.
fn unknown(expected: &ExpectedState) -> BTreeSet<Name> {
    let Kind::Mptcp { info, subflows } = &expected.kind else {
        return BTreeSet::new();
    };
    let mut names = BTreeSet::new();
    let mut add = |structure, part: &Contents, name: &dyn Fn(usize) -> &'static str| {
        let open = (0..)
            .zip(part.mask())
            .filter(|(_, mask)| OpenReason::from_mask(**mask) == Some(OpenReason::NoWitness));
        names.extend(open.map(|(at, _)| (structure, name(at))));
    };
    let field =
        |fields: &'static [Field], at| field_at(fields, at).map_or("beyond", |field| field.name);
    add("mptcp_info", info, &|at| field(abi::MptcpInfo::FIELDS, at));
    for subflow in subflows {
        add("tcp_info", &subflow.tcp_info, &|at| field(abi::TcpInfo::FIELDS, at));
        add("mptcp_subflow_info", &subflow.subflow_info, &subflow_field);
    }
    names
}
