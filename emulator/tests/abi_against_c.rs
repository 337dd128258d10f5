//! Compares the tables of `abi` with what a C compiler makes of the installed kernel headers.
//!
//! Headers older than our layouts lack some fields: those are named on standard error and not compared. Other
//! headers than the installed ones: `C_INCLUDE_PATH=<folder with linux/mptcp.h> cargo test --test abi_against_c`.
#![allow(clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use mptcp_emulator::abi::{
    self, Field, FullInfo, HOLE, InfoOpt, InfoOptPtr, MptcpInfo, SubflowAddrs, SubflowData,
    SubflowInfo, TcpInfo,
};

/// Our structures, by their names in C.
const STRUCTS: [(&str, &[Field]); 8] = [
    ("mptcp_info", MptcpInfo::FIELDS),
    ("tcp_info", TcpInfo::FIELDS),
    ("mptcp_subflow_data", SubflowData::FIELDS),
    ("mptcp_subflow_addrs", SubflowAddrs::FIELDS),
    ("mptcp_subflow_info", SubflowInfo::FIELDS),
    ("mptcp_full_info", FullInfo::FIELDS),
    ("mptcp_info_opt_ptr", InfoOptPtr::FIELDS),
    ("mptcp_info_opt", InfoOpt::FIELDS),
];

/// Our constants, by their names in C.
const CONSTANTS: [(&str, i64); 8] = [
    ("IPPROTO_MPTCP", abi::IPPROTO_MPTCP as i64),
    ("SOL_MPTCP", abi::SOL_MPTCP as i64),
    ("MPTCP_INFO", abi::MPTCP_INFO as i64),
    ("MPTCP_TCPINFO", abi::MPTCP_TCPINFO as i64),
    ("MPTCP_SUBFLOW_ADDRS", abi::MPTCP_SUBFLOW_ADDRS as i64),
    ("MPTCP_FULL_INFO", abi::MPTCP_FULL_INFO as i64),
    ("MPTCP_INFO_FLAG_FALLBACK", abi::MPTCP_INFO_FLAG_FALLBACK as i64),
    ("MPTCP_INFO_FLAG_REMOTE_KEY_RECEIVED", abi::MPTCP_INFO_FLAG_REMOTE_KEY_RECEIVED as i64),
];

/// What comes before the probes. Every probe prints a line: its key, then numbers.
const HEAD: &str = r#"
#if !__has_include(<linux/mptcp.h>)
#error "no linux/mptcp.h here"
#endif
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <linux/mptcp.h>
#include <linux/tcp.h>
/* in no header: as the design of July 2021 has them */
struct mptcp_info_opt_ptr {
    __aligned_u64 address;
    __u32 nmemb_user;
    __u32 size_user;
    __u32 nmemb_kernel;
    __u32 size_kernel;
};
struct mptcp_info_opt {
    struct mptcp_info_opt_ptr mptcp_info;
    struct mptcp_info_opt_ptr tcp_info;
    struct mptcp_info_opt_ptr socknames;
    struct mptcp_info_opt_ptr peernames;
};
/* first byte that the bits touch, their lowest bit in it, and how many they are */
static void bits(const char *key, const void *bytes, size_t n) {
    const unsigned char *p = bytes;
    size_t first = n, low = 0, count = 0;
    for (size_t i = 0; i < n * 8; i++)
        if (p[i / 8] >> i % 8 & 1) { if (!count) { first = i / 8; low = i % 8; } count++; }
    printf("%s %zu %zu %zu\n", key, first, low, count);
}
int main(void) {
"#;

/// The names in a table entry for bit fields, with their widths.
fn bit_fields(field: &Field) -> Option<Vec<(&'static str, usize)>> {
    field.name.contains(':').then(|| {
        let part = |part: &'static str| {
            let (name, width) = part.split_once(':').expect("bit fields are name:width");
            (name, width.parse().expect("a width in bits"))
        };
        field.name.split(',').map(part).collect()
    })
}

