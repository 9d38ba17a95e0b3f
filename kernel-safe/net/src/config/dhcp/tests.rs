//! Tests of the client against a server of a script.

use domains::network::packets::RECEIVE;
use smoltcp::wire::DhcpPacket;

use super::*;
use crate::link::card::Card;
use crate::random::Random;
use crate::testing::{Bench, dhcp};

const CARD: EthernetAddress = EthernetAddress([2, 0, 0, 0, 0, 1]);
const OWN: [u8; 4] = [10, 0, 2, 15];

/// A client, and the machine it asks for.
struct Test {
    client: Dhcp,
    node: Node<Bench>,
}

impl Test {
    fn new() -> Test {
        let mut node = Node::new(Bench::new(), Random::new([7; 32]));
        node.card = Some(Card {
            address: CARD,
            packet_max: 1500,
            has_link: true,
            merges: false,
            joins: false,
        });
        node.addresses.has_card = true;
        node.packet_max = 1500;
        for number in 0..8 {
            assert!(node.frames.adopt(RECEIVE + number));
        }
        let mut client = Dhcp::new();
        client.start(&mut node);
        Test { client, node }
    }

    /// The client at this time, and what it has asked then: the kind, the exchange.
    fn at(&mut self, seconds: u64) -> (News, Vec<(DhcpMessageType, u32)>) {
        self.node.now = seconds * SECOND;
        let news = self.client.tick(&Text::default(), &mut self.node);
        (news, self.questions())
    }

    fn questions(&mut self) -> Vec<(DhcpMessageType, u32)> {
        let mut questions = Vec::new();
        while let Some((number, size)) = self.node.frames.next_out() {
            let frame = self.node.frames.lender.buffer(number).expect("it is one");
            let message = DhcpPacket::new_checked(&frame[12 + 14 + 28..size]);
            if let Ok(message) = message {
                let mut options = message.options();
                let kind = options.find(|it| it.kind == 53).expect("it has one").data[0];
                questions.push((kind.into(), message.transaction_id()));
            }
            assert!(self.node.frames.adopt(number));
        }
        questions
    }

    fn hear(&mut self, kind: u8, exchange: u32, address: [u8; 4], seconds: u32) -> News {
        let message = dhcp::answer(kind, exchange, CARD, address, seconds);
        self.client.hear(&message, CARD, &mut self.node)
    }

    /// Has an address at second 0, for so many seconds.
    fn bound(seconds: u32) -> Test {
        let mut test = Test::new();
        let exchange = test.at(0).1[0].1;
        test.hear(2, exchange, OWN, seconds);
        let asked = test.at(0).1;
        assert_eq!(asked, [(DhcpMessageType::Request, exchange)]);
        assert_eq!(test.hear(5, exchange, OWN, seconds), News::Lease);
        test.node.addresses.v4 =
            Some(crate::ip::prefix::Prefix::v4(Ipv4Address::from(OWN), 24));
        test
    }

    fn address(&self) -> Option<[u8; 4]> {
        self.client.lease().map(|lease| lease.address.octets())
    }
}

#[test]
fn a_server_that_never_answers_is_asked_less_and_less() {
    let mut test = Test::new();
    let mut asked = 0;
    for second in 0..600 {
        asked += test.at(second).1.len();
        assert_eq!(test.client.is_hopeful(), asked <= 4, "{second}");
    }
    assert!((10..20).contains(&asked), "{asked}");
}

#[test]
fn an_offer_is_taken_and_an_address_is_had() {
    let test = Test::bound(600);
    assert_eq!(test.address(), Some(OWN));
    assert!(!test.client.is_hopeful());
    assert_eq!(test.client.deadline(), 300 * SECOND);
}

