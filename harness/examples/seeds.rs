//! Writes the seeds of `corpus/negotiate` and the snapshot of all of
//! `corpus`: run it from the repository's root after adding a seed here.

use std::fs;
use std::io;
use std::path::Path;

use mptcp_emulator::abi;
use mptcp_harness::cases::boundary_values::wild;
use mptcp_harness::cases::codec;
use mptcp_harness::cases::snapshot;
use mptcp_harness::cases::{Block, Case, Data, Entry, Full, Input, Opt, Place};
use mptcp_harness::scenes;

const OPTVAL: Place = Place::Street(0x1000);
const OPTLEN: Place = Place::Street(0x14000);
/// Ends of a writable stretch: in front of a page without access, and in
/// front of a read-only one.
const END: usize = 0x11000;
const READ_ONLY: usize = 0x13000;
/// `struct tcp_info` and `struct mptcp_info` of 6.18, in bytes.
const TCP_INFO: u32 = 280;
const MPTCP_INFO: i32 = 96;

fn at(offset: usize) -> Place {
    Place::street(offset).unwrap_or(Place::NULL)
}

struct Seeds(Vec<(String, Case)>);

impl Seeds {
    fn add(
        &mut self,
        name: &str,
        scene: &str,
        option: i32,
        length: i32,
        input: Input,
    ) -> &mut Case {
        let Some(scene) = scenes::by_name(scene).map(|scene| scene.id) else {
            eprintln!("no scene is called {scene}");
            std::process::exit(2);
        };
        let entry = Entry::Native;
        let (optval, optlen) = (OPTVAL, OPTLEN);
        let case = Case { scene, poison: 0, option, length, optval, optlen, input, entry };
        self.0.push((name.to_owned(), case));
        let last = self.0.len() - 1;
        &mut self.0[last].1
    }

    fn info(&mut self, name: &str, scene: &str, length: i32) -> &mut Case {
        let name = format!("info-{name}");
        self.add(&name, scene, abi::MPTCP_INFO, length, Input::Nothing)
    }

    fn tcpinfo(&mut self, name: &str, scene: &str, length: u32, data: Data) -> &mut Case {
        let name = format!("tcpinfo-{name}");
        let input = Input::Data(data);
        self.add(&name, scene, abi::MPTCP_TCPINFO, length.cast_signed(), input)
    }

    fn addrs(&mut self, name: &str, scene: &str, length: u32, data: Data) -> &mut Case {
        let name = format!("subflow_addrs-{name}");
        let input = Input::Data(data);
        self.add(&name, scene, abi::MPTCP_SUBFLOW_ADDRS, length.cast_signed(), input)
    }

    fn full(&mut self, name: &str, scene: &str, length: i32, full: Full) -> &mut Case {
        let name = format!("full_info-{name}");
        let input = Input::Full(full);
        self.add(&name, scene, abi::MPTCP_FULL_INFO, length, input)
    }

    fn opt(&mut self, name: &str, scene: &str, length: i32, blocks: [Block; 4]) -> &mut Case {
        let name = format!("info_opt-{name}");
        let input = Input::Opt(Opt { blocks });
        self.add(&name, scene, abi::MPTCP_INFO_OPT, length, input)
    }
}

const FULL: Full = Full {
    size_tcpinfo_kernel: 0,
    size_tcpinfo_user: TCP_INFO,
    size_sfinfo_kernel: 0,
    size_sfinfo_user: 264,
    num_subflows: 0,
    size_arrays_user: 4,
    subflow_info: Place::Street(0x4000),
    tcp_info: Place::Street(0x9000),
};

const ONE: &str = "established-v4-client-1-after";
const THREE: &str = "established-v4-client-3-after";

fn main() -> io::Result<()> {
    let mut seeds = Seeds(Vec::new());
    worked_examples(&mut seeds);
    info(&mut seeds);
    headers(&mut seeds);
    places(&mut seeds);
    full(&mut seeds);
    opt(&mut seeds);
    scenes(&mut seeds);
    compat(&mut seeds);
    let corpus = Path::new("corpus");
    write(&corpus.join("negotiate"), &seeds)?;
    let mut regressions = Seeds(Vec::new());
    self::regressions(&mut regressions);
    write(&corpus.join("regressions"), &regressions)?;
    fs::write(corpus.join(snapshot::FILE), snapshot::of(corpus)?)?;
    println!("{} seeds, {} regressions", seeds.0.len(), regressions.0.len());
    Ok(())
}