/// The program's statements, one for each question, each to stand on a line of its own: the compiler then names the
/// questions that the headers cannot answer by their lines. (So without macros, which move the complaint.)
fn probes() -> Vec<String> {
    let mut probes = Vec::new();
    for (name, fields) in STRUCTS {
        let st = format!("struct {name}");
        probes.push(format!(r#"printf("{name} %zu %zu\n", sizeof({st}), _Alignof({st}));"#));
        for field in fields.iter().filter(|field| field.name != HOLE) {
            match bit_fields(field) {
                None => {
                    let f = field.name;
                    probes.push(format!(
                        r#"printf("{name}.{f} %zu %zu\n", __builtin_offsetof({st}, {f}), sizeof((({st} *)0)->{f}));"#
                    ));
                }
                Some(parts) => probes.extend(parts.into_iter().map(|(f, _)| {
                    format!(r#"{{ {st} x; memset(&x, 0, sizeof x); x.{f} = ~0; bits("{name}.{f}", &x, sizeof x); }}"#)
                })),
            }
        }
    }
    probes.extend(
        CONSTANTS.map(|(name, _)| format!(r#"printf("{name} %lld\n", (long long)({name}));"#)),
    );
    probes
}

/// Compiles a program of these probes. `Err` where there is no compiler.
fn compile(
    probes: &[&String],
    source: &Path,
    program: &Path,
    flags: &[&str],
) -> std::io::Result<Output> {
    let mut text = String::from(HEAD);
    for (i, probe) in probes.iter().enumerate() {
        writeln!(text, "#line {}\n{probe}", i + 1).expect("writing to a string");
    }
    text.push_str("#line 1000000\n}\n");
    std::fs::write(source, text).expect("the folder for temporary files is writable");
    compile_file(source, program, flags)
}

fn compile_file(source: &Path, program: &Path, flags: &[&str]) -> std::io::Result<Output> {
    let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
    let mut command = Command::new(compiler);
    command.env("LC_ALL", "C").args(flags).args(["-w", "-o"]).arg(program).arg(source).output()
}

/// Says something where the test harness does not swallow it.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "abi_against_c: {text}");
}

/// Numbers by the probe that asked for them.
type Answers = BTreeMap<String, Vec<usize>>;

/// The answer of every probe that the headers can answer; `None` where nothing can be compiled at all.
fn ask(name: &str, flags: &[&str]) -> Option<Answers> {
    let probes = probes();
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&dir).expect("a folder for the program");
    let (source, program) = (dir.join("abi.c"), dir.join("abi"));

    // The first attempt tells which probes the headers cannot answer: each is a line of its own.
    let all: Vec<&String> = probes.iter().collect();
    let first = match compile(&all, &source, &program, flags) {
        Ok(output) => output,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            say("SKIPPED: no C compiler (neither CC nor cc)");
            return None;
        }
        Err(error) => panic!("the C compiler does not start: {error}"),
    };
    let complaints = String::from_utf8_lossy(&first.stderr);
    if complaints.contains("no linux/mptcp.h here") {
        say("SKIPPED: no linux/mptcp.h among the C compiler's headers");
        return None;
    }
    if !first.status.success() {
        let refused: BTreeSet<usize> = complaints
            .lines()
            .filter(|line| line.contains("error:"))
            .filter_map(|line| line.split_once("abi.c:")?.1.split(':').next()?.parse().ok())
            .collect();
        let known = |(i, _): &(usize, &String)| !refused.contains(&(i + 1));
        let rest: Vec<&String> =
            probes.iter().enumerate().filter(known).map(|(_, probe)| probe).collect();
        let second = compile(&rest, &source, &program, flags).expect("the compiler started before");
        assert!(
            second.status.success(),
            "without the fields that the headers lack it still does not compile:\n{}",
            String::from_utf8_lossy(&second.stderr)
        );
    }

    let output = Command::new(&program).output().expect("the program starts");
    assert!(output.status.success(), "the C program ended with {}", output.status);
    let answer = |line: &str| {
        let mut words = line.split(' ');
        let key = words.next().expect("a line has a word").to_owned();
        (key, words.map(|word| word.parse().expect("a number")).collect())
    };
    Some(String::from_utf8(output.stdout).expect("ASCII").lines().map(answer).collect())
}

#[test]
fn layouts_are_those_of_the_installed_headers() {
    if let Some(answers) = ask("native", &[]) {
        compare(&answers, &STRUCTS);
    }
}

/// i386 aligns to 4 what is aligned to 8 elsewhere. Where no field moves for that a structure may lack padding at its
/// end. One field does move, to where a 64-bit kernel does not write it.
#[test]
#[cfg(target_arch = "x86_64")]
fn a_32_bit_program_has_the_same_layouts() {
    let there = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("m32");
    let nothing = "int main(void) { return sizeof(long) - 4; }";
    std::fs::write(there.with_extension("c"), nothing).expect("a program");
    let made = compile_file(&there.with_extension("c"), &there, &["-m32"]);
    if !made.is_ok_and(|output| output.status.success())
        || !Command::new(&there).status().is_ok_and(|status| status.success())
    {
        return say(
            "SKIPPED: no 32-bit programs here (apt-get install gcc-multilib; CONFIG_IA32_EMULATION)",
        );
    }
    let (Some(native), Some(answers)) = (ask("native-beside-m32", &[]), ask("compat", &["-m32"]))
    else {
        return;
    };
    const MOVED: &str = "mptcp_subflow_info";
    let others: Vec<_> = STRUCTS.into_iter().filter(|(name, _)| *name != MOVED).collect();
    compare(&answers, &others);
    if answers.contains_key(MOVED) {
        assert_eq!(answers[MOVED], [260, 4]);
        assert_eq!(answers["mptcp_subflow_info.id"], [0, 4]);
        assert_eq!(answers["mptcp_subflow_info.addrs"], [4, 256]);
    }
    for (key, native) in &native {
        let answer = &answers[key];
        if key.starts_with(MOVED) {
            continue;
        }
        if STRUCTS.iter().all(|(name, _)| name != key) {
            assert_eq!(answer, native, "{key}");
            continue;
        }
        assert_eq!(
            answer[0].next_multiple_of(native[1]),
            native[0],
            "struct {key}: more than padding"
        );
        if answer[0] != native[0] {
            say(&format!("struct {key}: {} bytes, on i386 {}", native[0], answer[0]));
        }
    }
    assert_eq!(answers.len(), native.len());
}

fn compare(answers: &Answers, structs: &[(&str, &[Field])]) {
    let (mut compared, mut lacking) = (0, Vec::new());

    for (name, value) in CONSTANTS {
        match answers.get(name) {
            Some(answer) => assert_eq!(answer[0] as i64, value, "{name}"),
            None => lacking.push(name.to_owned()),
        }
    }

    for (name, fields) in structs {
        let Some(&[size, align]) = answers.get(*name).map(Vec::as_slice) else {
            lacking.push(format!("struct {name}"));
            continue;
        };
        let (mut end, mut complete, mut before_known) = (0, true, true);
        for field in fields.iter().filter(|field| field.name != HOLE) {
            let (offset, length) = (usize::from(field.offset), usize::from(field.size));
            let key = |field: &str| format!("{name}.{field}");
            let known = match bit_fields(field) {
                // What one header reserves, a later one may have carved fields from, from its start.
                None if field.name == "reserved" && !before_known => false,
                None => answers.get(&key(field.name)).is_some_and(|answer| {
                    assert_eq!(answer, &[offset, length], "{name}.{}: offset, size", field.name);
                    true
                }),
                // All or none: an older header may have bytes of the same name and another meaning.
                Some(parts) if parts.iter().all(|(part, _)| answers.contains_key(&key(part))) => {
                    let mut bit = 0;
                    for (part, width) in parts {
                        let answer = &answers[&key(part)];
                        if cfg!(target_endian = "little") {
                            let ours = [offset + bit / 8, bit % 8, width];
                            assert_eq!(
                                answer, &ours,
                                "{name}.{part}: first byte, its lowest bit, width"
                            );
                        } else {
                            assert!(
                                (offset..offset + length).contains(&answer[0]),
                                "{name}.{part}: first byte"
                            );
                            assert_eq!(answer[2], width, "{name}.{part}: width");
                        }
                        bit += width;
                    }
                    assert!(bit <= length * 8, "{}: more bits than bytes", field.name);
                    true
                }
                Some(_) => false,
            };
            if known {
                compared += 1;
                end = offset + length;
            } else {
                complete = false;
                lacking.push(key(field.name));
            }
            before_known = known;
        }
        // An older structure is a prefix of ours, padded to its alignment.
        assert_eq!(size, end.next_multiple_of(align), "struct {name}: size");
        if complete {
            let ours: usize = fields.iter().map(|field| usize::from(field.size)).sum();
            assert_eq!(size, ours, "struct {name}: size");
        }
    }

    if !lacking.is_empty() {
        say(&format!("not compared, because these headers lack them: {}", lacking.join(", ")));
    }
    say(&format!("{compared} fields compared"));
    // The oldest headers that have SOL_MPTCP's options know 15 fields of mptcp_info and 55 of tcp_info.
    assert!(compared > 60, "only {compared} fields compared: the probes do not work");
}
