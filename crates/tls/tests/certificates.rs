//! What certificates say, and what the authority does not let itself be talked into.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use domain::{AgentId, Timestamp};
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, date_time_ymd};
use rustls_pki_types::{CertificateDer, pem::PemObject};
use tls::{Ca, Error, describe, fingerprint, new_key_and_request};

/// 2026-03-01 12:00:00.500 UTC.
const NOW: Timestamp = Timestamp(1_772_366_400_500);
const DAY: i64 = 24 * 3600 * 1000;

fn der(pem: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()
}

#[test]
fn describes_a_certificate_in_the_words_people_compare() {
    let mut params =
        CertificateParams::new(vec!["pve1.lan".into(), "192.168.1.10".into(), "::1".into()])
            .unwrap();
    params
        .distinguished_name
        .push(DnType::CommonName, "pve1.lan");
    params.not_before = date_time_ymd(2025, 1, 2);
    params.not_after = date_time_ymd(2027, 1, 2);
    let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
    let described = describe(certificate.der()).unwrap();
    assert_eq!(described.sha256, fingerprint(certificate.der()));
    assert_eq!(described.subject, "pve1.lan");
    assert_eq!(described.issuer, "pve1.lan");
    assert_eq!(described.names, ["pve1.lan", "192.168.1.10", "::1"]);
    assert_eq!(described.not_before, Timestamp(1_735_776_000_000));
    assert_eq!(described.not_after, Timestamp(1_798_848_000_000));
    assert!(!described.trusted_by_system);
}

#[test]
fn shows_the_whole_subject_when_there_is_no_common_name_and_no_control_characters() {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::OrganizationName, "PVE\u{1b}[31m Cluster");
    let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
    let described = describe(certificate.der()).unwrap();
    assert_eq!(described.subject, "O=PVE[31m Cluster");
    assert!(described.names.is_empty());
}

#[test]
fn what_is_no_certificate_is_an_error() {
    for bytes in [&b""[..], b"\x30\x80", &[0x30; 4096]] {
        assert!(matches!(describe(bytes), Err(Error::Unreadable { .. })));
    }
}

#[test]
fn an_agents_certificate_lives_thirty_days_and_tolerates_a_clock_a_day_behind() {
    let ca = Ca::create("RedFlag", NOW).unwrap();
    let agent = AgentId::new();
    let (_, request) = new_key_and_request().unwrap();
    let issued = ca.issue_agent(&request, agent, NOW).unwrap();
    let described = describe(&der(&issued.pem)).unwrap();
    assert_eq!(described.subject, agent.to_string());
    assert_eq!(described.issuer, "RedFlag");
    assert_eq!(described.sha256, issued.sha256);
    assert_eq!(described.not_after, issued.not_after);
    assert_eq!(issued.not_after.0, (NOW.0 + 30 * DAY) / 1000 * 1000);
    assert_eq!(described.not_before.0, (NOW.0 - DAY) / 1000 * 1000);
    assert_eq!(issued.renew_at, NOW.plus_millis(15 * DAY));
}

#[test]
fn a_renewal_with_the_same_key_is_another_certificate_with_another_serial() {
    let ca = Ca::create("RedFlag", NOW).unwrap();
    let agent = AgentId::new();
    let (_, request) = new_key_and_request().unwrap();
    let serial = |at| {
        let issued = ca.issue_agent(&request, agent, at).unwrap();
        let der = der(&issued.pem);
        let (_, parsed) = x509_parser::parse_x509_certificate(&der).unwrap();
        parsed.raw_serial().to_vec()
    };
    assert_ne!(serial(NOW), serial(NOW.plus_millis(1)));
}

#[test]
fn of_a_request_only_the_key_counts() {
    let ca = Ca::create("RedFlag", NOW).unwrap();
    let key = KeyPair::generate().unwrap();
    let mut greedy = CertificateParams::new(vec!["gateway.redflag.internal".into()]).unwrap();
    greedy
        .distinguished_name
        .push(DnType::CommonName, "RedFlag");
    greedy.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    greedy.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let request = greedy.serialize_request(&key).unwrap().pem().unwrap();
    let agent = AgentId::new();
    let issued = ca.issue_agent(&request, agent, NOW).unwrap();
    let der = der(&issued.pem);
    let (_, parsed) = x509_parser::parse_x509_certificate(&der).unwrap();
    assert!(!parsed.is_ca());
    assert!(parsed.subject_alternative_name().unwrap().is_none());
    let uses = parsed.extended_key_usage().unwrap().unwrap().value;
    assert!(uses.client_auth && !uses.server_auth && !uses.any);
    assert_eq!(describe(&der).unwrap().subject, agent.to_string());
}

#[test]
fn requests_that_are_broken_forged_huge_or_of_another_key_kind_are_refused() {
    let ca = Ca::create("RedFlag", NOW).unwrap();
    let agent = AgentId::new();
    let (_, request) = new_key_and_request().unwrap();

    let ed25519 = KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let other_kind = CertificateParams::default()
        .serialize_request(&ed25519)
        .unwrap()
        .pem()
        .unwrap();
    assert!(matches!(
        ca.issue_agent(&other_kind, agent, NOW),
        Err(Error::KeyKind(_))
    ));

    // The last character of the body lies within the signature.
    let end = request.find("\n-----END").unwrap() - 6;
    let mut forged = request.clone();
    let changed = if &request[end..=end] == "A" { "B" } else { "A" };
    forged.replace_range(end..=end, changed);
    let huge = format!("{request}{}", " ".repeat(9000));
    for bad in ["", "-----BEGIN", &forged, &huge] {
        assert!(
            matches!(
                ca.issue_agent(bad, agent, NOW),
                Err(Error::Unreadable { .. })
            ),
            "{} bytes",
            bad.len()
        );
    }
}

#[test]
fn an_authority_is_not_loaded_with_a_strangers_key() {
    let ca = Ca::create("RedFlag", NOW).unwrap();
    let other = Ca::create("RedFlag", NOW).unwrap();
    assert!(matches!(
        Ca::load(ca.certificate_pem(), &other.key_pem()),
        Err(Error::KeyMismatch)
    ));
    assert!(Ca::load("nonsense", &ca.key_pem()).is_err());
    assert!(Ca::load(ca.certificate_pem(), "nonsense").is_err());
}

#[test]
fn keys_do_not_print_themselves() {
    let ca = Ca::create("RedFlag", NOW).unwrap();
    let identity = ca.server_identity("a.redflag.internal", NOW).unwrap();
    let shown = format!("{ca:?} {identity:?}");
    assert_eq!(shown, "Ca(…) Identity(…)");
}