fn write(folder: &Path, seeds: &Seeds) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for (name, case) in &seeds.0 {
        fs::write(folder.join(format!("{name}.case")), codec::encode(case))?;
    }
    Ok(())
}

/// Both documents' own examples: two elements for 0, 1, 2 and 3 subflows; 16
/// slots for 17 subflows.
fn worked_examples(seeds: &mut Seeds) {
    for (subflows, scene) in
        [(0, "fresh-v4"), (1, ONE), (2, "established-v4-client-2-after"), (3, THREE)]
    {
        let name = format!("example-2-slots-{subflows}-subflows");
        seeds.tcpinfo(&name, scene, 16 + 2 * TCP_INFO, Data::asking(TCP_INFO));
    }
    for (family, scene) in [("v4", "many-v4-client-17-after"), ("v6", "many-v6-server-17-after")] {
        let name = format!("example-16-slots-17-subflows-{family}");
        seeds.tcpinfo(&name, scene, 16 + 16 * TCP_INFO, Data::asking(TCP_INFO));
        seeds.addrs(&name, scene, 16 + 16 * 256, Data::asking(256));
        let full = Full { size_arrays_user: 16, ..FULL };
        seeds.full(&name, scene, 136, full);
    }
}

/// The sample call of the design of July 2021, on a 6.12: 16 elements of each.
const SAMPLE: [Block; 4] = [
    Block::asking(Place::Street(0x2000), 0, 96),
    Block::asking(Place::Street(0x9000), 16, 248),
    Block::asking(Place::Street(0x4000), 16, 128),
    Block::asking(Place::Street(0xd000), 16, 128),
];

fn opt(seeds: &mut Seeds) {
    for (name, scene) in [
        ("17-subflows-v4", "many-v4-client-17-after"),
        ("17-subflows-v6", "many-v6-server-17-after"),
        ("no-subflow-v4", "fresh-v4"),
        ("no-subflow-v6", "fresh-v6"),
        ("1-subflow-v4", ONE),
        ("fallen-back", "fallen-back-v6-client"),
    ] {
        seeds.opt(&format!("sample-{name}"), scene, 96, SAMPLE);
    }
    for (name, length) in [("short", 95), ("long", 104), ("negative", -1), ("huge", i32::MAX)] {
        seeds.opt(&format!("length-{name}"), THREE, length, SAMPLE);
    }
    let [info, tcp_infos, locals, remotes] = SAMPLE;
    let mut with = |name: &str, blocks: [Block; 4]| {
        seeds.opt(name, THREE, 96, blocks);
    };
    let none = Block::UNASKED;
    with("only-tcp_info", [none, tcp_infos, none, none]);
    with("only-mptcp_info", [info, none, none, none]);
    with("nothing", [none; 4]);
    with("null-with-counts", SAMPLE.map(|block| Block { address: Place::NULL, ..block }));
    with("no-size", SAMPLE.map(|block| Block { size_user: 0, ..block }));
    with("kernel-members", SAMPLE.map(|block| Block { nmemb_kernel: 7, size_kernel: 9, ..block }));
    with("newer-program", [info, Block { size_user: 280, ..tcp_infos }, locals, remotes]);
    with(
        "sockaddr_in",
        [info, tcp_infos, locals, remotes].map(|block| Block { size_user: 16, ..block }),
    );
    with(
        "huge-numbers",
        SAMPLE.map(|block| Block { nmemb_user: u32::MAX, size_user: u32::MAX, ..block }),
    );
    let over = |address| Block { address, ..locals };
    with("array-over-array", [info, tcp_infos, over(tcp_infos.address), remotes]);
    with("array-over-structure", [info, tcp_infos, over(at(0x1048)), remotes]);
    with("array-over-length", [info, tcp_infos, over(OPTLEN), remotes]);
    with("peers-before-an-edge", [info, tcp_infos, locals, over(at(END - 200))]);
    with("peers-before-read-only", [info, tcp_infos, locals, over(at(READ_ONLY - 128))]);
    with("wild", [info, tcp_infos, Block { address: wild(8), ..locals }, remotes]);
    let edge = |block, room| Block { address: at(END - room), ..block };
    with("info-before-an-edge", [edge(info, 50), tcp_infos, locals, remotes]);
    with("tcp_infos-before-an-edge", [info, edge(tcp_infos, 300), locals, remotes]);
    seeds.opt("structure-before-an-edge", THREE, 96, SAMPLE).optval = at(END - 95);
    seeds.opt("structure-read-only", THREE, 96, SAMPLE).optval = at(READ_ONLY);
    seeds.opt("length-read-only", THREE, 96, SAMPLE).optlen = at(READ_ONLY);
    seeds.opt("length-null", THREE, 96, SAMPLE).optlen = Place::NULL;
}

