use mptcp_emulator::Revision;
use mptcp_harness::run::runner::Runner;
use roxmltree::{Document, Node};

use super::super::samples::{all, drawn, examined};
use super::*;

/// Left, top, right and bottom of a text, by the width of a common font.
fn extent(node: &Node<'_, '_>) -> (f64, f64, f64, f64) {
    let number = |name: &str| node.attribute(name).unwrap().parse::<f64>().unwrap();
    let text = content(node);
    let class = node.attribute("class").unwrap_or_default();
    let (x, y, width) = (number("x"), number("y"), text.chars().count() as f64 * 7.23);
    let left = match class {
        class if class.contains("right") => x - width,
        class if class.contains("middle") => x - width / 2.0,
        _ => x,
    };
    (left, y - 9.5, left + width, y + 2.5)
}

fn content(node: &Node<'_, '_>) -> String {
    node.descendants().filter(Node::is_text).filter_map(|inner| inner.text()).collect()
}

fn words(text: &str) -> Vec<String> {
    let document = Document::parse(text).unwrap();
    let texts = document.descendants().filter(|node| node.has_tag_name("text"));
    texts.map(|node| content(&node)).collect()
}

#[test]
fn every_drawing_is_well_formed_and_no_text_lies_over_another() {
    let mut rig = Runner::new().unwrap();
    let spoil = |street: &mut [u8]| {
        for at in [0x1003, 0x1010, 0x1100, 0x10fff, 0x14002] {
            street[at] ^= 1;
        }
    };
    for (name, case) in all() {
        let revision = Revision::V6_12.with_info_opt();
        let drawing = examined(&mut rig, &case, &revision, Some(&spoil));
        let text = svg(&drawing);
        let document = Document::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let texts = document
            .descendants()
            .filter(|node| node.tag_name().name() == "text" && node.children().next().is_some());
        let extents: Vec<_> = texts.map(|node| (node.range(), extent(&node))).collect();
        for (index, (range, one)) in extents.iter().enumerate() {
            assert!(one.0 >= 0.0 && one.2 <= 900.0, "{name}: {} at {one:?}", &text[range.clone()]);
            for (other, two) in &extents[..index] {
                let apart = one.2 <= two.0 || two.2 <= one.0 || one.3 <= two.1 || two.3 <= one.1;
                let (one, two) = (&text[range.clone()], &text[other.clone()]);
                assert!(apart, "{name}: {one} over {two}");
            }
        }
    }
}

#[test]
fn regions_are_where_their_bytes_are() {
    let text = svg(&drawn("tcpinfo-header-24", Revision::V6_12));
    let document = Document::parse(&text).unwrap();
    let of = |class: &str| {
        let found = document.descendants().find(|node| node.attribute("class") == Some(class));
        let number = |name: &str| found.unwrap().attribute(name).unwrap().parse::<f64>().unwrap();
        (number("x"), number("width"))
    };
    // 344 bytes in 800 pixels; the header begins behind 8 of them, 24 in front of
    // the element, which has 248.
    let byte = 800.0 / 344.0;
    let near = |(x, width): (f64, f64), bytes: (f64, f64)| {
        (x - 84.0 - bytes.0 * byte).abs() < 0.1 && (width - bytes.1 * byte).abs() < 0.1
    };
    assert!(near(of("thing header"), (8.0, 16.0)), "{:?}", of("thing header"));
    assert!(near(of("thing tail"), (24.0, 8.0)));
    assert!(near(of("thing element"), (32.0, 248.0)));
    assert!(near(of("thing slack"), (280.0, 32.0)));
}

#[test]
fn texts_are_escaped_and_come_back_whole() {
    let mut drawing = drawn("tcpinfo-header-24", Revision::V6_12);
    let odd = "<script>&\"'</script>";
    drawing.title = odd.into();
    drawing.remarks.push(odd.into());
    drawing.lanes[0].title = odd.into();
    drawing.lanes[0].marks[0].texts[0] = odd.into();
    let text = svg(&drawing);
    assert!(!text.contains("<script"), "{text}");
    let document = Document::parse(&text).unwrap();
    let title = document.descendants().find(|node| node.has_tag_name("title")).unwrap();
    assert_eq!(title.text(), Some(odd));
    assert_eq!(words(&text).iter().filter(|words| words.contains(odd)).count(), 3);
}

#[test]
fn a_drawing_needs_nothing_from_elsewhere() {
    let text = svg(&drawn("full_info-whole", Revision::V6_12)) + STYLE;
    let text = text.replace("http://www.w3.org/2000/svg", "");
    for elsewhere in ["http", "href", "@import", "<script", "<image", "<foreignObject"] {
        assert!(!text.contains(elsewhere), "{elsewhere}");
    }
    // The only addresses are those of its own hatches.
    assert_eq!(text.matches("url(").count(), text.matches("url(#case-").count());
}

#[test]
fn two_drawings_of_a_page_keep_their_hatches_apart() {
    let ids = |name| drawn(name, Revision::V6_12).id;
    assert_ne!(ids("tcpinfo-header-24"), ids("full_info-whole"));
    assert_eq!(ids("full_info-whole"), ids("full_info-whole"));
}
