//! How a scene is made, in C.

use mptcp_harness::scenes::{
    Addresses, Change, Link, NotMptcp, Protocol, Recipe, Scene, Side, Unconnected,
};

use super::source::comment;

/// The function that makes a scene, and the fragments that it calls.
pub(crate) struct Staging {
    pub fragments: Vec<&'static str>,
    /// Without its braces: the statements of `static int scene(void)`.
    pub body: String,
    /// What it makes, as a noun.
    pub what: String,
}

macro_rules! fragment {
    ($name:literal) => {
        include_str!(concat!($name, ".c"))
    };
}

/// How long a connection is left alone, so that acknowledgements that are
/// delayed are through.
const REST: &str = "\tusleep(300 * 1000);\t/* acknowledgements may be late */\n";

impl Staging {
    /// Of one scene.
    pub fn of(scene: &Scene) -> Staging {
        let mut staging = Staging { fragments: vec![], body: String::new(), what: String::new() };
        match scene.plan() {
            Recipe::Unconnected(over, idle) => staging.idle(over, idle),
            Recipe::Link(link) => staging.link(&link, scene.side()),
            Recipe::NotMptcp(stranger) => staging.stranger(stranger),
        }
        staging
    }

    fn line(&mut self, statement: &str) {
        self.body.push_str(&format!("\t{statement}\n"));
    }

    fn take(&mut self, fragment: &'static str) {
        if !self.fragments.contains(&fragment) {
            self.fragments.push(fragment);
        }
    }

    fn streams(&mut self, over: Addresses) {
        self.take(match over {
            Addresses::V4 => fragment!("stream_v4"),
            Addresses::V6 => fragment!("stream_v6"),
            Addresses::Mapped => fragment!("stream_mapped"),
        });
        self.take(fragment!("stream"));
    }

    fn idle(&mut self, over: Addresses, idle: Unconnected) {
        self.take(fragment!("network"));
        self.line("private_network();");
        match idle {
            Unconnected::Fresh => {
                self.take(fragment!("fresh"));
                let family = if over == Addresses::V4 { "AF_INET" } else { "AF_INET6" };
                self.line(&format!("return fresh({family}, IPPROTO_MPTCP);"));
            }
            Unconnected::Bound => {
                self.streams(over);
                self.take(fragment!("bound"));
                self.line("return bound(IPPROTO_MPTCP);");
            }
            Unconnected::Listening => {
                self.streams(over);
                self.take(fragment!("bound"));
                self.take(fragment!("listener"));
                self.line("return listener(IPPROTO_MPTCP, 1);");
            }
            Unconnected::Connecting => {
                self.streams(over);
                self.take(fragment!("bound"));
                self.take(fragment!("listener"));
                self.take(fragment!("unanswered"));
                self.line("return connecting();");
            }
        }
        let state = match idle {
            Unconnected::Fresh => "that is new",
            Unconnected::Bound => "that is bound to loopback",
            Unconnected::Listening => "that listens",
            Unconnected::Connecting => "whose SYN is not answered",
        };
        self.what = format!("an MPTCP socket over {} {state}", family(over));
    }

    fn link(&mut self, link: &Link, side: Side) {
        let managed = link.subflows > 1;
        self.take(fragment!("network"));
        self.line("int listening;");
        if managed {
            self.line("__u32 token;");
        }
        if matches!(link.change, Change::SubflowRemoved | Change::InitialRemoved) {
            self.line("__u16 port;");
        }
        self.body.push('\n');
        self.take(fragment!("late"));
        self.line("signal(SIGALRM, late);");
        self.line("alarm(10);");
        self.line("private_network();");
        if link.change == Change::Checksums {
            self.take(fragment!("sysctl"));
            self.line("if (set_sysctl(\"/proc/sys/net/mptcp/checksum_enabled\", \"1\"))");
            self.line("\tskip(\"no checksums\");");
        }
        self.streams(link.over);
        self.take(fragment!("bound"));
        self.take(fragment!("listener"));
        self.take(fragment!("connect"));
        if managed {
            self.manager(link);
        }
        self.line(&format!("listening = listener({}, 1);", protocol(link.server)));
        let by_kernel = link.change == Change::KernelManaged;
        if by_kernel {
            self.line("make_endpoints(2);");
            self.line("manage(0);\t/* of the client alone */");
        }
        self.line(&format!("client = stream({});", protocol(link.client)));
        if by_kernel {
            self.line("manage(1);");
        }
        self.line("connect_to(listening);");
        if link.change == Change::Reconnected {
            self.take(fragment!("disconnect"));
            self.line("close(server);");
            self.line("disconnect(client);");
            self.line("connect_to(listening);");
        }
        if link.data || managed {
            self.take(fragment!("talk"));
        }
        if managed {
            self.joins(link);
        }
        if link.data {
            self.line("talk(client, server, 1500);");
            self.line("talk(server, client, 700);");
        }
        self.change(link.change);
        self.body.push_str(REST);
        self.line("alarm(0);");
        self.line(if side == Side::Client { "return client;" } else { "return server;" });
        self.what = self::link(link, side);
    }

    fn manager(&mut self, link: &Link) {
        self.take(fragment!("sysctl"));
        self.take(fragment!("manage"));
        self.take(fragment!("netlink"));
        self.take(if link.over == Addresses::V6 {
            fragment!("address_v6")
        } else {
            fragment!("address_v4")
        });
        self.take(fragment!("add_address"));
        if link.over == Addresses::V6 {
            self.line("own_network();");
        }
        self.line("listen_to_events();");
        self.line("manage(1);");
    }