fn info(seeds: &mut Seeds) {
    for (name, length) in [
        ("whole", MPTCP_INFO),
        ("zero", 0),
        ("one-byte", 1),
        ("program-of-5.16", 48),
        ("byte-short", MPTCP_INFO - 1),
        ("byte-more", MPTCP_INFO + 1),
        ("minus-one", -1),
        ("int-min", i32::MIN),
        ("int-max", i32::MAX),
    ] {
        seeds.info(name, ONE, length);
    }
    seeds.info("ten-bytes-before-no-access", ONE, 400).optval = at(END - 10);
    seeds.info("ends-at-no-access", ONE, MPTCP_INFO).optval = at(END - 96);
    seeds.info("read-only", ONE, MPTCP_INFO).optval = at(READ_ONLY);
    seeds.info("optlen-read-only", ONE, MPTCP_INFO).optlen = at(READ_ONLY);
    seeds.info("zero-optlen-read-only", ONE, 0).optlen = at(READ_ONLY);
    seeds.info("optlen-across-no-access", ONE, MPTCP_INFO).optlen = at(END - 2);
    seeds.info("optlen-inside", ONE, MPTCP_INFO).optlen = at(0x1000 + 12);
}

fn headers(seeds: &mut Seeds) {
    let asking = Data::asking(TCP_INFO);
    let one = 16 + TCP_INFO;
    let size = |size_subflow_data| Data { size_subflow_data, ..asking };
    for (name, length, data) in [
        ("length-15", 15, asking),
        ("length-16", 16, asking),
        ("length-minus-one", u32::MAX, asking),
        ("header-0", one, size(0)),
        ("header-15", one, size(15)),
        ("header-24", one + 8, size(24)),
        ("header-24-no-element", 24, size(24)),
        ("header-fills-buffer", one, size(one)),
        ("header-past-buffer", one, size(one + 1)),
        ("header-above-max", one, size(0x8000_0000)),
        ("length-int-max-header-int-max", 0x7fff_ffff, size(0x7fff_ffff)),
        ("num-subflows-1", one, Data { num_subflows: 1, ..asking }),
        ("size-kernel-1", one, Data { size_kernel: 1, ..asking }),
        ("size-user-0", one, Data::asking(0)),
        ("size-user-1", one, Data::asking(1)),
        ("size-user-of-6.1", 16 + 3 * 232, Data::asking(232)),
        ("size-user-larger", 16 + 3 * 300, Data::asking(300)),
        ("size-user-int-max", 16 + 3 * TCP_INFO, Data::asking(0x7fff_ffff)),
        ("size-user-above-max", one, Data::asking(0x8000_0000)),
        ("byte-short-of-three", 16 + 3 * TCP_INFO - 1, asking),
    ] {
        seeds.tcpinfo(name, THREE, length, data);
        let ask = match data.size_user {
            TCP_INFO => 256,
            other => other,
        };
        let data = Data { size_user: ask, ..data };
        seeds.addrs(name, THREE, length, data);
    }
}