#[test]
fn an_answer_of_another_exchange_or_at_the_wrong_time_is_none() {
    let mut test = Test::new();
    let exchange = test.at(0).1[0].1;
    assert_eq!(
        test.hear(5, exchange, OWN, 600),
        News::None,
        "nothing was asked"
    );
    assert_eq!(test.hear(2, exchange ^ 1, OWN, 600), News::None);
    assert_eq!(test.hear(2, exchange, [0; 4], 600), News::None);
    assert_eq!(test.hear(2, exchange, [127, 0, 0, 1], 600), News::None);
    assert_eq!(test.at(0).1, [], "no offer was good");
    test.hear(2, exchange, OWN, 600);
    test.at(0);
    assert_eq!(test.hear(5, exchange, [10, 0, 2, 99], 600), News::None);
    assert_eq!(test.hear(5, exchange, OWN, 600), News::Lease);
    assert_eq!(test.hear(6, exchange, OWN, 600), News::None, "it is late");
    assert_eq!(test.address(), Some(OWN));
}

#[test]
fn an_answer_that_comes_after_the_offer_was_given_up_is_none() {
    let mut test = Test::new();
    let exchange = test.at(0).1[0].1;
    test.hear(2, exchange, OWN, 600);
    let mut kinds = Vec::new();
    for second in 0..60 {
        kinds.extend(test.at(second).1);
    }
    let requests = kinds.iter().filter(|it| it.0 == DhcpMessageType::Request);
    assert_eq!(requests.count(), 4);
    assert_eq!(kinds[4].0, DhcpMessageType::Discover);
    assert_ne!(kinds[4].1, exchange);
    assert_eq!(test.hear(5, exchange, OWN, 600), News::None);
    assert_eq!(test.address(), None);
}

#[test]
fn a_lease_is_renewed_and_the_address_stays() {
    let mut test = Test::bound(600);
    assert_eq!(test.at(299).1, []);
    let (news, asked) = test.at(300);
    assert_eq!(
        (news, asked.len()),
        (News::None, 0),
        "it asks where the server is"
    );
    let exchange = test.client.exchange;
    assert_eq!(test.hear(5, exchange, OWN, 600), News::Lease);
    assert_eq!(test.client.deadline(), 600 * SECOND);
}

#[test]
fn a_renewal_may_bring_another_address() {
    let mut test = Test::bound(600);
    test.at(300);
    let exchange = test.client.exchange;
    assert_eq!(test.hear(5, exchange, [10, 0, 2, 77], 600), News::Lease);
    assert_eq!(test.address(), Some([10, 0, 2, 77]));
}

#[test]
fn a_lease_that_nobody_renews_ends() {
    let mut test = Test::bound(600);
    let mut lost_at = None;
    let mut everybody = 0;
    for second in 300..700 {
        let (news, asked) = test.at(second);
        everybody += usize::from((525..600).contains(&second)) * asked.len();
        if news == News::Lost {
            lost_at = Some(second);
        }
    }
    assert_eq!(lost_at, Some(600));
    assert!(everybody >= 1, "others were asked");
    assert_eq!(test.address(), None);
    assert!(test.client.deadline() < 800 * SECOND);
}

#[test]
fn a_refusal_takes_the_address_away_and_is_no_endless_loop() {
    let mut test = Test::bound(600);
    test.at(300);
    let exchange = test.client.exchange;
    assert_eq!(test.hear(6, exchange, OWN, 600), News::Lost);
    let mut asked = 0;
    for second in 300..900 {
        for (kind, exchange) in test.at(second).1 {
            asked += 1;
            let answer = if kind == DhcpMessageType::Discover {
                2
            } else {
                6
            };
            test.hear(answer, exchange, OWN, 600);
        }
    }
    assert!(asked < 50, "{asked}");
}

#[test]
fn after_the_link_was_away_the_address_is_asked_about_and_kept() {
    let mut test = Test::bound(60_000);
    test.node.now = 5 * SECOND;
    test.client.start(&mut test.node);
    let asked = test.at(5).1;
    assert_eq!(asked[0].0, DhcpMessageType::Request);
    assert_eq!(test.address(), Some(OWN));
    for second in 6..60 {
        assert_eq!(test.at(second).0, News::None);
    }
    assert_eq!(test.address(), Some(OWN));
    assert!(test.client.deadline() >= 30_000 * SECOND);
}