    fn joins(&mut self, link: &Link) {
        let extra = link.subflows - 1;
        if link.change == Change::KernelManaged {
            self.take(fragment!("endpoints"));
            self.body = self.body.replace("\t__u32 token;\n", "\tint i;\n");
            self.line("talk(client, server, 1);\t/* without data there are no joins */");
            self.line(&format!("for (i = 0; i < {}; i++)\t/* at both ends */", 2 * extra));
            self.line("\tawait(EVENT_SUB_ESTABLISHED);");
            return;
        }
        self.take(fragment!("event_port"));
        self.take(fragment!("token"));
        self.take(fragment!("join"));
        self.line("token = client_token();");
        if link.change == Change::InitialRemoved {
            self.line("port = ntohs(event_port(EVENT_ATTR_SPORT));");
        }
        self.line("talk(client, server, 1);\t/* without data there are no joins */");
        let flags = if link.change == Change::BackupSubflow { "ADDR_FLAG_BACKUP" } else { "0" };
        if link.change == Change::SubflowRemoved {
            self.line(&format!("port = join(token, 1, {flags});"));
            self.line(&format!("join(token, 2, {flags});"));
        } else if extra < 3 {
            (1..=extra).for_each(|n| self.line(&format!("join(token, {n}, {flags});")));
        } else {
            self.body = self.body.replace("\tint listening;\n", "\tint listening, i;\n");
            self.line(&format!("for (i = 1; i < {}; i++)", link.subflows));
            self.line(&format!("\tjoin(token, i, {flags});"));
        }
    }

    fn change(&mut self, change: Change) {
        match change {
            Change::Nothing
            | Change::Reconnected
            | Change::BackupSubflow
            | Change::Checksums
            | Change::KernelManaged => {}
            Change::HalfClosed => self.line("shutdown(client, SHUT_WR);"),
            Change::Closed => {
                self.take(fragment!("read_end"));
                self.line("shutdown(client, SHUT_WR);");
                self.line("shutdown(server, SHUT_WR);");
                self.line("read_end(client);");
                self.line("read_end(server);");
            }
            Change::Disconnected => {
                self.take(fragment!("disconnect"));
                self.line("disconnect(client);");
            }
            Change::SubflowRemoved => {
                self.take(fragment!("remove"));
                self.line("remove_subflow(token, 1, port);");
            }
            Change::AddressRemoved => {
                self.take(fragment!("remove_address"));
                self.line("remove_address(token, 1);");
            }
            Change::InitialRemoved => {
                self.take(fragment!("remove"));
                self.line("remove_subflow(token, 0, port);");
                self.line("talk(client, server, 1500);");
                self.line("talk(server, client, 700);");
            }
        }
    }

    fn stranger(&mut self, stranger: NotMptcp) {
        let (what, family, kind) = match stranger {
            NotMptcp::Tcp(over) => (format!("a TCP socket over {}", family(over)), over, "STREAM"),
            NotMptcp::Udp(over) => (format!("a UDP socket over {}", family(over)), over, "DGRAM"),
            NotMptcp::Unix => {
                self.line("int pair[2];\n");
                self.line("if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))");
                self.line("\tskip(\"socketpair\");");
                self.line("return pair[0];");
                self.what = "a unix stream socket".into();
                return;
            }
            NotMptcp::Pipe => {
                self.line("int ends[2];\n");
                self.line("if (pipe(ends))");
                self.line("\tskip(\"pipe\");");
                self.line("return ends[0];");
                self.what = "a pipe".into();
                return;
            }
            NotMptcp::Closed => {
                self.body
                    .push_str(&comment(1, &["No process has a descriptor of this number.".into()]));
                self.line("return 0x7fffffff;");
                self.what = "a descriptor that is not open".into();
                return;
            }
        };
        let family = if family == Addresses::V4 { "AF_INET" } else { "AF_INET6" };
        self.line(&format!("int fd = socket({family}, SOCK_{kind}, 0);\n"));
        self.line("if (fd < 0)");
        self.line("\tskip(\"socket\");");
        self.line("return fd;");
        self.what = what;
    }
}

fn family(over: Addresses) -> &'static str {
    match over {
        Addresses::V4 => "IPv4",
        Addresses::V6 => "IPv6",
        Addresses::Mapped => "IPv4-mapped addresses",
    }
}

fn protocol(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Mptcp => "IPPROTO_MPTCP",
        Protocol::Tcp => "IPPROTO_TCP",
    }
}

fn link(link: &Link, side: Side) -> String {
    let end = if side == Side::Client { "client" } else { "server" };
    let over = family(link.over);
    let what = match (link.client, link.server) {
        (Protocol::Mptcp, Protocol::Mptcp) => match link.subflows {
            1 => format!("an MPTCP connection over {over}"),
            many => format!("an MPTCP connection of {many} subflows over {over}"),
        },
        (Protocol::Tcp, Protocol::Tcp) => format!("a TCP connection over {over}"),
        _ => format!("an MPTCP connection over {over} that fell back to TCP"),
    };
    let then = match link.change {
        Change::Nothing if link.data => ", after data went both ways",
        Change::Nothing if link.subflows == 1 => ", before any data",
        Change::Nothing => ", before any data but for the byte that joins take",
        Change::HalfClosed => ", after the client shut down its side",
        Change::Closed => ", after both shut down, the client first",
        Change::Disconnected => ", after it disconnected",
        Change::Reconnected => ", after the client disconnected and connected again",
        Change::SubflowRemoved => ", after its second subflow was removed",
        Change::AddressRemoved => ", after the address of its second subflow was removed",
        Change::InitialRemoved => ", after its initial subflow was removed",
        Change::BackupSubflow => ", joined as backups",
        Change::Checksums => ", with checksums",
        Change::KernelManaged => ", made by the kernel's path manager",
    };
    format!("the {end} of {what}{then}")
}