fn places(seeds: &mut Seeds) {
    let whole = 16 + 3 * TCP_INFO;
    let asking = Data::asking(TCP_INFO);
    let end = END - whole as usize;
    for (name, optval, optlen) in [
        ("ends-at-no-access", at(end), OPTLEN),
        ("byte-into-no-access", at(end + 1), OPTLEN),
        ("half-an-element", at(END - 16 - 140), OPTLEN),
        ("header-only", at(END - 16), OPTLEN),
        ("header-across-no-access", at(END - 8), OPTLEN),
        ("read-only", at(READ_ONLY), OPTLEN),
        ("into-read-only", at(READ_ONLY - 100), OPTLEN),
        ("not-mapped", at(0x1c000), OPTLEN),
        ("misaligned", at(0x1003), at(0x14001)),
        ("null", Place::NULL, OPTLEN),
        ("optlen-null", OPTVAL, Place::NULL),
        ("non-canonical", wild(3), OPTLEN),
        ("kernel-half", wild(7), OPTLEN),
        ("wraps-around", wild(9), OPTLEN),
        ("optlen-kernel-half", OPTVAL, wild(7)),
        ("optlen-wraps-around", OPTVAL, wild(9)),
        ("optlen-read-only", OPTVAL, at(READ_ONLY)),
        ("optlen-across-no-access", OPTVAL, at(END - 2)),
        ("optlen-is-size-subflow-data", OPTVAL, at(0x1000)),
        ("optlen-is-size-user", OPTVAL, at(0x100c)),
        ("optlen-in-first-element", OPTVAL, at(0x1018)),
    ] {
        let case = seeds.tcpinfo(&format!("at-{name}"), THREE, whole, asking);
        (case.optval, case.optlen) = (optval, optlen);
        case.poison = 1;
    }
    seeds.tcpinfo("at-read-only-header-only", THREE, 16, asking).optval = at(READ_ONLY);
}

fn full(seeds: &mut Seeds) {
    for (name, length, full) in [
        ("whole", 136, FULL),
        ("length-39", 39, FULL),
        ("length-40", 40, FULL),
        ("length-41", 41, FULL),
        ("program-of-6.5", 120, FULL),
        ("length-minus-one", -1, FULL),
        ("length-int-max", i32::MAX, FULL),
        ("no-slots", 136, Full { size_arrays_user: 0, ..FULL }),
        ("one-slot", 136, Full { size_arrays_user: 1, ..FULL }),
        ("slots-above-max", 136, Full { size_arrays_user: u32::MAX, ..FULL }),
        ("num-subflows-1", 136, Full { num_subflows: 1, ..FULL }),
        ("tcpinfo-kernel-1", 136, Full { size_tcpinfo_kernel: 1, ..FULL }),
        ("sfinfo-kernel-1", 136, Full { size_sfinfo_kernel: 1, ..FULL }),
        ("tcpinfo-above-max", 136, Full { size_tcpinfo_user: 0x8000_0000, ..FULL }),
        ("sfinfo-above-max", 136, Full { size_sfinfo_user: 0x8000_0000, ..FULL }),
        ("sizes-larger", 136, Full { size_tcpinfo_user: 500, size_sfinfo_user: 500, ..FULL }),
        ("sfinfo-hole", 136, Full { size_sfinfo_user: 7, ..FULL }),
        ("only-addresses", 136, Full { size_tcpinfo_user: 0, tcp_info: Place::NULL, ..FULL }),
        ("only-tcp-info", 136, Full { size_sfinfo_user: 0, subflow_info: wild(7), ..FULL }),
        ("tcp-info-null", 136, Full { tcp_info: Place::NULL, ..FULL }),
        ("addresses-kernel-half", 136, Full { subflow_info: wild(7), ..FULL }),
        ("tcp-info-ends-at-no-access", 136, Full { tcp_info: at(END - 840), ..FULL }),
        ("tcp-info-byte-into-no-access", 136, Full { tcp_info: at(END - 839), ..FULL }),
        ("arrays-overlap", 136, Full { tcp_info: at(0x4008), ..FULL }),
        ("arrays-over-the-structure", 136, Full { subflow_info: at(0x1008), ..FULL }),
        ("arrays-over-the-length", 136, Full { tcp_info: OPTLEN, ..FULL }),
    ] {
        seeds.full(name, THREE, length, full);
    }
    seeds.full("null", THREE, 136, FULL).optval = Place::NULL;
    seeds.full("optlen-null", THREE, 136, FULL).optlen = Place::NULL;
    seeds.full("read-only", THREE, 136, FULL).optval = at(READ_ONLY);
    seeds.full("optlen-read-only", THREE, 136, FULL).optlen = at(READ_ONLY);
    seeds.full("structure-across-no-access", THREE, 136, FULL).optval = at(END - 60);
}

