import Alerts
import CloudTrail
import Configuration
import TestSupport
import Testing

@testable import Detection

/// What no validator sees of alerts in the formats of other products.
struct AlertFormatTests {
    @Test("A native message is the native encoder's, and each form says what it is")
    func native() {
        let alert = MadeAlert().alert
        var (encoder, native) = (AlertEncoder(.native), NativeAlert())
        #expect(
            encoder.messages(for: alert, raised: 17, maximumBytes: 1 << 20).map(\.line)
                == native.messages(for: alert, raised: 17, maximumBytes: 1 << 20).map(\.line)
        )
        #expect(AlertFormat.native.schema == "amiwatch.alert/1")
        #expect(AlertFormat.cef.contentType.hasPrefix("text/plain"))
        #expect(AlertFormat.ocsf.contentType == "application/json")
        #expect(Set(AlertFormat.allCases.map(\.schema)).count == AlertFormat.allCases.count)
    }

    @Test("The life of a finding: closed as resolved, or as created in error")
    func life() {
        func status(_ status: FindingStatus, _ format: AlertFormat, _ path: String) -> String? {
            var made = MadeAlert()
            made.status = status
            let value = made.read(in: format).at(path)
            return value?.text ?? value?.integer.map(String.init)
        }
        #expect(status(.open, .ocsf, "activity_id") == "1" && status(.open, .ocsf, "status_id") == "1")
        #expect(status(.updated, .ocsf, "activity_id") == "2")
        #expect(status(.resolved, .ocsf, "activity_id") == "3")
        #expect(status(.resolved, .ocsf, "status_id") == "4")
        #expect(status(.retracted, .ocsf, "type_uid") == "200403")
        #expect(status(.retracted, .ocsf, "status") == "Deleted")
        for closed in [FindingStatus.resolved, .retracted] {
            #expect(status(closed, .asff, "RecordState") == "ARCHIVED")
            #expect(status(closed, .asim, "AlertStatus") == "Closed")
            #expect(status(closed, .udm, "security_result.0.alert_state") == "NOT_ALERTING")
        }
        #expect(status(.updated, .asff, "RecordState") == "ACTIVE")
        #expect(status(.retracted, .asim, "AlertVerdict") == "False Positive")
        #expect(status(.resolved, .asim, "AlertVerdict") == nil)
        #expect(status(.retracted, .udm, "security_result.0.threat_status") == "FALSE_POSITIVE")
        #expect(status(.resolved, .ecs, "labels.finding_status") == "resolved")
        #expect(status(.retracted, .splunk, "event.status") == "retracted")
    }

    @Test("Whoever resolved a finding is not taken for whoever caused it")
    func resolvers() {
        var made = MadeAlert()
        made.status = .resolved
        made.resolver = Actor(arn: "arn:aws:iam::111122223333:user/bob", sourceIP: "192.0.2.77")
        let ocsf = made.read(in: .ocsf)
        #expect(ocsf.at("evidences.0.actor.user.name")?.text == "ann")
        #expect(ocsf.at("evidences.0.api") == nil)
        #expect(ocsf.at("evidences.1.actor.user.name")?.text == "bob")
        #expect(ocsf.at("evidences.1.api.operation")?.text == "ModifyImageAttribute")
        let asff = made.read(in: .asff)
        #expect(asff.at("Action.AwsApiCallAction.RemoteIpDetails.IpAddressV4")?.text == "192.0.2.77")
        #expect(asff.at("ProductFields.amiwatch/Actor/Source")?.text == "192.0.2.10")
        #expect(asff.at("ProductFields.amiwatch/ResolvedBy")?.text == "arn:aws:iam::111122223333:user/bob")
        let udm = made.read(in: .udm)
        #expect(udm.at("metadata.event_type")?.text == "GENERIC_EVENT")
        #expect(udm.at("principal.user.user_display_name")?.text == "ann")
        #expect(made.read(in: .ecs).at("user.name")?.text == "ann")
    }

    @Test("What is undetermined says so, and what is not known, with less confidence")
    func undetermined() {
        var made = MadeAlert()
        (made.verdict, made.missing) = (.undetermined, ["the owner", "the tags"])
        let statement =
            "Undetermined: Image ami-0abcdef0000000001 is shared with everybody. Not known: the owner; the tags."
        let ocsf = made.read(in: .ocsf)
        #expect(ocsf.at("message")?.text == statement)
        #expect(ocsf.at("confidence_id")?.integer == 1)
        #expect(made.read(in: .asff).at("Description")?.text == statement)
        #expect(made.read(in: .asim).at("AlertVerdict")?.text == "Unknown")
        #expect(made.told(in: .cef).contains("reason=undetermined: not known: the owner; the tags "))
    }

    @Test(
        "An address is one, and a service is none",
        arguments: [
            ("192.0.2.10", "192.0.2.10", nil), ("2001:db8::7", nil, "2001:db8::7"),
            ("::ffff:192.0.2.1", nil, "::ffff:192.0.2.1"), ("AWS Internal", nil, nil),
            ("ec2.amazonaws.com", nil, nil), ("fe80::1%eth0", nil, nil), ("192.0.2.10:443", nil, nil),
            ("192.0.2.010", nil, nil), ("192.0.2.10\0x", nil, nil), ("", nil, nil),
        ] as [(String, String?, String?)]
    )
    func addresses(source: String, four: String?, six: String?) {
        var made = MadeAlert()
        made.actor = Actor(arn: "arn:aws:iam::111122223333:user/ann", sourceIP: source)
        let address = four ?? six
        let ecs = made.read(in: .ecs)
        #expect(ecs.at("source.ip")?.text == address)
        #expect(ecs.at("source.address")?.text == (source.isEmpty ? nil : source))
        let ocsf = made.read(in: .ocsf)
        #expect(ocsf.at("evidences.0.src_endpoint.ip")?.text == address)
        #expect(
            ocsf.at("evidences.0.src_endpoint.name")?.text
                == (address == nil && !source.isEmpty ? source : nil)
        )
        #expect(made.read(in: .udm).at("principal.ip.0")?.text == address)
        let asff = made.read(in: .asff)
        #expect(asff.at("Action.AwsApiCallAction.RemoteIpDetails.IpAddressV4")?.text == four)
        let cef = made.told(in: .cef)
        #expect(cef.contains(" src=\(four ?? "")") == (four != nil))
        #expect(cef.contains(" c6a1=\(six ?? "") c6a1Label=Source IPv6 Address") == (six != nil))
        #expect(cef.contains(" shost=") == (address == nil && !source.isEmpty))
    }

    @Test("CEF escapes what ends a field, and shows no control character")
    func escapes() {
        var made = MadeAlert()
        made.title = #"a|b\c=d"# + "\ne"
        made.message = #"a|b\c=d"# + "\ne\rf\tg\u{7}h\u{2028}i\u{85}j\u{202E}k "
        let line = made.told(in: .cef)
        #expect(line.hasPrefix(#"CEF:0|amiwatch|amiwatch|0.1.0|ami-shared-publicly|a\|b\\c=d e|8|rt="#))
        #expect(
            line.hasSuffix(#" msg=a|b\\c\=d\ne\rf g"# + "\u{FFFD}h\u{FFFD}i\u{FFFD}j\u{FFFD}k")
        )
        made.message = "x cs1=arn:aws:iam::1:root"
        #expect(made.told(in: .cef).hasSuffix(#" msg=x cs1\=arn:aws:iam::1:root"#))
    }

    @Test("Values are cut where a format says so, never within a character")
    func limits() throws {
        var made = MadeAlert()
        made.message = String(repeating: "\u{1F600}", count: 1023)
        made.title = String(repeating: "e\u{301}", count: 400)
        made.remediation = [String(repeating: "r", count: 5000)]
        made.eventID = "inventory/" + String(repeating: "0", count: 40)
        let asff = made.read(in: .asff)
        let description = try #require(asff.at("Description")?.text)
        #expect(description.utf8.count <= 1024 && description.hasSuffix("\u{1F600}…"))
        #expect(try #require(asff.at("Title")?.text).unicodeScalars.count <= 256)
        #expect(asff.at("Remediation.Recommendation.Text")?.text?.utf8.count == 512)
        #expect(asff.at("ProductFields.amiwatch/Remediation")?.text?.utf8.count == 2048)
        let cef = made.told(in: .cef)
        #expect(!cef.contains("externalId=inventory"))
        #expect(cef.contains("cs4=inventory/"))
    }

    @Test("A message is no longer than it may be, whatever is in it", arguments: AlertFormat.allCases)
    func size(format: AlertFormat) {
        var made = MadeAlert()
        made.facts = (0..<500).map { FactStatement("fact \($0)", String(repeating: "f", count: 100)) }
        made.verdict = .undetermined
        made.missing = (0..<500).map { "missing \($0)" }
        made.message = String(repeating: "m", count: 20_000)
        var encoder = AlertEncoder(format)
        for bytes in [60_000, 16_000] {
            let messages = encoder.messages(for: made.alert, raised: 1, maximumBytes: bytes)
            #expect(messages.count == 1 && messages[0].line.count <= bytes)
        }
        guard format != .native else { return }
        made.actor = Actor(arn: "arn:" + String(repeating: "a", count: 90_000), userAgent: made.message)
        made.id = "ami-" + String(repeating: "i", count: 90_000)
        let messages = encoder.messages(for: made.alert, raised: 1, maximumBytes: 16_000)
        #expect(messages[0].line.count <= 16_000)
        // Nobody takes more of Security Hub's, however large a message may be.
        made.facts = (0..<5000).map { FactStatement("fact \($0)", String(repeating: "f", count: 1000)) }
        #expect(
            encoder.messages(for: made.alert, raised: 1, maximumBytes: .max)[0].line.count
                <= format.maximumBytes
        )
    }

    @Test("Each instance of a call has its own message, with its own finding as the key")
    func instances() throws {
        var alerts = (1...3).map { number in
            var made = MadeAlert()
            (made.rule, made.isLaunch) = ("launch-from-unapproved-ami", true)
            made.id = "i-0000000000000000\(number)"
            return made.alert
        }
        let own = alerts
        Alert.group(&alerts, from: 0)
        let group = try #require(alerts.first)
        #expect(alerts.count == 1 && group.instances.count == 3)
        for format in AlertFormat.allCases {
            var encoder = AlertEncoder(format)
            let messages = encoder.messages(for: group, raised: nil, maximumBytes: 1 << 20)
            #expect(messages.count == (format == .native ? 1 : 3))
            guard format != .native else { continue }
            #expect(messages.map(\.alert.findingID) == own.map(\.findingID))
            for (message, alert) in zip(messages, own) {
                #expect(String(decoding: message.line, as: UTF8.self).contains(alert.findingID))
            }
        }
    }

    @Test("Each alert of a finding is later than the one before, as Security Hub wants it")
    func updates() {
        var made = MadeAlert()
        func updated(_ raised: Int64?) -> String? {
            made.read(in: .asff, raised: raised).at("UpdatedAt")?.text
        }
        let first = updated(1_773_745_440_000)
        (made.revision, made.status) = (2, .resolved)
        let second = updated(1_773_745_440_000)
        #expect(first == "2026-03-17T11:04:00.001Z" && second == "2026-03-17T11:04:00.002Z")
    }

    @Test("A batch is of one account and Region, has 100 findings at most, and each once")
    func batches() throws {
        var lines = AlertLines(.asff)
        var told: [JSONTree] = []
        func add(_ made: MadeAlert) {
            told += lines.lines(for: made.alert).map { JSONTree($0) ?? .null }
        }
        for number in 0..<205 {
            var made = MadeAlert()
            made.id = "ami-\(number)"
            made.region = number.isMultiple(of: 2) ? "us-east-1" : "eu-west-1"
            add(made)
        }
        #expect(told.count == 2)
        var again = MadeAlert()
        (again.id, again.revision, again.time) = ("ami-204", 2, EventTime(seconds: 1_773_740_000))
        add(again)
        #expect(told.count == 3)
        told += lines.finish().map { JSONTree($0) ?? .null }
        #expect(told.count == 5 && lines.finish().isEmpty)
        for batch in told {
            let findings = batch["Findings"]?.elements ?? []
            #expect(1...100 ~= findings.count)
            #expect(Set(findings.compactMap { $0["ProductArn"]?.text }).count == 1)
            #expect(Set(findings.compactMap { $0["Id"]?.text }).count == findings.count)
        }
        // A late record decides with its own time; the update is told as later nevertheless.
        let last = told.flatMap { $0["Findings"]?.elements ?? [] }.filter {
            $0["Id"]?.text == again.alert.findingID
        }
        #expect(
            last.compactMap { $0["UpdatedAt"]?.text } == [
                "2026-03-17T11:04:00.001Z", "2026-03-17T11:04:00.002Z",
            ]
        )
    }

    @Test(
        "What an alert is about has its ARN, in its partition",
        arguments: [
            (.image, "ami-0a", "us-east-1", "arn:aws:ec2:us-east-1::image/ami-0a"),
            (
                .image, "import-ami-0a", "us-east-1",
                "arn:aws:ec2:us-east-1:111122223333:import-image-task/import-ami-0a"
            ),
            (.instance, "i-0a", "cn-north-1", "arn:aws-cn:ec2:cn-north-1:111122223333:instance/i-0a"),
            (.snapshot, "snap-0a", "us-gov-west-1", "arn:aws-us-gov:ec2:us-gov-west-1::snapshot/snap-0a"),
            (
                .launchTemplate, "lt-0a", "us-east-1",
                "arn:aws:ec2:us-east-1:111122223333:launch-template/lt-0a"
            ),
            (.launchTemplate, "workers", "us-east-1", "workers"),
            (.accountRegion, "", "us-east-1", "arn:aws:iam::111122223333:root"),
            (.principal, "arn:aws:iam::111122223333:role/r", "", "arn:aws:iam::111122223333:role/r"),
            (.policy, "p-0a", "us-east-1", "p-0a"),
        ] as [(Resource.Kind, String, String, String)]
    )
    func resources(kind: Resource.Kind, id: String, region: String, uid: String) {
        var made = MadeAlert()
        (made.kind, made.id, made.region) = (kind, id, region)
        #expect(made.read(in: .ocsf).at("resources.0.uid")?.text == uid)
        #expect(made.read(in: .splunk).at("event.dest")?.text == uid)
        let partition = uid.hasPrefix("arn:") ? String(uid.split(separator: ":")[1]) : "aws"
        let home = region.isEmpty ? "us-east-1" : region
        #expect(
            made.read(in: .asff).at("ProductArn")?.text
                == "arn:\(partition):securityhub:\(home):111122223333:product/111122223333/default"
        )
    }

    @Test("Every technique that a rule names is known by its name and tactic")
    func techniques() {
        for rule in RuleSet.all.rules.map(\.metadata) where !rule.attack.isEmpty {
            var made = MadeAlert()
            made.rule = rule.id
            let attacks = made.read(in: .ocsf).at("finding_info.attacks")?.elements ?? []
            #expect(
                attacks.compactMap { ($0.at("sub_technique.uid") ?? $0.at("technique.uid"))?.text }
                    == rule.attack,
                "\(rule.id)"
            )
        }
    }

    @Test("No value breaks out of its line", arguments: AlertFormat.foreign)
    func lines(format: AlertFormat) {
        var hostile = HostileText(seed: 17)
        for _ in 0..<300 {
            let line = MadeAlert.hostile { hostile.text() }.told(in: format)
            #expect(!line.unicodeScalars.contains { $0.properties.generalCategory == .control })
            #expect(!line.unicodeScalars.contains { "\u{2028}\u{2029}\u{202E}".unicodeScalars.contains($0) })
        }
    }
}