/// Cases that something of ours once got wrong; `corpus/regressions/README.md`
/// tells what, for each.
fn regressions(seeds: &mut Seeds) {
    let asking = Data::asking(TCP_INFO);
    seeds.tcpinfo("syn-sent-again", "connecting-v4", 16 + TCP_INFO, asking);
    let case = seeds.tcpinfo("length-15-header-unreadable", THREE, 15, asking);
    case.optval = Place::NULL;
    let larger = Data::asking(TCP_INFO + 20);
    seeds.tcpinfo("second-element-of-a-larger-program", THREE, 16 + 2 * TCP_INFO + 40, larger);
    seeds.tcpinfo("two-elements-of-9-bytes", THREE, 16 + 2 * 9, Data::asking(9));
    let header = Data { size_subflow_data: 24, ..asking };
    seeds.tcpinfo("answer-fed-back", THREE, 16, header);
}

/// What a 32-bit program asks: each option and each error, and pointers of which the
/// kernel sees a half.
fn compat(seeds: &mut Seeds) {
    let mut theirs = Seeds(Vec::new());
    let asking = Data::asking(TCP_INFO);
    let whole = 16 + 3 * TCP_INFO;
    theirs.info("whole", ONE, MPTCP_INFO);
    theirs.info("minus-one", ONE, -1);
    theirs.info("ten-bytes-before-no-access", ONE, 400).optval = at(END - 10);
    theirs.info("optlen-null", ONE, MPTCP_INFO).optlen = Place::NULL;
    // Non-canonical, and null below.
    theirs.info("null-in-the-lower-half", ONE, MPTCP_INFO).optval = wild(6);
    theirs.tcpinfo("whole", THREE, whole, asking);
    theirs.tcpinfo("header-24", THREE, whole + 8, Data { size_subflow_data: 24, ..asking });
    theirs.tcpinfo("header-15", THREE, whole, Data { size_subflow_data: 15, ..asking });
    theirs.tcpinfo("size-user-larger", THREE, 16 + 3 * 300, Data::asking(300));
    theirs.tcpinfo("half-an-element", THREE, whole, asking).optval = at(END - 16 - 140);
    theirs.tcpinfo("optlen-kernel-half", THREE, whole, asking).optlen = wild(7);
    theirs.addrs("whole", "many-v6-server-17-after", 16 + 17 * 256, Data::asking(256));
    theirs.full("whole", THREE, 136, FULL);
    theirs.full("arrays-overlap", THREE, 136, Full { tcp_info: at(0x4008), ..FULL });
    let elsewhere = Full { subflow_info: wild(7), ..FULL };
    theirs.full("addresses-kernel-half", THREE, 136, elsewhere);
    theirs.opt("sample", THREE, 96, SAMPLE);
    for scene in [
        "fallen-back-v4-client",
        "fallen-back-v6-client",
        "tcp-v4-connected",
        "tcp-v6-connected",
        "pipe",
        "closed-descriptor",
    ] {
        theirs.info(&format!("scene-{scene}"), scene, MPTCP_INFO);
    }
    theirs.add("unknown-5", ONE, 5, MPTCP_INFO, Input::Nothing);
    // Behind all others, so that those stay the examples of their rules.
    let named = theirs
        .0
        .into_iter()
        .map(|(name, case)| (format!("x86-32-{name}"), Case { entry: Entry::Compat, ..case }));
    seeds.0.extend(named);
}

/// One of each scene group and kind, with the option that tells most of it.
fn scenes(seeds: &mut Seeds) {
    let mut groups = Vec::new();
    for scene in scenes::catalogue() {
        let first = !groups.contains(&scene.group);
        groups.push(scene.group);
        let kind = !scene.name.starts_with("established") || first;
        if kind {
            seeds.full(&format!("scene-{}", scene.name), scene.name, 136, FULL);
        }
    }
    seeds.add("unknown-0", ONE, 0, MPTCP_INFO, Input::Nothing);
    seeds.add("unknown-5", ONE, 5, MPTCP_INFO, Input::Nothing);
    seeds.add("unknown-5-nothing-readable", ONE, 5, 0, Input::Nothing).optlen = Place::NULL;
    seeds.add("unknown-minus-1-fallen-back", "fallen-back-v6-client", -1, 0, Input::Nothing);
}
